"""A campaign's entries: create, replace, retire; posters and codes to print."""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.campaigns import EntryState
from backend.domain.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
    UpstreamError,
)
from backend.domain.wechat import Account
from backend.services.posters import Size
from backend.services.types import CampaignView, Media, Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for
from backend.web.admin.pages import field, hand_out, number, show
from backend.web.auth import staff_required
from backend.web.context import services
from backend.web.media import stream_response

_ENDED = frozenset({EntryState.REPLACED, EntryState.RETIRED})


@bp.get("/campaigns")
@staff_required(Role.ADMIN, Role.STATION)
def campaigns(session: StaffSession) -> ResponseReturnValue:
    """List the campaigns to choose from."""
    return show(
        "campaigns.html",
        session,
        section="admin.campaigns",
        campaigns=services().stations.campaigns(session.user),
        policies=services().policies,
    )


@bp.get("/campaigns/<int:campaign_id>/entries")
@staff_required(Role.ADMIN, Role.STATION)
def entries(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """List a campaign's entries."""
    return _page(session, campaign_id)


@bp.post("/campaigns/<int:campaign_id>/entries")
@staff_required(Role.ADMIN)
def create_entry(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Create the entry of a station that has none."""
    station_id = number(field("station"))
    if station_id is None:
        raise NotFoundError("station_not_found")
    try:
        services().stations.create_entry(session.user, campaign_id, station_id)
    except ConflictError as error:
        return _page(session, campaign_id, error)
    return _back(campaign_id, "created")


@bp.post("/entries/<token>/replacement")
@staff_required(Role.ADMIN)
def replace_entry(session: StaffSession, token: str) -> ResponseReturnValue:
    """End an entry and open its successor."""
    campaign_id = services().stations.entry(session.user, token).campaign.id
    try:
        services().stations.replace_entry(session.user, token, field("reason"))
    except (InvalidInputError, ConflictError) as error:
        return _page(session, campaign_id, error)
    return _back(campaign_id, "replaced")


@bp.post("/entries/<token>/retirement")
@staff_required(Role.ADMIN)
def retire_entry(session: StaffSession, token: str) -> ResponseReturnValue:
    """End an entry for good."""
    campaign_id = services().stations.entry(session.user, token).campaign.id
    try:
        services().stations.retire_entry(session.user, token, field("reason"))
    except (InvalidInputError, ConflictError) as error:
        return _page(session, campaign_id, error)
    return _back(campaign_id, "retired")


@bp.get("/campaigns/<int:campaign_id>/posters")
@staff_required(Role.ADMIN, Role.STATION)
def posters(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """List which posters were printed when, and which have to come down."""
    return _posters_page(session, campaign_id)


@bp.get("/campaigns/<int:campaign_id>/posters.<any(pdf, zip):archive>")
@staff_required(Role.ADMIN, Role.STATION)
def all_posters(
    session: StaffSession, campaign_id: int, archive: str
) -> ResponseReturnValue:
    """Hand out the posters of all stations, in one PDF or one PDF each."""
    service = services().posters
    try:
        if archive == "zip":
            return stream_response(
                service.all_zip(session.user, campaign_id, size=_size())
            )
        media = service.all_pdf(session.user, campaign_id, size=_size())
    except ConflictError as error:
        return _posters_page(session, campaign_id, error)
    return hand_out(media, download=True)


@bp.get("/entries/<token>/poster.pdf")
@staff_required(Role.ADMIN, Role.STATION)
def poster_pdf(session: StaffSession, token: str) -> ResponseReturnValue:
    """Hand out the poster for printing."""
    return _poster(session, token, services().posters.pdf)


@bp.get("/entries/<token>/poster.png")
@staff_required(Role.ADMIN, Role.STATION)
def poster_png(session: StaffSession, token: str) -> ResponseReturnValue:
    """Hand out the poster as a picture."""
    return _poster(session, token, services().posters.png)


@bp.get("/entries/<token>/code.png")
@staff_required(Role.ADMIN, Role.STATION)
def code_png(session: StaffSession, token: str) -> ResponseReturnValue:
    """Hand out the bare code as a picture."""
    return hand_out(services().posters.code_png(session.user, token), download=True)


@bp.get("/entries/<token>/code.svg")
@staff_required(Role.ADMIN, Role.STATION)
def code_svg(session: StaffSession, token: str) -> ResponseReturnValue:
    """Hand out the bare code as a drawing, to look at or to keep."""
    media = services().posters.code_svg(session.user, token)
    return hand_out(media, download="download" in request.args)


def _poster(
    session: StaffSession, token: str, draw: Callable[..., Media]
) -> ResponseReturnValue:
    """Hand out a poster, or say why the mini-program code cannot be on it now."""
    if "mini_program" not in request.args:
        return hand_out(draw(session.user, token, size=_size()), download=True)
    campaign_id = services().stations.entry(session.user, token).campaign.id
    try:
        media = draw(session.user, token, mini_program=True)
    except (
        InvalidInputError,
        NotFoundError,
        UnavailableError,
        UpstreamError,
    ) as error:
        return _page(session, campaign_id, error)
    return hand_out(media, download=True)


def _size() -> Size:
    """Return the paper asked for; A4 for anything else."""
    asked = request.args.get("size", "")
    return Size(asked) if asked in set(Size) else Size.A4


def _posters_page(
    session: StaffSession, campaign_id: int, error: DomainError | None = None
) -> ResponseReturnValue:
    campaign = _campaign(session, campaign_id)
    states = services().posters.states(session.user, campaign_id)
    return show(
        "posters.html",
        session,
        status=error.status if error else 200,
        section="admin.campaigns",
        campaign=campaign,
        live=[state for state in states if not state.recall],
        recalled=[state for state in states if state.recall],
        sizes=list(Size),
        message=message_for(error),
    )


def _back(campaign_id: int, done: str) -> ResponseReturnValue:
    return redirect(url_for("admin.entries", campaign_id=campaign_id, done=done), 303)


def _campaign(session: StaffSession, campaign_id: int) -> CampaignView:
    for campaign in services().stations.campaigns(session.user):
        if campaign.id == campaign_id:
            return campaign
    raise NotFoundError("campaign_not_found")


def _page(
    session: StaffSession, campaign_id: int, error: DomainError | None = None
) -> ResponseReturnValue:
    campaign = _campaign(session, campaign_id)
    found = services().stations.entries(session.user, campaign_id)
    taken = {entry.station.id for entry in found if entry.state not in _ENDED}
    return show(
        "entries.html",
        session,
        status=error.status if error else 200,
        section="admin.campaigns",
        campaign=campaign,
        entries=found,
        free_stations=[
            station
            for station in services().stations.list(session.user)
            if station.id not in taken
        ],
        mini_program=Account.MINI_PROGRAM in services().sign_in.accounts,
        message=message_for(error),
    )
