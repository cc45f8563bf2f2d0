"""What students are told by WeChat: once, of what is so, while they agree to it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.db.wechat_models import OutgoingMessageRow
from backend.domain.errors import (
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
    UpstreamError,
)
from backend.domain.outbox import MOST_ATTEMPTS, MessageState
from backend.domain.wechat import (
    Account,
    MessageKind,
    Push,
    SendOutcome,
    WeChatUser,
)
from backend.services.staff import OPERATOR
from backend.services.types import BindingView, Principal, SubmissionView
from tests.factories import make_student
from tests.services import worlds
from tests.services.worlds import ADDRESS, World, at_once

OPENID = "oInventedOpenidOfNobody000001"
TEMPLATES = {kind: template.id for kind, template in worlds.TEMPLATES.items()}


@pytest.fixture
def world(world: World) -> World:
    world.wechat.accounts = {Account.MINI_PROGRAM, Account.SERVICE_ACCOUNT}
    return world


def student(
    world: World, n: int = 0, *, consents: int = 3
) -> tuple[Principal, BindingView]:
    """Return a user of the mini program who bound a student and takes messages."""
    world.wechat.codes["code"] = WeChatUser(f"{OPENID}{n}")
    new = world.services.sign_in.mini_program("code", address=ADDRESS)
    who = new.session.principal
    world.services.consents.record(
        who, world.entry, portrait=True, identity_number=True
    )
    for _ in range(consents):
        world.services.message_consents.record(
            who, dict.fromkeys(TEMPLATES.values(), "accept")
        )
    return who, world.bind(who, make_student(n))


def hand_in(world: World, who: Principal, binding: BindingView) -> SubmissionView:
    draft = world.submit(who, binding)
    return world.services.submissions.confirm(who, draft.public_id)


def decide(world: World, photo: SubmissionView, action: str) -> SubmissionView:
    """Decide, and let the minute pass in which it can be taken back."""
    decided = world.services.reviews.decide(
        OPERATOR,
        photo.public_id,
        action=action,  # type: ignore[arg-type] # one of the two
        reasons=("背景不干净，请在单色墙面前重拍",) if action == "return" else (),
        note="",
        expected_version=photo.version,
    )
    world.clock.move(minutes=1)
    world.services.outbox.send_due()
    return decided


def rows(world: World) -> list[OutgoingMessageRow]:
    with world.db.reading() as session:
        return list(
            session.scalars(select(OutgoingMessageRow).order_by(OutgoingMessageRow.id))
        )


def test_a_decision_is_told_when_it_stands(world: World) -> None:
    who, binding = student(world)
    decide(world, hand_in(world, who, binding), "return")
    (sent,) = world.wechat.sent
    assert sent.openid == OPENID + "0"
    assert sent.template_id == TEMPLATES[MessageKind.RETURNED]
    assert sent.fields == {
        "thing1": "样例大学",
        "thing2": "背景不干净，请在单色墙面前重拍",
    }
    assert sent.page == f"pages/index/index?scene={world.entry}"
    (row,) = rows(world)
    assert (row.state, row.attempts) == (MessageState.SENT, 1)
    (state,) = [
        item
        for item in world.services.message_consents.state(who)
        if item.kind is MessageKind.RETURNED
    ]
    assert state.remaining == 2


def test_a_message_names_nobody(world: World) -> None:
    who, binding = student(world)
    decide(world, hand_in(world, who, binding), "approve")
    person = make_student(0)
    (sent,) = world.wechat.sent
    said = " ".join(sent.fields.values())
    for private in (person.name, person.id_number[-6:], person.student_no, OPENID):
        assert private not in said


def test_each_decision_is_an_event_and_each_is_told_once(world: World) -> None:
    who, binding = student(world)
    approved = decide(world, hand_in(world, who, binding), "approve")
    decide(world, approved, "return")
    assert [m.template_id for m in world.wechat.sent] == [
        TEMPLATES[MessageKind.APPROVED],
        TEMPLATES[MessageKind.RETURNED],
    ]
    assert world.services.outbox.send_due() == 0


def test_everybody_who_holds_the_binding_is_told(world: World) -> None:
    who, binding = student(world)
    state = world.services.sign_in.depart("browser", "/s/x").state
    world.wechat.codes["page"] = WeChatUser(OPENID + "page")
    arrival = world.services.sign_in.arrive("browser", state, "page", current=None)
    assert arrival.session is not None
    other = arrival.session.session.principal
    world.services.consents.record(
        other, world.entry, portrait=True, identity_number=True
    )
    world.services.message_consents.record(
        other, {TEMPLATES[MessageKind.RETURNED]: "accept"}
    )
    world.bind(other, make_student(0))
    decide(world, hand_in(world, who, binding), "return")
    assert {m.account for m in world.wechat.sent} == set(Account)
    (page,) = [m for m in world.wechat.sent if m.account is Account.SERVICE_ACCOUNT]
    assert page.page == f"https://photos.example.edu/s/{world.entry}"


def test_a_plain_browser_is_told_by_its_page_alone(world: World) -> None:
    _, _, photo = world.pending(0)
    decide(world, photo, "return")
    assert not rows(world)


def test_without_consent_nothing_is_sent(world: World) -> None:
    who, binding = student(world, consents=0)
    decide(world, hand_in(world, who, binding), "return")
    assert not world.wechat.sent
    assert [row.state for row in rows(world)] == [MessageState.NO_CONSENT]


def test_a_refused_consent_is_counted_as_none_left(world: World) -> None:
    who, binding = student(world)
    world.wechat.outcome = SendOutcome.REFUSED
    decide(world, hand_in(world, who, binding), "return")
    assert [row.state for row in rows(world)] == [MessageState.NO_CONSENT]
    left = {i.kind: i.remaining for i in world.services.message_consents.state(who)}
    assert left == {
        MessageKind.RETURNED: 0,
        MessageKind.APPROVED: 3,
        MessageKind.CLOSING: 3,
    }


def test_a_failure_is_tried_again_later_and_later(world: World) -> None:
    who, binding = student(world)
    world.wechat.outcome = UpstreamError("wechat_unreachable")
    decide(world, hand_in(world, who, binding), "return")
    (row,) = rows(world)
    assert (row.state, row.attempts) == (MessageState.WAITING, 1)
    assert row.last_error == "wechat_unreachable"
    assert row.due_at - world.clock.now() == timedelta(seconds=30)
    assert world.services.outbox.send_due() == 0
    world.clock.move(seconds=30)
    world.services.outbox.send_due()
    (row,) = rows(world)
    assert row.due_at - world.clock.now() == timedelta(seconds=60)
    world.wechat.outcome = SendOutcome.SENT
    world.clock.move(seconds=60)
    assert world.services.outbox.send_due() == 1
    assert len(world.wechat.sent) == 1


def test_when_wechat_does_not_answer_one_call_tries_one_message(world: World) -> None:
    people = [student(world, n) for n in range(3)]
    world.wechat.outcome = UpstreamError("wechat_unreachable")
    for who, binding in people:
        decide(world, hand_in(world, who, binding), "return")
    world.clock.move(hours=1)
    before = [row.attempts for row in rows(world)]
    assert world.services.outbox.send_due() == 0
    assert sum(row.attempts for row in rows(world)) == sum(before) + 1
    world.wechat.outcome = SendOutcome.SENT
    assert world.services.outbox.send_due() == 2
    world.clock.move(hours=1)
    assert world.services.outbox.send_due() == 1


def test_a_limit_of_wechats_is_waited_for(world: World) -> None:
    who, binding = student(world)
    world.wechat.outcome = UnavailableError("wechat_busy", retry_after=3600)
    decide(world, hand_in(world, who, binding), "return")
    (row,) = rows(world)
    assert row.due_at - world.clock.now() == timedelta(hours=1)


def test_what_fails_for_ever_is_given_up_and_may_be_revived(world: World) -> None:
    who, binding = student(world)
    world.wechat.outcome = UpstreamError("wechat_unreachable")
    decide(world, hand_in(world, who, binding), "return")
    for _ in range(MOST_ATTEMPTS + 3):
        world.clock.move(hours=2)
        world.services.outbox.send_due()
    (row,) = rows(world)
    assert (row.state, row.attempts) == (MessageState.DEAD, MOST_ATTEMPTS)
    desk = world.services.message_desk
    assert desk.counts(OPERATOR)[MessageState.DEAD] == 1
    (line,) = desk.page(OPERATOR, state=MessageState.DEAD).items
    assert line.last_error == "wechat_unreachable"
    world.wechat.outcome = SendOutcome.SENT
    assert desk.revive(OPERATOR, line.id) == 1
    assert len(world.wechat.sent) == 1
    with pytest.raises(NotFoundError, match="message_not_found"):
        desk.revive(OPERATOR, line.id)
    assert desk.revive(OPERATOR) == 0


def test_a_wrong_template_is_for_an_administrator_to_mend(world: World) -> None:
    who, binding = student(world)
    world.wechat.outcome = SendOutcome.INVALID
    decide(world, hand_in(world, who, binding), "return")
    (row,) = rows(world)
    assert (row.state, row.last_error) == (MessageState.DEAD, "invalid")


def test_only_administrators_see_the_desk(world: World) -> None:
    desk = world.services.message_desk
    for role in ("reviewer", "cs01"):
        with pytest.raises(PermissionDeniedError):
            desk.counts(world.staff[role])
        with pytest.raises(PermissionDeniedError):
            desk.page(world.staff[role])
        with pytest.raises(PermissionDeniedError):
            desk.revive(world.staff[role])


def test_what_is_not_so_any_more_is_not_told(world: World) -> None:
    who, binding = student(world)
    world.wechat.outcome = UpstreamError("wechat_unreachable")
    decide(world, hand_in(world, who, binding), "return")
    world.wechat.outcome = SendOutcome.SENT
    hand_in(world, who, binding)
    world.clock.move(hours=2)
    assert world.services.outbox.send_due() == 0
    assert [row.state for row in rows(world)] == [MessageState.CANCELLED]
    assert not world.wechat.sent


def test_two_workers_send_each_message_once(world: World) -> None:
    people = [student(world, n) for n in range(4)]
    world.wechat.outcome = UpstreamError("wechat_unreachable")
    for who, binding in people:
        decide(world, hand_in(world, who, binding), "return")
    world.wechat.outcome = SendOutcome.SENT
    world.clock.move(hours=1)
    answers = at_once([world.services.outbox.send_due] * 6, threads=6)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert sorted(m.openid for m in world.wechat.sent) == [
        f"{OPENID}{n}" for n in range(4)
    ]


def test_a_worker_that_dies_leaves_its_message_to_the_next(world: World) -> None:
    who, binding = student(world)

    class Killed(BaseException):
        """What ends a process without asking."""

    photo = hand_in(world, who, binding)
    kept = world.wechat.send_message

    def die(message: object) -> SendOutcome:
        raise Killed

    world.wechat.send_message = die  # type: ignore[method-assign] # to die in it
    with pytest.raises(Killed):
        decide(world, photo, "return")
    world.wechat.send_message = kept  # type: ignore[method-assign] # alive again
    assert world.services.outbox.send_due() == 0
    world.clock.move(minutes=1, seconds=1)
    assert world.services.outbox.send_due() == 1
    assert len(world.wechat.sent) == 1


def test_who_has_no_photo_is_reminded_once_before_the_end(world: World) -> None:
    late, _ = student(world, 0)
    who, binding = student(world, 1)
    hand_in(world, who, binding)
    returned, other = student(world, 2)
    decide(world, hand_in(world, returned, other), "return")
    world.wechat.sent.clear()
    assert world.services.outbox.remind() == 0
    campaign = world.services.entries.open(world.entry).campaign
    world.clock.at = campaign.closes_at - timedelta(days=2)
    assert world.services.outbox.remind() == 2
    assert world.services.outbox.remind() == 0
    assert {m.openid for m in world.wechat.sent} == {OPENID + "0", OPENID + "2"}
    assert {m.template_id for m in world.wechat.sent} == {
        TEMPLATES[MessageKind.CLOSING]
    }
    world.clock.at = campaign.closes_at + timedelta(days=1)
    assert world.services.outbox.remind() == 0
    assert late.kind == "mini_program"


def test_agreeing_counts_and_cannot_be_counted_up_without_end(world: World) -> None:
    who, _ = student(world, consents=0)
    consents = world.services.message_consents
    one = TEMPLATES[MessageKind.RETURNED]
    for answer in ("reject", "ban", "filter", "nonsense"):
        consents.record(who, {one: answer})
    assert {item.remaining for item in consents.state(who)} == {0}
    for _ in range(40):
        consents.record(who, {one: "acceptWithAlert", "not-ours": "accept"})
    found = {item.template_id: item.remaining for item in consents.state(who)}
    assert found[one] == 20
    assert "not-ours" not in found


def test_a_plain_browser_is_asked_for_nothing(world: World) -> None:
    assert world.services.message_consents.state(world.principal()) == ()


@pytest.mark.parametrize("shape", ["list", "object"])
def test_switching_messages_off_in_wechat_is_followed(world: World, shape: str) -> None:
    who, _ = student(world)
    one = TEMPLATES[MessageKind.RETURNED]
    item = {"TemplateId": one, "SubscribeStatusString": "reject"}
    pushed = Push(
        account=Account.MINI_PROGRAM,
        event="subscribe_msg_change_event",
        key="k",
        sent_at=world.clock.now(),
        data={
            "FromUserName": OPENID + "0",
            "SubscribeMsgChangeEvent": {"List": [item] if shape == "list" else item},
        },
    )
    consents = world.services.message_consents
    assert consents.apply_event(pushed) == "applied"
    left = {i.template_id: i.remaining for i in consents.state(who)}
    assert left[one] == 0
    assert left[TEMPLATES[MessageKind.APPROVED]] == 3


def test_events_of_nobody_we_know_change_nothing(world: World) -> None:
    consents = world.services.message_consents
    pushed = Push(
        account=Account.MINI_PROGRAM,
        event="subscribe_msg_change_event",
        key="k",
        sent_at=world.clock.now(),
        data={"FromUserName": "oSomebodyElse"},
    )
    assert consents.apply_event(pushed) == "unknown_user"
