"""The audit log: filters, export, and whether the chain is whole."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from flask import request
from flask.typing import ResponseReturnValue

from backend.domain.audit import AuditFilter
from backend.services.types import Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.pages import hand_out, show
from backend.web.auth import staff_required
from backend.web.context import client_address, services

_LOCAL: Final = ZoneInfo("Asia/Shanghai")
_FIELDS: Final = ("who", "group", "target", "from", "to")
_LONGEST: Final = 80


@bp.get("/audit")
@staff_required(Role.ADMIN)
def audit(session: StaffSession) -> ResponseReturnValue:
    """List audited acts, newest first.

    Walking the whole chain reads every row, so it is done when asked for; that its end
    is the signed one is said always.
    """
    log, asked = services().audit, _asked()
    return show(
        "audit.html",
        session,
        section="admin.audit",
        asked=asked,
        chain=log.verify() if "check" in request.args else None,
        head=log.head(session.user),
        page=log.page(session.user, request.args.get("cursor") or None, _filter(asked)),
    )


@bp.get("/audit/export.<any(csv, xlsx):sheet>")
@staff_required(Role.ADMIN)
def export_audit(session: StaffSession, sheet: str) -> ResponseReturnValue:
    """Hand out what the filter finds as a sheet."""
    media = services().audit.export(
        session.user,
        _filter(_asked()),
        "csv" if sheet == "csv" else "xlsx",
        address=client_address(),
    )
    return hand_out(media, download=True)


def _asked() -> dict[str, str]:
    """Return the filter as it was typed, so that it stays in the form and the links."""
    given = {name: request.args.get(name, "").strip()[:_LONGEST] for name in _FIELDS}
    return {name: value for name, value in given.items() if value}


def _filter(asked: dict[str, str]) -> AuditFilter:
    until = _day(asked.get("to", ""))
    return AuditFilter(
        actor=asked.get("who", ""),
        group=asked.get("group", ""),
        target=asked.get("target", ""),
        since=_day(asked.get("from", "")),
        until=until + timedelta(days=1) if until else None,
    )


def _day(text: str) -> datetime | None:
    """Return when a day begins in China; none for what is no day."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=_LOCAL)
    except ValueError:
        return None
