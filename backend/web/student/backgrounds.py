"""Having the background replaced, and choosing which one is handed in."""

from __future__ import annotations

from flask import make_response, redirect, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    ConflictError,
    GoneError,
    RefusedError,
    UnavailableError,
)
from backend.services.types import SessionInfo
from backend.web.auth import student_page
from backend.web.backgrounds import chosen_background
from backend.web.context import services
from backend.web.student.blueprint import bp
from backend.web.student.submissions import submission_page

_FIXABLE = (RefusedError, ConflictError, GoneError)


@bp.post("/s/<token>/submission/<submission_id>/background")
@student_page
def change_background(
    session: SessionInfo, token: str, submission_id: str
) -> ResponseReturnValue:
    """Have the background replaced, or say when to ask again: 503 with Retry-After."""
    try:
        services().backgrounds.change(session.principal, submission_id)
    except UnavailableError as error:
        wait = error.data.get("retry_after")
        if wait is None:
            # Not busy but broken: the photo stays, and another may be taken.
            page = submission_page(session, token, submission_id, error)
            return page, error.status
        page = submission_page(session, token, submission_id, busy=wait)
        response = make_response(page, error.status)
        response.headers["Retry-After"] = str(wait)
        return response
    except _FIXABLE as error:
        return submission_page(session, token, submission_id, error), error.status
    return _to_pictures(token, submission_id)


@bp.post("/s/<token>/submission/<submission_id>/background-choice")
@student_page
def choose_background(
    session: SessionInfo, token: str, submission_id: str
) -> ResponseReturnValue:
    """Take the photo's own background, or the standard one again."""
    try:
        services().backgrounds.choose(
            session.principal, submission_id, chosen_background()
        )
    except _FIXABLE as error:
        return submission_page(session, token, submission_id, error), error.status
    return _to_pictures(token, submission_id)


def _to_pictures(token: str, submission_id: str) -> ResponseReturnValue:
    target = url_for(
        "student.submission",
        token=token,
        submission_id=submission_id,
        _anchor="background",
    )
    return redirect(target, 303)
