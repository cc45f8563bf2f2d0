"""The console's start page: how far the present campaign has come."""

from __future__ import annotations

from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from backend.domain.progress import Day
from backend.messages.progress import part_name
from backend.services.progress_types import CampaignProgress
from backend.services.types import StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.pages import number, show
from backend.web.auth import staff_required
from backend.web.charts import BAR_PARTS, bar, curve
from backend.web.context import services

#: Stations of one screen; all of them are one tap away.
_STATIONS: Final = 25
#: Days of the list under the curve.
_DAYS: Final = 31


@bp.get("/")
@staff_required()
def home(session: StaffSession) -> ResponseReturnValue:
    """Show the search box, and the numbers of one campaign."""
    service, user = services().progress, session.user
    campaign_id = number(request.args.get("campaign"))
    progress = (
        service.current(user)
        if campaign_id is None
        else service.campaign(user, campaign_id)
    )
    stations = progress.stations if progress else ()
    return show(
        "home.html",
        session,
        section="admin.home",
        campaigns=services().stations.campaigns(user),
        stations=services().stations.list(user),
        progress=progress,
        shown=stations if "all" in request.args else stations[:_STATIONS],
        days=_busy_days(progress),
        curve=curve(progress) if progress else None,
        bar=bar,
        bar_parts=BAR_PARTS,
        part_name=part_name,
    )


def _busy_days(progress: CampaignProgress | None) -> list[Day]:
    """Return the latest days on which something happened, the newest first."""
    days = progress.days if progress else ()
    return [day for day in reversed(days) if day.submitted or day.passed][:_DAYS]
