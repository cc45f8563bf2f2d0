from __future__ import annotations

import pytest

from backend.domain.errors import (
    ConflictError,
    DomainError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    RefusedError,
)
from backend.domain.report import Verdict
from backend.domain.reviews import SubmissionStatus
from backend.services.staff import OPERATOR
from backend.services.types import BindingStatus, StaffUser, SubmissionView
from tests.factories import make_student
from tests.services.worlds import World, at_once


def _approve(world: World, who: StaffUser, photo: SubmissionView) -> SubmissionView:
    return world.services.reviews.decide(
        who,
        photo.public_id,
        action="approve",
        reasons=(),
        note="",
        expected_version=photo.version,
    )


def _return(
    world: World,
    photo: SubmissionView,
    *,
    reasons: tuple[str, ...] = ("背景不均匀",),
    note: str = "",
) -> SubmissionView:
    return world.services.reviews.decide(
        world.staff["reviewer"],
        photo.public_id,
        action="return",
        reasons=reasons,
        note=note,
        expected_version=photo.version,
    )


def test_an_approval_is_logged_with_the_persons_name(world: World) -> None:
    *_, photo = world.pending(0)
    approved = _approve(world, world.staff["reviewer"], photo)
    assert approved.status is SubmissionStatus.APPROVED
    assert approved.history[-1].who == "reviewer"
    seen = world.services.search.submission(OPERATOR, photo.public_id)
    assert seen.decided_by == "reviewer 老师"
    newest = world.services.audit.page(OPERATOR).items[0]
    assert (newest.actor, newest.action) == ("reviewer", "submission.approved")


def test_the_operator_decides_without_an_account(world: World) -> None:
    *_, photo = world.pending(0)
    _approve(world, OPERATOR, photo)
    assert not world.services.search.submission(OPERATOR, photo.public_id).decided_by


def test_an_approved_portrait_may_still_be_returned(world: World) -> None:
    *_, photo = world.pending(0)
    approved = _approve(world, OPERATOR, photo)
    returned = _return(world, approved, note="请重拍")
    assert returned.status is SubmissionStatus.RETURNED
    assert returned.return_note == "请重拍"
    assert returned.history[-1].note == "背景不均匀; 请重拍"


def test_a_return_says_why(world: World) -> None:
    *_, photo = world.pending(0)
    with pytest.raises(InvalidInputError, match="reasons_required"):
        _return(world, photo, reasons=(), note="  ")


@pytest.mark.parametrize(("reason", "note"), [("由" * 200, "注"), ("由", "注" * 501)])
def test_words_that_do_not_fit_are_refused(
    world: World, reason: str, note: str
) -> None:
    *_, photo = world.pending(0)
    with pytest.raises(InvalidInputError, match="invalid_input"):
        _return(world, photo, reasons=(reason,), note=note)


def test_the_longest_words_that_are_taken_fit(world: World) -> None:
    *_, photo = world.pending(0)
    returned = _return(world, photo, reasons=("由" * 198,), note="注" * 500)
    assert returned.return_note == "注" * 500


def test_a_decision_on_what_changed_meanwhile_is_stale(world: World) -> None:
    who, _, photo = world.pending(0)
    world.services.submissions.withdraw(who, photo.public_id)
    with pytest.raises(ConflictError, match="stale_decision"):
        _approve(world, OPERATOR, photo)


def test_of_many_decisions_at_once_one_counts(world: World) -> None:
    *_, photo = world.pending(0)
    answers = at_once(
        [lambda: _approve(world, OPERATOR, photo), lambda: _return(world, photo)] * 5,
        threads=10,
    )
    assert len([a for a in answers if isinstance(a, SubmissionView)]) == 1
    refused = {a.code for a in answers if isinstance(a, DomainError)}
    assert refused == {"stale_decision"}


def test_a_photo_without_a_portrait_cannot_be_approved(world: World) -> None:
    *_, photo = world.pending(0, Verdict.FAIL)
    with pytest.raises(RefusedError, match="photo_not_acceptable"):
        _approve(world, OPERATOR, photo)
    assert _return(world, photo).status is SubmissionStatus.RETURNED


def test_a_draft_cannot_be_approved(world: World) -> None:
    who, binding = world.bound(0)
    with pytest.raises(ConflictError, match="illegal_transition"):
        _approve(world, OPERATOR, world.submit(who, binding))


def test_a_station_account_decides_nothing(world: World) -> None:
    _, binding, photo = world.pending(0)
    with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
        _approve(world, world.staff["cs01"], photo)
    for name in ("cs01", "reviewer"):
        with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
            world.services.reviews.release_binding(
                world.staff[name], binding.public_id, "认错人"
            )


def test_an_unknown_photo_is_not_found(world: World) -> None:
    *_, photo = world.pending(0)
    with pytest.raises(NotFoundError, match="submission_not_found"):
        world.services.reviews.decide(
            OPERATOR,
            "x" * 22,
            action="approve",
            reasons=(),
            note="",
            expected_version=photo.version,
        )


def test_a_release_frees_code_and_student_once(world: World) -> None:
    _, binding, _ = world.pending(0)
    for _ in range(2):
        world.services.reviews.release_binding(OPERATOR, binding.public_id, " 认错人 ")
    record = world.services.search.record(OPERATOR, binding.public_id)
    assert record.row.binding_status is BindingStatus.RELEASED
    assert [step.status for step in record.history] == ["bound", "released"]
    assert record.history[-1].note == "认错人"
    again = world.bind(world.principal(), make_student(0))
    assert again.status is BindingStatus.ACTIVE


@pytest.mark.parametrize("reason", ["", "  ", "由" * 201])
def test_a_release_says_why(world: World, reason: str) -> None:
    _, binding = world.bound(0)
    with pytest.raises(InvalidInputError):
        world.services.reviews.release_binding(OPERATOR, binding.public_id, reason)


def test_an_approved_record_is_not_released(world: World) -> None:
    _, binding, photo = world.pending(0)
    _approve(world, OPERATOR, photo)
    with pytest.raises(ConflictError, match="submission_settled"):
        world.services.reviews.release_binding(OPERATOR, binding.public_id, "认错人")


def test_the_photo_of_a_released_binding_is_not_reviewed(world: World) -> None:
    _, binding, photo = world.pending(0)
    world.services.reviews.release_binding(OPERATOR, binding.public_id, "认错人")
    with pytest.raises(ConflictError, match="binding_released"):
        _approve(world, OPERATOR, photo)


def test_a_photo_returned_after_the_end_can_be_taken_again_for_a_week(
    world: World,
) -> None:
    who, binding, pending = world.pending(0)
    world.clock.move(days=40)
    with pytest.raises(GoneError):
        world.submit(who, binding)
    _return(world, pending)
    again = world.services.submissions.confirm(
        who, world.submit(who, binding).public_id
    )
    assert again.status is SubmissionStatus.PENDING
    world.clock.move(days=7)
    with pytest.raises(GoneError):
        world.submit(who, binding)
