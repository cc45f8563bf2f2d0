"""Importing a roster: upload, look, correct the mapping, apply.

What is uploaded is kept sealed until it is applied or a week has gone. Looking through
it and applying it are jobs: done in the request where there is no queue, else beside it,
while the page shows how far they are.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import IO, Any, Final

import structlog

from backend.crypto import Vault
from backend.db import (
    entries,
    journal,
    roster_import_rows,
    roster_imports,
    roster_students,
)
from backend.db.campaign_models import (
    RosterImport,
    RosterImportProblem,
    RosterImportRow,
)
from backend.db.engine import Database, Session
from backend.domain.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    RefusedError,
    TooLargeError,
    Violation,
)
from backend.domain.roster import HEADINGS, Column, RosterRow, Severity
from backend.messages.roster import FIELD_NAMES, problem_text
from backend.ports import Clock, Job, Jobs
from backend.services.access import require_admin
from backend.services.roster_check import (
    COMPARED,
    LEASE,
    RosterChecker,
    open_row,
    seal_file,
    setting_of,
)
from backend.services.roster_types import (
    ChangeView,
    Counts,
    ImportState,
    ImportView,
    ListPage,
    ProblemView,
    StudentLine,
)
from backend.services.students import student_line, student_values
from backend.services.types import Media, StaffUser
from backend.sheets.cells import MOST_COLUMNS
from backend.sheets.read import MOST_BYTES
from backend.sheets.write import Column as SheetColumn
from backend.sheets.write import write_xlsx

log = structlog.get_logger(__name__)

#: Nobody remembers a preview after that.
_KEPT_FOR: Final = timedelta(days=7)
_PAGE: Final = 100
_BATCH: Final = 500
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FILE_NAME: Final = 100
#: Columns of the template; others are understood too.
_TEMPLATE: Final = (
    Column.STATION, Column.NAME, Column.STUDENT_NO, Column.ID_NUMBER, Column.SEX,
    Column.LEVEL, Column.MAJOR, Column.STUDY_FORM, Column.CLASS_NO,
    Column.GRADUATING_YEAR, Column.EXAM_NO, Column.CERTIFICATE_NO,
    Column.EXEMPT_REASON,
)  # fmt: skip
_OPTIONAL: Final = frozenset(_TEMPLATE[-3:]) | {
    Column.SEX,
    Column.STUDY_FORM,
    Column.CLASS_NO,
}


class RosterImportService:
    """Takes rosters in."""

    def __init__(self, *, db: Database, clock: Clock, vault: Vault, jobs: Jobs) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._jobs = jobs
        self._checker = RosterChecker(db=db, clock=clock, vault=vault)

    def upload(
        self,
        actor: StaffUser,
        campaign_id: int,
        data: IO[bytes],
        file_name: str,
        *,
        at_once: bool = False,
    ) -> ImportView:
        """Keep a file and look through it; nothing is written to the roster.

        Args:
            actor: who.
            campaign_id: whose roster.
            data: the file.
            file_name: as it was called.
            at_once: look through it before returning, queue or no queue.

        Raises:
            PermissionDeniedError: not an administrator.
            NotFoundError: ``campaign_not_found``.
            TooLargeError: ``sheet_too_large``.
        """
        require_admin(actor)
        import_id = self._keep(actor, campaign_id, data, file_name, at_once=at_once)
        self._go_on(import_id, at_once=at_once)
        return self.get(actor, import_id)

    def get(self, actor: StaffUser, import_id: int) -> ImportView:
        """Return an import; raises NotFoundError ``import_not_found``."""
        require_admin(actor)
        with self._db.reading() as session:
            return self._view(session, roster_imports.get_import(session, import_id))

    def of_campaign(self, actor: StaffUser, campaign_id: int) -> tuple[ImportView, ...]:
        """Return a campaign's latest imports, newest first."""
        require_admin(actor)
        with self._db.reading() as session:
            entries.get_campaign(session, campaign_id)
            rows = roster_imports.imports_of(session, campaign_id, _PAGE)
            return tuple(self._view(session, row) for row in rows)

    def problems(
        self,
        actor: StaffUser,
        import_id: int,
        severity: Severity = Severity.ERROR,
        after: str | None = None,
    ) -> ListPage[ProblemView]:
        """Return a page of an import's problems in the order of the sheet.

        Raises:
            InvalidInputError: a malformed ``after``.
        """
        require_admin(actor)
        with self._db.reading() as session:
            row = roster_imports.get_import(session, import_id)
            found = roster_import_rows.problems_after(
                session,
                import_id,
                severity=severity,
                after=_place(after),
                limit=_PAGE + 1,
            )
        last = found[_PAGE - 1] if len(found) > _PAGE else None
        return ListPage(
            tuple(self._problem(row, one) for one in found[:_PAGE]),
            f"{last.sheet_row}.{last.id}" if last else None,
        )

    def changes(
        self, actor: StaffUser, import_id: int, after: str | None = None
    ) -> ListPage[ChangeView]:
        """Return a page of the corrections an import makes; raises as problems."""
        require_admin(actor)
        with self._db.reading() as session:
            roster_imports.get_import(session, import_id)
            found = roster_import_rows.rows_after(
                session,
                import_id,
                kinds=["changed"],
                after=_place(after)[0],
                limit=_PAGE + 1,
            )
        return ListPage(
            tuple(map(self._correction_view, found[:_PAGE])),
            str(found[_PAGE - 1].sheet_row) if len(found) > _PAGE else None,
        )

    def missing(
        self, actor: StaffUser, import_id: int, after: str | None = None
    ) -> ListPage[StudentLine]:
        """Return a page of students whose station is in the file and who are not.

        They are only listed: an import deletes nobody.
        """
        require_admin(actor)
        with self._db.reading() as session:
            row = roster_imports.get_import(session, import_id)
            found = roster_import_rows.missing_after(
                session,
                import_id,
                row.campaign_id,
                after=_place(after)[0],
                limit=_PAGE + 1,
            )
            return ListPage(
                tuple(student_line(*one) for one in found[:_PAGE]),
                str(found[_PAGE - 1][0].id) if len(found) > _PAGE else None,
            )

    def change_mapping(
        self,
        actor: StaffUser,
        import_id: int,
        mapping: Mapping[Column, int],
        *,
        station_id: int | None,
        graduating_year: int | None,
        at_once: bool = False,
    ) -> ImportView:
        """Say what the columns are, and look through the file again.

        Args:
            actor: who.
            import_id: which import.
            mapping: in which column of the file (from 0) each of ours stands.
            station_id: of all rows, where no column tells it.
            graduating_year: likewise.
            at_once: as in :meth:`upload`.

        Raises:
            NotFoundError: ``import_not_found``, ``station_not_found``.
            ConflictError: ``import_not_ready``: it is worked on, applied or gone.
            InvalidInputError: a column that is not there, or one taken for two things.
        """
        require_admin(actor)
        now = self._clock.now()
        with self._db.transaction() as session:
            row = roster_imports.get_import(session, import_id)
            _check_mapping(mapping, len(row.headings))
            if station_id is not None:
                entries.get_station(session, station_id)
            _change_or_refuse(
                session,
                import_id,
                of=[ImportState.READY],
                state=ImportState.CHECKING,
                mapping={column.value: at for column, at in mapping.items()},
                station_id=station_id,
                graduating_year=graduating_year,
                **_afresh(now, at_once=at_once),
            )
        self._go_on(import_id, at_once=at_once)
        return self.get(actor, import_id)

    def apply(
        self,
        actor: StaffUser,
        import_id: int,
        *,
        good_rows_only: bool,
        at_once: bool = False,
    ) -> ImportView:
        """Write new and changed rows to the roster, all together or none.

        Args:
            actor: who.
            import_id: which import.
            good_rows_only: leave out the rows with errors, instead of refusing.
            at_once: as in :meth:`upload`.

        Raises:
            RefusedError: ``import_has_errors``, ``import_nothing``.
            ConflictError: ``import_not_ready``.
        """
        require_admin(actor)
        with self._db.transaction() as session:
            view = self._view(session, roster_imports.get_import(session, import_id))
            if view.state is ImportState.READY and not view.can_apply:
                raise RefusedError("import_nothing")
            if view.counts.bad and not good_rows_only:
                raise RefusedError("import_has_errors", rows=view.counts.bad)
            now = self._clock.now()
            _change_or_refuse(
                session,
                import_id,
                of=[ImportState.READY],
                state=ImportState.APPLYING,
                good_rows_only=good_rows_only,
                applied_by=actor.username,
                **_afresh(now, at_once=at_once),
            )
        self._go_on(import_id, at_once=at_once)
        return self.get(actor, import_id)

    def discard(self, actor: StaffUser, import_id: int) -> ImportView:
        """Remove an import that is not applied: its file, its rows, its problems.

        Raises:
            ConflictError: ``import_not_ready``.
        """
        require_admin(actor)
        with self._db.transaction() as session:
            roster_imports.get_import(session, import_id)
            _change_or_refuse(
                session,
                import_id,
                of=[ImportState.READY, ImportState.FAILED],
                state=ImportState.DISCARDED,
            )
            _clear(session, import_id)
        return self.get(actor, import_id)

    def error_file(self, actor: StaffUser, import_id: int) -> Media:
        """Return every problem kept, as .xlsx for whoever corrects the file."""
        self.get(actor, import_id)
        out = io.BytesIO()
        columns = [
            SheetColumn("行号", 8),
            SheetColumn("列", 6),
            SheetColumn("表头", 16),
            SheetColumn("栏目", 14),
            SheetColumn("程度", 8),
            SheetColumn("问题", 60),
            SheetColumn("原值（已遮盖）", 24),
        ]
        write_xlsx(out, columns, self._error_lines(actor, import_id), title="问题")
        return Media(out.getvalue(), _XLSX, f"roster-{import_id}-problems.xlsx")

    def template(self) -> Media:
        """Return an empty roster to fill in."""
        out = io.BytesIO()
        columns = [
            SheetColumn(
                HEADINGS[column][0] + ("" if column in _OPTIONAL else "（必填）"), 18
            )
            for column in _TEMPLATE
        ]
        write_xlsx(out, columns, [], title="名册")
        return Media(out.getvalue(), _XLSX, "roster-template.xlsx")

    def work(self) -> int:
        """Do what waits and remove what is expired; return how many imports moved."""
        done = self._remove_expired()
        while True:
            now = self._clock.now()
            with self._db.transaction() as session:
                import_id = roster_imports.claim(session, now=now, until=now + LEASE)
            if import_id is None:
                return done
            self._work_on(import_id)
            done += 1

    def _keep(
        self,
        actor: StaffUser,
        campaign_id: int,
        data: IO[bytes],
        file_name: str,
        *,
        at_once: bool,
    ) -> int:
        """Write a file down sealed; return its import's id."""
        content = data.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise TooLargeError("sheet_too_large", megabytes=MOST_BYTES >> 20)
        now = self._clock.now()
        pieces = seal_file(self._vault, content)
        with self._db.transaction() as session:
            entries.get_campaign(session, campaign_id)
            row = RosterImport(
                campaign_id=campaign_id,
                created_by=actor.username,
                file_name=file_name.strip()[-_FILE_NAME:] or "名册",
                state=ImportState.CHECKING,
                leased_until=now + LEASE if at_once else None,
                good_rows_only=False,
                headings=[],
                mapping={},
                rows_done=0,
                counts={},
                error_data={},
                created_at=now,
                expires_at=now + _KEPT_FOR,
            )
            return roster_imports.add_import(session, row, pieces).id

    def _go_on(self, import_id: int, *, at_once: bool) -> None:
        if at_once:
            self._work_on(import_id)
        else:
            self._jobs.wake(Job.ROSTER_IMPORTS)

    def _work_on(self, import_id: int) -> None:
        with self._db.reading() as session:
            state = roster_imports.get_import(session, import_id).state
        applying = state == ImportState.APPLYING
        step = self._apply if applying else self._checker.check
        # What was good when it was looked at may be looked at again.
        fallback = ImportState.READY if applying else ImportState.FAILED
        try:
            step(import_id)
        except DomainError as error:
            self._stop(import_id, fallback, error.code, error.data)
        except Exception:
            self._stop(import_id, fallback, "internal_error", {})
            raise

    def _stop(
        self, import_id: int, state: ImportState, code: str, data: Mapping[str, Any]
    ) -> None:
        log.info("roster_import_stopped", code=code)
        with self._db.transaction() as session:
            roster_imports.change_state(
                session,
                import_id,
                of=roster_imports.WORKING,
                state=state,
                error_code=code,
                error_data=dict(data),
                leased_until=None,
            )

    def _apply(self, import_id: int) -> None:
        """Write every row in one transaction."""
        now = self._clock.now()
        with self._db.transaction() as session:
            row = roster_imports.get_import(session, import_id)
            for batch in _batches(session, import_id):
                self._write(session, row.campaign_id, batch, now)
            counts = Counts(**row.counts)
            _change_or_refuse(
                session,
                import_id,
                of=[ImportState.APPLYING],
                state=ImportState.APPLIED,
                applied_at=now,
                leased_until=None,
            )
            roster_imports.forget_file(session, import_id)
            journal.append_audit(
                session,
                at=now,
                actor=row.applied_by,
                action="roster.import",
                target=f"campaign:{row.campaign_id}",
                detail=(
                    f"import {import_id}: {counts.new} new, {counts.changed} changed, "
                    f"{counts.bad} left out, {counts.flagged} of bound records"
                ),
            )

    def _write(
        self,
        session: Session,
        campaign_id: int,
        batch: Sequence[RosterImportRow],
        now: datetime,
    ) -> None:
        opened = [(one, open_row(self._vault, one.row_sealed)) for one in batch]
        roster_students.insert_students(
            session,
            [
                {
                    "campaign_id": campaign_id,
                    "created_at": now,
                    **student_values(self._vault, row),
                }
                for one, row in opened
                if one.kind == "new"
            ],
        )
        roster_students.update_students(
            session,
            [
                self._correction(one, row)
                for one, row in opened
                if one.kind == "changed"
            ],
        )

    def _correction(self, one: RosterImportRow, row: RosterRow) -> dict[str, Any]:
        changed = self._opened_changes(one)
        values = student_values(self._vault, row)
        names: list[str] = [name for name in COMPARED if name in changed]
        if "id_number" in changed:
            names += [name for name in values if name.startswith("id_")]
        if "code" in changed:
            names.append("code_hash")
        return {"id": one.student_id, **{name: values[name] for name in names}}

    def _opened_changes(self, one: RosterImportRow) -> dict[str, list[str]]:
        if one.changes_sealed is None:
            return {}
        text = self._vault.open(one.changes_sealed, purpose="roster_change")
        changes: dict[str, list[str]] = json.loads(text)
        return changes

    def _remove_expired(self) -> int:
        now = self._clock.now()
        with self._db.transaction() as session:
            gone = roster_imports.expired(session, now)
            for import_id in gone:
                roster_imports.change_state(
                    session,
                    import_id,
                    of=[ImportState.READY, ImportState.FAILED],
                    state=ImportState.EXPIRED,
                )
                _clear(session, import_id)
        return len(gone)

    def _error_lines(self, actor: StaffUser, import_id: int) -> Iterator[list[Any]]:
        for severity in Severity:
            after: str | None = None
            while True:
                page = self.problems(actor, import_id, severity, after)
                for one in page.items:
                    yield [
                        one.sheet_row,
                        one.column,
                        one.heading,
                        FIELD_NAMES.get(one.about, ""),
                        "错误" if severity is Severity.ERROR else "提醒",
                        problem_text(one.code, one.other_row),
                        one.shown,
                    ]
                after = page.next_after
                if after is None:
                    break

    def _problem(self, row: RosterImport, one: RosterImportProblem) -> ProblemView:
        at = one.column_at
        shown = one.shown_sealed
        return ProblemView(
            sheet_row=one.sheet_row,
            column="" if at is None else column_letters(at),
            heading=row.headings[at]
            if at is not None and at < len(row.headings)
            else "",
            about=one.field,
            code=one.code,
            severity=Severity(one.severity),
            other_row=one.other_row,
            shown=self._vault.open(shown, purpose="roster_problem") if shown else "",
        )

    def _correction_view(self, one: RosterImportRow) -> ChangeView:
        row = open_row(self._vault, one.row_sealed)
        return ChangeView(
            sheet_row=one.sheet_row,
            flagged=one.flagged,
            name=row.name,
            student_no=row.student_no,
            fields={
                name: (old, new)
                for name, (old, new) in self._opened_changes(one).items()
            },
        )

    def _view(self, session: Session, row: RosterImport) -> ImportView:
        campaign = entries.get_campaign(session, row.campaign_id)
        samples = (
            json.loads(self._vault.open(row.samples_sealed, purpose="roster_sample"))
            if row.samples_sealed
            else []
        )
        setting = setting_of(row, campaign.graduating_years, {})
        return ImportView(
            id=row.id,
            campaign_id=row.campaign_id,
            campaign_name=campaign.name,
            state=ImportState(row.state),
            file_name=row.file_name,
            created_by=row.created_by,
            created_at=row.created_at,
            applied_at=row.applied_at,
            expires_at=row.expires_at,
            head_row=row.head_row,
            headings=tuple(row.headings),
            mapping=setting.mapping,
            station_id=row.station_id,
            graduating_year=row.graduating_year,
            years=tuple(campaign.graduating_years),
            lacking=setting.missing if row.head_row is not None else (),
            samples=tuple(map(tuple, samples)),
            rows_done=row.rows_done,
            counts=Counts(**row.counts),
            error_code=row.error_code,
            error_data=row.error_data,
        )


def column_letters(at: int) -> str:
    """Return what a spreadsheet calls a column, counted from 0."""
    letters = ""
    at += 1
    while at:
        at, rest = divmod(at - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _batches(session: Session, import_id: int) -> Iterator[list[RosterImportRow]]:
    after = 0
    while batch := roster_import_rows.rows_after(
        session, import_id, kinds=["new", "changed"], after=after, limit=_BATCH
    ):
        after = batch[-1].sheet_row
        yield batch
        # What is written need not be remembered.
        session.expunge_all()


def _clear(session: Session, import_id: int) -> None:
    roster_import_rows.forget_findings(session, import_id)
    roster_imports.forget_file(session, import_id)
    row = roster_imports.get_import(session, import_id)
    row.samples_sealed = row.expires_at = None


def _change_or_refuse(session: Session, import_id: int, **values: Any) -> None:
    if not roster_imports.change_state(session, import_id, **values):
        raise ConflictError("import_not_ready")


def _afresh(now: datetime, *, at_once: bool) -> dict[str, Any]:
    return {
        "leased_until": now + LEASE if at_once else None,
        "error_code": "",
        "error_data": {},
    }


def _place(after: str | None) -> tuple[int, int]:
    """Return (row, id) of where a page begins; raises InvalidInputError."""
    try:
        row, _, last = (after or "0").partition(".")
        return int(row), int(last or 0)
    except ValueError:
        raise InvalidInputError(
            "invalid_input", violations=(Violation("after", "invalid_field"),)
        ) from None


def _check_mapping(mapping: Mapping[Column, int], columns: int) -> None:
    places = list(mapping.values())
    wrong = [
        Violation(column.value, "invalid_field")
        for column, at in mapping.items()
        if not 0 <= at < min(columns, MOST_COLUMNS) or places.count(at) > 1
    ]
    if wrong:
        raise InvalidInputError("invalid_input", violations=tuple(wrong))
