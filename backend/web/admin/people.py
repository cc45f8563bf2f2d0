"""What only administrators see: staff accounts and the audit chain."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue

from backend.services.types import Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.pages import show
from backend.web.auth import staff_required
from backend.web.context import services


@bp.get("/staff")
@staff_required(Role.ADMIN)
def staff(session: StaffSession) -> ResponseReturnValue:
    """List the accounts."""
    stations = services().stations.list(session.user)
    return show(
        "staff.html",
        session,
        section="admin.staff",
        people=services().staff.list(session.user),
        station_names={station.id: station.name for station in stations},
    )


@bp.get("/audit")
@staff_required(Role.ADMIN)
def audit(session: StaffSession) -> ResponseReturnValue:
    """List audited acts, newest first, and say whether the chain is whole."""
    return show(
        "audit.html",
        session,
        section="admin.audit",
        chain=services().audit.verify(),
        page=services().audit.page(session.user, request.args.get("cursor") or None),
    )
