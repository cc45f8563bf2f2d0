from __future__ import annotations

from pathlib import Path

import pytest

from backend.services.types import Role
from backend.web.admin.navigation import AREAS, menu
from tests.web.console import make_school


def test_every_key_and_place_is_there_once() -> None:
    places = [place for area in AREAS for place in area.places]
    assert len({place.key for place in places}) == len(places)
    assert len({place.endpoint for place in places}) == len(places)
    # These are used inside pages.
    assert {place.key for place in places}.isdisjoint("qnpar")


@pytest.mark.parametrize("role", Role)
def test_a_role_is_led_only_where_it_may_go(tmp_path: Path, role: Role) -> None:
    school = make_school(tmp_path, students=0)
    who = {"admin": "admin", "reviewer": "reviewer", "station": "cs01"}[role]
    client = school.client(who)
    home = client.get("/admin/").text
    for place in (place for area in AREAS for place in area.places):
        view = school.app.view_functions[place.endpoint]
        allowed = role in getattr(view, "__caller__", frozenset())
        assert (role in place.roles) == allowed, place.endpoint
        assert (f'accesskey="{place.key}"' in home) == allowed, place.endpoint
    school.db.dispose()


def test_the_place_that_is_open_is_marked() -> None:
    here = menu(Role.ADMIN, "admin.stations")
    assert here.area is not None
    assert here.area.label == "函授站"
    assert menu(Role.ADMIN, "admin.nowhere").area is None
    assert all(area.label != "设置" for area in menu(Role.STATION, "").areas)
