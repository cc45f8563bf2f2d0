"""Approved portraits, and who looked at them a second time."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.models import Binding, Entry, Staff, Station, Student, Submission
from backend.db.review_models import SecondLook
from backend.db.review_queue import shown_to_reviewers
from backend.domain.reviews import SubmissionStatus

SheetRow = tuple[Submission, Binding, Student | None, Station, Staff | None]


def page(
    session: Session,
    *,
    campaign_id: int | None,
    station_id: int | None,
    after: int,
    limit: int,
) -> list[SheetRow]:
    """Return approved portraits nobody has looked at again, after a submission's id."""
    rows = session.execute(
        _unseen(campaign_id, station_id)
        .join(
            Station,
            Station.id == func.coalesce(Student.station_id, Entry.station_id),
        )
        .outerjoin(Staff, Staff.id == Submission.decided_by_id)
        .with_only_columns(Submission, Binding, Student, Station, Staff)
        .where(Submission.id > after)
        .order_by(Submission.id)
        .limit(limit)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def count_unseen(
    session: Session, *, campaign_id: int | None, station_id: int | None
) -> int:
    """Return how many approved portraits nobody has looked at again."""
    query = _unseen(campaign_id, station_id).with_only_columns(func.count())
    return session.execute(query).scalar_one()


def approved_among(session: Session, public_ids: list[str]) -> list[Submission]:
    """Return those of the photos that are approved."""
    return list(
        session.scalars(
            select(Submission)
            .where(Submission.public_id.in_(public_ids))
            .where(Submission.status == SubmissionStatus.APPROVED)
        )
    )


def mark(session: Session, photo: Submission, staff_id: int, *, at: datetime) -> None:
    """Note that somebody looked at a portrait again, in the version it has."""
    values = {"staff_id": staff_id, "version": photo.version, "seen_at": at}
    known = session.execute(
        update(SecondLook).where(SecondLook.submission_id == photo.id).values(values)
    )
    if known.rowcount:  # type: ignore[attr-defined] # an update has one
        return
    try:
        with session.begin_nested():
            session.add(SecondLook(submission_id=photo.id, **values))
    except IntegrityError:
        # Somebody else looked at the same moment.
        return


def _unseen(campaign_id: int | None, station_id: int | None) -> Select[Submission]:
    seen = exists().where(
        SecondLook.submission_id == Submission.id,
        SecondLook.version == Submission.version,
    )
    query = shown_to_reviewers(
        SubmissionStatus.APPROVED, campaign_id=campaign_id, station_id=station_id
    )
    return query.where(~seen)
