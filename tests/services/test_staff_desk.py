from __future__ import annotations

import pytest

from backend.domain.errors import (
    ConflictError,
    InvalidInputError,
    NotAuthenticatedError,
    NotFoundError,
    PermissionDeniedError,
)
from backend.services.staff import OPERATOR
from backend.services.types import NewStaffSession, Role
from tests.services.worlds import ADDRESS, PASSWORD, World, at_once

AGENT = "Mozilla/5.0 (Windows NT 10.0) Gecko/20100101 Firefox/128.0"


def sign_in(world: World, username: str) -> NewStaffSession:
    return world.services.staff.sign_in(
        username, PASSWORD, address=ADDRESS, agent=AGENT
    )


def signed_out(world: World, new: NewStaffSession) -> None:
    with pytest.raises(NotAuthenticatedError, match="not_signed_in"):
        world.services.staff.authenticate(new.token)


def test_accounts_are_listed_with_what_an_administrator_asks_for(world: World) -> None:
    world.services.staff_desk.disable(OPERATOR, world.staff["cs01"].id)
    sign_in(world, "zz02")
    world.clock.move(hours=2)
    last = world.clock.now()
    sign_in(world, "zz02")
    listed = world.services.staff_desk.people(world.staff["admin"])
    assert [each.user.username for each in listed] == [
        "admin",
        "reviewer",
        "zz02",
        "cs01",
    ]
    by_name = {each.user.username: each for each in listed}
    # The first one has been idle for too long to be open.
    assert (by_name["zz02"].sessions, by_name["zz02"].seen_at) == (1, last)
    assert (by_name["admin"].sessions, by_name["admin"].seen_at) == (0, None)
    assert by_name["cs01"].disabled_at is not None
    one = world.services.staff_desk.person(OPERATOR, world.staff["zz02"].id)
    assert one == by_name["zz02"]
    with pytest.raises(NotFoundError, match="staff_not_found"):
        world.services.staff_desk.person(OPERATOR, 999)


def test_own_sessions_are_shown_and_ended(world: World) -> None:
    here, there, other = (sign_in(world, name) for name in ("cs01", "cs01", "zz02"))
    desk = world.services.staff_desk
    listed = desk.own_sessions(here.session)
    assert {(each.id, each.current) for each in listed} == {
        (here.session.id, True),
        (there.session.id, False),
    }
    assert {(each.device, each.address) for each in listed} == {
        ("Firefox · Windows", ADDRESS)
    }
    with pytest.raises(NotFoundError, match="session_not_found"):
        desk.end_own(here.session, other.session.id)
    world.services.staff.authenticate(other.token)
    desk.end_own(here.session, there.session.id)
    signed_out(world, there)
    again = sign_in(world, "cs01")
    desk.end_others(here.session)
    signed_out(world, again)
    assert len(desk.own_sessions(here.session)) == 1


def test_an_administrator_signs_somebody_out_and_keeps_them_out(world: World) -> None:
    desk, cs01 = world.services.staff_desk, world.staff["cs01"].id
    first = sign_in(world, "cs01")
    desk.end_sessions(world.staff["admin"], cs01)
    signed_out(world, first)
    second = sign_in(world, "cs01")
    desk.disable(world.staff["admin"], cs01)
    signed_out(world, second)
    with pytest.raises(NotAuthenticatedError, match="wrong_credentials"):
        sign_in(world, "cs01")
    desk.enable(world.staff["admin"], cs01)
    sign_in(world, "cs01")


def test_another_role_or_station_ends_the_sessions_another_name_does_not(
    world: World,
) -> None:
    desk, cs01 = world.services.staff_desk, world.staff["cs01"]
    session = sign_in(world, "cs01")
    at = {"role": Role.STATION, "station_id": cs01.station_id}
    desk.change(OPERATOR, cs01.id, display_name="新名字", **at)  # type: ignore[arg-type] # of these two
    user = world.services.staff.authenticate(session.token).user
    assert user.display_name == "新名字"
    at["station_id"] = world.stations["ZZ02"]
    desk.change(OPERATOR, cs01.id, display_name="新名字", **at)  # type: ignore[arg-type] # of these two
    signed_out(world, session)
    desk.change(
        OPERATOR, cs01.id, display_name="新名字", role=Role.REVIEWER, station_id=None
    )
    user = sign_in(world, "cs01").session.user
    assert (user.role, user.station_id) == (Role.REVIEWER, None)
    with pytest.raises(InvalidInputError):
        desk.change(
            OPERATOR, cs01.id, display_name="", role=Role.STATION, station_id=None
        )
    with pytest.raises(NotFoundError, match="station_not_found"):
        desk.change(
            OPERATOR, cs01.id, display_name="x", role=Role.STATION, station_id=999
        )


def test_the_last_administrator_stays(world: World) -> None:
    desk, admin = world.services.staff_desk, world.staff["admin"].id
    with pytest.raises(ConflictError, match="last_admin"):
        desk.disable(OPERATOR, admin)
    with pytest.raises(ConflictError, match="last_admin"):
        desk.change(
            OPERATOR, admin, display_name="x", role=Role.REVIEWER, station_id=None
        )


def test_the_last_two_administrators_cannot_disable_each_other(world: World) -> None:
    desk = world.services.staff_desk
    both = world.staff["admin"], world.staff["reviewer"]
    desk.change(
        OPERATOR, both[1].id, display_name="x", role=Role.ADMIN, station_id=None
    )
    at_once([lambda each=each: desk.disable(OPERATOR, each.id) for each in both])  # type: ignore[misc] # bound now
    listed = desk.people(OPERATOR)
    left = [p for p in listed if p.user.role is Role.ADMIN and not p.disabled_at]
    assert len(left) == 1


def test_only_administrators_manage_people(world: World) -> None:
    desk = world.services.staff_desk
    for name in ("reviewer", "cs01"):
        who = world.staff[name]
        with pytest.raises(PermissionDeniedError):
            desk.people(who)
        for act in (desk.person, desk.disable, desk.enable, desk.end_sessions):
            with pytest.raises(PermissionDeniedError):
                act(who, who.id)
        with pytest.raises(PermissionDeniedError):
            desk.change(who, who.id, display_name="x", role=Role.ADMIN, station_id=None)
