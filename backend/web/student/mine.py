"""One's own records and data."""

from __future__ import annotations

from flask import make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from backend.messages.student import CHANNELS
from backend.services.types import SessionInfo
from backend.web.auth import STUDENT_COOKIE, public, student_page
from backend.web.context import services
from backend.web.presenters import record_card
from backend.web.student.blueprint import bp


@bp.get("/me/")
@student_page
def mine(session: SessionInfo) -> ResponseReturnValue:
    """List every binding of this browser with the status of its photo."""
    bindings = services().bindings.everywhere(session.principal)
    submissions = services().submissions
    records = [
        record_card(b, submissions.current(session.principal, b.public_id))
        for b in bindings
    ]
    campaigns = {
        entry.campaign.id: (entry.token, entry.campaign.name)
        for entry in (services().entries.open(b.entry_token) for b in bindings)
    }
    return render_template(
        "student/mine.html",
        records=records,
        campaigns=campaigns.values(),
        channels=CHANNELS,
        wechat=services().sign_in.accounts,
    )


@bp.post("/me/sign-out")
@student_page
def sign_out(session: SessionInfo) -> ResponseReturnValue:
    """End the session of this device; what was handed in stays."""
    services().sessions.end(session)
    response = make_response(redirect(url_for("student.signed_out"), 303))
    response.delete_cookie(STUDENT_COOKIE)
    return response


@bp.get("/me/signed-out")
@public
def signed_out() -> ResponseReturnValue:
    """Say that the device is signed out; a page of its own signs nobody in again."""
    return render_template(
        "student/signed_out.html", by_page=services().sign_in.by_page
    )
