"""Students whose photo staff take or bring."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from backend.db.models import (
    Binding,
    Entry,
    PrincipalRow,
    Station,
    Student,
    Submission,
)
from backend.db.wechat_models import BindingHolder
from backend.domain.errors import NotFoundError
from backend.domain.reviews import HANDED_IN, SubmissionStatus

CollectRow = tuple[Student, Station, Binding | None]


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a text may name a student by; hashes are keyed, empty ones find nobody."""

    name: str = ""
    number: str = ""
    id_number_hash: str = ""
    id_last6_hash: str = ""
    code_hash: str = ""


def find_students(
    session: Session,
    *,
    campaign_id: int,
    station_id: int | None,
    wanted: Lookup,
    limit: int,
) -> list[CollectRow]:
    """Return the students a text may name, of one station where one is given."""
    ways = []
    if wanted.name:
        ways.append(Student.name.startswith(wanted.name, autoescape=True))
    if wanted.number:
        ways += [Student.student_no == wanted.number, Student.exam_no == wanted.number]
    if wanted.id_number_hash:
        ways.append(Student.id_number_hash == wanted.id_number_hash)
    if wanted.id_last6_hash:
        ways.append(Student.id_last6_hash == wanted.id_last6_hash)
    if wanted.code_hash:
        ways += [
            Student.code_hash == wanted.code_hash,
            Student.id.in_(
                select(Binding.student_id)
                .where(Binding.campaign_id == campaign_id)
                .where(Binding.code_hash == wanted.code_hash)
                .where(Binding.released_at.is_(None))
            ),
        ]
    if not ways:
        return []
    query = _students().where(Student.campaign_id == campaign_id, or_(*ways))
    if station_id is not None:
        query = query.where(Student.station_id == station_id)
    rows = session.execute(query.order_by(Student.name, Student.id).limit(limit))
    return [(student, station, binding) for student, station, binding in rows]


def get_student(
    session: Session, student_id: int, station_id: int | None
) -> CollectRow:
    """Return a student, of one station where one is given.

    Raises:
        NotFoundError: ``student_not_found``: none, or another station's.
    """
    query = _students().where(Student.id == student_id)
    if station_id is not None:
        query = query.where(Student.station_id == station_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFoundError("student_not_found")
    return found[0], found[1], found[2]


def _students() -> Select[Student, Station, Binding]:
    return (
        select(Student, Station, Binding)
        .join(Station, Station.id == Student.station_id)
        .outerjoin(
            Binding,
            and_(Binding.student_id == Student.id, Binding.released_at.is_(None)),
        )
    )


def latest_statuses(
    session: Session, binding_ids: Sequence[int]
) -> dict[int, SubmissionStatus]:
    """Return the status of what each binding handed in, else of its draft."""
    shown = [*(status.value for status in HANDED_IN), SubmissionStatus.DRAFT.value]
    rows = session.execute(
        select(Submission.binding_id, Submission.status)
        .where(Submission.binding_id.in_(binding_ids))
        .where(Submission.status.in_(shown))
    )
    found: dict[int, SubmissionStatus] = {}
    for binding_id, status in rows:
        if binding_id not in found or status != SubmissionStatus.DRAFT:
            found[binding_id] = SubmissionStatus(status)
    return found


def find_entry(session: Session, *, campaign_id: int, station_id: int) -> Entry | None:
    """Return a station's entry in a campaign, the live one before ended ones."""
    return session.scalars(
        select(Entry)
        .where(Entry.campaign_id == campaign_id, Entry.station_id == station_id)
        .order_by(
            Entry.replaced_at.is_not(None), Entry.retired_at.is_not(None), Entry.id
        )
        .limit(1)
    ).one_or_none()


def staff_holder(session: Session, binding_id: int, kind: str) -> PrincipalRow | None:
    """Return the principal by whom staff hold a binding."""
    return session.scalars(
        select(PrincipalRow)
        .join(BindingHolder, BindingHolder.principal_id == PrincipalRow.id)
        .where(BindingHolder.binding_id == binding_id, BindingHolder.kind == kind)
    ).one_or_none()
