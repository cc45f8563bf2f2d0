"""Signing in and out of the console, and changing one's password."""

from __future__ import annotations

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    DomainError,
    InvalidInputError,
    NotAuthenticatedError,
    TooManyAttemptsError,
)
from backend.services.types import StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for, wrong_fields
from backend.web.admin.pages import field, safe_return, show
from backend.web.auth import STAFF_COOKIE, public, set_cookie, staff_required
from backend.web.context import client_address, services


@bp.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form."""
    return _form(next_=safe_return(request.args.get("next", "")))


@bp.post("/sign-in")
@public
def open_session() -> ResponseReturnValue:
    """Check the credentials and go back to where the person wanted to be."""
    next_ = safe_return(request.form.get("next", ""))
    username = field("username", limit=50)
    try:
        new = services().staff.sign_in(
            username, request.form.get("password", ""), address=client_address()
        )
    except (NotAuthenticatedError, TooManyAttemptsError) as error:
        return _form(next_=next_, username=username, error=error)
    response = Response(status=303, headers={"Location": next_})
    set_cookie(response, STAFF_COOKIE, new.token)
    return response


@bp.post("/sign-out")
@staff_required()
def sign_out(session: StaffSession) -> ResponseReturnValue:
    """End the session on the server and forget its cookie."""
    services().staff.sign_out(session)
    response = redirect(url_for("admin.sign_in"), 303)
    response.delete_cookie(STAFF_COOKIE)
    return response


@bp.get("/password")
@staff_required()
def password(session: StaffSession) -> ResponseReturnValue:
    """Show the form for a new password."""
    return show("password.html", session, wrong={})


@bp.post("/password")
@staff_required()
def change_password(session: StaffSession) -> ResponseReturnValue:
    """Set a new password once both entries of it agree."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    if new != request.form.get("again", ""):
        return show("password.html", session, status=400, wrong={}, mismatch=True)
    try:
        services().staff.change_password(session, old, new)
    except InvalidInputError as error:
        return show(
            "password.html", session, status=error.status, wrong=wrong_fields(error)
        )
    return show("password.html", session, wrong={}, changed=True)


def _form(
    *, next_: str, username: str = "", error: DomainError | None = None
) -> Response:
    response = show(
        "sign_in.html",
        None,
        status=error.status if error else 200,
        next=next_,
        username=username,
        returning="next" in request.args,
        message=message_for(error),
    )
    if isinstance(error, TooManyAttemptsError):
        response.headers["Retry-After"] = str(error.data["retry_after"])
    return response
