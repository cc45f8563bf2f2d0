"""The staff API: what the console does, for programs.

A caller sends ``Authorization: Bearer`` with the token of ``POST /admin/sessions``, or
the console's cookie together with ``X-CSRF-Token``.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from apiflask import APIBlueprint
from flask import Response, jsonify, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel

from backend.domain.errors import InvalidInputError, NotFoundError, Violation
from backend.domain.reviews import QueueFilter
from backend.messages.return_reasons import RETURN_REASONS
from backend.services.record_sheets import record_sheet
from backend.services.types import MediaKind, Role, StaffSession, StationView
from backend.web.admin.batches import received_batch
from backend.web.admin.checklist import ensure_checked
from backend.web.admin.pages import hand_out, number
from backend.web.api import admin_schemas as schemas
from backend.web.auth import STAFF_COOKIE, public, staff_required
from backend.web.context import client_address, policy_of, services
from backend.web.media import stream_response

bp: Final = APIBlueprint("admin", __name__, url_prefix="/admin", tag="Staff")

_FILE: Final[dict[str, Any]] = {"type": "string", "format": "binary"}


@bp.post("/sessions")
@public
@bp.input(schemas.StaffSignInIn)
@bp.output(schemas.StaffSessionOut, 201)
def open_session(json_data: schemas.StaffSignInIn) -> ResponseReturnValue:
    """Sign in.

    Where the account has a second factor and ``totp`` is missing, the answer is 401
    with the code ``totp_required``.
    """
    new = services().staff.sign_in(
        json_data.username,
        json_data.password,
        address=client_address(),
        agent=request.user_agent.string,
        totp=json_data.totp,
    )
    return _body(schemas.StaffSessionOut.of(new), 201)


@bp.delete("/sessions")
@staff_required()
@bp.output({}, 204)
def close_session(session: StaffSession) -> ResponseReturnValue:
    """Sign out."""
    services().staff.sign_out(session)
    response = Response(status=204)
    response.delete_cookie(STAFF_COOKIE)
    return response


@bp.get("/campaigns")
@staff_required()
@bp.output(schemas.AdminCampaignsOut)
def campaigns(session: StaffSession) -> ResponseReturnValue:
    """List campaigns."""
    items = services().stations.campaigns(session.user)
    return _body(schemas.AdminCampaignsOut.model_validate({"items": items}))


@bp.get("/stations")
@staff_required()
@bp.output(schemas.AdminStationsOut)
def stations(session: StaffSession) -> ResponseReturnValue:
    """List stations."""
    items = services().stations.list(session.user)
    return _body(schemas.AdminStationsOut.model_validate({"items": items}))


@bp.post("/stations")
@staff_required(Role.ADMIN)
@bp.input(schemas.StationIn)
@bp.output(schemas.AdminStationOut, 201)
def create_station(
    session: StaffSession, json_data: schemas.StationIn
) -> ResponseReturnValue:
    """Create a station."""
    station = services().stations.create(session.user, **json_data.model_dump())
    return _body(schemas.AdminStationOut.model_validate(station), 201)


@bp.patch("/stations/<int:station_id>")
@staff_required(Role.ADMIN)
@bp.input(schemas.StationPatchIn)
@bp.output(schemas.AdminStationOut)
def change_station(
    session: StaffSession, station_id: int, json_data: schemas.StationPatchIn
) -> ResponseReturnValue:
    """Change a station."""
    values = asdict(_station(session, station_id))
    del values["id"]
    values |= json_data.model_dump(exclude_none=True)
    station = services().stations.update(session.user, station_id, **values)
    return _body(schemas.AdminStationOut.model_validate(station))


@bp.get("/campaigns/<int:campaign_id>/entries")
@staff_required(Role.ADMIN, Role.STATION)
@bp.output(schemas.AdminEntriesOut)
def entries(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """List a campaign's entries."""
    items = services().stations.entries(session.user, campaign_id)
    return _body(schemas.AdminEntriesOut.model_validate({"items": items}))


@bp.post("/campaigns/<int:campaign_id>/entries")
@staff_required(Role.ADMIN)
@bp.input(schemas.EntryIn)
@bp.output(schemas.AdminEntryOut, 201)
def create_entry(
    session: StaffSession, campaign_id: int, json_data: schemas.EntryIn
) -> ResponseReturnValue:
    """Open the entry of a station."""
    entry = services().stations.create_entry(
        session.user, campaign_id, json_data.station_id
    )
    return _body(schemas.AdminEntryOut.model_validate(entry), 201)


@bp.post("/entries/<token>/replacement")
@staff_required(Role.ADMIN)
@bp.input(schemas.ReasonIn)
@bp.output(schemas.AdminEntryOut, 201)
def replace_entry(
    session: StaffSession, token: str, json_data: schemas.ReasonIn
) -> ResponseReturnValue:
    """End an entry and open its successor, which is returned."""
    entry = services().stations.replace_entry(session.user, token, json_data.reason)
    return _body(schemas.AdminEntryOut.model_validate(entry), 201)


@bp.post("/entries/<token>/retirement")
@staff_required(Role.ADMIN)
@bp.input(schemas.ReasonIn)
@bp.output(schemas.AdminEntryOut)
def retire_entry(
    session: StaffSession, token: str, json_data: schemas.ReasonIn
) -> ResponseReturnValue:
    """End an entry for good."""
    entry = services().stations.retire_entry(session.user, token, json_data.reason)
    return _body(schemas.AdminEntryOut.model_validate(entry))


@bp.get(
    "/entries/<token>/<any('poster.pdf', 'poster.png', 'code.png', 'code.svg'):file>"
)
@staff_required(Role.ADMIN, Role.STATION)
@bp.output(_FILE, content_type="application/octet-stream")
def entry_file(session: StaffSession, token: str, file: str) -> ResponseReturnValue:
    """Download a poster or the bare code."""
    posters = services().posters
    draw = {
        "poster.pdf": posters.pdf,
        "poster.png": posters.png,
        "code.png": posters.code_png,
        "code.svg": posters.code_svg,
    }[file]
    return hand_out(draw(session.user, token), download=True)


@bp.get("/campaigns/<int:campaign_id>/posters.<any(pdf, zip):archive>")
@staff_required(Role.ADMIN, Role.STATION)
@bp.input(schemas.PostersIn, location="query", arg_name="asked")
@bp.output(_FILE, content_type="application/octet-stream")
def all_posters(
    session: StaffSession, campaign_id: int, archive: str, asked: schemas.PostersIn
) -> ResponseReturnValue:
    """Download the posters of all live entries, in one PDF or one PDF each."""
    posters = services().posters
    if archive == "zip":
        return stream_response(
            posters.all_zip(session.user, campaign_id, size=asked.size)
        )
    media = posters.all_pdf(session.user, campaign_id, size=asked.size)
    return hand_out(media, download=True)


@bp.post("/records/search")
@staff_required()
@bp.input(schemas.SearchIn)
@bp.output(schemas.RecordPageOut)
def search_records(
    session: StaffSession, json_data: schemas.SearchIn
) -> ResponseReturnValue:
    """Search bound records."""
    page = services().search.page(
        session.user,
        json_data.filters.to_filter(),
        cursor=json_data.cursor,
        limit=json_data.limit,
        order=json_data.order,
        descending=json_data.descending,
    )
    return _body(schemas.RecordPageOut.model_validate(page))


@bp.post("/records/export")
@staff_required()
@bp.input(schemas.RecordExportIn)
@bp.output(_FILE, content_type="application/octet-stream")
def export_records(
    session: StaffSession, json_data: schemas.RecordExportIn
) -> ResponseReturnValue:
    """Download all pages of a search as a sheet; audited."""
    export = services().search.export(
        session.user,
        json_data.filters.to_filter(),
        order=json_data.order,
        descending=json_data.descending,
        whole_numbers=json_data.whole_numbers,
    )
    return stream_response(record_sheet(export, json_data.format))


@bp.get("/records/<binding_id>")
@staff_required()
@bp.output(schemas.RecordOut)
def record(session: StaffSession, binding_id: str) -> ResponseReturnValue:
    """Return one record."""
    return _body(
        schemas.RecordOut.of(services().search.record(session.user, binding_id))
    )


@bp.post("/records/<binding_id>/identity-number-reveal")
@staff_required()
@bp.input(schemas.ReasonIn)
@bp.output(schemas.IdentityNumberOut)
def reveal_identity_number(
    session: StaffSession, binding_id: str, json_data: schemas.ReasonIn
) -> ResponseReturnValue:
    """Return the whole identity number; the reason goes into the audit log."""
    id_number = services().search.reveal_id_number(
        session.user, binding_id, json_data.reason
    )
    return _body(schemas.IdentityNumberOut(id_number=id_number))


@bp.post("/records/<binding_id>/release")
@staff_required(Role.ADMIN)
@bp.input(schemas.ReasonIn)
@bp.output({}, 204)
def release_binding(
    session: StaffSession, binding_id: str, json_data: schemas.ReasonIn
) -> ResponseReturnValue:
    """Release the binding."""
    services().reviews.release_binding(session.user, binding_id, json_data.reason)
    return Response(status=204)


@bp.get(
    "/submissions/<submission_id>"
    '/<any("portrait","overlay","original","other-portrait"):kind>'
)
@staff_required()
@bp.output(_FILE, content_type="image/jpeg")
def submission_picture(
    session: StaffSession, submission_id: str, kind: str
) -> ResponseReturnValue:
    """Download one picture of a submission."""
    media = services().search.media(session.user, submission_id, MediaKind(kind))
    return hand_out(media, download=True)


@bp.post("/submissions/<submission_id>/background")
@staff_required(Role.ADMIN, Role.REVIEWER)
@bp.output(schemas.AdminSubmissionOut)
def replace_background(
    session: StaffSession, submission_id: str
) -> ResponseReturnValue:
    """Replace the background that is due of a photo that awaits a decision.

    It takes two seconds and may be asked for again; 503 with ``Retry-After`` while
    others are served.
    """
    services().backgrounds.change_as_staff(session.user, submission_id)
    return _submission(session, submission_id)


@bp.put("/submissions/<submission_id>/background")
@staff_required(Role.ADMIN, Role.REVIEWER)
@bp.input(schemas.BackgroundChoiceIn)
@bp.output(schemas.AdminSubmissionOut)
def choose_background(
    session: StaffSession, submission_id: str, json_data: schemas.BackgroundChoiceIn
) -> ResponseReturnValue:
    """Take the other portrait before deciding; 409 when the photo changed meanwhile."""
    services().backgrounds.choose_as_staff(
        session.user,
        submission_id,
        json_data.background,
        version=_expected_version(json_data.expected_version),
    )
    return _submission(session, submission_id)


@bp.post("/submissions/<submission_id>/decision")
@staff_required(Role.ADMIN, Role.REVIEWER)
@bp.input(schemas.DecisionIn)
@bp.output(schemas.DecisionOut)
def decide(
    session: StaffSession, submission_id: str, json_data: schemas.DecisionIn
) -> ResponseReturnValue:
    """Approve or return a submission; 409 when it changed since it was looked at."""
    if json_data.action == "approve":
        submission = services().search.submission(session.user, submission_id)
        report = submission.view.report
        ensure_checked(report, policy_of(report), json_data.checked)
    view = services().reviews.decide(
        session.user,
        submission_id,
        action=json_data.action,
        reasons=_reason_texts(json_data.reasons),
        note=json_data.note,
        expected_version=_expected_version(json_data.expected_version),
    )
    response = _body(schemas.DecisionOut.model_validate(view))
    response.set_etag(str(view.version))
    return response


@bp.post("/review/next")
@staff_required(Role.ADMIN, Role.REVIEWER)
@bp.input(schemas.ReviewNextIn)
@bp.output(schemas.ReviewNextOut)
def review_next(
    session: StaffSession, json_data: schemas.ReviewNextIn
) -> ResponseReturnValue:
    """Claim the next photo for ten minutes; asking again returns it and renews that."""
    user, queue = session.user, services().review_queue
    wanted = QueueFilter(
        campaign_id=json_data.campaign_id,
        station_id=json_data.station_id,
        attention=json_data.attention,
    )
    found = queue.next(user, wanted, after=json_data.after)
    submission = services().search.submission(user, found) if found else None
    counts = queue.counts(user, wanted)
    response = _body(
        schemas.ReviewNextOut(
            submission=schemas.AdminSubmissionOut.of(submission)
            if submission
            else None,
            left=counts.left,
            done_today=counts.done_today,
        )
    )
    if submission is not None:
        response.set_etag(str(submission.view.version))
    return response


@bp.post("/review/skip")
@staff_required(Role.ADMIN, Role.REVIEWER)
@bp.input(schemas.ReviewSkipIn)
@bp.output({}, 204)
def review_skip(
    session: StaffSession, json_data: schemas.ReviewSkipIn
) -> ResponseReturnValue:
    """Leave a photo for later; it comes back to the caller after all others."""
    services().review_queue.skip(session.user, json_data.submission_id)
    return Response(status=204)


@bp.post("/review/undo")
@staff_required(Role.ADMIN, Role.REVIEWER)
@bp.input(schemas.ReviewUndoIn)
@bp.output(schemas.DecisionOut)
def review_undo(
    session: StaffSession, json_data: schemas.ReviewUndoIn
) -> ResponseReturnValue:
    """Take the caller's own decision of the last minute back; 409 when it is too late."""
    view = services().reviews.undo(
        session.user,
        json_data.submission_id,
        expected_version=_expected_version(json_data.expected_version),
    )
    response = _body(schemas.DecisionOut.model_validate(view))
    response.set_etag(str(view.version))
    return response


@bp.post("/batches")
@staff_required(Role.ADMIN, Role.STATION)
@bp.output(schemas.BatchOut, 201)
def receive_batch(session: StaffSession) -> ResponseReturnValue:
    """Receive a ZIP of photos.

    Multipart fields: ``archive`` the ZIP; ``list`` an optional sheet with file names and
    numbers; ``campaign`` the campaign's id; ``consent`` is ``yes`` when the school has
    the students' consent in writing.
    """
    return _body(schemas.BatchOut.of(received_batch(session)), 201)


@bp.get("/batches/<int:batch_id>")
@staff_required(Role.ADMIN, Role.STATION)
@bp.output(schemas.BatchOut)
def get_batch(session: StaffSession, batch_id: int) -> ResponseReturnValue:
    """Return how far a batch is."""
    return _body(schemas.BatchOut.of(services().batches.get(session.user, batch_id)))


@bp.post("/batches/<int:batch_id>/go-on")
@staff_required(Role.ADMIN, Role.STATION)
@bp.output(schemas.BatchOut)
def go_on_with_batch(session: StaffSession, batch_id: int) -> ResponseReturnValue:
    """Hand in the next files; call it until ``finished_at`` is set."""
    return _body(schemas.BatchOut.of(services().batches.go_on(session.user, batch_id)))


@bp.get("/batches/<int:batch_id>/items")
@staff_required(Role.ADMIN, Role.STATION)
@bp.input(schemas.BatchItemsIn, location="query")
@bp.output(schemas.BatchItemsOut)
def list_batch_items(
    session: StaffSession, batch_id: int, query_data: schemas.BatchItemsIn
) -> ResponseReturnValue:
    """List the files of a batch after a position."""
    items = services().batches.items(
        session.user, batch_id, after=query_data.after, limit=query_data.limit
    )
    return _body(schemas.BatchItemsOut.model_validate({"items": items}))


def _submission(session: StaffSession, submission_id: str) -> Response:
    found = services().search.submission(session.user, submission_id)
    response = _body(schemas.AdminSubmissionOut.of(found))
    response.set_etag(str(found.view.version))
    return response


def _body(model: BaseModel, status: int = 200) -> Response:
    response = jsonify(model.model_dump(mode="json"))
    response.status_code = status
    return response


def _station(session: StaffSession, station_id: int) -> StationView:
    for station in services().stations.list(session.user):
        if station.id == station_id:
            return station
    raise NotFoundError("station_not_found")


def _reason_texts(keys: list[str]) -> tuple[str, ...]:
    """Return the sentences of ready reasons; all unknown keys are refused at once."""
    unknown = [key for key in keys if key not in RETURN_REASONS]
    if unknown:
        wrong = Violation("reasons", "invalid_field")
        raise InvalidInputError("invalid_input", violations=(wrong,))
    return tuple(RETURN_REASONS[key].text for key in keys)


def _expected_version(given: int | None) -> int:
    """Return the version decided on, from ``If-Match`` or what the body gives."""
    stated = number(next(iter(request.if_match), None))
    version = given if stated is None else stated
    if version is None:
        wrong = Violation("expected_version", "required")
        raise InvalidInputError("invalid_input", violations=(wrong,))
    return version
