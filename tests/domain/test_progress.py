"""Numbers made of stages, and days where the school is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from backend.domain.progress import (
    GROUPS,
    Group,
    Numbers,
    Stage,
    days_left,
    every_day,
    local_day,
    part_named,
    stages_of,
    start_of_day,
    total,
)
from backend.domain.reviews import HANDED_IN
from backend.messages.progress import (
    GROUP_NAMES,
    STAGES,
    ChatFacts,
    chat_text,
    part_name,
)

NUMBERS = Numbers({stage: 2**n for n, stage in enumerate(Stage)})
CLOSES = datetime(2026, 3, 31, 9, tzinfo=UTC)


def test_numbers_add_up() -> None:
    n = NUMBERS
    assert n[Group.ENROLLED] == sum(n[stage] for stage in Stage) == 1023
    assert n["enrolled"] == n["expected"] + n["exempt"]
    assert n["expected"] == n["missing"] + n["pending"] + n["passed"]
    assert n["missing"] == n["never_scanned"] + n["not_handed_in"] + n["to_redo"]
    assert n["submitted"] == n["pending"] + n["passed"] + n["to_redo"]
    assert n["bound"] == n["submitted"] + n["not_handed_in"]
    assert total([n, n, Numbers()])["enrolled"] == 2046


def test_a_number_of_no_name_is_no_number() -> None:
    with pytest.raises(KeyError):
        NUMBERS["everybody"]
    assert part_named("everybody") is None
    assert part_named("passed") is Group.PASSED
    assert part_named("returned") is Stage.RETURNED


def test_every_status_of_a_photo_handed_in_is_a_stage_of_its_name() -> None:
    assert {status.value for status in HANDED_IN} == {
        stage.value for stage in GROUPS[Group.SUBMITTED]
    }
    names = [*Stage, *Group]
    assert len({name.value for name in names}) == len(names)


def test_all_parts_have_words() -> None:
    assert set(STAGES) == set(Stage)
    assert set(GROUP_NAMES) == set(Group)
    assert part_name(Stage.EXEMPT) == "免采"
    assert part_name(Group.EXPECTED) == "应交"
    assert stages_of(Stage.DRAFT) == {Stage.DRAFT}


@pytest.mark.parametrize(
    ("passed", "missing", "percent"), [(0, 0, 0), (0, 3, 0), (199, 1, 99), (3, 0, 100)]
)
def test_a_hundred_percent_is_everybody(
    passed: int, missing: int, percent: int
) -> None:
    numbers = Numbers({Stage.APPROVED: passed, Stage.STARTED: missing})
    assert numbers.passed_percent == percent


@pytest.mark.parametrize(
    ("before", "days"),
    [
        (timedelta(0), 0),
        (timedelta(days=-3), 0),
        (timedelta(seconds=1), 1),
        (timedelta(days=1), 1),
        (timedelta(days=1, seconds=1), 2),
    ],
)
def test_the_begun_day_counts_as_left(before: timedelta, days: int) -> None:
    assert days_left(CLOSES - before, CLOSES) == days


def test_days_are_the_schools() -> None:
    late = datetime(2026, 3, 1, 16, 30, tzinfo=UTC)
    assert local_day(late) == date(2026, 3, 2)
    assert start_of_day(late) == datetime(2026, 3, 1, 16, tzinfo=UTC)


def test_days_have_no_gaps_and_lose_nobody() -> None:
    first, last = date(2026, 3, 2), date(2026, 3, 4)
    counted = {date(2026, 3, 1): (1, 0), date(2026, 3, 3): (2, 1)}
    days = every_day(counted, first, last)
    assert [(d.date.day, d.submitted, d.passed) for d in days] == [
        (1, 1, 0),
        (2, 0, 0),
        (3, 2, 1),
        (4, 0, 0),
    ]


@pytest.mark.parametrize(
    ("address", "way"),
    [
        ("https://school.example/s/abc", "办理：https://school.example/s/abc"),
        ("", "请到样例站扫描海报上的二维码办理。"),
    ],
)
def test_a_class_is_told_who_has_to_do_what(address: str, way: str) -> None:
    text = chat_text(
        ChatFacts(
            campaign="样例批次",
            station="样例站",
            class_no="",
            closes_at=CLOSES,
            contact="王老师",
            address=address,
            missing=[
                (Stage.NEVER_SCANNED, "张样例"),
                (Stage.SENT_BACK, "李样例"),
                (Stage.NEVER_SCANNED, "王样例"),
                (Stage.RETURNED, "赵样例"),
            ],
        )
    )
    assert text.splitlines() == [
        "【样例批次】未分班",
        "还有 4 位同学的毕业照片没有交好，请在 3月31日 17:00 前完成：",
        "● 还没扫码（2 人）：张样例、王样例",
        "● 被退回，请重拍后再交（2 人）：李样例、赵样例",
        text.splitlines()[4],
        "有问题请联系：王老师",
    ]
    assert way in text
