"""Setting one's second factor up, and taking it away."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    DomainError,
    InvalidInputError,
    TooManyAttemptsError,
)
from backend.services.types import StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for, wrong_fields
from backend.web.admin.pages import field, show
from backend.web.auth import staff_required
from backend.web.context import client_address, services


@bp.get("/second-factor")
@staff_required(before_enrolment=True)
def second_factor(session: StaffSession) -> ResponseReturnValue:
    """Show whether there is one, and what to do about it."""
    return _page(session)


@bp.post("/second-factor/begin")
@staff_required(before_enrolment=True)
def begin_second_factor(session: StaffSession) -> ResponseReturnValue:
    """Make a new secret and show it."""
    services().second_factor.begin(session)
    return redirect(url_for("admin.second_factor"), 303)


@bp.post("/second-factor")
@staff_required(before_enrolment=True)
def confirm_second_factor(session: StaffSession) -> ResponseReturnValue:
    """Check the app's first code and show the recovery codes, this once."""
    try:
        codes = services().second_factor.confirm(session, _code())
    except (InvalidInputError, TooManyAttemptsError) as error:
        return _page(session, error)
    return _codes(session, codes)


@bp.post("/second-factor/codes")
@staff_required()
def renew_recovery_codes(session: StaffSession) -> ResponseReturnValue:
    """Replace the recovery codes and show the new ones, this once."""
    try:
        codes = services().second_factor.renew_codes(
            session, _code(), address=client_address()
        )
    except (InvalidInputError, TooManyAttemptsError) as error:
        return _page(session, error)
    return _codes(session, codes)


@bp.post("/second-factor/removal")
@staff_required()
def remove_second_factor(session: StaffSession) -> ResponseReturnValue:
    """Take the second factor away, for another phone."""
    try:
        services().second_factor.remove(session, _code(), address=client_address())
    except (InvalidInputError, TooManyAttemptsError) as error:
        return _page(session, error)
    return redirect(url_for("admin.second_factor", done="factor-removed"), 303)


def _code() -> str:
    return field("totp", limit=40)


def _codes(session: StaffSession, codes: tuple[str, ...]) -> ResponseReturnValue:
    return show("recovery_codes.html", session, section="admin.account", codes=codes)


def _page(
    session: StaffSession, error: DomainError | None = None
) -> ResponseReturnValue:
    wrong = wrong_fields(error)
    return show(
        "second_factor.html",
        session,
        status=error.status if error else 200,
        section="admin.account",
        state=services().second_factor.state(session),
        pending=services().second_factor.pending(session),
        wrong=wrong,
        message=None if wrong else message_for(error),
    )
