"""Where an invitation leads: the invited person sets their own password.

The token is behind the ``#`` of the link. A script moves it into the form; without
scripts it is pasted there. It is never part of an address that is sent.
"""

from __future__ import annotations

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    ConflictError,
    DomainError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    TooManyAttemptsError,
)
from backend.web.admin.blueprint import bp
from backend.web.admin.gate import check_gate, show_gate
from backend.web.admin.messages import message_for, wrong_fields
from backend.web.admin.pages import field
from backend.web.auth import public
from backend.web.context import client_address, services

_VOID = (
    ConflictError,
    GoneError,
    NotFoundError,
    PermissionDeniedError,
    TooManyAttemptsError,
)


@bp.get("/invitation")
@public
def invitation() -> ResponseReturnValue:
    """Ask for the token, which the page's script fills in."""
    return _page()


@bp.post("/invitation")
@public
def look_at_invitation() -> ResponseReturnValue:
    """Show who is invited to what, and ask for a password."""
    try:
        check_gate()
        return _password_page(_token())
    except _VOID as error:
        return _page(error)


@bp.post("/invitation/password")
@public
def accept_invitation() -> ResponseReturnValue:
    """Set the password once both entries of it agree."""
    token, password = _token(), request.form.get("password", "")
    try:
        check_gate()
        if password != request.form.get("again", ""):
            return _password_page(token, status=400, mismatch=True)
        services().invitations.accept(token, password, address=client_address())
    except InvalidInputError as error:
        return _password_page(token, status=error.status, wrong=wrong_fields(error))
    except _VOID as error:
        return _page(error)
    return redirect(url_for("admin.sign_in", done="created"), 303)


def _token() -> str:
    """Return the token, also out of a whole link that was pasted."""
    return field("token", limit=500).rpartition("#")[2].strip()


def _page(error: DomainError | None = None) -> Response:
    return _discreet(
        show_gate(
            "invitation.html",
            status=error.status if error else 200,
            message=message_for(error),
        )
    )


def _password_page(token: str, *, status: int = 200, **values: object) -> Response:
    invited = services().invitations.look(token, address=client_address())
    return _discreet(
        show_gate(
            "invitation_password.html",
            status=status,
            invited=invited,
            token=token,
            **{"wrong": {}, **values},
        )
    )


def _discreet(response: Response) -> Response:
    """Let no other page learn the address this one was opened with."""
    response.headers["Referrer-Policy"] = "no-referrer"
    return response
