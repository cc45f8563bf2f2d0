from __future__ import annotations

import io

import pytest
import xlsxwriter

from backend.domain.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from backend.domain.registry_answers import Answer
from backend.domain.reviews import SubmissionStatus
from backend.domain.wechat import Account
from backend.messages.deliveries import ANSWERS
from backend.services.staff import OPERATOR
from tests.factories import make_student
from tests.services.packing import ON_ONE, Approved, again, decide, delivered, request
from tests.services.test_outbox import hand_in, student
from tests.services.worlds import World

HEADINGS = ("序号", "XH", "XM", "SFZH", "BZ")


def listed(*rows: tuple[int, str], title: bool = True) -> bytes:
    """Return the platform's list of students with the words of its last column."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    lines: list[tuple[str, ...]] = [("在校生名单",)] if title else []
    lines.append(HEADINGS)
    for at, (n, words) in enumerate(rows, start=1):
        student = make_student(n)
        line = (str(at), student.student_no, student.name, student.id_number, words)
        lines.append(line)
    for at, written in enumerate(lines):
        for column, cell in enumerate(written):
            sheet.write_string(at, column, cell)
    book.close()
    return out.getvalue()


def received(world: World, data: bytes) -> str:
    return world.services.returned_lists.receive(OPERATOR, world.campaign, data)


def status_of(world: World, person: Approved) -> SubmissionStatus:
    photo = world.services.submissions.get(person.who, person.photo.public_id)
    return photo.status


def test_a_list_is_looked_at_and_then_applied_once(world: World) -> None:
    _, (good, wrong, failed) = delivered(world, 0, 1, 2)
    list_id = received(
        world,
        listed(
            (0, "校对无误"),
            (1, "校对有误"),
            (2, "身份核验未通过"),
            (3, "校对无误"),
            (9, "校对无误"),
            (4, "转学"),
        ),
    )
    before = world.services.returned_lists.get(OPERATOR, list_id)
    assert before.applied_at is None
    assert status_of(world, good) is SubmissionStatus.DELIVERED
    counts = before.counts
    assert (counts.rows, counts.accepted, counts.sent_back) == (6, 1, 2)
    assert counts.reasons == {Answer.PROOF_WRONG: 1, Answer.COMPARISON_FAILED: 1}
    assert (counts.not_waiting, counts.unmatched) == (1, (7,))
    assert counts.unknown == {"转学": 1}
    for _ in range(2):
        after = world.services.returned_lists.apply(OPERATOR, list_id)
        assert after.applied_at is not None
        assert (after.counts.accepted, after.counts.sent_back) == (1, 2)
    assert status_of(world, good) is SubmissionStatus.ACCEPTED
    assert status_of(world, wrong) is SubmissionStatus.SENT_BACK
    photo = world.services.submissions.get(failed.who, failed.photo.public_id)
    assert photo.return_reasons == (ANSWERS[Answer.COMPARISON_FAILED],)
    assert photo.can_resubmit
    assert [step.status for step in photo.history][-2:] == ["delivered", "sent_back"]
    events = [row.action for row in world.services.audit.page(OPERATOR).items]
    assert events.count("delivery.answers") == 1


def test_who_has_to_hand_in_again_is_told_why(world: World) -> None:
    world.wechat.accounts = {Account.MINI_PROGRAM}
    who, binding = student(world)
    decide(world, hand_in(world, who, binding))
    # The approval is told once it can no longer be undone.
    world.clock.move(minutes=2)
    world.services.outbox.send_due()
    world.services.deliveries.create(OPERATOR, request(world))
    world.services.returned_lists.apply(
        OPERATOR, received(world, listed((0, "图像错误")))
    )
    approval, message = world.wechat.sent
    assert approval.template_id != message.template_id
    assert message.fields["thing2"] == ANSWERS[Answer.PICTURE_WRONG]


@ON_ONE
def test_the_same_file_is_one_list(world: World) -> None:
    _, (person,) = delivered(world, 0)
    data = listed((0, "图像错误"))
    first = received(world, data)
    world.services.returned_lists.apply(OPERATOR, first)
    again(world, person)
    world.services.deliveries.create(OPERATOR, request(world))
    assert received(world, data) == first
    world.services.returned_lists.apply(OPERATOR, first)
    current = world.services.submissions.current(person.who, person.binding.public_id)
    assert current is not None
    assert current.status is SubmissionStatus.DELIVERED


@ON_ONE
def test_a_portrait_sent_back_is_replaced_and_delivered_again(world: World) -> None:
    first, (person,) = delivered(world, 0)
    world.services.returned_lists.apply(
        OPERATOR, received(world, listed((0, "图像错误")))
    )
    with pytest.raises(ConflictError, match="delivery_answered"):
        world.services.deliveries.cancel(OPERATOR, first)
    again(world, person)
    second = world.services.deliveries.create(OPERATOR, request(world))
    refs = world.services.deliveries.of_record(OPERATOR, person.binding.public_id)
    assert [(ref.number, ref.status) for ref in refs] == [
        (first, SubmissionStatus.SUPERSEDED),
        (second, SubmissionStatus.DELIVERED),
    ]


@ON_ONE
def test_the_registry_may_correct_itself(world: World) -> None:
    _, (person,) = delivered(world, 0)
    for words, status in (
        ("不确定", SubmissionStatus.SENT_BACK),
        ("校对无误", SubmissionStatus.ACCEPTED),
        ("校对有误", SubmissionStatus.SENT_BACK),
    ):
        list_id = received(world, listed((0, words)))
        world.services.returned_lists.apply(OPERATOR, list_id)
        photo = world.services.submissions.get(person.who, person.photo.public_id)
        assert photo.status is status
        assert bool(photo.return_reasons) is (status is SubmissionStatus.SENT_BACK)


@ON_ONE
def test_what_is_so_already_changes_nothing(world: World) -> None:
    delivered(world, 0, 1)
    world.services.returned_lists.apply(
        OPERATOR, received(world, listed((0, "校对无误")))
    )
    data = listed((0, "图像已显示"), (1, "未校对"), title=False)
    counts = world.services.returned_lists.get(OPERATOR, received(world, data)).counts
    assert (counts.already, counts.nothing_yet) == (1, 1)
    assert (counts.accepted, counts.sent_back) == (0, 0)


@ON_ONE
def test_two_answers_for_one_photo_are_nobodys(world: World) -> None:
    delivered(world, 0)
    data = listed((0, "校对无误"), (0, "校对有误"))
    counts = world.services.returned_lists.get(OPERATOR, received(world, data)).counts
    assert (counts.accepted, counts.sent_back, counts.ambiguous) == (0, 0, (4,))


@ON_ONE
def test_numbers_that_contradict_each_other_mean_nobody(world: World) -> None:
    delivered(world, 0, 1)
    lines = (
        "学号,身份证号,bz",
        f"{make_student(0).student_no},{make_student(1).id_number},校对无误",
        f",{make_student(1).id_number.lower()},校对无误",
    )
    data = "\n".join(lines).encode()
    counts = world.services.returned_lists.get(OPERATOR, received(world, data)).counts
    assert (counts.unmatched, counts.accepted) == ((2,), 1)


@ON_ONE
@pytest.mark.parametrize("text", ["姓名,bz\n张,校对无误", "学号\n1", "x\n" * 30])
def test_a_sheet_without_the_columns_is_refused(world: World, text: str) -> None:
    with pytest.raises(InvalidInputError, match="returned_list_columns"):
        received(world, text.encode())


@ON_ONE
def test_only_administrators_take_lists_in(world: World) -> None:
    list_id = received(world, listed((0, "校对无误")))
    service = world.services.returned_lists
    for name in ("reviewer", "cs01"):
        actor = world.staff[name]
        for refused in (
            lambda who: service.receive(who, world.campaign, b"x"),
            lambda who: service.get(who, list_id),
            lambda who: service.apply(who, list_id),
        ):
            with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
                refused(actor)
    for unknown in (service.get, service.apply):
        with pytest.raises(NotFoundError, match="returned_list_not_found"):
            unknown(OPERATOR, "x" * 22)
