"""A person's decision on a portrait, and the release of a binding."""

from __future__ import annotations

from typing import Final, Literal

from backend.db import (
    bindings,
    journal,
    outbox,
    pushes,
    review_queue,
    submissions,
)
from backend.db.bindings import LostRaceError
from backend.db.engine import Database, Session
from backend.db.models import Binding, Submission
from backend.domain.errors import (
    ConflictError,
    InvalidInputError,
    RefusedError,
    Violation,
)
from backend.domain.reviews import (
    CLAIM_TIME,
    SETTLED,
    UNDO_TIME,
    Action,
    SubmissionStatus,
    next_status,
)
from backend.domain.wechat import MessageKind
from backend.ports import Clock, Job, Jobs
from backend.services.access import require_admin, require_reviewer
from backend.services.admission import let_redo
from backend.services.outbox import tell_holders
from backend.services.submission_views import is_due, submission_view
from backend.services.types import StaffUser, SubmissionView

#: What a decision is told as.
_TOLD: Final = {
    SubmissionStatus.APPROVED: MessageKind.APPROVED,
    SubmissionStatus.RETURNED: MessageKind.RETURNED,
}
_NOTE_LENGTH = 500
_REASON_LENGTH = 200
#: What separates the reasons and the note in the log counts too.
_SEPARATOR = "; "


class ReviewService:
    """Approves, returns, releases; each decision names the version it was made on."""

    def __init__(self, *, db: Database, clock: Clock, jobs: Jobs) -> None:
        self._db = db
        self._clock = clock
        self._jobs = jobs

    def decide(
        self,
        actor: StaffUser,
        public_id: str,
        *,
        action: Literal["approve", "return"],
        reasons: tuple[str, ...],
        note: str,
        expected_version: int,
    ) -> SubmissionView:
        """Approve a portrait, or return it with reasons.

        Raises:
            PermissionDeniedError: not a reviewer.
            ConflictError: ``stale_decision``: it changed since it was looked at;
                ``binding_released``: the photo is nobody's any more;
                ``background_due``: what would be approved is not what will be printed.
            InvalidInputError: a return without any reason.
            RefusedError: ``photo_not_acceptable``: nothing to approve, no portrait.
        """
        require_reviewer(actor)
        _check_words(action, reasons, note)
        with self._db.transaction() as session:
            row, binding = ensure_seen(session, public_id, expected_version)
            if action == "approve" and pushes.is_quarantined(session, row.id):
                raise ConflictError("quarantined")
            if action == "approve" and row.portrait_key is None:
                raise RefusedError("photo_not_acceptable")
            following = next_status(SubmissionStatus(row.status), Action(action))
            if action == "approve" and is_due(row):
                raise ConflictError("background_due")
            row.status = following.value
            row.return_reasons = list(reasons) if action == "return" else []
            row.return_note = note if action == "return" else ""
            now = self._clock.now()
            row.decided_at = now
            row.decided_by_id = actor.id or None
            _save(session, row)
            if following is SubmissionStatus.RETURNED:
                let_redo(session, binding, now=now)
            self._log(
                session, actor, row, _SEPARATOR.join(filter(None, [*reasons, note]))
            )
            review_queue.release(session, row.id)
            # What was decided before and is not told yet is not so any more.
            outbox.cancel_of(session, row.id, at=now)
            # The student is told when it cannot be taken back any more.
            tell_holders(
                session, _TOLD[following], binding, row, at=now, due=now + UNDO_TIME
            )
            view = submission_view(session, row, binding, for_staff=True)
        # This one is not due yet; those of a minute ago are.
        self._jobs.wake(Job.MESSAGES)
        return view

    def undo(
        self, actor: StaffUser, public_id: str, *, expected_version: int
    ) -> SubmissionView:
        """Take one's own decision of the last minute back; the photo is pending again.

        The student has not been told yet, and is not told now. The photo is the
        reviewer's again, unless somebody else has it already.

        Raises:
            PermissionDeniedError: not a reviewer.
            ConflictError: ``stale_decision``: something happened since;
                ``binding_released``; ``undo_not_yours``; ``undo_too_late``.
        """
        require_reviewer(actor)
        now = self._clock.now()
        with self._db.transaction() as session:
            row, binding = ensure_seen(session, public_id, expected_version)
            if row.decided_by_id != (actor.id or None):
                raise ConflictError("undo_not_yours")
            if row.decided_at is None or now >= row.decided_at + UNDO_TIME:
                raise ConflictError("undo_too_late")
            row.status = next_status(SubmissionStatus(row.status), Action.REOPEN)
            row.return_reasons, row.return_note = [], ""
            row.decided_at = row.decided_by_id = None
            _save(session, row)
            self._log(session, actor, row, "", what="reopened")
            outbox.cancel_of(session, row.id, at=now)
            if actor.id:
                review_queue.take(
                    session, row.id, actor.id, now=now, until=now + CLAIM_TIME
                )
            return submission_view(session, row, binding, for_staff=True)

    def release_binding(self, actor: StaffUser, binding_id: str, reason: str) -> None:
        """Undo a binding, so that the code and the student are free again.

        Raises:
            InvalidInputError: no reason given.
            ConflictError: ``submission_settled``: return the portrait first.
        """
        require_admin(actor)
        if not 0 < len(reason.strip()) <= _REASON_LENGTH:
            raise InvalidInputError(
                "invalid_input", violations=(Violation("reason", "reason_required"),)
            )
        now = self._clock.now()
        with self._db.transaction() as session:
            row = bindings.get_binding(session, binding_id)
            if row.released_at is not None:
                return
            handed_in = submissions.find_handed_in(session, row.id)
            if handed_in and SubmissionStatus(handed_in.status) in SETTLED:
                raise ConflictError("submission_settled")
            row.released_at = now
            row.release_reason = reason.strip()
            session.flush()
            bindings.add_event(
                session,
                row.id,
                what="released",
                by="staff",
                at=now,
                who=actor.username,
                note=reason.strip(),
            )
            journal.append_audit(
                session,
                at=now,
                actor=actor.username,
                action="binding.release",
                target=f"binding:{row.id}",
                detail=reason.strip(),
            )

    def _log(
        self,
        session: Session,
        actor: StaffUser,
        row: Submission,
        note: str,
        *,
        what: str = "",
    ) -> None:
        now, what = self._clock.now(), what or row.status
        submissions.add_event(
            session,
            row.id,
            status=what,
            by="staff",
            at=now,
            who=actor.username,
            note=note,
        )
        journal.append_audit(
            session,
            at=now,
            actor=actor.username,
            action=f"submission.{what}",
            target=f"submission:{row.id}",
        )


def ensure_seen(
    session: Session, public_id: str, version: int
) -> tuple[Submission, Binding]:
    """Return a photo of a binding that counts, if it is as somebody saw it.

    Raises:
        NotFoundError: no such photo.
        ConflictError: ``stale_decision``, ``binding_released``.
    """
    row, binding = submissions.get_submission(session, public_id)
    if row.version != version:
        raise ConflictError("stale_decision", version=row.version)
    if binding.released_at is not None:
        raise ConflictError("binding_released")
    return row, binding


def _save(session: Session, row: Submission) -> None:
    try:
        submissions.save_submission(session, row)
    except LostRaceError:
        raise ConflictError("stale_decision") from None


def _check_words(action: str, reasons: tuple[str, ...], note: str) -> None:
    if action == "return" and not reasons and not note.strip():
        raise InvalidInputError(
            "reasons_required", violations=(Violation("reason", "reason_required"),)
        )
    if (
        len(note) > _NOTE_LENGTH
        or len(_SEPARATOR.join([*reasons, ""])) > _REASON_LENGTH
    ):
        raise InvalidInputError(
            "invalid_input", violations=(Violation("reason", "too_long"),)
        )
