"""Single students of a roster, and copies of them into another campaign."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, insert, literal, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from backend.db.models import Binding, Station, Student, Submission
from backend.domain.errors import ConflictError, NotFoundError
from backend.domain.reviews import SETTLED

#: What a copy keeps; its code is proven anew, its grace was for the other campaign.
_CARRIED: Final = (
    "station_id",
    "name",
    "student_no",
    "exam_no",
    "certificate_no",
    "level",
    "major",
    "study_form",
    "graduating_year",
    "class_no",
    "id_number_sealed",
    "id_number_hash",
    "id_last6_hash",
    "id_last4_hash",
)


def get_student(
    session: Session, student_id: int, *, station_id: int | None
) -> tuple[Student, Station]:
    """Return a student with their station, of one station only or of any.

    Raises:
        NotFoundError: no such student, or of another station: the two look alike.
    """
    query = (
        select(Student, Station)
        .join(Station, Station.id == Student.station_id)
        .where(Student.id == student_id)
    )
    if station_id is not None:
        query = query.where(Student.station_id == station_id)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFoundError("student_not_found")
    return found[0], found[1]


def page_students(
    session: Session,
    campaign_id: int,
    *,
    station_id: int | None,
    text: str,
    after: int,
    limit: int,
) -> list[tuple[Student, Station]]:
    """Return a campaign's students by their id, of one station or of all.

    Args:
        session: the database.
        campaign_id: whose roster.
        station_id: the only station asked for.
        text: the beginning of a name, a whole 学号, 考生号 or 证书编号; empty for all.
        after: the last id seen.
        limit: how many at most.
    """
    query = (
        select(Student, Station)
        .join(Station, Station.id == Student.station_id)
        .where(Student.campaign_id == campaign_id, Student.id > after)
        .order_by(Student.id)
        .limit(limit)
    )
    if station_id is not None:
        query = query.where(Student.station_id == station_id)
    if text:
        query = query.where(
            or_(
                Student.name.startswith(text, autoescape=True),
                Student.student_no == text,
                Student.exam_no == text,
                Student.certificate_no == text,
            )
        )
    return [(row[0], row[1]) for row in session.execute(query)]


def save_student(session: Session, student: Student) -> None:
    """Write a student; raises ConflictError ``student_no_taken``."""
    session.add(student)
    try:
        session.flush()
    except IntegrityError:
        raise ConflictError("student_no_taken") from None


def record_of(session: Session, student_id: int) -> str | None:
    """Return the public id of a student's live binding."""
    return session.execute(
        select(Binding.public_id)
        .where(Binding.student_id == student_id)
        .where(Binding.released_at.is_(None))
    ).scalar_one_or_none()


def has_portrait(session: Session, student_id: int) -> bool:
    """Tell whether a portrait of a student is settled."""
    found = session.execute(
        select(Student.id).where(Student.id == student_id, _settled(Student.id))
    )
    return found.first() is not None


def carried_count(session: Session, source: int, target: int) -> int:
    """Return how many students :func:`carry_over` would copy."""
    return len(session.execute(_left_behind(source, target)).all())


def carry_over(session: Session, source: int, target: int, *, at: datetime) -> int:
    """Copy the students of a campaign who have no portrait into another.

    Left out are those who need none, and those the other campaign has already. Returns
    how many were copied.
    """
    columns = [*_CARRIED, "campaign_id", "carried_from_id", "created_at"]
    picked = [getattr(Student, name) for name in _CARRIED]
    extra = [literal(target), Student.id, literal(at, Student.created_at.type)]
    copies = (
        _left_behind(source, target)
        .order_by(Student.id)
        .with_only_columns(*picked, *extra, maintain_column_froms=True)
    )
    count = carried_count(session, source, target)
    try:
        session.execute(insert(Student).from_select(columns, copies))
    except IntegrityError:
        raise ConflictError("student_no_taken") from None
    return count


def _left_behind(source: int, target: int) -> Any:
    there = aliased(Student)
    known = select(there.id).where(
        there.campaign_id == target,
        or_(
            there.student_no == Student.student_no,
            there.carried_from_id == Student.id,
        ),
    )
    return select(Student.id).where(
        Student.campaign_id == source,
        Student.exempt_reason.is_(None),
        ~_settled(Student.id),
        ~known.exists(),
    )


def _settled(student_id: Any) -> ColumnElement[bool]:
    states: Sequence[str] = [status.value for status in SETTLED]
    return (
        select(Submission.id)
        .join(Binding, Binding.id == Submission.binding_id)
        .where(Binding.student_id == student_id)
        .where(Submission.status.in_(states))
        .exists()
    )
