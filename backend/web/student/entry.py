"""The first page, the guides and the two consents."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.campaigns import EntryState
from backend.domain.errors import InvalidInputError
from backend.messages.demands import rule_groups
from backend.messages.guide import WAYS
from backend.services.types import SessionInfo
from backend.web.auth import public, student_page
from backend.web.backgrounds import judged_by
from backend.web.context import services
from backend.web.drawings import drawings_of
from backend.web.presenters import FormError, form_error
from backend.web.student.blueprint import bp
from backend.web.student.good_photo import good_photo

_CONSENTS = ("portrait", "identity_number")


@bp.get("/s/<token>")
@student_page
def entry(session: SessionInfo, token: str) -> ResponseReturnValue:
    """Say what this is, what is needed and how long it takes, or why it is shut."""
    found = services().entries.open(token)
    is_open = found.state is EntryState.OPEN
    return render_template(
        "student/entry.html",
        entry=found,
        consent=services().consents.state(session.principal, token),
        bindings=services().bindings.mine(session.principal, token) if is_open else (),
    )


@bp.get("/s/<token>/guide")
@public
def guide(token: str) -> ResponseReturnValue:
    """Show the three ways to find the collection code."""
    found = services().entries.open(token)
    return render_template("student/guide.html", entry=found, ways=WAYS)


@bp.get("/s/<token>/photo-examples")
@public
def photo_examples(token: str) -> ResponseReturnValue:
    """Show what the campaign's policy asks before anything is asked of anybody."""
    found = services().entries.open(token)
    background = found.campaign.background
    policy = services().policies.get(found.campaign.policy)
    rules = judged_by(policy, background) if policy else None
    return render_template(
        "student/photo_examples.html",
        entry=found,
        policy=policy,
        groups=rule_groups(rules) if rules else (),
        drawings=drawings_of(rules) if rules else {},
        **good_photo(policy, background),
    )


@bp.get("/s/<token>/consent")
@student_page
def consent(session: SessionInfo, token: str) -> ResponseReturnValue:
    """Show the notice and the two consents, neither of them ticked."""
    return _consent_page(session, token, error=None)


@bp.post("/s/<token>/consent")
@student_page
def give_consent(session: SessionInfo, token: str) -> ResponseReturnValue:
    """Record both consents, or say which is missing."""
    services().entries.ensure_open(token)
    given = {name: request.form.get(name) == "yes" for name in _CONSENTS}
    try:
        services().consents.record(session.principal, token, **given)
    except InvalidInputError as error:
        return _consent_page(session, token, error=form_error(error)), error.status
    return redirect(url_for("student.code", token=token), 303)


@bp.get("/s/<token>/consent/withdraw")
@student_page
def withdraw_consent(_session: SessionInfo, token: str) -> ResponseReturnValue:
    """Say what withdrawing means before it is done."""
    found = services().entries.open(token)
    return render_template("student/consent_withdraw.html", entry=found)


@bp.post("/s/<token>/consent/withdraw")
@student_page
def take_consent_back(session: SessionInfo, token: str) -> ResponseReturnValue:
    """Take both consents back, and lead to the choice to delete."""
    services().consents.withdraw(session.principal, token)
    return redirect(url_for("student.my_data", withdrawn=1), 303)


def _consent_page(session: SessionInfo, token: str, error: FormError | None) -> str:
    return render_template(
        "student/consent.html",
        entry=services().entries.ensure_open(token),
        given=services().consents.state(session.principal, token),
        ticked={name: request.form.get(name) == "yes" for name in _CONSENTS},
        error=error,
        step=1,
    )
