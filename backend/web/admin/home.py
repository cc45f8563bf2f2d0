"""The console's start page."""

from __future__ import annotations

from datetime import UTC, datetime

from flask.typing import ResponseReturnValue

from backend.services.types import StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.pages import show
from backend.web.auth import staff_required
from backend.web.context import services


@bp.get("/")
@staff_required()
def home(session: StaffSession) -> ResponseReturnValue:
    """Show the search box and the campaigns."""
    return show(
        "home.html",
        session,
        campaigns=services().stations.campaigns(session.user),
        now=datetime.now(UTC),
    )
