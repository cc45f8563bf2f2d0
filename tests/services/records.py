"""A few records to look for, and what a search finds of them."""

from __future__ import annotations

from backend.services.staff import OPERATOR
from backend.services.types import Page, RecordRow, SearchFilter
from tests.factories import make_student
from tests.services.worlds import World

STUDENT = make_student(2)
STRANGER = make_student(50)


def fill(world: World) -> None:
    """Students 0 to 3 bound (0 pending, 1 with a draft), 50 waiting."""
    world.pending(0)
    who, binding = world.bound(1)
    world.submit(who, binding)
    world.bound(2)
    world.bound(3)
    world.bind(world.principal(), STRANGER)


def numbers(page: Page[RecordRow]) -> list[str]:
    return [row.student_no for row in page.items]


def find(world: World, **wanted: object) -> list[str]:
    return numbers(
        world.services.search.page(OPERATOR, SearchFilter(**wanted))  # type: ignore[arg-type] # any of its fields
    )
