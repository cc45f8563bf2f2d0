"""What portraits look like, to find the same picture under two names."""

from __future__ import annotations

from typing import Final

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from backend.db.models import Binding, Entry, Station, Student, Submission
from backend.db.review_models import Likeness, LikenessBand
from backend.domain.likeness import band_keys
from backend.domain.reviews import HANDED_IN

TwinRow = tuple[Submission, Binding, Student | None, Station]

_HANDED_IN: Final = [status.value for status in HANDED_IN]
#: Of the portraits that share a band at most so many are compared; a plain studio's may
#: share one by the thousand.
_MOST_COMPARED: Final = 20_000


def keep_likeness(session: Session, submission_id: int, bits: str) -> None:
    """Keep what a portrait looks like."""
    session.add(Likeness(submission_id=submission_id, bits=bits))
    session.add_all(
        LikenessBand(band_key=key, submission_id=submission_id)
        for key in band_keys(bits)
    )


def forget_likeness(session: Session, submission_id: int) -> None:
    """Forget what a portrait looks like; there need not be anything to forget."""
    for table in (LikenessBand, Likeness):
        session.execute(delete(table).where(table.submission_id == submission_id))


def likeness_of(session: Session, submission_id: int) -> str | None:
    """Return what a portrait looks like, if it is kept."""
    found = session.get(Likeness, submission_id)
    return found.bits if found else None


def sharing_a_band(session: Session, bits: str) -> list[tuple[int, str]]:
    """Return (submission, likeness) of what may look alike, itself included."""
    sharing = select(LikenessBand.submission_id).where(
        LikenessBand.band_key.in_(band_keys(bits))
    )
    rows = session.execute(
        select(Likeness.submission_id, Likeness.bits)
        .where(Likeness.submission_id.in_(sharing))
        .order_by(Likeness.submission_id.desc())
        .limit(_MOST_COMPARED)
    )
    return [(row[0], row[1]) for row in rows]


def handed_in_elsewhere(
    session: Session, photo: Submission, alike: list[int]
) -> list[TwinRow]:
    """Return what was handed in for other bindings: the same bytes, or one of ``alike``."""
    rows = session.execute(
        select(Submission, Binding, Student, Station)
        .join(Binding, Binding.id == Submission.binding_id)
        .join(Entry, Entry.id == Binding.entry_id)
        .outerjoin(Student, Student.id == Binding.student_id)
        .join(
            Station,
            Station.id == func.coalesce(Student.station_id, Entry.station_id),
        )
        .where(or_(Submission.sha256 == photo.sha256, Submission.id.in_(alike)))
        .where(Submission.binding_id != photo.binding_id)
        .where(Submission.status.in_(_HANDED_IN))
        .where(Binding.released_at.is_(None))
        .order_by(Submission.id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]
