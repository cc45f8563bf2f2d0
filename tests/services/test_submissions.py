from __future__ import annotations

import io

import pytest
from PIL import Image
from skimage import data as pictures

from backend.domain.errors import (
    ConflictError,
    DomainError,
    GoneError,
    NotFoundError,
    PermissionDeniedError,
    PhotoUnreadableError,
    RefusedError,
)
from backend.domain.report import Verdict
from backend.domain.reviews import SubmissionStatus
from backend.imaging.inspector import MediaPipeInspector
from backend.services.staff import OPERATOR
from backend.services.types import MediaKind, SubmissionView
from tests.services.worlds import World, at_once


def test_a_photo_is_judged_confirmed_and_then_pending(world: World) -> None:
    who, binding = world.bound(0)
    draft = world.submit(who, binding)
    assert draft.status is SubmissionStatus.DRAFT
    assert draft.can_confirm
    assert not draft.can_request_review
    pending = world.services.submissions.confirm(who, draft.public_id)
    assert pending.status is SubmissionStatus.PENDING
    assert pending.confirmed_at == world.clock.now()
    assert [step.status for step in pending.history] == ["draft", "pending"]
    assert world.services.submissions.current(who, binding.public_id) == pending
    again = world.services.submissions.confirm(who, draft.public_id)
    assert again == pending
    assert world.services.bindings.get(who, binding.public_id).has_submission


def test_a_real_face_is_judged_by_the_real_inspector(world: World) -> None:
    out = io.BytesIO()
    portrait = pictures.astronaut()  # type: ignore[no-untyped-call] # scikit-image is
    Image.fromarray(portrait).save(out, "PNG")
    services = world.inspected_by(MediaPipeInspector())
    who, binding = world.bound(0)
    view = services.submissions.submit(
        who, binding.public_id, out.getvalue(), filename="me.png"
    )
    assert services.submissions.get(who, view.public_id) == view
    assert len(view.report.findings) > 20
    overlay = services.submissions.media(who, view.public_id, MediaKind.OVERLAY)
    assert overlay.data.startswith(b"\xff\xd8")
    original = services.submissions.media(who, view.public_id, MediaKind.ORIGINAL)
    assert original.data == out.getvalue()
    assert original.content_type == "image/png"
    assert original.filename.endswith(".png")
    with pytest.raises(PhotoUnreadableError):
        services.submissions.submit(who, binding.public_id, b"no photo", filename=None)


def test_the_same_bytes_find_their_receipt(world: World) -> None:
    who, binding = world.bound(0)
    photo = world.photo()
    service = world.services.submissions
    first = service.submit(who, binding.public_id, photo, filename="a.jpg")
    second = service.submit(who, binding.public_id, photo, filename="b.jpg")
    assert first == second
    assert len(world.inspector.seen) == 1


def test_the_same_bytes_fifty_times_at_once_are_one_submission(world: World) -> None:
    who, binding = world.bound(0)
    photo = world.photo()

    def submit() -> SubmissionView:
        return world.services.submissions.submit(
            who, binding.public_id, photo, filename=None
        )

    answers = at_once([submit] * 50)
    assert not [a for a in answers if isinstance(a, DomainError)]
    assert len({a.public_id for a in answers if isinstance(a, SubmissionView)}) == 1
    assert len(world.services.submissions.all_of(who, binding.public_id)) == 1


def test_different_photos_at_once_leave_one_draft(world: World) -> None:
    who, binding = world.bound(0)
    answers = at_once([lambda: world.submit(who, binding)] * 8, threads=8)
    assert not [a for a in answers if isinstance(a, DomainError)]
    states = [
        photo.status
        for photo in world.services.submissions.all_of(who, binding.public_id)
    ]
    assert states.count(SubmissionStatus.DRAFT) == 1
    assert set(states) <= {SubmissionStatus.DRAFT, SubmissionStatus.SUPERSEDED}


def test_one_draft_confirmed_many_times_at_once_is_one_pending(world: World) -> None:
    who, binding = world.bound(0)
    draft = world.submit(who, binding)
    answers = at_once(
        [lambda: world.services.submissions.confirm(who, draft.public_id)] * 16
    )
    assert {a.status if isinstance(a, SubmissionView) else a.code for a in answers} == {
        SubmissionStatus.PENDING
    }
    (only,) = world.services.submissions.all_of(who, binding.public_id)
    assert [step.status for step in only.history] == ["draft", "pending"]


def test_two_photos_confirmed_at_once_leave_one_handed_in(world: World) -> None:
    who, binding, first = world.pending(0)
    drafts = [world.submit(who, binding)]
    at_once(
        [
            lambda: world.services.submissions.confirm(who, drafts[0].public_id),
            lambda: world.services.submissions.withdraw(who, first.public_id),
        ]
        * 2,
        threads=4,
    )
    states = [
        photo.status
        for photo in world.services.submissions.all_of(who, binding.public_id)
    ]
    assert states[0] is SubmissionStatus.PENDING
    assert states[1] in {SubmissionStatus.WITHDRAWN, SubmissionStatus.SUPERSEDED}


def test_a_new_photo_supersedes_the_draft(world: World) -> None:
    who, binding = world.bound(0)
    first = world.submit(who, binding)
    second = world.submit(who, binding)
    service = world.services.submissions
    assert service.get(who, first.public_id).status is SubmissionStatus.SUPERSEDED
    assert service.current(who, binding.public_id) == second
    with pytest.raises(ConflictError, match="illegal_transition"):
        service.confirm(who, first.public_id)


def test_an_earlier_photo_uploaded_again_is_the_draft_again(world: World) -> None:
    who, binding = world.bound(0)
    photo, service = world.photo(), world.services.submissions
    first = service.submit(who, binding.public_id, photo, filename=None)
    second = world.submit(who, binding)
    again = service.submit(who, binding.public_id, photo, filename=None)
    assert again.public_id == first.public_id
    assert again.status is SubmissionStatus.DRAFT
    assert service.get(who, second.public_id).status is SubmissionStatus.SUPERSEDED


def test_a_photo_once_handed_in_and_replaced_is_not_revived(world: World) -> None:
    who, binding = world.bound(0)
    photo, service = world.photo(), world.services.submissions
    first = service.submit(who, binding.public_id, photo, filename=None)
    service.confirm(who, first.public_id)
    service.confirm(who, world.submit(who, binding).public_id)
    again = service.submit(who, binding.public_id, photo, filename=None)
    assert again.public_id == first.public_id
    assert again.status is SubmissionStatus.SUPERSEDED


def test_handing_another_photo_in_supersedes_what_was_pending(world: World) -> None:
    who, binding, first = world.pending(0)
    service = world.services.submissions
    second = service.confirm(who, world.submit(who, binding).public_id)
    assert second.status is SubmissionStatus.PENDING
    assert service.get(who, first.public_id).status is SubmissionStatus.SUPERSEDED


def test_a_returned_photo_may_be_replaced(world: World) -> None:
    who, binding, first = world.pending(0)
    returned = world.services.reviews.decide(
        world.staff["reviewer"],
        first.public_id,
        action="return",
        reasons=("背景不均匀",),
        note="请重拍",
        expected_version=first.version,
    )
    assert returned.status is SubmissionStatus.RETURNED
    seen = world.services.submissions.get(who, first.public_id)
    assert seen.return_reasons == ("背景不均匀",)
    assert seen.can_resubmit
    assert {step.who for step in seen.history} == {""}
    with pytest.raises(ConflictError, match="illegal_transition"):
        world.services.submissions.confirm(who, first.public_id)
    draft = world.submit(who, binding)
    world.services.submissions.confirm(who, draft.public_id)
    old = world.services.submissions.get(who, first.public_id)
    assert old.status is SubmissionStatus.SUPERSEDED


def test_an_approved_portrait_is_settled(world: World) -> None:
    who, binding, photo = world.pending(0)
    draft = world.submit(who, binding)
    world.services.reviews.decide(
        OPERATOR,
        photo.public_id,
        action="approve",
        reasons=(),
        note="",
        expected_version=photo.version,
    )
    service = world.services.submissions
    with pytest.raises(ConflictError, match="submission_settled"):
        world.submit(who, binding)
    with pytest.raises(ConflictError, match="submission_settled"):
        service.confirm(who, draft.public_id)
    with pytest.raises(ConflictError, match="illegal_transition"):
        service.withdraw(who, photo.public_id)
    assert not service.get(who, draft.public_id).can_confirm


def test_a_failing_photo_cannot_be_confirmed_but_may_be_reviewed(world: World) -> None:
    who, binding = world.bound(0)
    world.inspector.verdict = Verdict.FAIL
    draft = world.submit(who, binding)
    service = world.services.submissions
    assert not draft.can_confirm
    assert draft.can_request_review
    with pytest.raises(RefusedError, match="photo_not_acceptable"):
        service.confirm(who, draft.public_id)
    asked = service.request_review(who, draft.public_id)
    assert asked.status is SubmissionStatus.PENDING
    assert asked.human_review_requested


def test_a_photo_with_a_warning_may_be_confirmed_and_needs_no_review(
    world: World,
) -> None:
    who, binding = world.bound(0)
    world.inspector.verdict = Verdict.WARN
    draft = world.submit(who, binding)
    with pytest.raises(RefusedError, match="review_not_needed"):
        world.services.submissions.request_review(who, draft.public_id)
    confirmed = world.services.submissions.confirm(who, draft.public_id)
    assert confirmed.status is SubmissionStatus.PENDING


def test_withdrawing_lets_go_of_the_files(world: World) -> None:
    who, binding = world.bound(0)
    photo, service = world.photo(), world.services.submissions
    draft = service.submit(who, binding.public_id, photo, filename=None)
    assert service.media(who, draft.public_id, MediaKind.PORTRAIT).data
    gone = service.withdraw(who, draft.public_id)
    assert gone.status is SubmissionStatus.WITHDRAWN
    assert not gone.has_portrait
    assert service.withdraw(who, draft.public_id) == gone
    for kind in MediaKind:
        with pytest.raises(NotFoundError, match="file_not_found"):
            service.media(who, draft.public_id, kind)
    again = service.submit(who, binding.public_id, photo, filename=None)
    assert again.public_id != draft.public_id
    assert again.status is SubmissionStatus.DRAFT


def test_ids_of_others_are_not_found(world: World) -> None:
    _, binding, photo = world.pending(0)
    other, service = world.principal(), world.services.submissions
    for ask in (service.get, service.confirm, service.request_review, service.withdraw):
        with pytest.raises(NotFoundError, match="submission_not_found"):
            ask(other, photo.public_id)
    with pytest.raises(NotFoundError, match="submission_not_found"):
        service.media(other, photo.public_id, MediaKind.PORTRAIT)
    with pytest.raises(NotFoundError, match="binding_not_found"):
        service.current(other, binding.public_id)
    with pytest.raises(NotFoundError, match="binding_not_found"):
        service.all_of(other, binding.public_id)
    with pytest.raises(NotFoundError, match="binding_not_found"):
        world.submit(other, binding)


def test_nothing_handed_in_is_none(world: World) -> None:
    who, binding = world.bound(0)
    assert world.services.submissions.current(who, binding.public_id) is None


def test_a_closed_campaign_takes_no_photo(world: World) -> None:
    who, binding = world.bound(0)
    draft = world.submit(who, binding)
    world.clock.move(days=30)
    with pytest.raises(GoneError, match="campaign_closed"):
        world.submit(who, binding)
    with pytest.raises(GoneError, match="campaign_closed"):
        world.services.submissions.confirm(who, draft.public_id)
    withdrawn = world.services.submissions.withdraw(who, draft.public_id)
    assert withdrawn.status is SubmissionStatus.WITHDRAWN


def test_a_replaced_poster_does_not_stop_those_who_came_by_it(world: World) -> None:
    who, binding = world.bound(0)
    world.services.stations.replace_entry(OPERATOR, world.entry, "破损")
    assert world.submit(who, binding).status is SubmissionStatus.DRAFT


def test_without_consent_no_photo_is_taken(world: World) -> None:
    who, binding = world.bound(0)
    draft = world.submit(who, binding)
    world.services.consents.withdraw(who, world.entry)
    with pytest.raises(PermissionDeniedError, match="consent_required"):
        world.submit(who, binding)
    with pytest.raises(PermissionDeniedError, match="consent_required"):
        world.services.submissions.confirm(who, draft.public_id)


def test_a_released_binding_is_no_longer_its_owners(world: World) -> None:
    who, binding, photo = world.pending(0)
    world.services.reviews.release_binding(OPERATOR, binding.public_id, "认错人")
    with pytest.raises(NotFoundError, match="submission_not_found"):
        world.services.submissions.get(who, photo.public_id)
