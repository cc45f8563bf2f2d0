from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.errors import (
    ConflictError,
    DomainError,
    GoneError,
    InvalidInputError,
    NotAuthenticatedError,
    NotFoundError,
    PermissionDeniedError,
    TooManyAttemptsError,
)
from backend.services.staff import OPERATOR
from backend.services.types import NewInvitation, Role, StaffUser
from tests.services.worlds import ADDRESS, PASSWORD, World, at_once

NEW_PASSWORD = "another invented passphrase"


def invite(world: World, username: str = "xin", **changes: object) -> NewInvitation:
    usual: dict[str, object] = {
        "display_name": "新老师",
        "role": Role.STATION,
        "station_id": world.stations["CS01"],
    }
    return world.services.invitations.invite(
        world.staff["admin"],
        username=username,
        **usual | changes,  # type: ignore[arg-type] # any of its fields
    )


def token(new: NewInvitation) -> str:
    page, _, token = new.url.partition("#")
    assert page == "https://photos.example.edu/admin/invitation"
    return token


def accept(world: World, new: NewInvitation, password: str = PASSWORD) -> StaffUser:
    return world.services.invitations.accept(token(new), password, address=ADDRESS)


def test_the_invited_person_sets_the_password_and_signs_in(world: World) -> None:
    new = invite(world)
    service = world.services.invitations
    (listed,) = service.list(OPERATOR)
    assert listed == new.invitation == service.look(token(new), address=ADDRESS)
    with pytest.raises(InvalidInputError) as caught:
        accept(world, new, "新老师-2026-新老师")
    assert caught.value.violations[0].code == "password_personal"
    user = accept(world, new)
    assert (user.role, user.station_id) == (Role.STATION, world.stations["CS01"])
    opened = world.services.staff.sign_in("xin", PASSWORD, address=ADDRESS)
    assert opened.session.user == user
    assert service.list(OPERATOR) == ()
    with pytest.raises(GoneError, match="invitation_over"):
        service.look(token(new), address=ADDRESS)
    with pytest.raises(GoneError, match="invitation_over"):
        accept(world, new)


def test_of_two_who_use_a_link_at_once_one_makes_the_account(world: World) -> None:
    new = invite(world)
    answers = at_once([lambda: accept(world, new)] * 4)
    assert sum(isinstance(each, StaffUser) for each in answers) == 1
    assert all(isinstance(each, StaffUser | DomainError) for each in answers)


def test_an_invitation_runs_out_and_can_be_given_a_new_link(world: World) -> None:
    old = invite(world)
    service = world.services.invitations
    world.clock.move(days=7)
    with pytest.raises(GoneError):
        accept(world, old)
    new = service.reissue(OPERATOR, old.invitation.id)
    assert new.invitation.expires_at == world.clock.now() + timedelta(days=7)
    with pytest.raises(NotFoundError):
        accept(world, old)
    accept(world, new)
    with pytest.raises(NotFoundError):
        service.reissue(OPERATOR, old.invitation.id)


def test_a_withdrawn_invitation_opens_nothing(world: World) -> None:
    new = invite(world)
    service = world.services.invitations
    with pytest.raises(ConflictError, match="invitation_open"):
        invite(world)
    service.withdraw(OPERATOR, new.invitation.id)
    with pytest.raises(GoneError):
        accept(world, new)
    with pytest.raises(NotFoundError):
        service.withdraw(OPERATOR, new.invitation.id)
    accept(world, invite(world))


def test_a_link_renews_a_password_and_ends_the_sessions(world: World) -> None:
    staff, service = world.services.staff, world.services.invitations
    opened = staff.sign_in("cs01", PASSWORD, address=ADDRESS)
    first = service.renew_password(OPERATOR, world.staff["cs01"].id)
    second = service.renew_password(OPERATOR, world.staff["cs01"].id)
    with pytest.raises(GoneError):
        accept(world, first, NEW_PASSWORD)
    assert second.invitation.renews_password
    # Until it is used, the old password is good.
    staff.authenticate(opened.token)
    assert accept(world, second, NEW_PASSWORD) == world.staff["cs01"]
    with pytest.raises(NotAuthenticatedError):
        staff.authenticate(opened.token)
    staff.sign_in("cs01", NEW_PASSWORD, address=ADDRESS)


def test_a_disabled_account_gets_no_new_password(world: World) -> None:
    cs01, service = world.staff["cs01"].id, world.services.invitations
    new = service.renew_password(OPERATOR, cs01)
    world.services.staff_desk.disable(OPERATOR, cs01)
    with pytest.raises(GoneError):
        accept(world, new)
    with pytest.raises(ConflictError, match="staff_disabled"):
        service.renew_password(OPERATOR, cs01)


def test_what_is_wrong_with_an_invitation_is_said(world: World) -> None:
    with pytest.raises(InvalidInputError) as caught:
        invite(world, "有 空格", display_name="", role=Role.ADMIN)
    assert {each.field for each in caught.value.violations} == {
        "username",
        "display_name",
        "station",
    }
    with pytest.raises(ConflictError, match="username_taken"):
        invite(world, "cs01")
    with pytest.raises(NotFoundError, match="station_not_found"):
        invite(world, station_id=999)


def test_trying_out_tokens_is_slowed_down(world: World) -> None:
    service = world.services.invitations
    for n in range(30):
        with pytest.raises(NotFoundError):
            service.look(f"token {n}", address=ADDRESS)
    with pytest.raises(TooManyAttemptsError):
        service.look(token(invite(world)), address=ADDRESS)


def test_only_administrators_invite(world: World) -> None:
    service, new = world.services.invitations, invite(world)
    for name in ("reviewer", "cs01"):
        who, at = world.staff[name], new.invitation.id
        for act in (
            lambda who=who: service.list(who),
            lambda who=who, at=at: service.reissue(who, at),
            lambda who=who, at=at: service.withdraw(who, at),
            lambda who=who: service.renew_password(who, who.id),
            lambda who=who: service.invite(
                who,
                username="y",
                display_name="y",
                role=Role.ADMIN,
                station_id=None,
            ),
        ):
            with pytest.raises(PermissionDeniedError):
                act()
