"""The review queue: one photo after the other, and sixty at a glance."""

from __future__ import annotations

from typing import Any

from flask import Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    RefusedError,
)
from backend.services.types import Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for
from backend.web.admin.pages import field, number, show
from backend.web.admin.review_page import (
    queue_args,
    queue_filter,
    ready_reasons,
    show_review,
)
from backend.web.admin.reviews import carry_out, decision_form
from backend.web.auth import staff_required
from backend.web.context import services


@bp.get("/review")
@staff_required(Role.ADMIN, Role.REVIEWER)
def review_start(session: StaffSession) -> ResponseReturnValue:
    """Choose what to review, see how much there is, begin."""
    user, queue = session.user, services().review_queue
    return show(
        "review_start.html",
        session,
        section="admin.review_start",
        counts=queue.counts(user, queue_filter()),
        last=queue.last_decision(user),
        campaigns=services().stations.campaigns(user),
        stations=services().stations.list(user),
        args=queue_args(),
    )


@bp.post("/review/next")
@staff_required(Role.ADMIN, Role.REVIEWER)
def review_next(session: StaffSession) -> ResponseReturnValue:
    """Claim the next photo, other than the one named, and go there."""
    return _go_on(session, after=field("after", limit=22))


@bp.get("/review/<submission_id>")
@staff_required(Role.ADMIN, Role.REVIEWER)
def review(session: StaffSession, submission_id: str) -> ResponseReturnValue:
    """Show one photo to decide on."""
    return show_review(session, submission_id)


@bp.post("/review/<submission_id>/decision")
@staff_required(Role.ADMIN, Role.REVIEWER)
def review_decide(session: StaffSession, submission_id: str) -> ResponseReturnValue:
    """Approve or return, and go on to the next photo."""
    form = decision_form()
    try:
        carry_out(session, submission_id, form)
    except (InvalidInputError, ConflictError, RefusedError) as error:
        return show_review(session, submission_id, error=error, form=form)
    return _go_on(session)


@bp.post("/review/<submission_id>/skip")
@staff_required(Role.ADMIN, Role.REVIEWER)
def review_skip(session: StaffSession, submission_id: str) -> ResponseReturnValue:
    """Leave a photo for later and go on to the next."""
    services().review_queue.skip(session.user, submission_id)
    return _go_on(session, after=submission_id)


@bp.post("/review/<submission_id>/undo")
@staff_required(Role.ADMIN, Role.REVIEWER)
def review_undo(session: StaffSession, submission_id: str) -> ResponseReturnValue:
    """Take the decision back and show the photo again."""
    try:
        services().reviews.undo(
            session.user,
            submission_id,
            expected_version=number(field("expected_version")) or 0,
        )
    except ConflictError as error:
        return show_review(session, submission_id, error=error)
    return redirect(
        url_for("admin.review", submission_id=submission_id, **queue_args()), 303
    )


@bp.post("/review/<submission_id>/hold")
@staff_required(Role.ADMIN, Role.REVIEWER)
def review_hold(session: StaffSession, submission_id: str) -> ResponseReturnValue:
    """Keep a photo while its page is open."""
    services().review_queue.hold(session.user, submission_id)
    return Response(status=204)


@bp.post("/review/leave")
@staff_required(Role.ADMIN, Role.REVIEWER)
def review_leave(session: StaffSession) -> ResponseReturnValue:
    """Let the others have what was claimed."""
    services().review_queue.leave(session.user)
    return redirect(url_for("admin.review_start", **queue_args()), 303)


@bp.get("/review/contact-sheet")
@staff_required(Role.ADMIN, Role.REVIEWER)
def contact_sheet(session: StaffSession) -> ResponseReturnValue:
    """Show approved portraits for a second look."""
    return _show_sheet(session)


@bp.post("/review/contact-sheet/seen")
@staff_required(Role.ADMIN, Role.REVIEWER)
def contact_sheet_seen(session: StaffSession) -> ResponseReturnValue:
    """Note that the portraits of a sheet were looked at, and show the next sheet."""
    seen = {}
    for item in request.form.getlist("seen"):
        submission_id, _, version = item.partition(":")
        seen[submission_id] = number(version) or 0
    services().contact_sheets.mark_seen(session.user, seen)
    return redirect(url_for("admin.contact_sheet", **queue_args()), 303)


@bp.post("/review/contact-sheet/<submission_id>/return")
@staff_required(Role.ADMIN, Role.REVIEWER)
def contact_sheet_return(
    session: StaffSession, submission_id: str
) -> ResponseReturnValue:
    """Return one portrait of a sheet."""
    try:
        carry_out(session, submission_id, decision_form())
    except (InvalidInputError, ConflictError) as error:
        return _show_sheet(session, error)
    return redirect(url_for("admin.contact_sheet", **_sheet_args()), 303)


def _go_on(session: StaffSession, *, after: str = "") -> ResponseReturnValue:
    found = services().review_queue.next(session.user, queue_filter(), after=after)
    if found is None:
        return redirect(url_for("admin.review_start", **queue_args()), 303)
    return redirect(url_for("admin.review", submission_id=found, **queue_args()), 303)


def _show_sheet(
    session: StaffSession, error: DomainError | None = None
) -> ResponseReturnValue:
    wanted, args = queue_filter(), _sheet_args()
    return show(
        "contact_sheet.html",
        session,
        status=error.status if error else 200,
        section="admin.review_start",
        sheet=services().contact_sheets.sheet(
            session.user,
            campaign_id=wanted.campaign_id,
            station_id=wanted.station_id,
            cursor=args.get("cursor"),
        ),
        message=message_for(error),
        last=services().review_queue.last_decision(session.user),
        campaigns=services().stations.campaigns(session.user),
        stations=services().stations.list(session.user),
        reasons=tuple(ready_reasons()),
        args=args,
    )


def _sheet_args() -> dict[str, Any]:
    """Return what narrows the sheet, and where it begins."""
    cursor = request.args.get("cursor", "")[:20]
    return queue_args() | ({"cursor": cursor} if cursor else {})
