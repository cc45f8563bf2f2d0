"""Who may use the console: accounts, roles and invitations, for administrators."""

from __future__ import annotations

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    NotFoundError,
)
from backend.services.types import NewInvitation, Role, StaffSession
from backend.web.admin.blueprint import bp
from backend.web.admin.messages import message_for, wrong_fields
from backend.web.admin.pages import field, number, show
from backend.web.auth import staff_required
from backend.web.context import services

_SECTION = "admin.staff"
_FIELDS = ("username", "display_name", "role", "station")


@bp.get("/staff")
@staff_required(Role.ADMIN)
def staff(session: StaffSession) -> ResponseReturnValue:
    """List the accounts and the invitations nobody has used yet."""
    return _staff_page(session)


@bp.get("/staff/invitations/new")
@staff_required(Role.ADMIN)
def new_invitation(session: StaffSession) -> ResponseReturnValue:
    """Show an empty invitation."""
    return _invitation_form(session, dict.fromkeys(_FIELDS, ""))


@bp.post("/staff/invitations/new")
@staff_required(Role.ADMIN)
def invite(session: StaffSession) -> ResponseReturnValue:
    """Invite somebody and show the link, this once."""
    form = {name: field(name) for name in _FIELDS}
    try:
        new = services().invitations.invite(
            session.user,
            username=form["username"],
            display_name=form["display_name"],
            role=_role(form["role"]),
            station_id=_station(form),
        )
    except (InvalidInputError, ConflictError, NotFoundError) as error:
        return _invitation_form(session, form, error)
    return _link(session, new)


@bp.post("/staff/invitations/<int:invitation_id>/link")
@staff_required(Role.ADMIN)
def reissue_invitation(
    session: StaffSession, invitation_id: int
) -> ResponseReturnValue:
    """Give an invitation a new link and show it, this once."""
    return _link(session, services().invitations.reissue(session.user, invitation_id))


@bp.post("/staff/invitations/<int:invitation_id>/withdrawal")
@staff_required(Role.ADMIN)
def withdraw_invitation(
    session: StaffSession, invitation_id: int
) -> ResponseReturnValue:
    """Make an invitation void."""
    services().invitations.withdraw(session.user, invitation_id)
    return redirect(url_for("admin.staff", done="withdrawn"), 303)


@bp.get("/staff/<int:staff_id>")
@staff_required(Role.ADMIN)
def person(session: StaffSession, staff_id: int) -> ResponseReturnValue:
    """Show one account."""
    return _person_page(session, staff_id)


@bp.post("/staff/<int:staff_id>")
@staff_required(Role.ADMIN)
def change_person(session: StaffSession, staff_id: int) -> ResponseReturnValue:
    """Change somebody's name, role and station."""
    form = {name: field(name) for name in _FIELDS}
    try:
        services().staff_desk.change(
            session.user,
            staff_id,
            display_name=form["display_name"],
            role=_role(form["role"]),
            station_id=_station(form),
        )
    except (InvalidInputError, ConflictError) as error:
        return _person_page(session, staff_id, error, form)
    return redirect(url_for("admin.staff", done="updated"), 303)


@bp.post("/staff/<int:staff_id>/disabling")
@staff_required(Role.ADMIN)
def disable_person(session: StaffSession, staff_id: int) -> ResponseReturnValue:
    """Keep somebody out until enabled again."""
    try:
        services().staff_desk.disable(session.user, staff_id)
    except ConflictError as error:
        return _person_page(session, staff_id, error)
    return _done(staff_id, "disabled")


@bp.post("/staff/<int:staff_id>/enabling")
@staff_required(Role.ADMIN)
def enable_person(session: StaffSession, staff_id: int) -> ResponseReturnValue:
    """Let somebody in again."""
    services().staff_desk.enable(session.user, staff_id)
    return _done(staff_id, "enabled")


@bp.post("/staff/<int:staff_id>/sign-out")
@staff_required(Role.ADMIN)
def sign_person_out(session: StaffSession, staff_id: int) -> ResponseReturnValue:
    """End all sessions of somebody."""
    services().staff_desk.end_sessions(session.user, staff_id)
    return _done(staff_id, "ended")


@bp.post("/staff/<int:staff_id>/second-factor-reset")
@staff_required(Role.ADMIN)
def reset_second_factor(session: StaffSession, staff_id: int) -> ResponseReturnValue:
    """Take somebody's second factor away, whose phone is lost."""
    try:
        services().second_factor.reset(session.user, staff_id)
    except ConflictError as error:
        return _person_page(session, staff_id, error)
    return _done(staff_id, "factor-removed")


@bp.post("/staff/<int:staff_id>/password-link")
@staff_required(Role.ADMIN)
def renew_password(session: StaffSession, staff_id: int) -> ResponseReturnValue:
    """Make a link by which somebody sets a new password, and show it, this once."""
    try:
        new = services().invitations.renew_password(session.user, staff_id)
    except ConflictError as error:
        return _person_page(session, staff_id, error)
    return _link(session, new)


def _role(text: str) -> Role:
    """Return the role of a form; without one the lowest, which then lacks its station."""
    return Role(text) if text in set(Role) else Role.STATION


def _station(form: dict[str, str]) -> int | None:
    """Return the station of a form; the other roles' field is looked over."""
    return number(form["station"]) if form["role"] == Role.STATION else None


def _station_names(session: StaffSession) -> dict[int, str]:
    return {each.id: each.name for each in services().stations.list(session.user)}


def _done(staff_id: int, what: str) -> ResponseReturnValue:
    return redirect(url_for("admin.person", staff_id=staff_id, done=what), 303)


def _staff_page(session: StaffSession) -> ResponseReturnValue:
    return show(
        "staff.html",
        session,
        section=_SECTION,
        people=services().staff_desk.people(session.user),
        invitations=services().invitations.list(session.user),
        station_names=_station_names(session),
    )


def _invitation_form(
    session: StaffSession, form: dict[str, str], error: DomainError | None = None
) -> ResponseReturnValue:
    wrong = wrong_fields(error)
    return show(
        "staff_invite.html",
        session,
        status=error.status if error else 200,
        section=_SECTION,
        form=form,
        station_names=_station_names(session),
        wrong=wrong,
        message=None if wrong else message_for(error),
    )


def _link(session: StaffSession, new: NewInvitation) -> ResponseReturnValue:
    return show("staff_link.html", session, section=_SECTION, new=new)


def _person_page(
    session: StaffSession,
    staff_id: int,
    error: DomainError | None = None,
    form: dict[str, str] | None = None,
) -> ResponseReturnValue:
    wrong = wrong_fields(error)
    member = services().staff_desk.person(session.user, staff_id)
    kept = {
        "display_name": member.user.display_name,
        "role": member.user.role.value,
        "station": str(member.user.station_id or ""),
    }
    return show(
        "staff_person.html",
        session,
        status=error.status if error else 200,
        section=_SECTION,
        member=member,
        form=form or kept,
        station_names=_station_names(session),
        wrong=wrong,
        message=None if wrong else message_for(error),
    )
