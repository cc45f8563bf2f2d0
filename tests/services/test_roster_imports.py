"""A roster on its way in: looked through, corrected, applied as a whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from backend.db.campaign_models import (
    RosterImport,
    RosterImportFile,
    RosterImportProblem,
    RosterImportRow,
)
from backend.db.models import AuditEvent, Station, Student
from backend.domain.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    RefusedError,
    TooLargeError,
)
from backend.domain.roster import Column, Severity
from backend.ports import Job
from backend.services import roster_check, roster_imports
from backend.services.roster_types import ImportState, ImportView
from backend.services.staff import OPERATOR
from backend.sheets import read
from backend.sheets.read import sheet_rows
from backend.sheets.write import csv_lines
from tests.factories import make_student
from tests.services.worlds import ON_ROSTER, World

HEADINGS = (
    "函授站", "姓名", "学号", "身份证号", "层次", "专业", "毕业届", "证书编号", "考生号", "采集码",
)  # fmt: skip
Fields = Mapping[str, str]


def row(n: int, **changes: str) -> list[str]:
    student = make_student(n)
    cells = {
        "函授站": "ZZ02" if n % 2 else "CS01",
        "姓名": student.name,
        "学号": student.student_no,
        "身份证号": student.id_number,
        "层次": student.level,
        "专业": "保险学",
        "毕业届": "2026",
    } | changes
    return [cells.get(heading, "") for heading in HEADINGS]


def sheet(
    *rows: Sequence[str], headings: Sequence[str] = HEADINGS, title: str = "名册"
) -> io.BytesIO:
    return io.BytesIO(b"".join(csv_lines([title], [headings, *rows])))


def upload(world: World, *rows: Sequence[str], **options: str) -> ImportView:
    return world.services.roster_imports.upload(
        OPERATOR, world.campaign, sheet(*rows), options.get("name", "名册.csv")
    )


def problems(
    world: World, made: ImportView, severity: Severity = Severity.ERROR
) -> list[tuple[int, str, str]]:
    page = world.services.roster_imports.problems(OPERATOR, made.id, severity)
    return [(one.sheet_row, one.about, one.code) for one in page.items]


def count(world: World, what: type) -> int:
    with world.db.reading() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def student(world: World, n: int) -> Student:
    with world.db.reading() as session:
        return session.scalars(
            select(Student).where(Student.student_no == make_student(n).student_no)
        ).one()


def test_new_rows_are_seen_before_and_written_when_applied(world: World) -> None:
    # The students there already come unchanged; one of CS01 is not in the file.
    made = upload(world, *map(row, range(1, ON_ROSTER)), row(20), row(21))
    assert made.state is ImportState.READY
    assert made.head_row == 2
    assert made.mapping[Column.STATION] == 0
    assert made.samples[0][1] == make_student(1).name
    counts = made.counts
    assert (counts.rows, counts.new, counts.unchanged) == (9, 2, 7)
    assert (counts.changed, counts.bad, counts.missing) == (0, 0, 1)
    assert count(world, Student) == ON_ROSTER
    gone = world.services.roster_imports.missing(OPERATOR, made.id)
    assert [one.student_no for one in gone.items] == [make_student(0).student_no]
    done = world.services.roster_imports.apply(OPERATOR, made.id, good_rows_only=False)
    assert done.state is ImportState.APPLIED
    assert count(world, Student) == ON_ROSTER + 2
    assert count(world, RosterImportFile) == 0
    new = student(world, 20)
    vault = world.adapters.vault
    number = vault.open(new.id_number_sealed, purpose="id_number")
    assert number == make_student(20).id_number
    assert new.id_last6_hash == vault.hash(number[-6:], purpose="id_last6")
    with world.db.reading() as session:
        event = session.scalars(
            select(AuditEvent).order_by(AuditEvent.id.desc())
        ).first()
    assert event is not None
    assert event.action == "roster.import"
    assert "2 new" in event.detail
    # A student of the roster may bind now.
    who = world.principal()
    assert world.bind(who, make_student(20)).student_name == make_student(20).name


def test_what_was_bound_waiting_finds_its_student_after_an_import(
    world: World,
) -> None:
    who = world.principal()
    waiting = world.bind(who, make_student(20), name=make_student(20).name)
    assert waiting.status == "waiting"
    made = upload(world, row(20))
    world.services.roster_imports.apply(OPERATOR, made.id, good_rows_only=False)
    (found,) = world.services.bindings.mine(who, world.entry)
    assert found.status == "active"


def test_a_later_file_corrects_and_an_empty_cell_leaves_what_there_is(
    world: World,
) -> None:
    world.bound(1)
    service = world.services.roster_imports
    certificate = "999995202606000001"
    first = upload(world, row(0, 证书编号=certificate), row(1, 姓名="张改名"))
    page = service.changes(OPERATOR, first.id)
    assert [(one.flagged, dict(one.fields)) for one in page.items] == [
        (False, {"certificate_no": ("", certificate)}),
        (True, {"name": (make_student(1).name, "张改名")}),
    ]
    assert first.counts.flagged == 1
    service.apply(OPERATOR, first.id, good_rows_only=False)
    other = make_student(30).id_number
    second = upload(world, row(0, 身份证号=other, 函授站="株洲示范函授站"))
    (change,) = service.changes(OPERATOR, second.id).items
    assert change.fields["id_number"][1] == f"{other[:3]}{'*' * 12}{other[-3:]}"
    assert change.fields["station_id"] == ("长沙样例函授站", "株洲示范函授站")
    service.apply(OPERATOR, second.id, good_rows_only=False)
    changed = student(world, 0)
    assert changed.certificate_no == certificate
    assert changed.station_id == world.stations["ZZ02"]
    vault = world.adapters.vault
    assert vault.open(changed.id_number_sealed, purpose="id_number") == other
    assert changed.id_number_hash == vault.hash(other, purpose="id_number")


def test_every_fault_is_listed_and_nothing_is_written_unless_asked(
    world: World,
) -> None:
    certificate = "999995202606000001"
    made = upload(
        world,
        row(20, 函授站="XX"),
        row(21, 证书编号=certificate),
        row(22, 证书编号=certificate),
        row(23),
        row(23),
        row(24, 身份证号=make_student(25).id_number, 层次="专升本"),
        row(25, 层次="专升本"),
        row(26, 学号="０ ２６"),
        row(0, 学号="9999"),
        ["合计", "", "", "", "", ""],
    )
    assert problems(world, made) == [
        (3, "station", "station_unknown"),
        (4, "certificate_no", "duplicate_in_file"),
        (5, "certificate_no", "duplicate_in_file"),
        (6, "student_no", "duplicate_in_file"),
        (6, "id_number", "duplicate_in_file"),
        (7, "student_no", "duplicate_in_file"),
        (7, "id_number", "duplicate_in_file"),
        (8, "id_number", "duplicate_in_file"),
        (9, "id_number", "duplicate_in_file"),
        (11, "id_number", "person_on_roster"),
    ]
    assert problems(world, made, Severity.WARNING) == [(10, "student_no", "tidied")]
    assert (made.counts.bad, made.counts.new, made.counts.rows) == (8, 1, 9)
    service = world.services.roster_imports
    with pytest.raises(RefusedError, match="import_has_errors"):
        service.apply(OPERATOR, made.id, good_rows_only=False)
    assert count(world, Student) == ON_ROSTER
    service.apply(OPERATOR, made.id, good_rows_only=True)
    assert count(world, Student) == ON_ROSTER + 1
    with pytest.raises(ConflictError, match="import_not_ready"):
        service.apply(OPERATOR, made.id, good_rows_only=True)


def test_certificates_and_codes_of_others_are_not_taken(world: World) -> None:
    certificate = "999995202606000001"
    codes = [make_student(n).payload for n in (20, 21)]
    service = world.services.roster_imports
    first = upload(world, row(0, 证书编号=certificate), row(20, 采集码=codes[0]))
    service.apply(OPERATOR, first.id, good_rows_only=False)
    second = upload(
        world,
        row(1, 证书编号=certificate),
        row(21, 采集码=codes[0]),
        row(20, 采集码=codes[1]),
        row(2, 采集码=make_student(2).payload),
    )
    assert problems(world, second) == [
        (3, "certificate_no", "certificate_taken"),
        (4, "code", "code_on_roster"),
        (5, "code", "code_differs"),
    ]
    service.apply(OPERATOR, second.id, good_rows_only=True)
    assert student(world, 2).code_hash is not None


def test_columns_nobody_knows_are_mapped_by_hand(world: World) -> None:
    service = world.services.roster_imports
    headings = ["甲", "乙", "丙", "丁", "戊"]
    rows = [row(n)[1:6] for n in (20, 21)]
    made = service.upload(
        OPERATOR, world.campaign, sheet(*rows, headings=headings, title=""), "a.csv"
    )
    assert made.state is ImportState.READY
    assert not made.can_apply
    assert set(made.lacking) >= {Column.NAME, Column.STATION}
    with pytest.raises(RefusedError, match="import_nothing"):
        service.apply(OPERATOR, made.id, good_rows_only=False)
    mapping = {
        Column.NAME: 0,
        Column.STUDENT_NO: 1,
        Column.ID_NUMBER: 2,
        Column.LEVEL: 3,
        Column.MAJOR: 4,
    }
    for wrong in ({**mapping, Column.SEX: 4}, {**mapping, Column.SEX: 5}):
        with pytest.raises(InvalidInputError):
            service.change_mapping(
                OPERATOR, made.id, wrong, station_id=None, graduating_year=None
            )
    mapped = service.change_mapping(
        OPERATOR,
        made.id,
        mapping,
        station_id=world.stations["CS01"],
        graduating_year=2026,
    )
    assert mapped.counts.new == 2
    assert mapped.can_apply
    service.apply(OPERATOR, made.id, good_rows_only=False)
    assert student(world, 21).station_id == world.stations["CS01"]


def test_a_roster_that_changed_meanwhile_is_left_as_it_is(world: World) -> None:
    service = world.services.roster_imports
    made = upload(world, row(20), row(21))
    world.add_student(make_student(21))
    stopped = service.apply(OPERATOR, made.id, good_rows_only=False)
    assert (stopped.state, stopped.error_code) == (ImportState.READY, "roster_changed")
    assert count(world, Student) == ON_ROSTER + 1
    again = service.change_mapping(
        OPERATOR, made.id, made.mapping, station_id=None, graduating_year=None
    )
    assert (again.error_code, again.counts.new) == ("", 1)
    service.apply(OPERATOR, made.id, good_rows_only=False)
    assert count(world, Student) == ON_ROSTER + 2


def test_what_is_no_roster_is_refused_in_words_kept_with_the_import(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = world.services.roster_imports
    failed = service.upload(OPERATOR, world.campaign, io.BytesIO(b"%PDF"), "a.xlsx")
    assert (failed.state, failed.error_code) == (ImportState.FAILED, "sheet_unknown")
    empty = service.upload(OPERATOR, world.campaign, io.BytesIO(b"\n\n"), "")
    assert (empty.error_code, empty.file_name) == ("sheet_empty", "名册")
    gone = service.discard(OPERATOR, failed.id)
    assert gone.state is ImportState.DISCARDED
    with pytest.raises(ConflictError):
        service.discard(OPERATOR, failed.id)
    monkeypatch.setattr(roster_imports, "MOST_BYTES", 3)
    with pytest.raises(TooLargeError):
        service.upload(OPERATOR, world.campaign, io.BytesIO(b"four"), "a.csv")
    with pytest.raises(NotFoundError):
        service.upload(OPERATOR, 999, io.BytesIO(b"1"), "a.csv")
    with pytest.raises(NotFoundError, match="import_not_found"):
        service.get(OPERATOR, 999)


def test_what_a_worker_left_behind_is_taken_up_by_the_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = world.services.roster_imports
    monkeypatch.setattr(world.adapters.jobs, "wake", lambda _: None)
    made = service.upload(OPERATOR, world.campaign, sheet(row(20)), "a.csv")
    assert made.state is ImportState.CHECKING
    with monkeypatch.context() as broken:
        broken.setattr(
            roster_check, "sheet_rows", lambda _: (_ for _ in ()).throw(MemoryError)
        )
        with pytest.raises(MemoryError):
            service.work()
    assert service.get(OPERATOR, made.id).error_code == "internal_error"
    with world.db.transaction() as session:
        kept = session.get_one(RosterImport, made.id)
        # As a worker that was killed leaves it.
        kept.state = ImportState.CHECKING
        kept.leased_until = world.clock.now() + timedelta(minutes=1)
    assert service.work() == 0
    world.clock.move(minutes=2)
    assert service.work() == 1
    assert service.get(OPERATOR, made.id).counts.new == 1
    at_once = service.upload(
        OPERATOR, world.campaign, sheet(row(20)), "a.csv", at_once=True
    )
    assert at_once.state is ImportState.READY


def test_previews_expire_and_leave_their_counts(world: World) -> None:
    service = world.services.roster_imports
    open_one, applied = (
        upload(world, row(20), row(21, 函授站="X")),
        upload(world, row(22)),
    )
    service.apply(OPERATOR, applied.id, good_rows_only=False)
    assert service.work() == 0
    world.clock.move(days=8)
    assert service.work() == 2
    for table in (RosterImportFile, RosterImportRow, RosterImportProblem):
        assert count(world, table) == 0
    assert service.get(OPERATOR, open_one.id).state is ImportState.EXPIRED
    done = service.get(OPERATOR, applied.id)
    assert (done.state, done.counts.new, done.samples) == (ImportState.APPLIED, 1, ())
    assert [one.id for one in service.of_campaign(OPERATOR, world.campaign)] == [
        applied.id,
        open_one.id,
    ]


def test_long_lists_come_in_pages_and_the_error_file_holds_them_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roster_imports, "_PAGE", 2)
    monkeypatch.setattr(roster_check, "MOST_PROBLEMS", 5)
    monkeypatch.setattr(roster_check, "_BATCH", 3)
    service = world.services.roster_imports
    made = upload(
        world,
        *(row(n, 专业="") for n in range(20, 26)),
        *(row(n, 专业="金融学") for n in range(3)),
    )
    assert (made.counts.errors, made.counts.unlisted) == (6, 1)
    page = service.problems(OPERATOR, made.id)
    rest = service.problems(OPERATOR, made.id, after=page.next_after)
    assert [one.sheet_row for one in (*page.items, *rest.items)] == [3, 4, 5, 6]
    assert page.items[0].column == "F"
    assert page.items[0].heading == "专业"
    corrections = service.changes(OPERATOR, made.id)
    assert corrections.next_after == "10"
    (last,) = service.changes(OPERATOR, made.id, corrections.next_after).items
    assert last.sheet_row == 11
    missing = service.missing(OPERATOR, made.id)
    assert len(missing.items) == 2
    assert missing.next_after is not None
    with pytest.raises(InvalidInputError):
        service.problems(OPERATOR, made.id, after="x")
    file = service.error_file(OPERATOR, made.id)
    lines = list(sheet_rows(io.BytesIO(file.data)))
    assert len(lines) == 6
    assert lines[1].cells == ("3", "F", "专业", "专业", "错误", "没有填")
    template = list(sheet_rows(io.BytesIO(service.template().data)))
    assert "姓名（必填）" in template[0].cells
    assert roster_imports.column_letters(26) == "AA"


def test_only_administrators_import(world: World) -> None:
    service = world.services.roster_imports
    made = upload(world, row(20))
    for name in ("reviewer", "cs01"):
        who = world.staff[name]
        for step in (
            lambda who=who: service.upload(who, world.campaign, sheet(), "a.csv"),
            lambda who=who: service.get(who, made.id),
            lambda who=who: service.of_campaign(who, world.campaign),
            lambda who=who: service.problems(who, made.id),
            lambda who=who: service.changes(who, made.id),
            lambda who=who: service.missing(who, made.id),
            lambda who=who: service.apply(who, made.id, good_rows_only=True),
            lambda who=who: service.discard(who, made.id),
            lambda who=who: service.error_file(who, made.id),
        ):
            with pytest.raises(PermissionDeniedError):
                step()


def test_what_is_kept_of_a_file_is_sealed(world: World) -> None:
    upload(world, row(20), row(21, 身份证号="110101199001010000"))
    with world.db.reading() as session:
        kept = [
            *session.scalars(select(RosterImportRow.row_sealed)),
            *session.scalars(select(RosterImportFile.data_sealed)),
            *session.scalars(select(RosterImport.samples_sealed)),
            *session.scalars(select(RosterImportProblem.shown_sealed)),
        ]
        assert session.scalar(select(func.count()).select_from(Station)) == 2
    personal = [make_student(20).name, make_student(20).student_no]
    assert len(kept) == 4
    for sealed in kept:
        assert sealed is not None
        assert not any(text.encode() in sealed for text in personal)
    assert Job.ROSTER_IMPORTS in set(Job)
    assert read.MOST_BYTES > 10**7
