"""Taking the photo in."""

from __future__ import annotations

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    ConflictError,
    DomainError,
    GoneError,
    InvalidInputError,
    RefusedError,
    TooLargeError,
    UnavailableError,
)
from backend.services.types import SessionInfo
from backend.web.auth import student_page
from backend.web.context import services, web_context
from backend.web.presenters import form_error
from backend.web.student.blueprint import bp
from backend.web.student.good_photo import good_photo
from backend.web.uploads import required_file

_FIXABLE = (
    InvalidInputError,
    ConflictError,
    GoneError,
    RefusedError,
    TooLargeError,
    UnavailableError,
)


@bp.get("/s/<token>/photo/<binding_id>")
@student_page
def photo(session: SessionInfo, token: str, binding_id: str) -> ResponseReturnValue:
    """Show what a good photo looks like and ask for one."""
    return _photo_page(session, token, binding_id)


@bp.post("/s/<token>/photo/<binding_id>")
@student_page
def upload_photo(
    session: SessionInfo, token: str, binding_id: str
) -> ResponseReturnValue:
    """Judge the photo at once and go on to the report."""
    try:
        data, filename = required_file("photo", "selfie")
        submission = services().submissions.submit(
            session.principal, binding_id, data, filename=filename
        )
    except _FIXABLE as error:
        return _photo_page(session, token, binding_id, error), error.status
    target = url_for(
        "student.submission", token=token, submission_id=submission.public_id
    )
    return redirect(target, 303)


def _photo_page(
    session: SessionInfo,
    token: str,
    binding_id: str,
    error: DomainError | None = None,
) -> str:
    entry = services().entries.open(token)
    policy = services().policies[entry.campaign.policy]
    return render_template(
        "student/photo.html",
        entry=entry,
        policy=policy,
        binding=services().bindings.get(session.principal, binding_id),
        error=form_error(error, field="photo") if error else None,
        max_bytes=web_context().max_upload_bytes,
        step=4,
        **good_photo(policy, entry.campaign.background),
    )
