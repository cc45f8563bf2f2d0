"""Giving each reviewer the next photo, so that two never look at the same one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from backend.db import pushes, review_queue, submissions
from backend.db.engine import Database, Session
from backend.db.models import Submission
from backend.domain.errors import ConflictError
from backend.domain.reviews import (
    CLAIM_TIME,
    UNDO_TIME,
    QueueFilter,
    SubmissionStatus,
)
from backend.ports import Clock, Job, Jobs
from backend.services.access import require_reviewer
from backend.services.types import StaffUser

#: A reviewer's day begins at midnight in China.
_LOCAL: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """How many photos wait, and how many this reviewer decided on today."""

    left: int
    done_today: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a photo is, and until when."""

    username: str
    display_name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class LastDecision:
    """What a reviewer can still take back, for so many seconds."""

    submission_id: str
    version: int
    status: SubmissionStatus
    student_name: str = field(repr=False)
    seconds: int


class ReviewQueueService:
    """Claims photos for a while, for the reviewer who asks."""

    def __init__(self, *, db: Database, clock: Clock, jobs: Jobs) -> None:
        self._db = db
        self._clock = clock
        self._jobs = jobs

    def counts(self, actor: StaffUser, wanted: QueueFilter) -> QueueCounts:
        """Return how much is left and how much is done."""
        require_reviewer(actor)
        today = self._clock.now().astimezone(_LOCAL).date()
        with self._db.reading() as session:
            return QueueCounts(
                left=review_queue.count_waiting(session, wanted),
                done_today=review_queue.count_decided(
                    session,
                    actor.id,
                    since=datetime.combine(today, time(), tzinfo=_LOCAL),
                ),
            )

    def next(
        self, actor: StaffUser, wanted: QueueFilter, *, after: str = ""
    ) -> str | None:
        """Claim the next photo, other than the one named; none when nothing is left.

        Asking again returns the same one until it is decided on, skipped or left.

        Raises:
            PermissionDeniedError: not a reviewer.
        """
        require_reviewer(actor)
        # Whoever is too late finds the photo claimed when they look again.
        while True:
            with self._db.transaction() as session:
                found = review_queue.next_photo(
                    session, actor.id, wanted, now=self._clock.now(), but=after
                )
                if found is None:
                    return None
                if self._take(session, actor, found):
                    return found.public_id

    def hold(self, actor: StaffUser, public_id: str) -> None:
        """Claim a photo, or keep it for longer; messages that are due go out meanwhile.

        Raises:
            NotFoundError: no such photo.
            ConflictError: ``review_claimed``: it is another reviewer's;
                ``illegal_transition``: nothing is to be decided on it;
                ``quarantined``, ``binding_released``.
        """
        require_reviewer(actor)
        with self._db.transaction() as session:
            photo, binding = submissions.get_submission(session, public_id)
            if binding.released_at is not None:
                raise ConflictError("binding_released")
            if photo.status != SubmissionStatus.PENDING:
                raise ConflictError("illegal_transition", status=photo.status)
            if pushes.is_quarantined(session, photo.id):
                raise ConflictError("quarantined")
            if not self._take(session, actor, photo):
                raise ConflictError("review_claimed")
        self._jobs.wake(Job.MESSAGES)

    def skip(self, actor: StaffUser, public_id: str) -> None:
        """Leave a photo for later: it comes back to this reviewer after all others.

        Raises:
            NotFoundError: no such photo.
        """
        require_reviewer(actor)
        now = self._clock.now()
        with self._db.transaction() as session:
            photo, _ = submissions.get_submission(session, public_id)
            review_queue.skip(session, photo.id, actor.id, at=now)
            held = review_queue.holder_of(session, photo.id, now=now)
            if held and held[0].id == actor.id:
                review_queue.release(session, photo.id)

    def leave(self, actor: StaffUser) -> None:
        """Let every photo that is this reviewer's be free for the others."""
        require_reviewer(actor)
        with self._db.transaction() as session:
            review_queue.release_all(session, actor.id)

    def holder(self, actor: StaffUser, public_id: str) -> Holder | None:
        """Return who else looks at a photo just now, if anybody does."""
        require_reviewer(actor)
        with self._db.reading() as session:
            photo, _ = submissions.get_submission(session, public_id)
            held = review_queue.holder_of(session, photo.id, now=self._clock.now())
        if held is None or held[0].id == actor.id:
            return None
        return Holder(held[0].username, held[0].display_name, held[1])

    def last_decision(self, actor: StaffUser) -> LastDecision | None:
        """Return what this reviewer decided on last, if it can still be taken back."""
        require_reviewer(actor)
        now = self._clock.now()
        with self._db.reading() as session:
            found = review_queue.last_decided(session, actor.id, since=now - UNDO_TIME)
        if found is None:
            return None
        photo, binding, student = found
        if photo.decided_at is None or binding.released_at is not None:
            return None
        return LastDecision(
            submission_id=photo.public_id,
            version=photo.version,
            status=SubmissionStatus(photo.status),
            student_name=student.name if student else binding.stated_name,
            seconds=int((photo.decided_at + UNDO_TIME - now).total_seconds()),
        )

    def _take(self, session: Session, actor: StaffUser, photo: Submission) -> bool:
        now = self._clock.now()
        return review_queue.take(
            session, photo.id, actor.id, now=now, until=now + CLAIM_TIME
        )
