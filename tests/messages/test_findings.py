from __future__ import annotations

import pytest

from backend import policies
from backend.domain.framing import Missing
from backend.domain.policy import CLAUSES
from backend.domain.report import Finding, Status
from backend.domain.rules import REFUSAL_RULE
from backend.messages.findings import (
    Language,
    clause_text,
    describe,
    order_for_display,
)

RULES = sorted(
    {rule for name in policies.names() for rule in policies.load(name).rules}
)


def finding(rule: str, status: Status, **values: object) -> Finding:
    given: dict[str, object] = {"value": 12.5, "limit": (None, 8.0), "unit": "deg"}
    return Finding(rule=rule, clauses=("P1",), status=status, **given | values)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_has_words_for_every_outcome(
    rule: str, status: Status, language: Language
) -> None:
    words = describe(finding(rule, status), language)
    assert words.name
    assert words.what
    for text in (words.name, words.what, words.todo):
        assert "{" not in text
        assert "None" not in text
    if status in {Status.FAIL, Status.WARN}:
        assert words.todo


@pytest.mark.parametrize("missing", list(Missing))
def test_every_refused_crop_says_what_is_missing(missing: Missing) -> None:
    refused = finding(
        REFUSAL_RULE[missing], Status.FAIL, advice=missing.value, value=None, limit=None
    )
    words = describe(refused)
    assert words.what != describe(finding(refused.rule, Status.FAIL)).what
    assert words.todo


def test_a_clause_is_named_as_the_notice_numbers_it() -> None:
    assert clause_text(["F4"]) == "依据：通知四.4"
    assert clause_text(["B1", "P3"]) == "依据：通知二.1、通知三.3"
    assert clause_text(["F4"], "en") == "Notice 4.4"
    for clause in CLAUSES:
        assert clause[1:] in clause_text([clause])


def test_numbers_read_as_people_write_them() -> None:
    assert "12.5°，最多 8°" in describe(finding("roll", Status.FAIL)).what
    shown = describe(
        finding("file_size", Status.WARN, value=45678.0, limit=(20480, 40960))
    )
    assert "45678 字节，一般应在 20480–40960 之间" in shown.what
    assert describe(finding("roll", Status.WARN)).what.startswith("接近标准边缘")


@pytest.mark.parametrize("value", [999.4, 999.5, 999.96, 1000.0, 123456.0])
def test_no_number_is_written_with_an_exponent(value: float) -> None:
    said = describe(finding("roll", Status.FAIL, value=value)).what
    assert f"{value:.0f}°" in said


def test_a_value_that_is_a_word_is_shown_as_it_is() -> None:
    said = describe(finding("file_format", Status.FAIL, value="PNG", limit=None))
    assert "PNG" in said.what


def test_blocking_comes_before_warnings_and_both_before_the_rest() -> None:
    given = [finding("roll", status) for status in reversed(Status)]
    shown = [f.status for f in order_for_display(given)]
    assert shown == [Status.FAIL, Status.WARN, Status.SKIP, Status.HUMAN, Status.PASS]
