"""How far a campaign has come: its numbers, the people behind them, who is missing."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, TypeVar

from backend.db import entries, journal, progress
from backend.db.campaign_rules import last_closing
from backend.db.engine import Database, Session
from backend.db.models import Station
from backend.db.progress import Place, Scope, StudentLine
from backend.domain.errors import InvalidInputError, Violation
from backend.domain.progress import (
    GROUPS,
    Group,
    Numbers,
    Stage,
    days_left,
    every_day,
    local_day,
    stages_of,
    total,
)
from backend.messages.progress import (
    STAGES,
    ChatFacts,
    chat_text,
    part_name,
    written_time,
)
from backend.ports import Clock
from backend.services.access import require_station
from backend.services.progress_types import (
    CampaignProgress,
    ClassProgress,
    ClassText,
    Export,
    SheetKind,
    StationProgress,
    StudentChoices,
    StudentFilter,
    StudentOrder,
    StudentRow,
)
from backend.services.types import CampaignView, Page, StaffUser
from backend.services.views import campaign_view, station_view
from backend.sheets.write import Cell, Column, csv_lines, write_xlsx

MOST_PER_PAGE: Final = 200
#: Rows read at once for an export: no transaction stays open while a file is written.
_EXPORT_ROWS: Final = 1000
_IN_MEMORY: Final = 8 * 2**20
_COLUMNS: Final = (
    Column("函授站代码", 12),
    Column("函授站", 24),
    Column("班级", 16),
    Column("姓名", 10),
    Column("学号", 18),
    Column("层次", 10),
    Column("专业", 20),
    Column("学习形式", 10),
    Column("毕业届", 8),
    Column("进度", 14),
    Column("说明", 40),
    Column("提交时间", 18),
    Column("审核时间", 18),
)
_TYPES: Final = {
    SheetKind.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    SheetKind.CSV: "text/csv; charset=utf-8",
}

T = TypeVar("T")


class ProgressService:
    """Counts and lists the students of a campaign; a station sees its own only."""

    def __init__(self, *, db: Database, clock: Clock, public_url: str) -> None:
        self._db = db
        self._clock = clock
        self._public_url = public_url

    def current(self, actor: StaffUser) -> CampaignProgress | None:
        """Return the numbers of the newest open campaign, else of the newest of all."""
        with self._db.reading() as session:
            row = progress.newest_campaign(session, self._clock.now())
        return self.campaign(actor, row.id) if row else None

    def campaign(self, actor: StaffUser, campaign_id: int) -> CampaignProgress:
        """Return the numbers of a campaign; raises NotFoundError."""
        now = self._clock.now()
        own = actor.station_id
        scope = Scope(campaign_id, station_id=own)
        with self._db.reading() as session:
            campaign = campaign_view(entries.get_campaign(session, campaign_id))
            stations = entries.all_stations(session, only=own)
            counted = progress.stage_counts(session, scope)
            days = progress.day_counts(session, scope)
            waiting = progress.waiting_bindings(session, campaign_id, own)
            tokens = progress.live_entry_tokens(session, campaign_id, own)
            closes_at = last_closing(session, campaign_id)
        by_station = _by_station(stations, counted)
        return CampaignProgress(
            campaign=campaign,
            begun=campaign.opens_at <= now,
            closes_at=closes_at,
            days_left=days_left(now, closes_at),
            numbers=total(item.numbers for item in by_station),
            stations=by_station,
            days=every_day(
                days,
                local_day(campaign.opens_at),
                min(local_day(now), local_day(closes_at)),
            ),
            waiting=waiting,
            entries=len(tokens),
        )

    def about(self, campaign_id: int) -> CampaignView:
        """Return what a campaign is; raises NotFoundError."""
        with self._db.reading() as session:
            return campaign_view(entries.get_campaign(session, campaign_id))

    def count(self, actor: StaffUser, campaign_id: int, wanted: StudentFilter) -> int:
        """Return how many students the filter finds; raises NotFoundError."""
        with self._db.reading() as session:
            scope = scope_of(session, actor, campaign_id, wanted)
            return sum(row[2] for row in progress.stage_counts(session, scope))

    def students(
        self,
        actor: StaffUser,
        campaign_id: int,
        wanted: StudentFilter,
        *,
        order: StudentOrder = StudentOrder.STATION,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[StudentRow]:
        """Return a page of students; raises NotFoundError.

        Raises:
            NotFoundError: no such campaign or station, or not the caller's.
            InvalidInputError: a malformed cursor.
        """
        limit = max(1, min(limit, MOST_PER_PAGE))
        forwards, student_id = _parse_cursor(cursor)
        with self._db.reading() as session:
            scope = scope_of(session, actor, campaign_id, wanted)
            # An address names a student by a number; one who is gone begins anew.
            place = (
                progress.find_place(session, scope, order, student_id)
                if student_id is not None
                else None
            )
            before = None if forwards else place
            found = progress.page_students(
                session,
                scope,
                order=order,
                after=place if forwards else None,
                before=before,
                limit=limit + 1,
            )
        more = len(found) > limit
        if more:
            found = found[:limit] if before is None else found[1:]
        has_next = more if before is None else True
        has_previous = more if before is not None else place is not None
        return Page(
            items=tuple(_row(line) for line in found),
            next_cursor=f"a{found[-1].student.id}" if found and has_next else None,
            previous_cursor=f"b{found[0].student.id}"
            if found and has_previous
            else None,
        )

    def choices(
        self, actor: StaffUser, campaign_id: int, station_id: int | None = None
    ) -> StudentChoices:
        """Return what a list can be narrowed to; classes of one station only.

        Raises:
            NotFoundError: no such campaign or station, or not the caller's.
        """
        wanted = StudentFilter(station_id=station_id)
        with self._db.reading() as session:
            scope = scope_of(session, actor, campaign_id, wanted)
            found = progress.choices(session, scope)
        classes = {row[2] for row in found} if scope.station_id is not None else ()
        return StudentChoices(
            levels=tuple(sorted({row[0] for row in found})),
            graduating_years=tuple(sorted({row[1] for row in found})),
            classes=tuple(sorted(classes)),
        )

    def export(
        self,
        actor: StaffUser,
        campaign_id: int,
        wanted: StudentFilter,
        *,
        order: StudentOrder = StudentOrder.STATION,
        kind: SheetKind,
    ) -> Export:
        """Return the students as a sheet, without 身份证号; audited.

        Raises:
            NotFoundError: no such campaign or station, or not the caller's.
        """
        with self._db.reading() as session:
            scope = scope_of(session, actor, campaign_id, wanted)
        written = 0

        def cells() -> Iterator[list[Cell]]:
            nonlocal written
            for line in self._all(scope, order):
                written += 1
                yield _cells(_row(line))

        file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - handed out
        if kind is SheetKind.XLSX:
            write_xlsx(file, _COLUMNS, cells(), title="学生名单")
        else:
            headings = [column.heading for column in _COLUMNS]
            file.writelines(csv_lines(headings, cells()))
        file.seek(0)
        now = self._clock.now()
        with self._db.transaction() as session:
            journal.append_audit(
                session,
                at=now,
                actor=actor.username,
                action="students.export",
                target=f"campaign:{campaign_id}",
                detail=f"{scope_words(scope, wanted)} {written} 人 {kind}",
            )
        part = part_name(wanted.part) if wanted.part else "全部学生"
        return Export(
            file=file,
            content_type=_TYPES[kind],
            filename=f"{part}-{local_day(now):%Y%m%d}.{kind}",
        )

    def missing_classes(
        self, actor: StaffUser, campaign_id: int, station_id: int
    ) -> tuple[ClassProgress, ...]:
        """Return the classes of a station that miss somebody; raises NotFoundError."""
        wanted = StudentFilter(station_id=station_id, part=Group.MISSING)
        with self._db.reading() as session:
            scope = scope_of(session, actor, campaign_id, wanted)
            counted = progress.class_counts(session, scope)
        return tuple(
            ClassProgress(class_no, Numbers(stages))
            for class_no, stages in _grouped(counted).items()
        )

    def class_texts(
        self,
        actor: StaffUser,
        campaign_id: int,
        station_id: int,
        class_no: str | None = None,
    ) -> tuple[ClassText, ...]:
        """Return a text for the chat of each class that misses somebody, or of one.

        Raises:
            NotFoundError: no such campaign or station, or not the caller's.
        """
        wanted = StudentFilter(
            station_id=station_id, class_no=class_no, part=Group.MISSING
        )
        with self._db.reading() as session:
            scope = scope_of(session, actor, campaign_id, wanted)
            campaign = campaign_view(entries.get_campaign(session, campaign_id))
            station = entries.get_station(session, station_id)
            tokens = progress.live_entry_tokens(session, campaign_id, station_id)
            found = progress.names(session, scope)
            closes_at = last_closing(session, campaign_id)
        token = tokens.get(station_id)
        by_class: defaultdict[str, list[tuple[Stage, str]]] = defaultdict(list)
        for named, stage, name in found:
            by_class[named].append((stage, name))
        return tuple(
            ClassText(
                class_no=named,
                text=chat_text(
                    ChatFacts(
                        campaign=campaign.name,
                        station=station.name,
                        class_no=named,
                        closes_at=closes_at,
                        contact=station.contact or campaign.contact,
                        address=f"{self._public_url}/s/{token}" if token else "",
                        missing=missing,
                    )
                ),
            )
            for named, missing in by_class.items()
        )

    def _all(self, scope: Scope, order: StudentOrder) -> Iterator[StudentLine]:
        after: Place | None = None
        while True:
            with self._db.reading() as session:
                lines = progress.page_students(
                    session,
                    scope,
                    order=order,
                    after=after,
                    before=None,
                    limit=_EXPORT_ROWS,
                )
            yield from lines
            if len(lines) < _EXPORT_ROWS:
                return
            after = progress.place_of(lines[-1], order)


def scope_of(
    session: Session, actor: StaffUser, campaign_id: int, wanted: StudentFilter
) -> Scope:
    """Return what the filter means for this caller.

    Raises:
        NotFoundError: no such campaign or station, or not the caller's.
    """
    entries.get_campaign(session, campaign_id)
    if wanted.station_id is not None:
        require_station(actor, wanted.station_id, code="station_not_found")
        entries.get_station(session, wanted.station_id)
    return Scope(
        campaign_id=campaign_id,
        station_id=actor.station_id or wanted.station_id,
        class_no=wanted.class_no,
        level=wanted.level,
        graduating_year=wanted.graduating_year,
        stages=stages_of(wanted.part) if wanted.part else None,
    )


def scope_words(scope: Scope, wanted: StudentFilter) -> str:
    """Return which students were meant, for the audit log; it names nobody."""
    words = {
        "station": scope.station_id,
        "class": scope.class_no,
        "level": scope.level,
        "year": scope.graduating_year,
        "part": wanted.part,
    }
    named = [f"{key}={value}" for key, value in words.items() if value is not None]
    return " ".join(named) or "all"


def _by_station(
    stations: Iterable[Station], counted: Iterable[tuple[int, Stage, int]]
) -> tuple[StationProgress, ...]:
    grouped = _grouped(counted)
    found = [
        StationProgress(station_view(station), Numbers(grouped[station.id]))
        for station in stations
        if station.id in grouped
    ]
    # Stations with as many keep the order of their codes.
    found.sort(key=lambda item: -item.numbers[Group.MISSING])
    return tuple(found)


def _grouped(
    counted: Iterable[tuple[T, Stage, int]],
) -> dict[T, Mapping[Stage, int]]:
    grouped: defaultdict[T, dict[Stage, int]] = defaultdict(dict)
    for key, stage, count in counted:
        grouped[key][stage] = count
    return dict(grouped)


def _row(line: StudentLine) -> StudentRow:
    student, photo = line.student, line.photo
    returned = line.stage in GROUPS[Group.TO_REDO] and photo is not None
    return StudentRow(
        name=student.name,
        student_no=student.student_no,
        class_no=student.class_no,
        level=student.level,
        major=student.major,
        study_form=student.study_form,
        graduating_year=student.graduating_year,
        station=station_view(line.station),
        stage=line.stage,
        exempt_reason=student.exempt_reason or "",
        return_reasons=_reasons(photo.return_reasons, photo.return_note)
        if returned and photo
        else (),
        binding_id=line.binding_id,
        submitted_at=photo.confirmed_at if photo else None,
        decided_at=photo.decided_at if photo else None,
    )


def _reasons(reasons: Iterable[str], note: str) -> tuple[str, ...]:
    return tuple(reason for reason in (*reasons, note) if reason)


def _cells(row: StudentRow) -> list[Cell]:
    return [
        row.station.code,
        row.station.name,
        row.class_no,
        row.name,
        row.student_no,
        row.level,
        row.major,
        row.study_form,
        row.graduating_year,
        STAGES[row.stage][0],
        row.exempt_reason or "；".join(row.return_reasons),
        written_time(row.submitted_at),
        written_time(row.decided_at),
    ]


def _parse_cursor(cursor: str | None) -> tuple[bool, int | None]:
    """Return whether to go forwards, and from which student."""
    if not cursor:
        return True, None
    kind, number = cursor[:1], cursor[1:]
    if kind not in {"a", "b"} or not (number.isascii() and number.isdecimal()):
        raise InvalidInputError(
            "invalid_input", violations=(Violation("cursor", "invalid_field"),)
        )
    return kind == "a", int(number)
