"""The report on a photo, handing it in, and what becomes of it."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import ConflictError, DomainError, GoneError, RefusedError
from backend.domain.reviews import SubmissionStatus
from backend.services.types import MediaKind, SessionInfo
from backend.web.auth import student_page
from backend.web.backgrounds import backdrop_of, named_background
from backend.web.context import policy_of, services
from backend.web.media import media_response
from backend.web.presenters import (
    change_refusal,
    form_error,
    report_summary,
    status_text,
)
from backend.web.scripts import wechat_scripts
from backend.web.student.blueprint import bp

_FIXABLE = (RefusedError, ConflictError, GoneError)


@bp.get("/s/<token>/submission/<submission_id>")
@student_page
def submission(
    session: SessionInfo, token: str, submission_id: str
) -> ResponseReturnValue:
    """Show the report of a draft, or the status of what was handed in."""
    return submission_page(session, token, submission_id)


@bp.get(
    "/s/<token>/submission/<submission_id>/<any('portrait','overlay','other-portrait'):kind>"
)
@student_page
def media(
    session: SessionInfo, token: str, submission_id: str, kind: str
) -> ResponseReturnValue:
    """Hand out a picture to its owner."""
    services().entries.open(token)
    found = services().submissions.media(
        session.principal, submission_id, MediaKind(kind)
    )
    return media_response(found)


@bp.post("/s/<token>/submission/<submission_id>/confirm")
@student_page
def confirm(
    session: SessionInfo, token: str, submission_id: str
) -> ResponseReturnValue:
    """Hand the photo in, with the background that the student saw and agreed to."""
    try:
        services().submissions.confirm(
            session.principal, submission_id, background=named_background()
        )
    except _FIXABLE as error:
        return submission_page(session, token, submission_id, error), error.status
    return _to_submission(token, submission_id)


@bp.post("/s/<token>/submission/<submission_id>/review")
@student_page
def request_review(
    session: SessionInfo, token: str, submission_id: str
) -> ResponseReturnValue:
    """Hand a refused photo in for a person, with the background that was agreed to."""
    try:
        services().submissions.request_review(
            session.principal, submission_id, background=named_background()
        )
    except _FIXABLE as error:
        return submission_page(session, token, submission_id, error), error.status
    return _to_submission(token, submission_id)


@bp.get("/s/<token>/submission/<submission_id>/withdraw")
@student_page
def withdraw(
    session: SessionInfo, token: str, submission_id: str
) -> ResponseReturnValue:
    """Say what withdrawing means before it is done."""
    found = services().submissions.get(session.principal, submission_id)
    if not found.can_withdraw:
        return _to_submission(token, submission_id)
    entry = services().entries.open(token)
    return render_template(
        "student/withdraw.html",
        entry=entry,
        submission=found,
        binding=services().bindings.get(session.principal, found.binding_public_id),
    )


@bp.post("/s/<token>/submission/<submission_id>/withdraw")
@student_page
def take_back(
    session: SessionInfo, token: str, submission_id: str
) -> ResponseReturnValue:
    """Take the photo back."""
    try:
        services().submissions.withdraw(session.principal, submission_id)
    except _FIXABLE as error:
        return submission_page(session, token, submission_id, error), error.status
    return _to_submission(token, submission_id)


def _to_submission(token: str, submission_id: str) -> ResponseReturnValue:
    target = url_for("student.submission", token=token, submission_id=submission_id)
    return redirect(target, 303)


def _subscription(session: SessionInfo) -> dict[str, object] | None:
    """Return what WeChat's button for messages takes, where there is one to show."""
    found = services().message_consents.state(session.principal)
    script = wechat_scripts() if found else ""
    if not script:
        return None
    return {"script": script, "templates": [item.template_id for item in found]}


def submission_page(
    session: SessionInfo,
    token: str,
    submission_id: str,
    error: DomainError | None = None,
    *,
    busy: str | float | None = None,
) -> str:
    """Return the page of a submission, with why something could not be done.

    Args:
        session: whose.
        token: of the entry.
        submission_id: which photo.
        error: what was refused.
        busy: seconds after which its background may be replaced.
    """
    found = services().submissions.get(session.principal, submission_id)
    policy = policy_of(found.report)
    draft = found.status is SubmissionStatus.DRAFT
    waiting = found.status is SubmissionStatus.PENDING
    return render_template(
        "student/submission.html" if draft else "student/status.html",
        entry=services().entries.open(token),
        submission=found,
        binding=services().bindings.get(session.principal, found.binding_public_id),
        summary=report_summary(found.report),
        backdrop=backdrop_of(policy),
        refusal=change_refusal(found),
        busy=busy,
        status=status_text(found),
        subscribe=_subscription(session) if waiting else None,
        error=form_error(error) if error else None,
        step=5 if draft else None,
    )
