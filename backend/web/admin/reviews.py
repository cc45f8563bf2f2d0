"""Deciding on a submission, and its pictures."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
)
from backend.messages.return_reasons import RETURN_REASONS
from backend.services.types import MediaKind, Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.checklist import ensure_checked
from backend.web.admin.pages import field, hand_out, number
from backend.web.admin.record_page import DecisionForm, show_record
from backend.web.auth import staff_required
from backend.web.context import policy_of, services


def decision_form() -> DecisionForm:
    """Return the decision as the request brings it."""
    return DecisionForm(
        action="approve" if field("action") == "approve" else "return",
        # A tick stands for every rule of its clause.
        checked=tuple(" ".join(request.form.getlist("checked")).split()),
        reasons=tuple(
            k for k in request.form.getlist("reasons") if k in RETURN_REASONS
        ),
        note=field("note", limit=500),
        # A form without a version has seen none: it is stale whatever the record says.
        expected_version=number(field("expected_version")) or 0,
    )


def carry_out(session: StaffSession, submission_id: str, form: DecisionForm) -> None:
    """Decide as the form says; an approval has every clause left to people ticked."""
    if form.action == "approve":
        report = services().search.submission(session.user, submission_id).view.report
        ensure_checked(report, policy_of(report), form.checked)
    services().reviews.decide(
        session.user,
        submission_id,
        action=form.action,
        reasons=tuple(RETURN_REASONS[key].text for key in form.reasons),
        note=form.note,
        expected_version=form.expected_version,
    )


@bp.post("/submissions/<submission_id>/decision")
@staff_required(Role.ADMIN, Role.REVIEWER)
def decide(session: StaffSession, submission_id: str) -> ResponseReturnValue:
    """Approve or return, on the version the reviewer has seen."""
    form = decision_form()
    submission = services().search.submission(session.user, submission_id)
    binding_id = submission.view.binding_public_id
    try:
        carry_out(session, submission_id, form)
    except (InvalidInputError, ConflictError, RefusedError) as error:
        return show_record(
            session, binding_id, chosen=submission_id, error=error, form=form
        )
    return redirect(
        url_for("admin.record", binding_id=binding_id, done=form.action), 303
    )


@bp.post("/submissions/<submission_id>/clear")
@staff_required(Role.ADMIN)
def clear_quarantine(session: StaffSession, submission_id: str) -> ResponseReturnValue:
    """Let a photo that was put aside go to review like any other."""
    submission = services().search.submission(session.user, submission_id)
    binding_id = submission.view.binding_public_id
    try:
        services().picture_checks.clear(session.user, submission_id)
    except ConflictError as error:
        return show_record(session, binding_id, chosen=submission_id, error=error)
    return redirect(url_for("admin.record", binding_id=binding_id, done="updated"), 303)


@bp.get("/submissions/<submission_id>/close-up/<rule>.jpg")
@staff_required()
def close_up(
    session: StaffSession, submission_id: str, rule: str
) -> ResponseReturnValue:
    """Hand out the region of the upload that a finding means."""
    large = request.args.get("size") == "large"
    media = services().search.close_up(session.user, submission_id, rule, large=large)
    return hand_out(media, download=False)


@bp.get("/submissions/<submission_id>/<kind>")
@staff_required()
def picture(
    session: StaffSession, submission_id: str, kind: str
) -> ResponseReturnValue:
    """Hand out one picture of a submission."""
    if kind not in set(MediaKind):
        raise NotFoundError("submission_not_found")
    media = services().search.media(session.user, submission_id, MediaKind(kind))
    return hand_out(media, download=False)
