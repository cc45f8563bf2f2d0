"""The page of one bound record, however one arrives at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from flask import Response

from backend.domain.errors import DomainError, NotFoundError
from backend.domain.reviews import Action, SubmissionStatus, may
from backend.messages.return_reasons import RETURN_REASONS
from backend.services.types import (
    AdminSubmission,
    BindingStatus,
    HistoryItem,
    Record,
    Role,
    StaffSession,
)
from backend.web.admin.findings import ReportLines, change_reason, report_lines
from backend.web.admin.messages import message_for
from backend.web.admin.pages import show
from backend.web.backgrounds import backdrop_of
from backend.web.context import policy_of, services

_LAPSED: Final = frozenset({SubmissionStatus.SUPERSEDED, SubmissionStatus.WITHDRAWN})
#: The refusals that mean: look again, somebody was faster.
STALE: Final = frozenset({"stale_decision", "illegal_transition"})


@dataclass(frozen=True, slots=True)
class DecisionForm:
    """The decision as it was filled in."""

    action: Literal["approve", "return"]
    checked: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    note: str = ""
    expected_version: int = 0


#: No decision yet.
EMPTY_FORM: Final = DecisionForm(action="approve")


def find_submission(record: Record, submission_id: str) -> AdminSubmission:
    """Return one submission of the record; raises NotFoundError for any other."""
    for submission in record.submissions:
        if submission.view.public_id == submission_id:
            return submission
    raise NotFoundError("submission_not_found")


def current_submission(record: Record) -> AdminSubmission | None:
    """Return the submission to look at first: the newest that still counts."""
    newest = sorted(
        record.submissions, key=lambda item: item.view.created_at, reverse=True
    )
    living = [item for item in newest if item.view.status not in _LAPSED]
    return next(iter(living or newest), None)


def steps_since(submission: AdminSubmission, version: int) -> tuple[HistoryItem, ...]:
    """Return what happened after the version somebody saw: one step a version."""
    missed = max(1, submission.view.version - version)
    return submission.view.history[-missed:]


def show_record(
    session: StaffSession,
    binding_id: str,
    *,
    chosen: str = "",
    error: DomainError | None = None,
    form: DecisionForm = EMPTY_FORM,
    **opened: object,
) -> Response:
    """Render the record, with a form that was refused filled in as it was."""
    record = services().search.record(session.user, binding_id)
    current = find_submission(record, chosen) if chosen else current_submission(record)
    policy = policy_of(current.view.report) if current else None
    stale = error is not None and error.code in STALE
    may_review = session.user.role is not Role.STATION
    wrong = {violation.field for violation in error.violations} if error else set()
    return show(
        "record.html",
        session,
        status=error.status if error else 200,
        section="admin.records",
        record=record,
        current=current,
        story=_story(record, current),
        changed=steps_since(current, form.expected_version)
        if stale and current
        else (),
        message=None if stale else message_for(error),
        form=form,
        returning=bool(error) and form.action == "return",
        open_checks=wrong,
        ready_reasons=RETURN_REASONS.values(),
        may_review=may_review,
        holder=services().review_queue.holder(session.user, current.view.public_id)
        if may_review and current
        else None,
        hidden=bool(current and current.quarantined)
        and not (session.user.role is Role.ADMIN and opened.get("shown_on_purpose")),
        can_approve=may_review
        and not (current and current.quarantined)
        and bool(current and current.view.can_approve),
        can_return=may_review and _may(current, Action.RETURN),
        can_release=session.user.role is Role.ADMIN
        and record.row.binding_status is not BindingStatus.RELEASED,
        lines=report_lines(current.view.report, policy) if current else ReportLines(),
        policy=policy,
        why_refused=change_reason(current.view) if current else "",
        backdrop=backdrop_of(policy),
        deliveries=services().deliveries.of_record(session.user, binding_id),
        **opened,
    )


def _story(record: Record, submission: AdminSubmission | None) -> list[HistoryItem]:
    """Return what happened to the binding and to the photo, in order of time."""
    steps = [*record.history, *(submission.view.history if submission else ())]
    return sorted(steps, key=lambda step: step.at)


def _may(submission: AdminSubmission | None, action: Action) -> bool:
    return submission is not None and may(submission.view.status, action)
