"""Searching bound records, and the record itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import ConflictError, DomainError, InvalidInputError
from backend.domain.reviews import SubmissionStatus
from backend.services.types import (
    Page,
    RecordRow,
    Role,
    SearchFilter,
    StaffSession,
)
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for
from backend.web.admin.pages import field, hand_out, number, show
from backend.web.admin.record_page import show_record
from backend.web.auth import staff_required
from backend.web.context import services

#: Rows of one page of results: a screen and a half at 1280 px.
_PAGE_ROWS: Final = 50


@dataclass(frozen=True, slots=True)
class SearchForm:
    """The search form as it was filled in; empty fields do not narrow."""

    name: str = ""
    student_no: str = ""
    id_number: str = ""
    code: str = ""
    campaign: str = ""
    station: str = ""
    status: str = ""

    @property
    def personal(self) -> bool:
        """Whether any field names a person and so must stay out of addresses."""
        return bool(self.name or self.student_no or self.id_number or self.code)

    def filter(self) -> SearchFilter:
        """Return the form as the search service takes it."""
        status = self.status if self.status in set(SubmissionStatus) else None
        return SearchFilter(
            campaign_id=number(self.campaign),
            station_id=number(self.station),
            name=self.name,
            student_no=self.student_no,
            id_number=self.id_number.upper(),
            code=self.code,
            status=SubmissionStatus(status) if status else None,
            waiting=True if self.status == "waiting" else None,
            quarantined=self.status == "quarantined",
        )


def _public_part(source: Mapping[str, str]) -> dict[str, Any]:
    names = ("campaign", "station", "status")
    return {name: source[name][:40] for name in names if source.get(name)}


def _results(
    session: StaffSession, form: SearchForm, cursor: str | None
) -> tuple[Page[RecordRow] | None, DomainError | None]:
    """Search; a refused search is shown above the form instead of a page."""
    try:
        page = services().search.page(
            session.user, form.filter(), cursor=cursor, limit=_PAGE_ROWS
        )
    except InvalidInputError as error:
        return None, error
    return page, None


def _search_page(
    session: StaffSession, form: SearchForm, cursor: str | None
) -> ResponseReturnValue:
    page, error = _results(session, form, cursor)
    return show(
        "records.html",
        session,
        status=error.status if error else 200,
        section="admin.records",
        form=asdict(form),
        personal=form.personal,
        page=page,
        message=message_for(error),
        campaigns=services().stations.campaigns(session.user),
        stations=services().stations.list(session.user),
    )


@bp.get("/records")
@staff_required()
def records(session: StaffSession) -> ResponseReturnValue:
    """List records narrowed by what names nobody."""
    form = SearchForm(**_public_part(request.args))
    return _search_page(session, form, request.args.get("cursor") or None)


@bp.post("/records")
@staff_required()
def find(session: StaffSession) -> ResponseReturnValue:
    """Search by personal data, which never enters an address.

    A search without any is sent on to its address, so that it can be kept and reloaded.
    """
    form = SearchForm(**{item.name: field(item.name) for item in fields(SearchForm)})
    if not form.personal:
        return redirect(url_for("admin.records", **_public_part(asdict(form))), 303)
    return _search_page(session, form, field("cursor") or None)


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
