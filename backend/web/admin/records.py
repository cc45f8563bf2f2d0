"""Searching bound records, and the record itself."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import ConflictError, DomainError, InvalidInputError
from backend.domain.query import RecordOrder
from backend.services.record_sheets import SheetKind, record_sheet
from backend.services.types import Page, RecordRow, Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for
from backend.web.admin.pages import field, hand_out, show
from backend.web.admin.record_form import (
    SearchForm,
    addressed_form,
    posted_form,
)
from backend.web.admin.record_page import show_record
from backend.web.auth import staff_required
from backend.web.context import services
from backend.web.media import stream_response

#: Rows of one page of results: a screen and a half at 1280 px.
_PAGE_ROWS: Final = 50


def _search_page(
    session: StaffSession,
    form: SearchForm,
    page: Page[RecordRow] | None = None,
    error: DomainError | None = None,
) -> ResponseReturnValue:
    """Show the form with its results; a refused search is shown above instead."""
    nobody = page is not None and not page.items
    wanted = form.filter()
    address = form.address(cursor=None)
    return show(
        "records.html",
        session,
        status=error.status if error else 200,
        section="admin.records",
        form=form,
        values=asdict(form),
        page=page,
        address=address,
        sorts=_sorts(form, address),
        unbound=services().search.unbound(session.user, wanted) if nobody else 0,
        message=message_for(error),
        campaigns=services().stations.campaigns(session.user),
        stations=services().stations.list(session.user),
        choices=services().search.choices(),
    )


def _sorts(form: SearchForm, address: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return, for each order, the address that sorts by it, or the other way round."""
    found = {}
    for order in RecordOrder:
        active = order is form.order
        down = not form.descending if active else order.latest_first
        way = "down" if down else "up"
        found[order.value] = {
            "address": address
            | {
                "sort": order.value,
                "dir": "" if down == order.latest_first else way,
            },
            "now": ("descending" if form.descending else "ascending")
            if active
            else "none",
        }
    return found


@bp.get("/records")
@staff_required()
def records(session: StaffSession) -> ResponseReturnValue:
    """List records; the address can be kept, and names nobody."""
    try:
        form = addressed_form(request.args)
    except InvalidInputError as error:
        return _search_page(session, SearchForm(), error=error)
    try:
        page = services().search.page(
            session.user,
            form.filter(),
            cursor=request.args.get("cursor") or None,
            limit=_PAGE_ROWS,
            order=form.order,
            descending=form.descending,
        )
    except InvalidInputError as error:
        return _search_page(session, form, error=error)
    return _search_page(session, form, page)


@bp.post("/records")
@staff_required()
def find(session: StaffSession) -> ResponseReturnValue:
    """Send a search on to its address, where what names somebody is sealed."""
    del session
    return redirect(url_for("admin.records", **posted_form().address()), 303)


@bp.post("/records/export")
@staff_required()
def export_records(session: StaffSession) -> ResponseReturnValue:
    """Hand out all pages of a search as a sheet; the audit log keeps that it was."""
    form = posted_form()
    try:
        form = replace(form, q=addressed_form(request.form).q)
        export = services().search.export(
            session.user,
            form.filter(),
            order=form.order,
            descending=form.descending,
            whole_numbers=bool(field("whole_numbers")),
        )
    except InvalidInputError as error:
        return _search_page(session, form, error=error)
    kind: SheetKind = "csv" if field("format") == "csv" else "xlsx"
    return stream_response(record_sheet(export, kind))


@bp.get("/records/<binding_id>")
@staff_required()
def record(session: StaffSession, binding_id: str) -> ResponseReturnValue:
    """Show one bound record."""
    return show_record(
        session,
        binding_id,
        chosen=request.args.get("submission", ""),
        shown_on_purpose="show" in request.args,
    )


@bp.post("/records/<binding_id>/identity-number")
@staff_required()
def reveal(session: StaffSession, binding_id: str) -> ResponseReturnValue:
    """Show the full identity number once, for a reason that is kept."""
    try:
        id_number = services().search.reveal_id_number(
            session.user, binding_id, field("reason", limit=200)
        )
    except InvalidInputError as error:
        return show_record(session, binding_id, error=error, reveal_open=True)
    return show_record(session, binding_id, id_number=id_number)


@bp.post("/records/<binding_id>/release")
@staff_required(Role.ADMIN)
def release(session: StaffSession, binding_id: str) -> ResponseReturnValue:
    """Release the binding, for a reason that is kept."""
    try:
        services().reviews.release_binding(
            session.user, binding_id, field("reason", limit=200)
        )
    except (InvalidInputError, ConflictError) as error:
        return show_record(session, binding_id, error=error, release_open=True)
    return redirect(url_for("admin.record", binding_id=binding_id, done="release"), 303)


@bp.get("/records/<binding_id>/card")
@staff_required()
def card(session: StaffSession, binding_id: str) -> ResponseReturnValue:
    """Hand out the kept picture of the collection code."""
    return hand_out(services().search.card(session.user, binding_id), download=False)
