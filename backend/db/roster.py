"""Writing campaigns and rosters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.models import Campaign, Station, Student
from backend.domain.errors import ConflictError, NotFoundError


@dataclass(frozen=True, slots=True)
class StationIds:
    """Station ids by code."""

    by_code: Mapping[str, int]

    def get(self, code: str) -> int:
        """Return the id of a station; raises NotFoundError."""
        if code not in self.by_code:
            raise NotFoundError("station_not_found")
        return self.by_code[code]


def station_ids(session: Session) -> StationIds:
    """Return every station's id by its code."""
    rows = session.execute(select(Station.code, Station.id))
    return StationIds(dict(rows.all()))


def add_campaign(session: Session, row: Campaign) -> Campaign:
    """Insert a campaign; raises ConflictError for a name in use."""
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise ConflictError("campaign_name_taken") from None
    return row


def add_students(session: Session, rows: Sequence[Student]) -> None:
    """Insert students; raises ConflictError for a 学号 or code in use."""
    session.add_all(rows)
    try:
        session.flush()
    except IntegrityError:
        raise ConflictError("student_no_taken") from None
