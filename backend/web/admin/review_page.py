"""The page of one photo in the review queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from flask import Response, request

from backend.domain.errors import ConflictError, DomainError
from backend.domain.reviews import Attention, QueueFilter, SubmissionStatus
from backend.messages.return_reasons import RETURN_REASONS, ReturnReason
from backend.services.review_queue import Holder
from backend.services.types import AdminSubmission, BindingStatus, StaffSession
from backend.web.admin.findings import change_reason, report_lines
from backend.web.admin.messages import message_for
from backend.web.admin.pages import number, show
from backend.web.admin.record_page import (
    EMPTY_FORM,
    STALE,
    DecisionForm,
    current_submission,
    steps_since,
)
from backend.web.backgrounds import backdrop_of
from backend.web.context import policy_of, services

#: The keys that pick the ready reasons, in their order.
_DIGITS: Final = "1234567890"


def queue_args() -> dict[str, Any]:
    """Return what narrows the queue, as every address of the queue carries it."""
    names = ("campaign", "station", "only")
    return {name: request.args[name][:40] for name in names if request.args.get(name)}


def queue_filter() -> QueueFilter:
    """Return what narrows the queue as the services take it."""
    only = request.args.get("only", "")
    return QueueFilter(
        campaign_id=number(request.args.get("campaign")),
        station_id=number(request.args.get("station")),
        attention=Attention(only) if only in set(Attention) else Attention.ALL,
    )


def ready_reasons() -> Iterator[tuple[str, ReturnReason]]:
    """Yield each ready reason with the key that picks it: digits, then shifted ones."""
    keys = [*_DIGITS, *(f"⇧{digit}" for digit in _DIGITS)]
    yield from zip(keys, RETURN_REASONS.values(), strict=False)


def show_review(
    session: StaffSession,
    submission_id: str,
    *,
    error: DomainError | None = None,
    form: DecisionForm = EMPTY_FORM,
) -> Response:
    """Render one photo to decide on, or why nothing can be decided on it."""
    user = session.user
    submission = services().search.submission(user, submission_id)
    record = services().search.record(user, submission.view.binding_public_id)
    holder = _claim(session, submission)
    stale = error is not None and error.code in STALE
    newest = current_submission(record)
    report = submission.view.report
    policy = policy_of(report)
    pending = submission.view.status is SubmissionStatus.PENDING
    args = queue_args()
    return show(
        "review.html",
        session,
        status=error.status if error else 200,
        section="admin.review_start",
        record=record,
        current=submission,
        newest=newest if newest and newest.view.public_id != submission_id else None,
        changed=steps_since(submission, form.expected_version)
        if stale
        else submission.view.history[-1:],
        stale=stale,
        message=None if stale else message_for(error),
        form=form,
        returning=bool(error) and form.action == "return",
        open_checks={v.field for v in error.violations} if error else set(),
        holder=holder,
        can_decide=pending
        and holder is None
        and not submission.quarantined
        and record.row.binding_status is not BindingStatus.RELEASED,
        counts=services().review_queue.counts(user, queue_filter()),
        last=services().review_queue.last_decision(user),
        twins=services().likenesses.twins(user, submission_id),
        lines=report_lines(report, policy),
        why_refused=change_reason(submission.view),
        backdrop=backdrop_of(policy),
        reasons=tuple(ready_reasons()),
        args=args,
    )


def _claim(session: StaffSession, submission: AdminSubmission) -> Holder | None:
    """Make the photo this reviewer's, or return whose it is."""
    queue, submission_id = services().review_queue, submission.view.public_id
    try:
        queue.hold(session.user, submission_id)
    except ConflictError:
        return queue.holder(session.user, submission_id)
    return None
