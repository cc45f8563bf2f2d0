from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from backend.db.models import Student
from backend.domain.errors import (
    CodeUnreadableError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from backend.services.roster import NewStudent
from backend.services.staff import OPERATOR
from tests.factories import make_student
from tests.services.worlds import ON_ROSTER, World, new_campaign, new_student


def _students(world: World) -> int:
    with world.db.reading() as session:
        return session.scalar(select(func.count()).select_from(Student)) or 0


def _new(n: int, **changes: object) -> NewStudent:
    return replace(new_student(make_student(n), "CS01"), **changes)  # type: ignore[arg-type] # any of its fields


def test_students_are_added_all_or_none(world: World) -> None:
    add = world.services.roster.add_students
    assert add(OPERATOR, world.campaign, [_new(20), _new(21)]) == 2
    with pytest.raises(ConflictError, match="student_no_taken"):
        add(OPERATOR, world.campaign, [_new(22), _new(0)])
    assert _students(world) == ON_ROSTER + 2


def test_nobody_is_added_with_a_number_that_is_none(world: World) -> None:
    with pytest.raises(InvalidInputError) as caught:
        world.services.roster.add_students(
            OPERATOR, world.campaign, [_new(20, id_number="110101199001010000")]
        )
    assert "110101199001010000" not in repr(caught.value)
    assert _students(world) == ON_ROSTER


def test_a_code_that_is_none_or_somebodys_is_refused(world: World) -> None:
    add = world.services.roster.add_students
    with pytest.raises(CodeUnreadableError):
        add(OPERATOR, world.campaign, [_new(20, code="?")])
    code = make_student(20).payload
    with pytest.raises(ConflictError):
        add(OPERATOR, world.campaign, [_new(20, code=code), _new(21, code=code)])


def test_campaign_and_station_must_be_there(world: World) -> None:
    add = world.services.roster.add_students
    with pytest.raises(NotFoundError, match="campaign_not_found"):
        add(OPERATOR, 999, [_new(20)])
    with pytest.raises(NotFoundError, match="station_not_found"):
        add(OPERATOR, world.campaign, [_new(20, station_code="XX")])


def test_words_too_long_for_the_roster_are_bad_input_and_never_repeated(
    world: World,
) -> None:
    long = "9" * 31
    if world.db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite keeps text of any length")
    with pytest.raises(InvalidInputError) as caught:
        world.services.roster.add_students(
            OPERATOR, world.campaign, [_new(20, student_no=long)]
        )
    assert long not in str(caught.value)


def test_the_identity_number_is_kept_sealed(world: World) -> None:
    student = make_student(0)
    with world.db.reading() as session:
        row = session.execute(
            select(Student).where(Student.student_no == student.student_no)
        ).scalar_one()
    assert student.id_number.encode() not in row.id_number_sealed
    opened = world.adapters.vault.open(row.id_number_sealed, purpose="id_number")
    assert opened == student.id_number


def test_a_campaign_has_a_window_and_a_name_of_its_own(world: World) -> None:
    create, now = world.services.roster.create_campaign, world.clock.now()
    with pytest.raises(InvalidInputError):
        create(OPERATOR, new_campaign(world, name="新", opens_at=now, closes_at=now))
    with pytest.raises(ConflictError, match="campaign_name_taken"):
        create(OPERATOR, new_campaign(world))
    assert not world.services.roster.is_empty()


def test_only_administrators_fill_the_roster(world: World) -> None:
    roster = world.services.roster
    for name in ("reviewer", "cs01"):
        with pytest.raises(PermissionDeniedError):
            roster.add_students(world.staff[name], world.campaign, [])
        with pytest.raises(PermissionDeniedError):
            roster.create_campaign(world.staff[name], new_campaign(world, name="新"))
