"""The review queue: whose turn it is, what comes next, and what can be taken back."""

from __future__ import annotations

from functools import partial

import pytest

from backend.db import submissions
from backend.db.wechat_models import PictureCheck
from backend.domain.errors import (
    ConflictError,
    InvalidInputError,
    PermissionDeniedError,
)
from backend.domain.outbox import MessageState
from backend.domain.picture_check import CheckState
from backend.domain.report import Verdict
from backend.domain.reviews import Attention, QueueFilter, SubmissionStatus
from backend.domain.wechat import Account, WeChatUser
from backend.services import contact_sheets
from backend.services.staff import OPERATOR
from backend.services.types import Role, StaffUser, SubmissionView
from tests.factories import make_student
from tests.services.worlds import ADDRESS, PASSWORD, World, at_once

ALL = QueueFilter()


def waiting(world: World, count: int) -> list[SubmissionView]:
    """Hand photos in, a minute apart; students 0, 2, … are of the first station."""
    photos = []
    for n in range(count):
        photos.append(world.pending(n)[2])
        world.clock.move(minutes=1)
    return photos


def decide(
    world: World, photo: SubmissionView, action: str = "approve", who: str = "reviewer"
) -> SubmissionView:
    return world.services.reviews.decide(
        world.staff[who],
        photo.public_id,
        action=action,  # type: ignore[arg-type] # one of the two
        reasons=("背景不均匀",) if action == "return" else (),
        note="",
        expected_version=photo.version,
    )


def next_for(world: World, who: str = "reviewer", wanted: QueueFilter = ALL) -> str:
    found = world.services.review_queue.next(world.staff[who], wanted)
    return found or ""


def put_aside(world: World, photo: SubmissionView) -> None:
    now = world.clock.now()
    with world.db.transaction() as session:
        session.add(
            PictureCheck(
                submission_id=number_of(world, photo),
                state=CheckState.RISKY,
                attempts=1,
                due_at=now,
                created_at=now,
                settled_at=now,
            )
        )


def number_of(world: World, photo: SubmissionView) -> int:
    with world.db.reading() as session:
        return submissions.get_submission(session, photo.public_id)[0].id


def test_the_oldest_comes_first_and_stays_until_it_is_decided_on(world: World) -> None:
    one, two, three = waiting(world, 3)
    assert next_for(world) == one.public_id
    assert next_for(world) == one.public_id
    queue, reviewer = world.services.review_queue, world.staff["reviewer"]
    # The next one is fetched while the first is looked at.
    assert queue.next(reviewer, ALL, after=one.public_id) == two.public_id
    assert next_for(world, "admin") == three.public_id
    decide(world, one)
    assert next_for(world) == two.public_id
    counts = queue.counts(reviewer, ALL)
    assert (counts.left, counts.done_today) == (2, 1)
    assert queue.counts(world.staff["admin"], ALL).done_today == 0


def test_what_nobody_asks_for_any_more_is_free_after_ten_minutes(world: World) -> None:
    (photo,) = waiting(world, 1)
    queue = world.services.review_queue
    assert next_for(world) == photo.public_id
    held = queue.holder(world.staff["admin"], photo.public_id)
    assert held is not None
    assert held.display_name == "reviewer 老师"
    assert queue.holder(world.staff["reviewer"], photo.public_id) is None
    world.clock.move(minutes=9)
    queue.hold(world.staff["reviewer"], photo.public_id)
    world.clock.move(minutes=9)
    assert next_for(world, "admin") == ""
    with pytest.raises(ConflictError, match="review_claimed"):
        queue.hold(world.staff["admin"], photo.public_id)
    world.clock.move(minutes=1)
    assert next_for(world, "admin") == photo.public_id
    with pytest.raises(ConflictError, match="review_claimed"):
        queue.hold(world.staff["reviewer"], photo.public_id)
    queue.leave(world.staff["admin"])
    assert next_for(world) == photo.public_id


def test_a_skipped_photo_comes_back_last_and_only_to_who_skipped_it(
    world: World,
) -> None:
    one, two, three = waiting(world, 3)
    queue, reviewer = world.services.review_queue, world.staff["reviewer"]
    for photo in (one, two):
        assert next_for(world) == photo.public_id
        queue.skip(reviewer, photo.public_id)
        world.clock.move(seconds=1)
    assert next_for(world) == three.public_id
    # It may be fetched ahead, and is still the last.
    assert queue.next(reviewer, ALL, after=three.public_id) == one.public_id
    assert next_for(world) == three.public_id
    queue.leave(reviewer)
    assert next_for(world, "admin") == one.public_id
    decide(world, three)
    assert next_for(world) == two.public_id
    assert next_for(world) == two.public_id
    # Skipping what is another's leaves it theirs.
    queue.skip(reviewer, one.public_id)
    assert next_for(world, "admin") == one.public_id


def test_the_queue_is_narrowed_and_hides_what_is_not_to_be_seen(world: World) -> None:
    plain, hidden, loose = waiting(world, 3)
    warned = world.pending(3, Verdict.WARN)[2]
    asked = world.pending(4, Verdict.FAIL)[2]
    put_aside(world, hidden)
    world.services.reviews.release_binding(OPERATOR, loose.binding_public_id, "换人")
    queue, admin = world.services.review_queue, world.staff["admin"]
    found: dict[QueueFilter, list[SubmissionView]] = {
        ALL: [plain, warned, asked],
        QueueFilter(campaign_id=world.campaign + 1): [],
        QueueFilter(station_id=world.stations["ZZ02"]): [warned],
        QueueFilter(attention=Attention.ASKED): [asked],
        QueueFilter(attention=Attention.WARNED): [warned, asked],
    }
    for wanted, photos in found.items():
        assert queue.counts(admin, wanted).left == len(photos), wanted
        first = photos[0].public_id if photos else ""
        assert next_for(world, "admin", wanted) == first, wanted
        queue.leave(admin)
    for photo, code in (
        (hidden, "quarantined"),
        (loose, "binding_released"),
        (decide(world, plain), "illegal_transition"),
    ):
        with pytest.raises(ConflictError, match=code):
            queue.hold(admin, photo.public_id)


def test_only_reviewers_are_given_photos(world: World) -> None:
    photo = world.pending(0)[2]
    queue, station = world.services.review_queue, world.staff["cs01"]
    reviews, sheets = world.services.reviews, world.services.contact_sheets
    for act in (
        partial(queue.next, station, ALL),
        partial(queue.counts, station, ALL),
        partial(queue.hold, station, photo.public_id),
        partial(queue.skip, station, photo.public_id),
        partial(queue.leave, station),
        partial(queue.holder, station, photo.public_id),
        partial(queue.last_decision, station),
        partial(reviews.undo, station, photo.public_id, expected_version=1),
        partial(world.services.likenesses.twins, station, photo.public_id),
        partial(sheets.sheet, station),
        partial(sheets.mark_seen, station, {}),
    ):
        with pytest.raises(PermissionDeniedError):
            act()


def test_two_reviewers_never_get_the_same_photo(world: World) -> None:
    photos = [world.pending(n)[2] for n in range(8)]
    reviewers = [add_reviewer(world, n) for n in range(8)]
    queue = world.services.review_queue
    given = at_once([partial(queue.next, who, ALL) for who in reviewers], threads=8)
    assert sorted(map(str, given)) == sorted(photo.public_id for photo in photos)
    # Nothing is left, and asking for more shows nobody what is another's.
    more = at_once(
        [
            partial(queue.next, who, ALL, after=str(mine))
            for who, mine in zip(reviewers, given, strict=True)
        ],
        threads=8,
    )
    assert more == [None] * 8


def add_reviewer(world: World, n: int) -> StaffUser:
    return world.services.staff.add(
        OPERATOR,
        username=f"reviewer{n}",
        display_name=f"审核 {n}",
        role=Role.REVIEWER,
        station_id=None,
        password=PASSWORD,
    )


@pytest.mark.parametrize("action", ["approve", "return"])
def test_a_decision_can_be_taken_back_for_a_minute(world: World, action: str) -> None:
    (photo,) = waiting(world, 1)
    decided = decide(world, photo, action)
    queue, reviewer = world.services.review_queue, world.staff["reviewer"]
    last = queue.last_decision(reviewer)
    assert last is not None
    assert (last.submission_id, last.version) == (photo.public_id, decided.version)
    assert last.student_name == make_student(0).name
    assert queue.last_decision(world.staff["admin"]) is None
    world.clock.move(seconds=59)
    undo = partial(world.services.reviews.undo, expected_version=decided.version)
    with pytest.raises(ConflictError, match="undo_not_yours"):
        undo(world.staff["admin"], photo.public_id)
    again = undo(reviewer, photo.public_id)
    assert again.status is SubmissionStatus.PENDING
    assert (again.return_reasons, again.return_note) == ((), "")
    assert again.history[-1].who == "reviewer"
    assert queue.last_decision(reviewer) is None
    assert world.services.audit.page(OPERATOR).items[0].action == "submission.reopened"
    # It is theirs again, and can be decided on once more.
    assert next_for(world, "admin") == ""
    assert next_for(world) == photo.public_id
    assert decide(world, again).status is SubmissionStatus.APPROVED


def test_what_is_too_old_or_has_gone_on_is_not_taken_back(world: World) -> None:
    who, binding, first = world.pending(0)
    reviewer, undo = world.staff["reviewer"], world.services.reviews.undo
    decided = decide(world, first, "return")
    draft = world.submit(who, binding)
    world.services.submissions.confirm(who, draft.public_id)
    with pytest.raises(ConflictError, match="stale_decision"):
        undo(reviewer, first.public_id, expected_version=decided.version)
    decided = decide(world, world.pending(2)[2])
    world.clock.move(minutes=1)
    assert world.services.review_queue.last_decision(reviewer) is None
    with pytest.raises(ConflictError, match="undo_too_late"):
        undo(reviewer, decided.public_id, expected_version=decided.version)


def test_nobody_is_told_of_what_is_taken_back(world: World) -> None:
    world.wechat.accounts = {Account.MINI_PROGRAM}
    world.wechat.codes["code"] = WeChatUser("oInventedOpenidOfNobody000009")
    who = world.services.sign_in.mini_program("code", address=ADDRESS).session.principal
    world.services.consents.record(
        who, world.entry, portrait=True, identity_number=True
    )
    draft = world.submit(who, world.bind(who, make_student(0)))
    photo = world.services.submissions.confirm(who, draft.public_id)
    decided = decide(world, photo, "return")
    assert counts(world) == {MessageState.WAITING: 1}
    world.services.reviews.undo(
        world.staff["reviewer"], photo.public_id, expected_version=decided.version
    )
    world.clock.move(hours=1)
    assert world.services.outbox.send_due() == 0
    assert counts(world) == {MessageState.CANCELLED: 1}


def counts(world: World) -> dict[MessageState, int]:
    found = world.services.message_desk.counts(OPERATOR)
    return {state: number for state, number in found.items() if number}


def test_approved_portraits_are_looked_at_again_once(world: World) -> None:
    photos = [decide(world, photo) for photo in waiting(world, 3)]
    world.pending(3)
    sheets, reviewer = world.services.contact_sheets, world.staff["reviewer"]
    sheet = sheets.sheet(reviewer, campaign_id=world.campaign)
    assert [item.submission_id for item in sheet.portraits] == [
        photo.public_id for photo in photos
    ]
    assert (sheet.left, sheet.next_cursor) == (3, None)
    assert sheet.portraits[0].decided_by == "reviewer 老师"
    only = sheets.sheet(reviewer, station_id=world.stations["ZZ02"])
    assert [item.submission_id for item in only.portraits] == [photos[1].public_id]
    seen = {photos[0].public_id: photos[0].version, photos[1].public_id: 1}
    # Of the second another version was seen than there is.
    assert sheets.mark_seen(reviewer, seen) == 1
    assert sheets.mark_seen(world.staff["admin"], seen) == 1
    assert sheets.sheet(reviewer).left == 2
    # What is taken back and approved anew is looked at anew.
    again = world.services.reviews.undo(
        reviewer, photos[2].public_id, expected_version=photos[2].version
    )
    assert sheets.sheet(reviewer).left == 1
    approved = decide(world, again)
    assert sheets.mark_seen(reviewer, {approved.public_id: photos[2].version}) == 0
    assert sheets.mark_seen(reviewer, {approved.public_id: approved.version}) == 1


def test_a_sheet_goes_on_where_the_last_one_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_sheets, "ON_A_SHEET", 2)
    photos = [decide(world, photo) for photo in waiting(world, 3)]
    sheets, reviewer = world.services.contact_sheets, world.staff["reviewer"]
    first = sheets.sheet(reviewer)
    second = sheets.sheet(reviewer, cursor=first.next_cursor)
    assert [item.submission_id for item in first.portraits + second.portraits] == [
        photo.public_id for photo in photos
    ]
    assert second.next_cursor is None
    with pytest.raises(InvalidInputError, match="invalid_input"):
        sheets.sheet(reviewer, cursor="-1")
