"""One value against its limits: what is allowed, what is close, what was not measured."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.limits import limited, worst
from backend.domain.policy import RulePolicy
from backend.domain.report import Box, Finding, Severity, Status

RULE = RulePolicy(
    id="eye_line",
    clauses=("F5",),
    severity=Severity.BLOCK,
    unit="px",
    fail_below=200,
    warn_below=205,
    warn_above=295,
    fail_above=300,
)
WARNING = RulePolicy(
    id="hint", clauses=("P4",), severity=Severity.WARN, fail_above=10.0
)
BADNESS = {Status.PASS: 0, Status.WARN: 1, Status.FAIL: 2}


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (199.999, Status.FAIL),
        (200, Status.WARN),
        (204.999, Status.WARN),
        (205, Status.PASS),
        (295, Status.PASS),
        (295.001, Status.WARN),
        (300, Status.WARN),
        (300.001, Status.FAIL),
    ],
)
def test_a_limit_itself_is_still_within(value: float, status: Status) -> None:
    assert limited(RULE, value).status is status


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_skipped_and_never_passes(value: float | None) -> None:
    finding = limited(RULE, value)
    assert finding.status is Status.SKIP
    assert finding.value is None
    assert finding.limit == (200, 300)


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_further_from_the_middle_is_never_better(value: float, more: float) -> None:
    further = value + more if value >= 250 else value - more
    before, after = limited(RULE, value), limited(RULE, further)
    assert BADNESS[before.status] <= BADNESS[after.status]


@given(st.floats(-1e6, 1e6))
def test_certainty_is_a_share_and_zero_on_a_limit(value: float) -> None:
    certainty = limited(RULE, value).certainty
    assert certainty is not None
    assert 0 <= certainty <= 1
    assert limited(RULE, 300).certainty == limited(RULE, 200).certainty == 0
    assert limited(RULE, 250).certainty == 1


def test_a_rule_that_only_hints_warns_where_it_would_fail() -> None:
    assert limited(WARNING, 11).status is Status.WARN
    assert limited(WARNING, 10).status is Status.PASS


def test_a_region_is_shown_only_where_something_is_wrong() -> None:
    box = Box(1, 2, 3, 4)
    assert limited(RULE, 250, box=box).box is None
    assert limited(RULE, 299, box=box).box == box


def finding(status: Status, advice: str | None = None) -> Finding:
    return Finding(rule="r", clauses=("P1",), status=status, advice=advice)


def test_of_several_values_the_worst_counts_and_of_equals_the_first() -> None:
    good, missing = finding(Status.PASS), finding(Status.SKIP)
    first, second = finding(Status.WARN, "a"), finding(Status.WARN, "b")
    assert worst(good, missing) is missing
    assert worst(missing, first, good, second) is first
    assert worst(first, finding(Status.FAIL), missing).status is Status.FAIL
