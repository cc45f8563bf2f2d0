"""Stations: list, create, change."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    NotFoundError,
)
from backend.services.types import Role, StaffSession, StationView
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for, wrong_fields
from backend.web.admin.pages import field, show
from backend.web.auth import staff_required
from backend.web.context import services

_FIELDS: Final = ("code", "name", "address", "contact")


@bp.get("/stations")
@staff_required(Role.ADMIN, Role.STATION)
def stations(session: StaffSession) -> ResponseReturnValue:
    """List the stations the caller may see."""
    return show(
        "stations.html",
        session,
        section="admin.stations",
        stations=services().stations.list(session.user),
    )


@bp.get("/stations/new")
@staff_required(Role.ADMIN)
def new_station(session: StaffSession) -> ResponseReturnValue:
    """Show an empty station form."""
    return _form(session, None, dict.fromkeys(_FIELDS, ""))


@bp.post("/stations/new")
@staff_required(Role.ADMIN)
def create_station(session: StaffSession) -> ResponseReturnValue:
    """Create a station."""
    form = {name: field(name) for name in _FIELDS}
    try:
        services().stations.create(session.user, **form)
    except (InvalidInputError, ConflictError) as error:
        return _form(session, None, form, error)
    return redirect(url_for("admin.stations", done="created"), 303)


@bp.get("/stations/<int:station_id>")
@staff_required(Role.ADMIN)
def edit_station(session: StaffSession, station_id: int) -> ResponseReturnValue:
    """Show a station's form."""
    station = _station(session, station_id)
    return _form(session, station, asdict(station))


@bp.post("/stations/<int:station_id>")
@staff_required(Role.ADMIN)
def update_station(session: StaffSession, station_id: int) -> ResponseReturnValue:
    """Change a station."""
    station = _station(session, station_id)
    form = {name: field(name) for name in _FIELDS}
    try:
        services().stations.update(session.user, station_id, **form)
    except (InvalidInputError, ConflictError) as error:
        return _form(session, station, form, error)
    return redirect(url_for("admin.stations", done="updated"), 303)


def _station(session: StaffSession, station_id: int) -> StationView:
    for station in services().stations.list(session.user):
        if station.id == station_id:
            return station
    raise NotFoundError("station_not_found")


def _form(
    session: StaffSession,
    station: StationView | None,
    form: dict[str, str],
    error: DomainError | None = None,
) -> ResponseReturnValue:
    wrong = wrong_fields(error)
    return show(
        "station_form.html",
        session,
        status=error.status if error else 200,
        section="admin.stations",
        station=station,
        form=form,
        wrong=wrong,
        message=None if wrong else message_for(error),
    )
