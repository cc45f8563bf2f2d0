"""The collection codes of who is bound."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVarTuple

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from backend.db.models import Binding, Station, Student

Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True)
class CardRow:
    """A code with its card picture, if the student sent one."""

    fingerprint: str
    card_key: str | None
    code_sealed: bytes | None = field(repr=False)


def cards_of(
    session: Session, campaign_id: int, *, station_id: int | None, class_no: str
) -> list[CardRow]:
    """Return codes by station and class; within a class in no order of persons."""
    query = _bound(
        select(Binding.fingerprint, Binding.card_key, Binding.raw_sealed),
        campaign_id,
        station_id,
    )
    if class_no:
        query = query.where(Student.class_no == class_no)
    query = query.order_by(
        Station.code, Student.class_no, Binding.fingerprint, Binding.id
    )
    return [CardRow(*row) for row in session.execute(query)]


def classes_of(
    session: Session, campaign_id: int, *, station_id: int | None
) -> list[tuple[int, str, str]]:
    """Return the stations and classes somebody with a code is in."""
    query = _bound(
        select(Station.id, Station.name, Student.class_no, Station.code).distinct(),
        campaign_id,
        station_id,
    ).order_by(Station.code, Student.class_no)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def _bound(query: Select[*Ts], campaign_id: int, station_id: int | None) -> Select[*Ts]:
    query = (
        query.select_from(Binding)
        .join(Student, Student.id == Binding.student_id)
        .join(Station, Station.id == Student.station_id)
        .where(Binding.campaign_id == campaign_id)
        .where(Binding.released_at.is_(None))
        .where(or_(Binding.card_key.is_not(None), Binding.raw_sealed.is_not(None)))
    )
    if station_id is not None:
        query = query.where(Student.station_id == station_id)
    return query
