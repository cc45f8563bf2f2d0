"""One's own account: where one is signed in, and how it is protected."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from backend.services.types import StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.pages import show
from backend.web.auth import staff_required
from backend.web.context import services


@bp.get("/account")
@staff_required()
def account(session: StaffSession) -> ResponseReturnValue:
    """Show the caller's sessions and second factor."""
    return show(
        "account.html",
        session,
        section="admin.account",
        sessions=services().staff_desk.own_sessions(session),
        factor=services().second_factor.state(session),
    )


@bp.post("/account/sessions/<int:session_id>/end")
@staff_required()
def end_session(session: StaffSession, session_id: int) -> ResponseReturnValue:
    """End one of the caller's sessions."""
    services().staff_desk.end_own(session, session_id)
    return redirect(url_for("admin.account", done="ended"), 303)


@bp.post("/account/sessions/end-others")
@staff_required()
def end_other_sessions(session: StaffSession) -> ResponseReturnValue:
    """End all of the caller's sessions but this one."""
    services().staff_desk.end_others(session)
    return redirect(url_for("admin.account", done="ended"), 303)
