"""The students an import is compared with and written to, by the hundred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from sqlalchemy import ARRAY, ColumnElement, String, any_, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.db.bulk import insert_many
from backend.db.models import Binding, Student
from backend.domain.errors import ConflictError


def _among(
    session: Session, column: InstrumentedAttribute[Any], values: Sequence[str]
) -> ColumnElement[bool]:
    """Return the condition that a text column has one of many values.

    PostgreSQL takes one array sooner than five hundred parameters.
    """
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(String)))
    return column.in_(values)


def students_by_number(
    session: Session, campaign_id: int, numbers: Sequence[str]
) -> dict[str, Student]:
    """Return a campaign's students by 学号."""
    rows = session.scalars(
        select(Student)
        .where(Student.campaign_id == campaign_id)
        .where(_among(session, Student.student_no, numbers))
    )
    return {row.student_no: row for row in rows}


def holders_of_keys(
    session: Session,
    campaign_id: int,
    column: InstrumentedAttribute[Any],
    values: Sequence[str],
) -> dict[str, list[tuple[int, str]]]:
    """Return (id, level) of the students who have one of the values in a column."""
    found: dict[str, list[tuple[int, str]]] = {}
    if not values:
        return found
    rows = session.execute(
        select(column, Student.id, Student.level)
        .where(Student.campaign_id == campaign_id)
        .where(_among(session, column, values))
    )
    for value, student_id, level in rows:
        found.setdefault(value, []).append((student_id, level))
    return found


def bound_among(session: Session, student_ids: Sequence[int]) -> set[int]:
    """Return which of the students have a live binding."""
    return set(
        session.scalars(
            select(Binding.student_id)
            .where(Binding.student_id.in_(student_ids))
            .where(Binding.released_at.is_(None))
        )
    )


def insert_students(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert students; raises ConflictError ``roster_changed`` for one there already."""
    if not rows:
        return
    try:
        insert_many(session, Student, rows)
    except (IntegrityError, psycopg.IntegrityError):
        raise ConflictError("roster_changed") from None


def update_students(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what is given beside the ``id`` of each; raises as insert_students."""
    if not rows:
        return
    try:
        session.execute(update(Student), [*map(dict, rows)])
    except IntegrityError:
        raise ConflictError("roster_changed") from None
