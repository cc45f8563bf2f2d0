from __future__ import annotations

import pytest

from backend.domain.errors import (
    ConflictError,
    InvalidInputError,
    NotAuthenticatedError,
    NotFoundError,
    PermissionDeniedError,
    TooManyAttemptsError,
)
from backend.services.staff import OPERATOR
from backend.services.types import NewStaffSession, Role
from tests.services.worlds import ADDRESS, PASSWORD, World

NEW_PASSWORD = "another invented passphrase"


def _sign_in(
    world: World,
    username: str = "admin",
    password: str = PASSWORD,
    address: str = ADDRESS,
) -> NewStaffSession:
    return world.services.staff.sign_in(username, password, address=address)


def _refused(world: World, username: str = "admin", address: str = ADDRESS) -> None:
    with pytest.raises(NotAuthenticatedError, match="wrong_credentials"):
        _sign_in(world, username, "not the passphrase", address)


def test_the_right_password_opens_a_session_and_is_audited(world: World) -> None:
    new = _sign_in(world, "cs01")
    session = world.services.staff.authenticate(new.token)
    assert session == new.session
    assert session.user == world.staff["cs01"]
    event = world.services.audit.page(OPERATOR).items[0]
    assert (event.actor, event.action, event.address) == (
        "cs01",
        "staff.sign_in",
        ADDRESS,
    )


@pytest.mark.parametrize("username", ["admin", "nobody", "", "a\0b"])
def test_a_refusal_never_says_which_part_was_wrong(world: World, username: str) -> None:
    with pytest.raises(NotAuthenticatedError) as caught:
        _sign_in(world, username, "not the passphrase")
    assert caught.value.code == "wrong_credentials"
    assert caught.value.data == {}


def test_what_was_typed_as_an_unknown_user_is_not_kept(world: World) -> None:
    _refused(world, "perhaps-a-passphrase")
    event = world.services.audit.page(OPERATOR).items[0]
    assert (event.actor, event.action) == ("unknown", "staff.sign_in_refused")


def test_the_lock_out_grows_and_expires(world: World) -> None:
    for _ in range(5):
        _refused(world)
    waits = []
    for _ in range(9):
        with pytest.raises(TooManyAttemptsError) as caught:
            _sign_in(world)
        waits.append(int(caught.value.data["retry_after"]))
        world.clock.move(seconds=waits[-1])
        _refused(world)
    assert waits[:3] == [31, 61, 121]
    assert waits[-1] == 3601
    world.clock.move(hours=1)
    assert _sign_in(world).session.user.username == "admin"


def test_a_success_forgets_the_failures(world: World) -> None:
    for _ in range(3):
        for _ in range(4):
            _refused(world)
        _sign_in(world)


def test_an_address_that_tries_many_names_is_slowed_down(world: World) -> None:
    for n in range(30):
        _refused(world, f"name{n}")
    with pytest.raises(TooManyAttemptsError):
        _sign_in(world)
    _sign_in(world, address="198.51.100.7")


def test_a_session_ends_when_idle_and_lives_on_when_used(world: World) -> None:
    idle, used = _sign_in(world), _sign_in(world)
    for _ in range(2):
        world.clock.move(minutes=45)
        world.services.staff.authenticate(used.token)
    with pytest.raises(NotAuthenticatedError, match="session_expired"):
        world.services.staff.authenticate(idle.token)


def test_a_session_ends_after_its_lifetime_however_busy(world: World) -> None:
    new = _sign_in(world)
    for _ in range(23):
        world.clock.move(minutes=30)
        world.services.staff.authenticate(new.token)
    world.clock.move(minutes=30)
    with pytest.raises(NotAuthenticatedError, match="session_expired"):
        world.services.staff.authenticate(new.token)


def test_signing_out_ends_the_session(world: World) -> None:
    new = _sign_in(world)
    world.services.staff.sign_out(new.session)
    for token in (new.token, "no token"):
        with pytest.raises(NotAuthenticatedError, match="not_signed_in"):
            world.services.staff.authenticate(token)


def test_a_changed_password_ends_the_other_sessions(world: World) -> None:
    here, there = _sign_in(world), _sign_in(world)
    world.services.staff.change_password(here.session, PASSWORD, NEW_PASSWORD)
    assert world.services.staff.authenticate(here.token) == here.session
    with pytest.raises(NotAuthenticatedError, match="not_signed_in"):
        world.services.staff.authenticate(there.token)
    _refused(world)
    _sign_in(world, password=NEW_PASSWORD)


def test_all_that_is_wrong_with_a_changed_password_is_said(world: World) -> None:
    here = _sign_in(world)
    with pytest.raises(InvalidInputError) as caught:
        world.services.staff.change_password(here.session, "wrong", "short")
    assert [(v.field, v.code) for v in caught.value.violations] == [
        ("old_password", "wrong_password"),
        ("new_password", "password_length"),
    ]


def test_an_administrator_resets_a_password_and_ends_the_sessions(world: World) -> None:
    there = _sign_in(world, "cs01")
    staff = world.services.staff
    staff.reset_password(world.staff["admin"], "cs01", NEW_PASSWORD)
    with pytest.raises(NotAuthenticatedError, match="not_signed_in"):
        staff.authenticate(there.token)
    _sign_in(world, "cs01", NEW_PASSWORD)
    with pytest.raises(NotFoundError, match="staff_not_found"):
        staff.reset_password(OPERATOR, "nobody", NEW_PASSWORD)
    with pytest.raises(InvalidInputError):
        staff.reset_password(OPERATOR, "cs01", "short")
    with pytest.raises(PermissionDeniedError):
        staff.reset_password(world.staff["cs01"], "admin", NEW_PASSWORD)


def test_only_administrators_keep_accounts(world: World) -> None:
    listed = world.services.staff.list(world.staff["admin"])
    assert [user.username for user in listed] == ["admin", "cs01", "reviewer", "zz02"]
    for name in ("reviewer", "cs01"):
        with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
            world.services.staff.list(world.staff[name])
        with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
            world.services.staff.add(
                world.staff[name],
                username="new",
                display_name="新",
                role=Role.ADMIN,
                station_id=None,
                password=PASSWORD,
            )


def test_a_user_name_is_given_once(world: World) -> None:
    with pytest.raises(ConflictError, match="username_taken"):
        world.services.staff.add(
            OPERATOR,
            username="admin",
            display_name="另一个",
            role=Role.ADMIN,
            station_id=None,
            password=PASSWORD,
        )


def test_all_that_is_wrong_with_an_account_is_said_at_once(world: World) -> None:
    with pytest.raises(InvalidInputError) as caught:
        world.services.staff.add(
            OPERATOR,
            username="有 空格",
            display_name="",
            role=Role.STATION,
            station_id=None,
            password="short",
        )
    assert {v.field for v in caught.value.violations} == {
        "username",
        "display_name",
        "password",
        "station",
    }


def test_an_account_of_no_station_there_is_is_refused(world: World) -> None:
    with pytest.raises(NotFoundError, match="station_not_found"):
        world.services.staff.add(
            OPERATOR,
            username="cs99",
            display_name="无站",
            role=Role.STATION,
            station_id=999,
            password=PASSWORD,
        )
