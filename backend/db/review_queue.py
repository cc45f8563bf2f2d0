"""The photos that wait for a reviewer, and whose they are for a while."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Select, delete, exists, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.models import Binding, Entry, Staff, Student, Submission
from backend.db.review_models import ReviewClaim, ReviewSkip
from backend.db.wechat_models import PictureCheck
from backend.domain.picture_check import CheckState
from backend.domain.report import Verdict
from backend.domain.reviews import Attention, QueueFilter, SubmissionStatus

_DECIDED = (SubmissionStatus.APPROVED.value, SubmissionStatus.RETURNED.value)


def shown_to_reviewers(
    status: SubmissionStatus, *, campaign_id: int | None, station_id: int | None
) -> Select[Submission]:
    """Select the photos of a status that a reviewer may see.

    Without those of released bindings, and those put aside until an administrator has
    looked.
    """
    aside = select(PictureCheck.submission_id).where(
        PictureCheck.state == CheckState.RISKY
    )
    query = (
        select(Submission)
        .join(Binding, Binding.id == Submission.binding_id)
        .join(Entry, Entry.id == Binding.entry_id)
        .outerjoin(Student, Student.id == Binding.student_id)
        .where(Submission.status == status.value)
        .where(Binding.released_at.is_(None))
        .where(Submission.id.not_in(aside))
    )
    if campaign_id is not None:
        query = query.where(Binding.campaign_id == campaign_id)
    if station_id is not None:
        station = func.coalesce(Student.station_id, Entry.station_id)
        query = query.where(station == station_id)
    return query


def count_waiting(session: Session, wanted: QueueFilter) -> int:
    """Return how many photos wait for a decision."""
    query = _waiting(wanted).with_only_columns(func.count())
    return session.execute(query).scalar_one()


def count_decided(session: Session, staff_id: int, *, since: datetime) -> int:
    """Return how many photos somebody decided on last since an instant."""
    return session.execute(
        select(func.count())
        .select_from(Submission)
        .where(Submission.decided_by_id == staff_id)
        .where(Submission.decided_at >= since)
    ).scalar_one()


def next_photo(
    session: Session, staff_id: int, wanted: QueueFilter, *, now: datetime, but: str
) -> Submission | None:
    """Return what a reviewer looks at next, other than ``but``: theirs first, oldest first.

    What they left for later comes when nothing else is left.
    """
    live = exists().where(
        ReviewClaim.submission_id == Submission.id, ReviewClaim.until > now
    )
    mine = live.where(ReviewClaim.staff_id == staff_id)
    skipped = ReviewSkip.submission_id == Submission.id
    left = exists().where(skipped, ReviewSkip.staff_id == staff_id)
    query = _waiting(wanted).where(Submission.public_id != but).limit(1)
    oldest = query.where(~left).order_by(Submission.confirmed_at, Submission.id)
    last = (
        query.join(ReviewSkip, skipped)
        .where(ReviewSkip.staff_id == staff_id)
        .where(or_(mine, ~live))
        .order_by(ReviewSkip.skipped_at, Submission.id)
    )
    for choice in (oldest.where(mine), oldest.where(~live), last):
        found = session.execute(choice).scalar_one_or_none()
        if found is not None:
            return found
    return None


def take(
    session: Session,
    submission_id: int,
    staff_id: int,
    *,
    now: datetime,
    until: datetime,
) -> bool:
    """Make a photo a reviewer's until then; false when it is somebody else's."""
    renewed = session.execute(
        update(ReviewClaim)
        .where(ReviewClaim.submission_id == submission_id)
        .where(or_(ReviewClaim.staff_id == staff_id, ReviewClaim.until <= now))
        .values(staff_id=staff_id, until=until)
        .execution_options(synchronize_session=False)
    )
    if renewed.rowcount:  # type: ignore[attr-defined] # an update has one
        return True
    try:
        with session.begin_nested():
            session.add(
                ReviewClaim(submission_id=submission_id, staff_id=staff_id, until=until)
            )
    except IntegrityError:
        return False
    return True


def holder_of(
    session: Session, submission_id: int, *, now: datetime
) -> tuple[Staff, datetime] | None:
    """Return whose a photo is and until when, if it is anybody's now."""
    found = session.execute(
        select(Staff, ReviewClaim.until)
        .join(ReviewClaim, ReviewClaim.staff_id == Staff.id)
        .where(ReviewClaim.submission_id == submission_id)
        .where(ReviewClaim.until > now)
    ).one_or_none()
    return (found[0], found[1]) if found else None


def release(session: Session, submission_id: int) -> None:
    """Let a photo be nobody's."""
    session.execute(
        delete(ReviewClaim)
        .where(ReviewClaim.submission_id == submission_id)
        .execution_options(synchronize_session=False)
    )


def release_all(session: Session, staff_id: int) -> None:
    """Let everything that is a reviewer's be nobody's."""
    session.execute(delete(ReviewClaim).where(ReviewClaim.staff_id == staff_id))


def skip(session: Session, submission_id: int, staff_id: int, *, at: datetime) -> None:
    """Let a photo come to a reviewer after everything else."""
    session.merge(
        ReviewSkip(submission_id=submission_id, staff_id=staff_id, skipped_at=at)
    )


def last_decided(
    session: Session, staff_id: int, *, since: datetime
) -> tuple[Submission, Binding, Student | None] | None:
    """Return what somebody decided on last since an instant, if it still stands."""
    found = session.execute(
        select(Submission, Binding, Student)
        .join(Binding, Binding.id == Submission.binding_id)
        .outerjoin(Student, Student.id == Binding.student_id)
        .where(Submission.decided_by_id == staff_id)
        .where(Submission.decided_at > since)
        .where(Submission.status.in_(_DECIDED))
        .order_by(Submission.decided_at.desc(), Submission.id.desc())
        .limit(1)
    ).one_or_none()
    return (found[0], found[1], found[2]) if found else None


def _waiting(wanted: QueueFilter) -> Select[Submission]:
    query = shown_to_reviewers(
        SubmissionStatus.PENDING,
        campaign_id=wanted.campaign_id,
        station_id=wanted.station_id,
    )
    if wanted.attention is Attention.ASKED:
        query = query.where(Submission.human_review_requested)
    elif wanted.attention is Attention.WARNED:
        query = query.where(Submission.verdict != Verdict.PASS.value)
    return query
