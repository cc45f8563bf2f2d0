"""Every test of a use case runs on both databases, each time in a fresh one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import records, worlds
from tests.services.worlds import Template, World

BOTH = (
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.needs("postgresql")),
)


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[worlds.Templates]:
    """Filled databases to copy, made when the first test asks."""
    with worlds.Templates(tmp_path_factory.mktemp("templates")) as made:
        yield made


@pytest.fixture(params=BOTH)
def template(request: pytest.FixtureRequest, templates: worlds.Templates) -> Template:
    """The filled database of one kind."""
    return templates.get(request.param)


@pytest.fixture
def world(template: Template, tmp_path: Path) -> Iterator[World]:
    """A small school on a fresh database: services, campaign, stations, accounts."""
    with worlds.open_world(template, tmp_path) as made:
        yield made


@pytest.fixture
def filled(world: World) -> World:
    """The school with the few records of tests.services.records."""
    records.fill(world)
    return world
