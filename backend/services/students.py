"""One student of a roster: looked at, corrected, given grace, released from collecting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from backend.crypto import Vault
from backend.db import campaign_rules, entries, students
from backend.db.engine import Database, Session
from backend.db.models import Station, Student
from backend.domain.campaigns import EntryState
from backend.domain.errors import (
    InvalidInputError,
    NotFoundError,
    RefusedError,
    Violation,
)
from backend.domain.identity import IdentityNumber, normalise_name
from backend.domain.roster import (
    Column,
    Line,
    RosterRow,
    Setting,
    Severity,
    tidy,
    understand,
)
from backend.ports import Clock
from backend.services.access import require_admin
from backend.services.audit_trail import AuditTrail
from backend.services.roster_types import ListPage, StudentLine
from backend.services.types import StaffUser

_PAGE: Final = 100
_REASON: Final = 100
_LONGEST_TEXT: Final = 80
#: What a correction by hand may touch, beside the station.
EDITABLE: Final = (
    Column.NAME,
    Column.STUDENT_NO,
    Column.ID_NUMBER,
    Column.LEVEL,
    Column.MAJOR,
    Column.GRADUATING_YEAR,
    Column.EXAM_NO,
    Column.CERTIFICATE_NO,
    Column.STUDY_FORM,
    Column.CLASS_NO,
)


@dataclass(frozen=True, slots=True)
class StudentView:
    """One student, whole; the identity number stays masked.

    Attributes:
        opens_at: from when they may hand in.
        closes_at: until when, grace included.
        state: whether that is now.
        record_id: their live binding.
        settled: whether a portrait is approved.
        carried_from: the campaign the student was carried over from.
    """

    line: StudentLine
    campaign_id: int
    campaign_name: str
    station_id: int
    id_number_masked: str = field(repr=False)
    exam_no: str = field(repr=False)
    certificate_no: str = field(repr=False)
    study_form: str
    opens_at: datetime
    closes_at: datetime
    state: EntryState
    record_id: str | None
    settled: bool
    carried_from: str


class StudentService:
    """Looks after single students."""

    def __init__(self, *, db: Database, clock: Clock, vault: Vault) -> None:
        self._db = db
        self._clock = clock
        self._trail = AuditTrail(clock)
        self._vault = vault

    def page(
        self,
        actor: StaffUser,
        campaign_id: int,
        *,
        text: str = "",
        after: str | None = None,
    ) -> ListPage[StudentLine]:
        """Return a page of a campaign's students whom the actor may see.

        Args:
            actor: who.
            campaign_id: whose roster.
            text: the beginning of a name, or a whole 学号, 考生号 or 证书编号.
            after: where the page begins.

        Raises:
            NotFoundError: ``campaign_not_found``.
        """
        start = int(after) if after and after.isdecimal() and len(after) < _PAGE else 0
        with self._db.reading() as session:
            entries.get_campaign(session, campaign_id)
            found = students.page_students(
                session,
                campaign_id,
                station_id=actor.station_id,
                text=normalise_name(text)[:_LONGEST_TEXT],
                after=start,
                limit=_PAGE + 1,
            )
        return ListPage(
            tuple(student_line(*row) for row in found[:_PAGE]),
            str(found[_PAGE - 1][0].id) if len(found) > _PAGE else None,
        )

    def get(self, actor: StaffUser, student_id: int) -> StudentView:
        """Return a student; raises NotFoundError ``student_not_found``."""
        with self._db.reading() as session:
            return self._view(session, *self._row(session, actor, student_id))

    def set_grace(
        self, actor: StaffUser, student_id: int, until: datetime | None, reason: str
    ) -> StudentView:
        """Let one student hand in until an instant, or take that back.

        Raises:
            PermissionDeniedError: not an administrator.
            InvalidInputError: no reason; an instant that has passed.
        """
        require_admin(actor)
        reason = _reason(reason)
        if until is not None and until <= self._clock.now():
            raise _wrong("grace_until", "grace_past")
        with self._db.transaction() as session:
            row, station = self._row(session, actor, student_id)
            row.grace_until = until
            session.flush()
            detail = f"until {until:%Y-%m-%dT%H:%M%z}" if until else "lifted"
            self._trail.record(
                session,
                actor,
                "student.grace",
                f"student:{row.id}",
                f"{detail}: {reason}",
            )
            return self._view(session, row, station)

    def set_exempt(self, actor: StaffUser, student_id: int, reason: str) -> StudentView:
        """Release a student from collecting.

        Raises:
            PermissionDeniedError: not an administrator.
            InvalidInputError: no reason.
            RefusedError: ``exempt_has_portrait``.
        """
        require_admin(actor)
        reason = _reason(reason)
        with self._db.transaction() as session:
            row, station = self._row(session, actor, student_id)
            if students.has_portrait(session, row.id):
                raise RefusedError("exempt_has_portrait")
            row.exempt_reason = reason
            session.flush()
            self._trail.record(
                session, actor, "student.exempt", f"student:{row.id}", reason
            )
            return self._view(session, row, station)

    def lift_exempt(
        self, actor: StaffUser, student_id: int, reason: str
    ) -> StudentView:
        """Ask a student for a photo again; raises as :meth:`set_exempt`."""
        require_admin(actor)
        reason = _reason(reason)
        with self._db.transaction() as session:
            row, station = self._row(session, actor, student_id)
            row.exempt_reason = None
            session.flush()
            self._trail.record(
                session, actor, "student.exempt_lifted", f"student:{row.id}", reason
            )
            return self._view(session, row, station)

    def update(
        self,
        actor: StaffUser,
        student_id: int,
        fields: Mapping[Column, str],
        *,
        station_id: int,
        reason: str,
    ) -> StudentView:
        """Correct a student; the audit log names the fields, never their values.

        Args:
            actor: who.
            student_id: whom.
            fields: of :data:`EDITABLE`; an empty identity number leaves it as it is.
            station_id: their station.
            reason: why; kept in the audit log.

        Raises:
            PermissionDeniedError: not an administrator.
            InvalidInputError: every field that is wrong.
            ConflictError: ``student_no_taken``.
        """
        require_admin(actor)
        reason = _reason(reason)
        with self._db.transaction() as session:
            row, _ = self._row(session, actor, student_id)
            campaign = entries.get_campaign(session, row.campaign_id)
            station = entries.get_station(session, station_id)
            years = {*campaign.graduating_years, row.graduating_year}
            values = student_values(
                self._vault, self._understood(row, fields, station_id, years)
            )
            changed = self._write(row, values)
            students.save_student(session, row)
            detail = f"{', '.join(sorted(changed)) or 'nothing'}: {reason}"
            self._trail.record(
                session, actor, "student.update", f"student:{row.id}", detail
            )
            return self._view(session, row, station)

    def _understood(
        self,
        row: Student,
        fields: Mapping[Column, str],
        station_id: int,
        years: set[int],
    ) -> RosterRow:
        given = {column: fields.get(column, "") for column in EDITABLE}
        if not tidy(given[Column.ID_NUMBER]):
            given[Column.ID_NUMBER] = self._id_number(row)
        setting = Setting(
            mapping={column: at for at, column in enumerate(EDITABLE)},
            years=frozenset(years),
            stations={},
            station_id=station_id,
        )
        line = Line(1, [given[column] for column in EDITABLE])
        found, problems = understand(line, setting)
        wrong = [p for p in problems if p.severity is Severity.ERROR]
        if found is None:
            raise InvalidInputError(
                "invalid_input",
                violations=tuple(
                    Violation(p.column or "", _VIOLATION.get(p.code, p.code))
                    for p in wrong
                ),
            )
        return found

    def _write(self, row: Student, values: Mapping[str, Any]) -> set[str]:
        """Write what differs; return the names of the fields."""
        changed = set()
        same_number = row.id_number_hash == values["id_number_hash"]
        for name, value in values.items():
            if name in _KEPT or (same_number and name.startswith("id_")):
                continue
            if getattr(row, name) != value:
                setattr(row, name, value)
                changed.add("id_number" if name.startswith("id_") else name)
        return changed

    def _row(
        self, session: Session, actor: StaffUser, student_id: int
    ) -> tuple[Student, Station]:
        return students.get_student(session, student_id, station_id=actor.station_id)

    def _id_number(self, row: Student) -> str:
        return self._vault.open(row.id_number_sealed, purpose="id_number")

    def _view(self, session: Session, row: Student, station: Station) -> StudentView:
        campaign = entries.get_campaign(session, row.campaign_id)
        span = campaign_rules.span_of(campaign, row)
        number = self._id_number(row)
        return StudentView(
            line=student_line(row, station),
            campaign_id=campaign.id,
            campaign_name=campaign.name,
            station_id=station.id,
            id_number_masked=f"{number[:3]}{'*' * (len(number) - 7)}{number[-4:]}",
            exam_no=row.exam_no,
            certificate_no=row.certificate_no,
            study_form=row.study_form,
            opens_at=span.opens_at,
            closes_at=span.closes_at,
            state=span.state(self._clock.now()),
            record_id=students.record_of(session, row.id),
            settled=students.has_portrait(session, row.id),
            carried_from=_origin(session, row),
        )


#: A correction by hand sets neither.
_KEPT: Final = frozenset({"code_hash", "exempt_reason"})
_VIOLATION: Final = {"missing": "required"}


def student_values(vault: Vault, row: RosterRow) -> dict[str, Any]:
    """Return the columns of a student's row, sealed and hashed."""
    number = IdentityNumber(row.id_number)
    code = row.code_token
    return {
        "station_id": row.station_id,
        "name": row.name,
        "student_no": row.student_no,
        "exam_no": row.exam_no,
        "certificate_no": row.certificate_no,
        "level": row.level,
        "major": row.major,
        "study_form": row.study_form,
        "graduating_year": row.graduating_year,
        "class_no": row.class_no,
        "exempt_reason": row.exempt_reason or None,
        "id_number_sealed": vault.seal(number.value, purpose="id_number"),
        "id_number_hash": vault.hash(number.value, purpose="id_number"),
        "id_last6_hash": vault.hash(number.last6, purpose="id_last6"),
        "id_last4_hash": vault.hash(number.last4, purpose="id_last4"),
        "code_hash": vault.hash(code, purpose="code") if code else None,
    }


def student_line(row: Student, station: Station) -> StudentLine:
    """Return a student as a line of a list."""
    return StudentLine(
        id=row.id,
        name=row.name,
        student_no=row.student_no,
        level=row.level,
        major=row.major,
        class_no=row.class_no,
        graduating_year=row.graduating_year,
        station_name=station.name,
        exempt_reason=row.exempt_reason,
        grace_until=row.grace_until,
    )


def _origin(session: Session, row: Student) -> str:
    """Return the name of the campaign a student came from, empty for none known."""
    if row.carried_from_id is None:
        return ""
    try:
        source, _ = students.get_student(session, row.carried_from_id, station_id=None)
    except NotFoundError:
        return ""
    return entries.get_campaign(session, source.campaign_id).name


def _reason(text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= _REASON:
        raise _wrong("reason", "reason_short")
    return text


def _wrong(name: str, code: str) -> InvalidInputError:
    return InvalidInputError("invalid_input", violations=(Violation(name, code),))
