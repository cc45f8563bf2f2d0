"""Deliveries: list, make, look into, hand out; and the answers that come back."""

from __future__ import annotations

from typing import Final, Literal

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.deliveries import PATTERN_FIELDS, Naming, NamingKey, Profile
from backend.domain.errors import ConflictError, DomainError, InvalidInputError
from backend.messages import deliveries as words
from backend.services.delivery_types import DeliveryPreview, DeliveryRequest
from backend.services.types import Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for, wrong_fields
from backend.web.admin.pages import field, hand_out, number, show
from backend.web.auth import staff_required
from backend.web.context import client_address, services
from backend.web.media import package_response
from backend.web.uploads import required_list

_SECTION: Final = "admin.deliveries"
#: Fields of the form; none of them names anybody, so they may stand in an address.
_FIELDS: Final = (
    "campaign",
    "profile",
    "naming",
    "pattern",
    "station",
    "year",
    "by_station",
)


@bp.get("/deliveries")
@staff_required(Role.ADMIN, Role.STATION)
def deliveries(session: StaffSession) -> ResponseReturnValue:
    """List the deliveries, the newest first."""
    return _list_page(session)


@bp.get("/deliveries/new")
@staff_required(Role.ADMIN)
def new_delivery(session: StaffSession) -> ResponseReturnValue:
    """Show the form, and what the delivery would hold once a campaign is chosen."""
    form = {name: request.args.get(name, "")[:200] for name in _FIELDS}
    return _form_page(session, form)


@bp.post("/deliveries/new")
@staff_required(Role.ADMIN)
def create_delivery(session: StaffSession) -> ResponseReturnValue:
    """Freeze the delivery that was looked at."""
    form = {name: field(name, limit=200) for name in _FIELDS}
    wanted = _request(form)
    if wanted is None:
        return _form_page(session, form)
    try:
        made = services().deliveries.create(
            session.user, wanted, leave_out=bool(field("leave_out"))
        )
    except (ConflictError, InvalidInputError) as error:
        return _form_page(session, form, error)
    return redirect(url_for("admin.delivery", delivery=made, done="created"), 303)


@bp.get("/deliveries/<delivery>")
@staff_required(Role.ADMIN, Role.STATION)
def delivery(session: StaffSession, delivery: str) -> ResponseReturnValue:
    """Show one delivery."""
    return _page(session, delivery)


@bp.post("/deliveries/<delivery>/cancel")
@staff_required(Role.ADMIN)
def cancel_delivery(session: StaffSession, delivery: str) -> ResponseReturnValue:
    """Take a delivery back."""
    try:
        services().deliveries.cancel(session.user, delivery)
    except ConflictError as error:
        return _page(session, delivery, error)
    return redirect(url_for("admin.delivery", delivery=delivery, done="retired"), 303)


@bp.get("/deliveries/<delivery>/package.zip")
@staff_required(Role.ADMIN)
def delivery_package(session: StaffSession, delivery: str) -> ResponseReturnValue:
    """Hand out the package."""
    package = services().delivery_packages.package(
        session.user, delivery, address=client_address()
    )
    return package_response(package)


@bp.get("/deliveries/<delivery>/check-sheet.pdf")
@staff_required(Role.ADMIN, Role.STATION)
def check_sheet(session: StaffSession, delivery: str) -> ResponseReturnValue:
    """Hand out the sheet of portraits for signature."""
    group: Literal["class", "station"] = (
        "station" if request.args.get("group") == "station" else "class"
    )
    media = services().delivery_packages.check_sheet(
        session.user, delivery, group=group, address=client_address()
    )
    return hand_out(media, download=True)


@bp.get("/codes.zip")
@staff_required(Role.ADMIN, Role.STATION)
def code_pack(session: StaffSession) -> ResponseReturnValue:
    """Hand out the 采集码 cards of a campaign, a station or a class."""
    campaign, _, rest = request.args.get("group", "")[:100].partition(":")
    station, _, class_no = rest.partition(":")
    try:
        package = services().code_packs.pack(
            session.user,
            number(campaign) or 0,
            station_id=number(station),
            class_no=class_no,
            address=client_address(),
        )
    except ConflictError as error:
        return _list_page(session, error)
    return package_response(package)


@bp.post("/returned-lists")
@staff_required(Role.ADMIN)
def receive_list(session: StaffSession) -> ResponseReturnValue:
    """Take a list of the registry's answers in, to be looked at."""
    try:
        list_id = services().returned_lists.receive(
            session.user, number(field("campaign")) or 0, required_list()
        )
    except InvalidInputError as error:
        return _list_page(session, error)
    return redirect(url_for("admin.returned_list", list_id=list_id), 303)


@bp.get("/returned-lists/<list_id>")
@staff_required(Role.ADMIN)
def returned_list(session: StaffSession, list_id: str) -> ResponseReturnValue:
    """Show what a list would do, or did."""
    return _list_of_answers(session, list_id)


@bp.post("/returned-lists/<list_id>/apply")
@staff_required(Role.ADMIN)
def apply_list(session: StaffSession, list_id: str) -> ResponseReturnValue:
    """Write the answers of a list."""
    try:
        services().returned_lists.apply(session.user, list_id)
    except ConflictError as error:
        return _list_of_answers(session, list_id, error)
    return redirect(
        url_for("admin.returned_list", list_id=list_id, done="updated"), 303
    )


def _list_page(
    session: StaffSession, error: DomainError | None = None
) -> ResponseReturnValue:
    campaigns = services().stations.campaigns(session.user)
    return show(
        "deliveries.html",
        session,
        status=error.status if error else 200,
        section=_SECTION,
        page=services().deliveries.page(
            session.user, request.args.get("cursor") or None
        ),
        campaigns=campaigns,
        groups={
            campaign.id: found
            for campaign in campaigns
            if (found := services().code_packs.classes(session.user, campaign.id))
        },
        words=words,
        message=message_for(error),
    )


def _page(
    session: StaffSession, delivery: str, error: DomainError | None = None
) -> ResponseReturnValue:
    cursor = request.args.get("cursor") or None
    return show(
        "delivery.html",
        session,
        status=error.status if error else 200,
        section=_SECTION,
        detail=services().deliveries.get(session.user, delivery),
        page=services().deliveries.items(session.user, delivery, cursor),
        words=words,
        message=message_for(error),
    )


def _list_of_answers(
    session: StaffSession, list_id: str, error: DomainError | None = None
) -> ResponseReturnValue:
    return show(
        "returned_list.html",
        session,
        status=error.status if error else 200,
        section=_SECTION,
        found=services().returned_lists.get(session.user, list_id),
        words=words,
        message=message_for(error),
    )


def _form_page(
    session: StaffSession, form: dict[str, str], error: DomainError | None = None
) -> ResponseReturnValue:
    wanted = _request(form)
    preview: DeliveryPreview | None = None
    try:
        if wanted is not None:
            preview = services().deliveries.preview(session.user, wanted)
    except InvalidInputError as refused:
        error = error or refused
    wrong = wrong_fields(error)
    return show(
        "delivery_new.html",
        session,
        status=error.status if error else 200,
        section=_SECTION,
        form=form,
        preview=preview,
        campaigns=services().stations.campaigns(session.user),
        stations=services().stations.list(session.user),
        fields=PATTERN_FIELDS,
        words=words,
        wrong=wrong,
        message=None if wrong else message_for(error),
    )


def _request(form: dict[str, str]) -> DeliveryRequest | None:
    """Return what the form asks for; none before a campaign is chosen."""
    campaign_id = number(form["campaign"])
    if campaign_id is None:
        return None
    outside = form["profile"] == Profile.COLLECTING_UNIT
    key = form["naming"] if form["naming"] in set(NamingKey) else NamingKey.STUDENT_NO
    return DeliveryRequest(
        campaign_id=campaign_id,
        profile=Profile.COLLECTING_UNIT if outside else Profile.SCHOOL,
        # An outside unit has no choice: numbers, and no folder that tells of a station.
        naming=Naming(NamingKey.SEQUENCE)
        if outside
        else Naming(NamingKey(key), form["pattern"], bool(form["by_station"])),
        station_id=number(form["station"]),
        graduating_year=number(form["year"]),
    )
