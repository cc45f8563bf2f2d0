"""Counting what a policy notices: by hand-made outcomes of which the sums are known."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.evaluation import (
    Blocked,
    Distribution,
    Judged,
    Label,
    Outcome,
    RuleRow,
    age_band,
    distributions,
    evaluate,
    outcome_of,
)
from backend.domain.report import Finding, Report, Status, Verdict
from tests.domain.judging import NOTICE

PASS, WARN, FAIL = Status.PASS, Status.WARN, Status.FAIL
SKIP, HUMAN = Status.SKIP, Status.HUMAN


def outcome(
    defects: str | None,
    *,
    blocked: bool = False,
    value: float | None = None,
    variant: str = "",
    groups: dict[str, str] | None = None,
    **statuses: Status,
) -> Outcome:
    known = None if defects is None else frozenset(defects.split())
    return Outcome(
        label=Label(file="a.jpg", defects=known, groups=groups or {}),
        blocked=blocked,
        rules={
            rule: Judged(status=status, value=value, variant=variant)
            for rule, status in statuses.items()
        },
    )


def row(*outcomes: Outcome, rule: str = "roll") -> RuleRow:
    (found,) = evaluate(outcomes, [rule], []).rules
    return found


def test_a_defect_is_caught_by_a_warning_or_a_failure_and_by_nothing_else() -> None:
    statuses = (PASS, WARN, FAIL, FAIL, SKIP, HUMAN)
    found = row(*(outcome("roll", roll=status) for status in statuses))
    assert (found.defective, found.caught, found.caught_as_fail) == (6, 3, 2)
    assert found.recall == 0.5
    assert (found.good, found.false_alarms) == (0, 0)
    assert (found.skipped, found.human) == (1, 1)


def test_without_the_defect_warnings_and_failures_are_false_alarms() -> None:
    statuses = (PASS, PASS, WARN, FAIL, FAIL, FAIL, SKIP, HUMAN)
    found = row(*(outcome("yaw", roll=status) for status in statuses))
    assert (found.good, found.false_warn, found.false_fail) == (8, 1, 3)
    assert found.false_alarms == 4
    assert (found.defective, found.recall) == (0, None)


def test_a_photo_of_which_nobody_knows_counts_for_neither_but_is_skipped_too() -> None:
    found = row(
        outcome(None, roll=FAIL), outcome(None, roll=SKIP), outcome(None, roll=HUMAN)
    )
    assert (found.defective, found.good) == (0, 0)
    assert (found.skipped, found.human) == (1, 1)


def test_a_rule_that_a_report_lacks_counts_nothing() -> None:
    found = row(outcome("roll", yaw=FAIL))
    assert (found.defective, found.good, found.skipped) == (0, 0, 0)


def test_rules_stand_in_the_order_asked_for() -> None:
    one = outcome("", yaw=PASS, roll=PASS)
    rules = evaluate([one], ["yaw", "roll"], []).rules
    assert [each.rule for each in rules] == ["yaw", "roll"]


def person(gender: str, age: str = "", *, blocked: bool = False) -> Outcome:
    groups = {"gender": gender, "age": age}
    status = FAIL if blocked else PASS
    return outcome("", blocked=blocked, groups=groups, roll=status)


def test_each_group_has_its_own_counts_and_the_unknown_come_last() -> None:
    people = [
        person("male", blocked=True),
        person(" female "),
        person("female", blocked=True),
        person(""),
    ]
    (split,) = evaluate(people, ["roll"], ["gender"]).splits
    assert list(split.rules) == ["female", "male", "unknown"]
    counts = {name: (r[0].good, r[0].false_fail) for name, r in split.rules.items()}
    assert counts == {"female": (2, 1), "male": (1, 1), "unknown": (1, 0)}
    assert split.blocked[0] == Blocked(group="female", blocked=1, total=2)
    assert sum(each.total for each in split.blocked) == len(people)


def test_the_difference_is_told_in_persons() -> None:
    people = [person("male", blocked=n < 2) for n in range(10)]
    people += [person("female", blocked=n < 8) for n in range(20)]
    (split,) = evaluate(people, ["roll"], ["gender"]).splits
    assert split.gap is not None
    assert (split.gap.worse.group, split.gap.better.group) == ("female", "male")
    # At 2 of 10 there would be 4 of 20.
    assert split.gap.persons == pytest.approx(4)


def test_groups_of_four_and_the_unknown_make_no_difference() -> None:
    people = [person("male") for _ in range(10)]
    people += [person("female", blocked=True) for _ in range(4)]
    people += [person("", blocked=True) for _ in range(9)]
    (split,) = evaluate(people, ["roll"], ["gender"]).splits
    assert split.gap is None
    people.append(person("female", blocked=True))
    (split,) = evaluate(people, ["roll"], ["gender"]).splits
    assert split.gap is not None
    assert split.gap.persons == 5


@pytest.mark.parametrize(
    ("age", "band"),
    [
        ("0", "under 25"),
        ("24", "under 25"),
        ("24.9", "under 25"),
        ("25", "25–34"),
        (" 34 ", "25–34"),
        ("35", "35–44"),
        ("54", "45–54"),
        ("55", "55 and over"),
        ("101", "55 and over"),
        ("", "unknown"),
        ("about 30", "unknown"),
        ("-1", "unknown"),
        ("nan", "unknown"),
        ("inf", "unknown"),
    ],
)
def test_ages_are_told_in_bands(age: str, band: str) -> None:
    assert age_band(age) == band


def test_bands_stand_from_young_to_old() -> None:
    people = [person("", age) for age in ("60", "", "30", "20", "40")]
    (split,) = evaluate(people, ["roll"], ["age"]).splits
    assert list(split.rules) == [
        "under 25", "25–34", "35–44", "55 and over", "unknown",
    ]  # fmt: skip


def test_nothing_judged_is_no_share() -> None:
    result = evaluate([], ["roll"], ["gender"])
    assert result.blocked is None
    assert result.splits[0].blocked == ()
    assert result.splits[0].gap is None


def test_values_are_told_apart_by_the_defect_and_by_what_was_measured() -> None:
    found = distributions(
        [
            outcome("", value=1, roll=PASS),
            outcome("roll", value=9, roll=FAIL),
            outcome(None, value=5, roll=PASS),
            outcome("", roll=SKIP),
            outcome("", value=0.1, variant="too_dark", exposure=WARN),
            outcome("", value=0.2, variant="too_bright", exposure=WARN),
        ],
        ["exposure", "roll"],
    )
    assert found == (
        Distribution(rule="exposure", variant="too_bright", good=(0.2,), defective=()),
        Distribution(rule="exposure", variant="too_dark", good=(0.1,), defective=()),
        Distribution(rule="roll", variant="", good=(1,), defective=(9,)),
    )


def test_an_outcome_holds_what_the_report_says() -> None:
    report = Report(
        policy=NOTICE.name,
        verdict=Verdict.FAIL,
        findings=(
            Finding("exposure", ("B3",), FAIL, value=0.3, advice="too_dark"),
            Finding("face_count", ("B1",), FAIL, value=0, advice="nobody"),
            Finding("file_format", ("F2",), PASS, value="JPEG"),
            Finding("glasses", ("P2",), HUMAN),
        ),
        crop=None,
        portrait=None,
        picture_width=1,
        picture_height=1,
    )
    label = Label(file="a.jpg", defects=frozenset(), groups={})
    made = outcome_of(label, report, NOTICE)
    assert made.blocked
    assert made.rules == {
        "exposure": Judged(status=FAIL, value=0.3, variant="too_dark"),
        "face_count": Judged(status=FAIL, value=0),
        "file_format": Judged(status=PASS),
        "glasses": Judged(status=HUMAN),
    }
    warned = outcome_of(label, replace(report, verdict=Verdict.WARN), NOTICE)
    assert not warned.blocked
