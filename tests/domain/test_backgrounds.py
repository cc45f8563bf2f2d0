"""What changes for the rules when a campaign replaces the background."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from backend.domain.backgrounds import (
    BACKGROUND_RULES,
    CHANGE_RULE,
    judge_change,
    promised,
    replaced,
)
from backend.domain.colour import lab_of
from backend.domain.measurements import MatteFacts
from backend.domain.person_rules import clothes_contrast
from backend.domain.policy import Limits, Policy, RulePolicy
from backend.domain.report import Severity, Status
from tests.domain.judging import NOTICE, good

BLUE = NOTICE.background.colour
CHANGE = RulePolicy(
    id=CHANGE_RULE,
    clauses=("B2",),
    severity=Severity.WARN,
    variants={"unsure": Limits(warn_above=5), "fringe": Limits(warn_above=2)},
)
POLICY = replace(NOTICE, rules=MappingProxyType({CHANGE_RULE: CHANGE}))


def changed_rules(policy: Policy) -> set[str]:
    return {name for name, rule in policy.rules.items() if rule != NOTICE.rules[name]}


def test_what_is_going_to_be_replaced_is_only_pointed_out() -> None:
    policy = promised(NOTICE)
    assert changed_rules(policy) <= {*BACKGROUND_RULES, "clothes_contrast"}
    for name in BACKGROUND_RULES:
        before, now = NOTICE.rules[name], policy.rules[name]
        assert now == replace(before, severity=Severity.WARN)
    assert NOTICE.rules["background_plain"].severity is Severity.BLOCK
    assert policy.rules["clothes_contrast"].colours == (BLUE,)
    assert policy.name == NOTICE.name


def test_what_has_been_replaced_is_judged_by_the_standard_colour_alone() -> None:
    policy = replaced(NOTICE)
    assert changed_rules(policy) == {"background_colour", "clothes_contrast"}
    assert policy.rules["background_colour"].colours == (BLUE,)
    assert policy.rules["clothes_contrast"].colours == (BLUE,)
    # The wall is judged as strictly as ever.
    assert policy.rules["background_plain"] == NOTICE.rules["background_plain"]


def test_a_policy_without_these_rules_gets_none() -> None:
    for policy in (promised(POLICY), replaced(POLICY)):
        assert dict(policy.rules) == {CHANGE_RULE: CHANGE}


@pytest.mark.parametrize(
    ("facts", "status", "advice"),
    [
        ({"unsure": 5, "fringe": 2}, Status.PASS, "unsure"),
        ({"unsure": 5.1, "fringe": 2}, Status.WARN, "unsure"),
        ({"unsure": 0, "fringe": 2.1}, Status.WARN, "fringe"),
        # What does not apply is not missing.
        ({"fringe": 2}, Status.PASS, "fringe"),
        # What no limit is set for does not count.
        ({"fringe": 2, "holes": 100}, Status.PASS, "fringe"),
    ],
)
def test_the_worst_of_a_separation_counts(
    facts: dict[str, float], status: Status, advice: str
) -> None:
    found = judge_change(MatteFacts(**facts), POLICY)
    assert (found.rule, found.status, found.advice) == (CHANGE_RULE, status, advice)


@pytest.mark.parametrize(
    ("clothes", "status"),
    [(BLUE, Status.WARN), ((110, 200, 250), Status.WARN), ((40, 40, 40), Status.PASS)],
)
def test_clothes_have_to_differ_from_the_colour_that_is_going_to_be_behind(
    clothes: tuple[int, int, int], status: Status
) -> None:
    # Against the wall of the photo they would be judged the other way round.
    apart = 30.0 if status is Status.WARN else 1.0
    seen = good(clothes_lab=lab_of(clothes), clothes_contrast=apart)
    rule = promised(NOTICE).rules["clothes_contrast"]
    assert clothes_contrast(seen, rule).status is status
    own = clothes_contrast(seen, NOTICE.rules["clothes_contrast"])
    assert own.status is not status


def test_clothes_whose_colour_is_unknown_do_not_pass() -> None:
    rule = replaced(NOTICE).rules["clothes_contrast"]
    seen = good(clothes_lab=None, clothes_contrast=30.0)
    assert clothes_contrast(seen, rule).status is Status.SKIP
