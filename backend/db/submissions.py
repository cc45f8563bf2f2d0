"""Submissions and their log."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from backend.db.bindings import LostRaceError, held_by
from backend.db.models import Binding, Submission, SubmissionEvent
from backend.domain.errors import NotFoundError
from backend.domain.reviews import HANDED_IN, SubmissionStatus


def get_submission(
    session: Session, public_id: str, *, principal_id: int | None = None
) -> tuple[Submission, Binding]:
    """Return a submission with its binding; with a principal, only one of theirs.

    Raises:
        NotFoundError: no such submission, or not theirs: the two look alike.
    """
    query = (
        select(Submission, Binding)
        .join(Binding, Binding.id == Submission.binding_id)
        .where(Submission.public_id == public_id)
    )
    if principal_id is not None:
        query = query.where(held_by(principal_id), Binding.released_at.is_(None))
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFoundError("submission_not_found")
    return found


def find_same_bytes(
    session: Session, binding_id: int, sha256: str
) -> Submission | None:
    """Return what these bytes became for this binding, unless it was withdrawn."""
    return session.execute(
        select(Submission)
        .where(Submission.binding_id == binding_id)
        .where(Submission.sha256 == sha256)
        .where(Submission.status != SubmissionStatus.WITHDRAWN)
    ).scalar_one_or_none()


def find_draft(session: Session, binding_id: int) -> Submission | None:
    """Return the photo that is judged and not confirmed."""
    return session.execute(
        select(Submission)
        .where(Submission.binding_id == binding_id)
        .where(Submission.status == SubmissionStatus.DRAFT)
    ).scalar_one_or_none()


def find_handed_in(session: Session, binding_id: int) -> Submission | None:
    """Return the photo that was confirmed and not replaced."""
    return session.execute(
        select(Submission)
        .where(Submission.binding_id == binding_id)
        .where(Submission.status.in_([status.value for status in HANDED_IN]))
    ).scalar_one_or_none()


def submissions_of(session: Session, binding_id: int) -> list[Submission]:
    """Return every photo of a binding, newest first."""
    return list(
        session.scalars(
            select(Submission)
            .where(Submission.binding_id == binding_id)
            .order_by(Submission.id.desc())
        )
    )


def save_submission(session: Session, row: Submission) -> None:
    """Insert or update a submission.

    Raises:
        LostRaceError: a unique index refused it, or the row changed since it was
            read; roll back and look again.
    """
    session.add(row)
    try:
        session.flush()
    except (IntegrityError, StaleDataError):
        raise LostRaceError from None


def add_event(
    session: Session,
    submission_id: int,
    *,
    status: str,
    by: str,
    at: datetime,
    who: str = "",
    note: str = "",
) -> None:
    """Append to a submission's log."""
    session.add(
        SubmissionEvent(
            submission_id=submission_id,
            status=status,
            by=by,
            who=who,
            note=note,
            at=at,
        )
    )


def events_of(session: Session, submission_id: int) -> list[SubmissionEvent]:
    """Return a submission's log, oldest first."""
    return list(
        session.scalars(
            select(SubmissionEvent)
            .where(SubmissionEvent.submission_id == submission_id)
            .order_by(SubmissionEvent.id)
        )
    )
