"""The list for a broken line and what staff may ask of the camera's helper."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from backend.db.models import Student
from backend.domain.errors import NotFoundError, PermissionDeniedError
from backend.domain.guidance import Hint
from tests.factories import make_student
from tests.services.worlds import World

CAMERA = (480, 640)


def test_the_list_holds_those_of_the_station_who_need_a_photo(world: World) -> None:
    with world.db.transaction() as session:
        exempt = session.scalars(
            select(Student).where(Student.student_no == make_student(2).student_no)
        ).one()
        exempt.exempt_reason = "休学"
        station = exempt.station_id
    found = world.services.on_site.roster(world.staff["admin"], world.campaign, station)
    people = [make_student(n) for n in (0, 4, 6)]
    assert sorted(one.name for one in found) == sorted(one.name for one in people)
    assert {one.student_no_tail for one in found} == {
        one.student_no[-4:] for one in people
    }
    # A list in a log names nobody.
    assert all(one.name not in repr(found) for one in people)


@pytest.mark.parametrize(
    "ask",
    [
        lambda world, who: world.services.on_site.roster(who, world.campaign, 1),
        lambda world, who: world.services.on_site.read_code(who, b"picture"),
        lambda world, who: world.services.guidance.look_on_site(
            who, world.campaign, b"frame", picture=CAMERA
        ),
    ],
    ids=["roster", "code", "guidance"],
)
def test_a_reviewer_collects_nothing(
    world: World, ask: Callable[[World, object], object]
) -> None:
    with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
        ask(world, world.staff["reviewer"])
    assert world.inspector.glanced == []


def test_a_frame_needs_a_campaign_and_no_student(world: World) -> None:
    look, station = world.services.guidance.look_on_site, world.staff["cs01"]
    assert look(station, world.campaign, b"frame", picture=CAMERA).hint is Hint.READY
    with pytest.raises(NotFoundError, match="campaign_not_found"):
        look(station, 999, b"frame", picture=CAMERA)
