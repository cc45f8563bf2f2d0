"""Deliveries for programs: make, list, download; and the answers that come back."""

from __future__ import annotations

from typing import Any, Final

from flask import Response, jsonify
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from backend.services.types import Role, StaffSession
from backend.web.admin.pages import hand_out
from backend.web.api import delivery_schemas as schemas
from backend.web.api.admin import bp
from backend.web.auth import staff_required
from backend.web.context import client_address, services
from backend.web.media import package_response
from backend.web.uploads import required_list

_FILE: Final[dict[str, Any]] = {"type": "string", "format": "binary"}


@bp.get("/deliveries")
@staff_required(Role.ADMIN, Role.STATION)
@bp.input(schemas.CursorIn, location="query")
@bp.output(schemas.DeliveriesOut)
def deliveries(
    session: StaffSession, query_data: schemas.CursorIn
) -> ResponseReturnValue:
    """List deliveries, the newest first; a station sees those that hold its own."""
    page = services().deliveries.page(session.user, query_data.cursor)
    return _body(schemas.DeliveriesOut.model_validate(page))


@bp.post("/deliveries/preview")
@staff_required(Role.ADMIN)
@bp.input(schemas.DeliveryIn)
@bp.output(schemas.DeliveryPreviewOut)
def preview_delivery(
    session: StaffSession, json_data: schemas.DeliveryIn
) -> ResponseReturnValue:
    """Say what a delivery would hold now, and what cannot be in it."""
    preview = services().deliveries.preview(session.user, json_data.to_request())
    return _body(schemas.DeliveryPreviewOut.of(preview))


@bp.post("/deliveries")
@staff_required(Role.ADMIN)
@bp.input(schemas.DeliveryIn)
@bp.output(schemas.DeliveryDetailOut, 201)
def create_delivery(
    session: StaffSession, json_data: schemas.DeliveryIn
) -> ResponseReturnValue:
    """Freeze a delivery under a number."""
    number = services().deliveries.create(
        session.user, json_data.to_request(), leave_out=json_data.leave_out
    )
    detail = services().deliveries.get(session.user, number)
    return _body(schemas.DeliveryDetailOut.model_validate(detail), 201)


@bp.get("/deliveries/<delivery>")
@staff_required(Role.ADMIN, Role.STATION)
@bp.output(schemas.DeliveryDetailOut)
def delivery(session: StaffSession, delivery: str) -> ResponseReturnValue:
    """Return a delivery with where its portraits stand now."""
    detail = services().deliveries.get(session.user, delivery)
    return _body(schemas.DeliveryDetailOut.model_validate(detail))


@bp.get("/deliveries/<delivery>/items")
@staff_required(Role.ADMIN, Role.STATION)
@bp.input(schemas.CursorIn, location="query")
@bp.output(schemas.DeliveryItemsOut)
def delivery_items(
    session: StaffSession, delivery: str, query_data: schemas.CursorIn
) -> ResponseReturnValue:
    """List what is in a delivery, in the order of its list."""
    page = services().deliveries.items(session.user, delivery, query_data.cursor)
    return _body(schemas.DeliveryItemsOut.model_validate(page))


@bp.post("/deliveries/<delivery>/cancellation")
@staff_required(Role.ADMIN)
@bp.output(schemas.DeliveryDetailOut)
def cancel_delivery(session: StaffSession, delivery: str) -> ResponseReturnValue:
    """Take a delivery back; 409 once the registry answered for part of it."""
    services().deliveries.cancel(session.user, delivery)
    detail = services().deliveries.get(session.user, delivery)
    return _body(schemas.DeliveryDetailOut.model_validate(detail))


@bp.get("/deliveries/<delivery>/package.zip")
@staff_required(Role.ADMIN)
@bp.output(_FILE, content_type="application/zip")
def delivery_package(session: StaffSession, delivery: str) -> ResponseReturnValue:
    """Download the package, the same bytes each time."""
    return package_response(
        services().delivery_packages.package(
            session.user, delivery, address=client_address()
        )
    )


@bp.get("/deliveries/<delivery>/check-sheet.pdf")
@staff_required(Role.ADMIN, Role.STATION)
@bp.output(_FILE, content_type="application/pdf")
def check_sheet(session: StaffSession, delivery: str) -> ResponseReturnValue:
    """Download the portraits with names for signature, by class."""
    media = services().delivery_packages.check_sheet(
        session.user, delivery, address=client_address()
    )
    return hand_out(media, download=True)


@bp.get("/campaigns/<int:campaign_id>/codes.zip")
@staff_required(Role.ADMIN, Role.STATION)
@bp.input(schemas.CodePackIn, location="query")
@bp.output(_FILE, content_type="application/zip")
def code_pack(
    session: StaffSession, campaign_id: int, query_data: schemas.CodePackIn
) -> ResponseReturnValue:
    """Download the collection-code cards of a campaign under numbers only."""
    return package_response(
        services().code_packs.pack(
            session.user,
            campaign_id,
            station_id=query_data.station_id,
            class_no=query_data.class_no,
            address=client_address(),
        )
    )


@bp.post("/campaigns/<int:campaign_id>/returned-lists")
@staff_required(Role.ADMIN)
@bp.output(schemas.ReturnedListOut, 201)
def receive_returned_list(
    session: StaffSession, campaign_id: int
) -> ResponseReturnValue:
    """Take in the platform's list, field ``file``; nothing is applied yet."""
    service = services().returned_lists
    list_id = service.receive(session.user, campaign_id, required_list())
    found = service.get(session.user, list_id)
    return _body(schemas.ReturnedListOut.model_validate(found), 201)


@bp.get("/returned-lists/<list_id>")
@staff_required(Role.ADMIN)
@bp.output(schemas.ReturnedListOut)
def returned_list(session: StaffSession, list_id: str) -> ResponseReturnValue:
    """Say what a list would do now, or did."""
    found = services().returned_lists.get(session.user, list_id)
    return _body(schemas.ReturnedListOut.model_validate(found))


@bp.post("/returned-lists/<list_id>/application")
@staff_required(Role.ADMIN)
@bp.output(schemas.ReturnedListOut)
def apply_returned_list(session: StaffSession, list_id: str) -> ResponseReturnValue:
    """Write the answers of a list; a second time changes nothing."""
    found = services().returned_lists.apply(session.user, list_id)
    return _body(schemas.ReturnedListOut.model_validate(found))


def _body(model: BaseModel, status: int = 200) -> Response:
    response = jsonify(model.model_dump(mode="json"))
    response.status_code = status
    return response
