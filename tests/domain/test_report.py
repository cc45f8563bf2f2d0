"""Reports: the verdict, and the way into JSON and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.report import (
    Box,
    Crop,
    Finding,
    PortraitFacts,
    Report,
    Severity,
    Status,
    Verdict,
    report_from_dict,
    report_to_dict,
    verdict_of,
)

NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
BOXES = st.builds(Box, NUMBERS, NUMBERS, NUMBERS, NUMBERS)
FINDINGS = st.builds(
    Finding,
    rule=st.text(min_size=1),
    clauses=st.lists(st.sampled_from(["B1", "F4"])).map(tuple),
    status=st.sampled_from(Status),
    value=st.none() | NUMBERS | st.text(),
    limit=st.none() | st.tuples(st.none() | NUMBERS, st.none() | NUMBERS),
    unit=st.text(),
    box=st.none() | BOXES,
    certainty=st.none() | st.floats(0, 1),
    advice=st.none() | st.text(),
)
WHOLE = st.integers(0, 10_000)
REPORTS = st.builds(
    Report,
    policy=st.text(),
    verdict=st.sampled_from(Verdict),
    findings=st.lists(FINDINGS, max_size=4).map(tuple),
    crop=st.none() | st.builds(Crop, WHOLE, WHOLE, WHOLE, WHOLE),
    portrait=st.none()
    | st.builds(
        PortraitFacts,
        *[WHOLE] * 5,
        *[NUMBERS] * 4,
    ),
    picture_width=WHOLE,
    picture_height=WHOLE,
)


@given(REPORTS)
def test_a_report_survives_json(report: Report) -> None:
    assert report_from_dict(json.loads(json.dumps(report_to_dict(report)))) == report


def of(severity: Severity, status: Status) -> Verdict:
    findings = [
        Finding(rule="rule", clauses=("B1",), status=status),
        Finding(rule="fine", clauses=("B1",), status=Status.PASS),
    ]
    return verdict_of(findings, {"rule": severity, "fine": Severity.BLOCK})


@pytest.mark.parametrize("severity", Severity)
@pytest.mark.parametrize("status", [Status.PASS, Status.SKIP, Status.HUMAN])
def test_what_did_not_go_wrong_changes_no_verdict(
    severity: Severity, status: Status
) -> None:
    assert of(severity, status) is Verdict.PASS


def test_a_broken_blocking_rule_fails_the_photo() -> None:
    assert of(Severity.BLOCK, Status.FAIL) is Verdict.FAIL


def test_a_broken_lesser_rule_only_warns() -> None:
    assert of(Severity.WARN, Status.FAIL) is Verdict.WARN


@pytest.mark.parametrize("severity", Severity)
def test_a_warning_warns(severity: Severity) -> None:
    assert of(severity, Status.WARN) is Verdict.WARN
