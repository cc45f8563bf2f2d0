"""Instants in forms: the console's people write China Standard Time."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from backend.web.admin.blueprint import bp

_LOCAL: Final = ZoneInfo("Asia/Shanghai")
_FORMAT: Final = "%Y-%m-%dT%H:%M"


def parse_local(text: str) -> datetime | None:
    """Return the instant of a ``datetime-local`` field; none for anything else."""
    try:
        return datetime.strptime(text[:16], _FORMAT).replace(tzinfo=_LOCAL)
    except ValueError:
        return None


@bp.app_template_filter("local_input")
def local_input(instant: datetime | None) -> str:
    """Write an instant as a ``datetime-local`` field holds it, empty for none."""
    return instant.astimezone(_LOCAL).strftime(_FORMAT) if instant else ""
