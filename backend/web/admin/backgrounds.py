"""Having a background replaced, and choosing which portrait is decided on."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import ConflictError, RefusedError, UnavailableError
from backend.services.types import Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.pages import field, number
from backend.web.admin.record_page import DecisionForm, show_record
from backend.web.admin.review_page import queue_args, show_review
from backend.web.auth import staff_required
from backend.web.backgrounds import chosen_background
from backend.web.context import services

_FIXABLE = (ConflictError, RefusedError, UnavailableError)


@bp.post("/review/<submission_id>/background")
@staff_required(Role.ADMIN, Role.REVIEWER)
def review_background(session: StaffSession, submission_id: str) -> ResponseReturnValue:
    """Change what is behind the person, and show the photo again."""
    try:
        _carry_out(session, submission_id)
    except _FIXABLE as error:
        return show_review(session, submission_id, error=error, form=_seen())
    target = url_for("admin.review", submission_id=submission_id, **queue_args())
    return redirect(target, 303)


@bp.post("/submissions/<submission_id>/background")
@staff_required(Role.ADMIN, Role.REVIEWER)
def background(session: StaffSession, submission_id: str) -> ResponseReturnValue:
    """Change what is behind the person, and show the record again."""
    submission = services().search.submission(session.user, submission_id)
    binding_id = submission.view.binding_public_id
    try:
        done = _carry_out(session, submission_id)
    except _FIXABLE as error:
        return show_record(
            session, binding_id, chosen=submission_id, error=error, form=_seen()
        )
    target = url_for(
        "admin.record", binding_id=binding_id, submission=submission_id, done=done
    )
    return redirect(target, 303)


def _carry_out(session: StaffSession, submission_id: str) -> str:
    """Choose the background that the form names, or have it replaced; return what came."""
    chosen = services().backgrounds
    if field("change"):
        view = chosen.change_as_staff(session.user, submission_id)
        return f"background-{view.background.value}"
    chosen.choose_as_staff(
        session.user,
        submission_id,
        chosen_background(),
        version=_version(),
    )
    return "chosen"


def _seen() -> DecisionForm:
    """Return a form that decides nothing, on the version the page was made of."""
    return DecisionForm(action="approve", expected_version=_version())


def _version() -> int:
    return number(field("expected_version")) or 0
