"""How long what is kept: the dates of every campaign, and changing them."""

from __future__ import annotations

from dataclasses import asdict

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import ConflictError, DomainError, InvalidInputError
from backend.domain.retention import RetentionRules
from backend.messages.retention import FIELDS, KINDS, TRACES
from backend.services.types import Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for, wrong_fields
from backend.web.admin.pages import field, number, show
from backend.web.auth import staff_required
from backend.web.context import services


@bp.get("/retention")
@staff_required(Role.ADMIN)
def retention(session: StaffSession) -> ResponseReturnValue:
    """List the campaigns with what goes next, and what the next purge would delete."""
    return show(
        "retention.html",
        session,
        section="admin.retention",
        campaigns=services().retention.list(session.user),
        kinds=KINDS,
        traces=TRACES,
    )


@bp.get("/retention/<int:campaign_id>")
@staff_required(Role.ADMIN)
def campaign_retention(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Show a campaign's dates, and the form to change them."""
    found = services().retention.get(session.user, campaign_id)
    form = {name: str(days) for name, days in asdict(found.rules).items()}
    return _page(session, campaign_id, form)


@bp.post("/retention/<int:campaign_id>")
@staff_required(Role.ADMIN)
def change_retention(session: StaffSession, campaign_id: int) -> ResponseReturnValue:
    """Change the dates; what would delete more is asked about once."""
    form = {name: field(name, limit=6) for name in FIELDS}
    # What is no number is out of bounds as well.
    rules = RetentionRules(**{n: number(text) or 0 for n, text in form.items()})
    deleting = request.form.get("deleting") == "yes"
    change = services().retention.change
    try:
        change(session.user, campaign_id, rules, deleting=deleting)
    except (InvalidInputError, ConflictError) as error:
        asked = rules if isinstance(error, ConflictError) else None
        return _page(session, campaign_id, form, error, asked=asked)
    target = url_for(
        "admin.campaign_retention", campaign_id=campaign_id, done="updated"
    )
    return redirect(target, 303)


def _page(
    session: StaffSession,
    campaign_id: int,
    form: dict[str, str],
    error: DomainError | None = None,
    *,
    asked: RetentionRules | None = None,
) -> ResponseReturnValue:
    wrong = wrong_fields(error)
    return show(
        "retention_form.html",
        session,
        status=error.status if error else 200,
        section="admin.retention",
        campaign=services().retention.get(session.user, campaign_id, instead=asked),
        kinds=KINDS,
        fields=FIELDS,
        form=form,
        wrong=wrong,
        asks=asked is not None,
        message=None if wrong else message_for(error),
    )
