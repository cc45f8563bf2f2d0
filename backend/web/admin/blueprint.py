"""The blueprint every console page hangs on."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint

#: Campaigns, stations and staff are all on China Standard Time.
_LOCAL: Final = ZoneInfo("Asia/Shanghai")

bp: Final = Blueprint("admin", __name__, url_prefix="/admin")


@bp.app_template_filter("local_time")
def local_time(instant: datetime) -> str:
    """Write an instant as a person in China reads it, to the minute."""
    return instant.astimezone(_LOCAL).strftime("%Y-%m-%d %H:%M")
