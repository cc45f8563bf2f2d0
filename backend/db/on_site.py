"""What on-site collecting asks of the roster."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.db.models import Student


@dataclass(frozen=True, slots=True)
class RosterRow:
    """The few columns by which a student is recognised at the desk."""

    id: int
    name: str
    student_no: str
    level: str
    class_no: str


def roster_of_station(
    session: Session, *, campaign_id: int, station_id: int
) -> list[RosterRow]:
    """Return a station's students of a campaign who need a photo, by class and name."""
    query = (
        select(
            Student.id,
            Student.name,
            Student.student_no,
            Student.level,
            Student.class_no,
        )
        .where(
            Student.campaign_id == campaign_id,
            Student.station_id == station_id,
            Student.exempt_reason.is_(None),
        )
        .order_by(Student.class_no, Student.name, Student.id)
    )
    return [RosterRow(*row) for row in session.execute(query)]
