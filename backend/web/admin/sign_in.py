"""Signing in and out of the console, and changing one's password."""

from __future__ import annotations

from typing import Final

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    DomainError,
    InvalidInputError,
    NotAuthenticatedError,
    PermissionDeniedError,
    TooManyAttemptsError,
)
from backend.services.types import NewStaffSession, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.gate import check_gate, show_gate
from backend.web.admin.messages import message_for, wrong_fields
from backend.web.admin.pages import field, safe_return, show
from backend.web.auth import STAFF_COOKIE, public, set_cookie, staff_required
from backend.web.context import client_address, services

#: Holds the sign-in that waits for its second factor, in this browser only.
_STEP_COOKIE: Final = "bizhao_staff_step"


@bp.get("/sign-in")
@public
def sign_in() -> ResponseReturnValue:
    """Show the sign-in form."""
    return _form(next_=safe_return(request.args.get("next", "")))


@bp.post("/sign-in")
@public
def open_session() -> ResponseReturnValue:
    """Check the credentials; go on to the second factor, or where the person wanted."""
    next_ = safe_return(request.form.get("next", ""))
    username = field("username", limit=50)
    try:
        check_gate()
        begun = services().staff.begin_sign_in(
            username,
            request.form.get("password", ""),
            address=client_address(),
            agent=request.user_agent.string,
        )
    except (
        NotAuthenticatedError,
        PermissionDeniedError,
        TooManyAttemptsError,
    ) as error:
        return _form(next_=next_, username=username, error=error)
    if isinstance(begun, NewStaffSession):
        return _signed_in(begun, next_)
    code_form = url_for("admin.second_step", next=next_)
    response = Response(status=303, headers={"Location": code_form})
    set_cookie(response, _STEP_COOKIE, begun.token)
    return response


@bp.get("/sign-in/code")
@public
def second_step() -> ResponseReturnValue:
    """Ask for the second factor."""
    if _STEP_COOKIE not in request.cookies:
        return redirect(url_for("admin.sign_in"))
    return _code_form(safe_return(request.args.get("next", "")))


@bp.post("/sign-in/code")
@public
def finish_sign_in() -> ResponseReturnValue:
    """Check the second factor and go where the person wanted to be."""
    next_ = safe_return(request.form.get("next", ""))
    try:
        check_gate()
        new = services().staff.finish_sign_in(
            request.cookies.get(_STEP_COOKIE, ""),
            field("totp", limit=40),
            address=client_address(),
            agent=request.user_agent.string,
        )
    except (PermissionDeniedError, TooManyAttemptsError) as error:
        return _code_form(next_, error)
    except NotAuthenticatedError as error:
        if error.code == "totp_wrong":
            return _code_form(next_, error)
        response = _form(next_=next_, error=error)
        response.delete_cookie(_STEP_COOKIE)
        return response
    return _signed_in(new, next_)


@bp.post("/sign-out")
@staff_required(before_enrolment=True)
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
    return _password_form(session)


@bp.post("/password")
@staff_required()
def change_password(session: StaffSession) -> ResponseReturnValue:
    """Set a new password once both entries of it agree."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    if new != request.form.get("again", ""):
        return _password_form(session, status=400, mismatch=True)
    try:
        services().staff.change_password(session, old, new)
    except InvalidInputError as error:
        return _password_form(session, status=error.status, wrong=wrong_fields(error))
    return _password_form(session, changed=True)


def _password_form(
    session: StaffSession, *, status: int = 200, **values: object
) -> Response:
    shown = {"section": "admin.account", "wrong": {}, **values}
    return show("password.html", session, status=status, **shown)


def _form(
    *, next_: str, username: str = "", error: DomainError | None = None
) -> Response:
    response = show_gate(
        "sign_in.html",
        status=error.status if error else 200,
        next=next_,
        username=username,
        returning="next" in request.args,
        message=message_for(error),
    )
    return _with_wait(response, error)


def _code_form(next_: str, error: DomainError | None = None) -> Response:
    response = show_gate(
        "second_step.html",
        status=error.status if error else 200,
        next=next_,
        message=message_for(error),
    )
    return _with_wait(response, error)


def _with_wait(response: Response, error: DomainError | None) -> Response:
    if isinstance(error, TooManyAttemptsError):
        response.headers["Retry-After"] = str(error.data["retry_after"])
    return response


def _signed_in(new: NewStaffSession, next_: str) -> Response:
    response = Response(status=303, headers={"Location": next_})
    set_cookie(response, STAFF_COOKIE, new.token)
    response.delete_cookie(_STEP_COOKIE)
    return response
