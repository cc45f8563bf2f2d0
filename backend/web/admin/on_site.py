"""Collecting on site: one screen for a phone or a laptop, also without a line.

The page is a shell: whom it is about it learns from the API, and what it keeps stays in
the browser (``static/on-site*.js``). A service worker opens it when the line is down.
"""

from __future__ import annotations

from typing import Final

from flask import Response, current_app, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import NotFoundError
from backend.services.types import CampaignView, Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.pages import show
from backend.web.auth import public, staff_required
from backend.web.backgrounds import backdrop_of
from backend.web.context import services, web_context

_COLLECTORS: Final = (Role.ADMIN, Role.STATION)


@bp.get("/on-site")
@staff_required(*_COLLECTORS)
def on_site(session: StaffSession) -> ResponseReturnValue:
    """List the campaigns to collect for."""
    return show(
        "on_site_campaigns.html",
        session,
        section="admin.on_site",
        campaigns=services().stations.campaigns(session.user),
    )


@bp.get("/on-site/<int:campaign_id>")
@staff_required(*_COLLECTORS)
def on_site_desk(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Show the desk of a campaign."""
    return _desk(session, _campaign(session, campaign_id))


@bp.get("/on-site/<int:campaign_id>/shell")
@staff_required(*_COLLECTORS)
def on_site_shell(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Show the desk without whoever is signed in: the browser keeps it."""
    return _desk(None, _campaign(session, campaign_id))


@bp.get("/on-site/worker.js")
@public
def on_site_worker() -> ResponseReturnValue:
    """Send the service worker, with leave to serve the pages of the desk only."""
    with current_app.open_resource("static/on-site-worker.js") as script:
        response = Response(script.read(), mimetype="text/javascript")
    response.headers["Service-Worker-Allowed"] = url_for("admin.on_site")
    response.headers["Cache-Control"] = "no-cache"
    return response


def _campaign(session: StaffSession, campaign_id: int) -> CampaignView:
    for campaign in services().stations.campaigns(session.user):
        if campaign.id == campaign_id:
            return campaign
    raise NotFoundError("campaign_not_found")


def _desk(session: StaffSession | None, campaign: CampaignView) -> Response:
    policy = services().policies[campaign.policy]
    return show(
        "on_site.html",
        session,
        section="admin.on_site",
        campaign=campaign,
        policy=policy,
        backdrop=backdrop_of(policy),
        max_bytes=web_context().max_upload_bytes,
    )
