"""A submission as its owner and as staff see it."""

from __future__ import annotations

from typing import Literal, cast

from backend.db import pushes, submissions
from backend.db.engine import Session
from backend.db.models import Binding, Submission
from backend.domain.backgrounds import BackgroundState
from backend.domain.errors import ConflictError
from backend.domain.report import Background, Verdict, report_from_dict
from backend.domain.reviews import SETTLED, Action, SubmissionStatus, may
from backend.services.types import (
    HistoryItem,
    MediaKind,
    Role,
    StaffUser,
    SubmissionView,
)


def ensure_shown(session: Session, actor: StaffUser, photo: Submission) -> None:
    """Keep what may be forbidden content from everybody but administrators.

    Raises:
        ConflictError: ``quarantined``.
    """
    if actor.role is not Role.ADMIN and pushes.is_quarantined(session, photo.id):
        raise ConflictError("quarantined")


def submission_view(
    session: Session, row: Submission, binding: Binding, *, for_staff: bool = False
) -> SubmissionView:
    """Return a submission as its owner sees it, or for staff.

    Staff are told which person decided, and what staff may do with it; its owner, what
    its owner may do.
    """
    status = SubmissionStatus(row.status)
    handed_in = submissions.find_handed_in(session, row.binding_id)
    settled = handed_in is not None and SubmissionStatus(handed_in.status) in SETTLED
    draft = status is SubmissionStatus.DRAFT and not settled
    failed = is_refused(row)
    return SubmissionView(
        public_id=row.public_id,
        binding_public_id=binding.public_id,
        status=status,
        report=report_from_dict(row.report),
        background=BackgroundState(row.background),
        other_report=report_from_dict(row.other_report) if row.other_report else None,
        has_portrait=row.portrait_key is not None,
        human_review_requested=row.human_review_requested,
        return_reasons=tuple(row.return_reasons),
        return_note=row.return_note,
        version=row.version,
        can_confirm=draft and not failed and row.background != BackgroundState.DUE,
        can_request_review=draft and failed,
        can_approve=for_staff
        and may(status, Action.APPROVE)
        and row.portrait_key is not None
        and not is_due(row),
        can_withdraw=may(status, Action.WITHDRAW),
        can_resubmit=not settled,
        can_choose_background=_may_choose(
            row, status, draft=draft, for_staff=for_staff
        ),
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        history=_history(session, row.id, for_staff=for_staff),
    )


def picture_keys(row: Submission) -> dict[MediaKind, str]:
    """Return the keys of the pictures that are still kept of a photo."""
    found = {
        MediaKind.ORIGINAL: row.original_key,
        MediaKind.PORTRAIT: row.portrait_key,
        MediaKind.OVERLAY: row.overlay_key,
        MediaKind.OTHER_PORTRAIT: row.other_portrait_key,
    }
    return {kind: key for kind, key in found.items() if key is not None}


def is_refused(row: Submission) -> bool:
    """Tell whether the rules refuse a photo, so that only a person may let it pass."""
    return row.verdict == Verdict.FAIL or row.portrait_key is None


def is_due(row: Submission) -> bool:
    """Tell whether the background is still to be replaced, and can be."""
    return row.background == BackgroundState.DUE and row.original_key is not None


def background_of(state: str) -> Background:
    """Return what is behind the person in the portrait of a photo in this state."""
    standard = state == BackgroundState.STANDARD
    return Background.STANDARD if standard else Background.KEEP


def is_choosable(row: Submission) -> bool:
    """Tell whether there are two portraits to choose from."""
    both = {BackgroundState.STANDARD, BackgroundState.DECLINED}
    return row.background in both and row.other_portrait_key is not None


def is_other_refused(row: Submission) -> bool:
    """Tell whether the rules refuse the portrait that is kept beside."""
    other = row.other_report
    return other is None or other["verdict"] == Verdict.FAIL


def _may_choose(
    row: Submission, status: SubmissionStatus, *, draft: bool, for_staff: bool
) -> bool:
    if not is_choosable(row):
        return False
    if for_staff:
        return status is SubmissionStatus.PENDING
    declined = row.background == BackgroundState.DECLINED
    return draft and (declined or not is_other_refused(row))


def _history(
    session: Session, submission_id: int, *, for_staff: bool
) -> tuple[HistoryItem, ...]:
    return tuple(
        HistoryItem(
            status=event.status,
            at=event.at,
            by=cast("Literal['student', 'staff', 'system']", event.by),
            note=event.note,
            who=event.who if for_staff else "",
        )
        for event in submissions.events_of(session, submission_id)
    )
