"""Approved portraits sixty at a time, for a fast second look."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from backend.db import second_looks
from backend.db.engine import Database
from backend.domain.errors import InvalidInputError, Violation
from backend.ports import Clock
from backend.services.access import require_reviewer
from backend.services.types import StaffUser

#: Ten columns and six rows: a screen at 1280 px.
ON_A_SHEET: Final = 60


@dataclass(frozen=True, slots=True)
class SheetPortrait:
    """One approved portrait on a sheet."""

    submission_id: str
    binding_id: str
    version: int
    student_name: str = field(repr=False)
    student_no: str = field(repr=False)
    station_name: str
    decided_by: str


@dataclass(frozen=True, slots=True)
class ContactSheet:
    """A sheet, how many portraits wait for a second look, and where the next begins."""

    portraits: tuple[SheetPortrait, ...]
    left: int
    next_cursor: str | None


class ContactSheetService:
    """Lays out what nobody has looked at again, and notes who has."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def sheet(
        self,
        actor: StaffUser,
        *,
        campaign_id: int | None = None,
        station_id: int | None = None,
        cursor: str | None = None,
    ) -> ContactSheet:
        """Return the next sheet of a campaign or station.

        Raises:
            PermissionDeniedError: not a reviewer.
            InvalidInputError: a malformed cursor.
        """
        require_reviewer(actor)
        with self._db.reading() as session:
            rows = second_looks.page(
                session,
                campaign_id=campaign_id,
                station_id=station_id,
                after=_parse_cursor(cursor),
                limit=ON_A_SHEET + 1,
            )
            left = second_looks.count_unseen(
                session, campaign_id=campaign_id, station_id=station_id
            )
        shown = rows[:ON_A_SHEET]
        return ContactSheet(
            portraits=tuple(_portrait(row) for row in shown),
            left=left,
            next_cursor=str(shown[-1][0].id) if len(rows) > len(shown) else None,
        )

    def mark_seen(self, actor: StaffUser, seen: dict[str, int]) -> int:
        """Note that somebody looked at portraits, by id and the version they saw.

        What changed meanwhile stays unseen. Returns how many were noted.
        """
        require_reviewer(actor)
        now, noted = self._clock.now(), 0
        with self._db.transaction() as session:
            for photo in second_looks.approved_among(session, list(seen)[:ON_A_SHEET]):
                if photo.version == seen[photo.public_id]:
                    second_looks.mark(session, photo, actor.id, at=now)
                    noted += 1
        return noted


def _portrait(row: second_looks.SheetRow) -> SheetPortrait:
    photo, binding, student, station, decided_by = row
    return SheetPortrait(
        submission_id=photo.public_id,
        binding_id=binding.public_id,
        version=photo.version,
        student_name=student.name if student else binding.stated_name,
        student_no=student.student_no if student else "",
        station_name=station.name,
        decided_by=decided_by.display_name if decided_by else "",
    )


def _parse_cursor(cursor: str | None) -> int:
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdecimal()):
        raise InvalidInputError(
            "invalid_input", violations=(Violation("cursor", "invalid_field"),)
        )
    return int(cursor)
