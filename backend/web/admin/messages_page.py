"""The messages to students: how many went out, and those that could not."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.outbox import MessageState
from backend.messages.outbox import FAILURES, KINDS, STATES
from backend.services.types import Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.pages import number, show
from backend.web.auth import staff_required
from backend.web.context import services


@bp.get("/messages")
@staff_required(Role.ADMIN)
def messages(session: StaffSession) -> ResponseReturnValue:
    """Show the counts by state, and the messages of one of them."""
    campaign_id = number(request.args.get("campaign"))
    chosen = request.args.get("state", "")
    state = MessageState(chosen) if chosen in set(MessageState) else None
    desk = services().message_desk
    return show(
        "messages.html",
        session,
        section="admin.wechat",
        campaigns=services().stations.campaigns(session.user),
        campaign_id=campaign_id,
        state=state,
        counts=desk.counts(session.user, campaign_id),
        page=desk.page(
            session.user,
            campaign_id=campaign_id,
            state=state,
            before=number(request.args.get("cursor")),
        ),
        states=STATES,
        kinds=KINDS,
        failures=FAILURES,
    )


@bp.post("/messages/retry")
@staff_required(Role.ADMIN)
def retry_messages(session: StaffSession) -> ResponseReturnValue:
    """Try all dead messages again, or the one that is named."""
    services().message_desk.revive(session.user, number(request.form.get("message")))
    return redirect(url_for("admin.messages", done="updated"), 303)
