"""The same picture handed in for two people is pointed out to the reviewer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import func, select

from backend.db import likenesses, submissions
from backend.db.review_models import Likeness, LikenessBand
from backend.domain.errors import NotFoundError
from backend.domain.report import Verdict
from backend.services.likenesses import Twin
from backend.services.staff import OPERATOR
from backend.services.types import SubmissionView
from tests.factories import make_student
from tests.services.worlds import World

SIGHT = "5" * 64


def flipped(bits: int) -> str:
    """Return the sight with so many of its bits changed, in as many bands as there are."""
    return f"{int(SIGHT, 16) ^ sum(1 << 6 * n for n in range(bits)):064x}"


def shown(world: World, photo: SubmissionView) -> list[Twin]:
    return list(
        world.services.likenesses.twins(world.staff["reviewer"], photo.public_id)
    )


def test_a_copy_is_found_whichever_way_it_was_coded(world: World) -> None:
    photos = []
    for n, sight in enumerate((SIGHT, flipped(5), flipped(40))):
        world.inspector.likeness = sight
        photos.append(world.pending(n)[2])
    (twin,) = shown(world, photos[0])
    assert twin.submission_id == photos[1].public_id
    assert twin.student_name == make_student(1).name
    assert (twin.station_name, twin.same_file) == ("株洲示范函授站", False)
    assert [t.submission_id for t in shown(world, photos[1])] == [photos[0].public_id]
    assert shown(world, photos[2]) == []


def test_the_same_file_is_found_without_any_portrait(world: World) -> None:
    world.inspector.verdict = Verdict.FAIL
    photos = []
    for n in range(2):
        who, binding = world.bound(n)
        draft = world.services.submissions.submit(
            who, binding.public_id, b"the same bytes", filename="a.jpg"
        )
        photos.append(world.services.submissions.request_review(who, draft.public_id))
    (twin,) = shown(world, photos[0])
    assert (twin.same_file, twin.has_portrait) == (True, False)
    assert twin.submission_id == photos[1].public_id


def test_what_is_taken_back_or_released_is_no_twin(world: World) -> None:
    world.inspector.likeness = SIGHT
    *_, photo = world.pending(0)
    who, _, other = world.pending(1)
    *_, loose = world.pending(2)
    world.services.reviews.release_binding(OPERATOR, loose.binding_public_id, "换人")
    assert [t.submission_id for t in shown(world, photo)] == [other.public_id]
    world.services.submissions.withdraw(who, other.public_id)
    assert shown(world, photo) == []
    with world.db.reading() as session:
        bands = select(func.count()).select_from(LikenessBand)
        assert session.execute(bands).scalar_one() == 16
        row, _ = submissions.get_submission(session, other.public_id)
        assert session.get(Likeness, row.id) is None
        assert likenesses.likeness_of(session, row.id) is None
    with pytest.raises(NotFoundError):
        world.services.likenesses.twins(world.staff["admin"], "nothing")


def test_one_person_may_hand_one_photo_in_twice(world: World) -> None:
    world.inspector.likeness = SIGHT
    *_, photo = world.pending(0)
    student = make_student(0)
    second = replace(make_student(20), name=student.name, id_number=student.id_number)
    world.add_student(second)
    who = world.principal()
    binding = world.bind(who, second)
    draft = world.submit(who, binding)
    world.services.submissions.confirm(who, draft.public_id)
    assert shown(world, photo) == []
    # Somebody the roster does not know yet is told by what they said of themselves.
    unknown = make_student(30)
    stranger = world.principal()
    loose = world.bind(stranger, unknown)
    draft = world.submit(stranger, loose)
    world.services.submissions.confirm(stranger, draft.public_id)
    (twin,) = shown(world, photo)
    assert (twin.student_name, twin.student_no) == (unknown.masked_name, "")
