"""Every rule, variant and outcome has its words in both languages, fit for a phone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from backend import policies
from backend.domain.framing import Missing
from backend.domain.person_rules import VARIANTS, WORDINGS
from backend.domain.policy import CLAUSES
from backend.domain.report import Finding, Severity, Status
from backend.domain.rules import NO_PORTRAIT, REFUSAL_RULE
from backend.messages import findings_en, findings_zh
from backend.messages.figures import Figure
from backend.messages.findings import (
    Language,
    Reader,
    clause_text,
    describe,
    order_for_display,
)

POLICIES = [policies.load(name) for name in policies.names()]
RULES = sorted({rule for policy in POLICIES for rule in policy.rules})
#: Rules that a person confirms, in any policy.
CONFIRMED = sorted(
    {rule.id for p in POLICIES for rule in p.rules.values() if rule.confirm}
)
FOR_PEOPLE = sorted(
    {
        rule.id
        for policy in POLICIES
        for rule in policy.rules.values()
        if rule.confirm or rule.severity is Severity.HUMAN
    }
)
TABLES = {"zh": findings_zh.RULES, "en": findings_en.RULES}
#: What two lines of a phone hold at 390 px, names one of a heading.
LONGEST = {"zh": {"name": 9, "what": 46, "todo": 44}, "en": {"name": 24, "what": 96, "todo": 90}}  # fmt: skip


def advices(rule: str) -> list[str | None]:
    """Return what may choose among a rule's sentences."""
    refusals = [m.value for m, blamed in REFUSAL_RULE.items() if blamed == rule]
    counts = ["nobody"] if rule == "face_count" else []
    named = VARIANTS.get(rule, frozenset()) | WORDINGS.get(rule, frozenset())
    return [None, *sorted(named), *refusals, *counts]


CASES = [(rule, advice) for rule in RULES for advice in advices(rule)]


def finding(rule: str, status: Status, **values: object) -> Finding:
    given: dict[str, object] = {"value": 12.5, "limit": (None, 8.0), "unit": "deg"}
    return Finding(rule=rule, clauses=("P1",), status=status, **given | values)  # type: ignore[arg-type]


def outcomes(rule: str, advice: str | None) -> Iterator[Finding]:
    for status in Status:
        for limit in ((None, 8.0), (20.0, 30.0), (3.0, 20.0)):
            yield finding(rule, status, advice=advice, limit=limit)
    yield finding(rule, Status.SKIP, advice=NO_PORTRAIT, value=None, limit=None)
    yield finding(rule, Status.HUMAN, advice=advice, value=None, limit=None)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("rule", "advice"), CASES)
def test_every_outcome_has_whole_sentences_that_fit_a_phone(
    rule: str, advice: str | None, language: Language
) -> None:
    longest, end = LONGEST[language], "。" if language == "zh" else "."
    for found in outcomes(rule, advice):
        for reader in ("student", "staff"):
            words = describe(found, language, reader=reader)
            assert words.name, found
            assert words.what.endswith(end), words.what
            assert words.todo.endswith(end) or found.status is Status.PASS, found
            for part in ("name", "what", "todo"):
                text = getattr(words, part)
                assert len(text) <= longest[part], text
                assert not set("{}") & set(text), text
                assert "None" not in text
                assert "。。" not in text
                assert ".." not in text
                chinese = re.search("[\u4e00-\u9fff]", text)
                assert bool(chinese) == (language == "zh" and bool(text)), text


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(
    ("rule", "advice"), [(rule, advice) for rule, advice in CASES if advice]
)
def test_every_variant_has_sentences_of_its_own(
    rule: str, advice: str, language: Language
) -> None:
    own = TABLES[language][rule].variants
    assert own.keys() == {name for name in advices(rule) if name}
    status = Status.WARN if rule in CONFIRMED else Status.FAIL
    plain, special = (
        describe(finding(rule, status, advice=name), language)
        for name in (None, advice)
    )
    assert (plain.what, plain.todo) != (special.what, special.todo)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_both_languages_have_the_same_rules_and_numbers(language: Language) -> None:
    assert set(RULES) <= TABLES[language].keys()
    for rule, words in TABLES[language].items():
        twin = TABLES["en" if language == "zh" else "zh"][rule]
        assert words.variants.keys() == twin.variants.keys(), rule
        assert bool(words.doubt) == bool(twin.doubt), rule
        assert bool(words.look) == bool(twin.look), rule


@pytest.mark.parametrize(
    ("rule", "advice"),
    [(r, a) for r, a in CASES if r in CONFIRMED and (a or r not in VARIANTS)],
)
def test_what_a_person_confirms_is_told_as_a_doubt(
    rule: str, advice: str | None
) -> None:
    if rule == "background_colour":
        pytest.skip("no shipped policy leaves it to a person")
    doubt = finding(rule, Status.WARN, advice=advice)
    said = describe(doubt).what
    assert re.search("好像|可能", said), said
    assert said.endswith("，老师会再看。")
    assert not said.startswith("接近")
    assert describe(doubt, reader="staff").what.endswith("，请确认。")
    english = describe(doubt, "en").what
    assert re.search(r"\bseem", english), english
    assert english.endswith("; a person will look again.")


@pytest.mark.parametrize("rule", FOR_PEOPLE)
def test_what_a_person_judges_says_what_is_looked_at(rule: str) -> None:
    for language, reader, start in (
        ("zh", "student", "老师会看"),
        ("zh", "staff", "请看"),
        ("en", "student", "A person will check whether "),
        ("en", "staff", "Please check whether "),
    ):
        who: Reader = reader  # type: ignore[assignment]
        said = describe(finding(rule, Status.HUMAN), language, reader=who)  # type: ignore[arg-type]
        assert said.what.startswith(start)
        assert "这一项" not in said.what


def test_a_rule_that_a_school_leaves_to_people_is_named() -> None:
    said = describe(finding("roll", Status.HUMAN))
    assert said.what == "老师会看“头没有歪”这一项。"
    assert "head level" in describe(finding("roll", Status.HUMAN), "en").what


@pytest.mark.parametrize("missing", list(Missing))
def test_every_refused_crop_says_what_is_missing(missing: Missing) -> None:
    refused = finding(
        REFUSAL_RULE[missing], Status.FAIL, advice=missing.value, value=None, limit=None
    )
    words = describe(refused)
    assert words.what != describe(finding(refused.rule, Status.FAIL)).what
    assert "–" not in words.what
    assert words.todo


def test_a_clause_is_named_as_the_notice_numbers_it() -> None:
    assert clause_text(["F4"]) == "依据：通知四.4"
    assert clause_text(["B1", "P3"]) == "依据：通知二.1、通知三.3"
    assert clause_text(["F4"], "en") == "Notice 4.4"
    for clause in CLAUSES:
        assert clause[1:] in clause_text([clause])


def test_numbers_read_as_people_write_them() -> None:
    assert "12.5°，最多 8°" in describe(finding("roll", Status.FAIL)).what
    size = finding("file_size", Status.WARN, value=45678.0, limit=(20480, 40960))
    assert "44.6 KB，一般应为 20–40 KB" in describe(size).what
    old = finding("recency", Status.WARN, value=430.0, limit=(None, 365.0))
    assert "约 14 个月前拍的，应在 12 个月以内" in describe(old).what
    lids = finding("eyes_open", Status.FAIL, value=0.09, limit=(0.14, None))
    assert "只有宽度的 9%，至少 14%" in describe(lids).what


def test_only_what_keeps_its_limit_is_close_to_it() -> None:
    inside = finding("roll", Status.WARN, value=6.0)
    assert describe(inside).what == "接近标准边缘：头歪了 6°，最多 8°。"
    assert describe(inside, "en").what.startswith("Close to the limit: ")
    # A rule that only warns has nothing to be close to.
    blue = finding("clothes_not_blue", Status.WARN, value=0.7, limit=(None, 0.4))
    assert describe(blue).what == "衣服看起来有 70% 是蓝色，最多 40%。"
    estimated = finding("file_quality", Status.WARN, value=40.0, limit=(60, None))
    assert not describe(estimated).what.startswith("接近")


@pytest.mark.parametrize("value", [999.4, 999.5, 999.96, 1000.0, 123456.0])
def test_no_number_is_written_with_an_exponent(value: float) -> None:
    said = describe(finding("roll", Status.FAIL, value=value)).what
    assert f"{value:.0f}°" in said


@pytest.mark.parametrize(
    ("value", "spec", "shown"),
    [
        (0.004, "%", "0.4%"),
        (0.0995, "%", "10%"),
        (0.05, "%", "5%"),
        (1.0, "%", "100%"),
        (12.5, "%", "1250%"),
        (20480, "KB", "20"),
        (183, "months", "6"),
        (0.352, "", "0.352"),
        (None, "%", "–"),
        ("Adobe Photoshop", "", "Adobe Photoshop"),
        ("x" * 300, "", "x" * 24 + "…"),
    ],
)
def test_a_figure_is_written_as_its_sentence_asks(
    value: float | str | None, spec: str, shown: str
) -> None:
    assert format(Figure(value), spec) == shown


def test_a_figure_that_nobody_knows_how_to_write_is_an_error() -> None:
    with pytest.raises(ValueError, match="furlongs"):
        format(Figure(1.0), "furlongs")


def test_a_value_that_is_a_word_is_shown_as_it_is() -> None:
    said = describe(finding("file_format", Status.FAIL, value="PNG", limit=None))
    assert "PNG" in said.what


def test_blocking_comes_before_warnings_and_both_before_the_rest() -> None:
    given = [finding("roll", status) for status in reversed(Status)]
    shown = [f.status for f in order_for_display(given)]
    assert shown == [Status.FAIL, Status.WARN, Status.SKIP, Status.HUMAN, Status.PASS]
