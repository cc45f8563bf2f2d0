"""A policy is data that is checked to the last entry before a photo meets it."""

from __future__ import annotations

from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend import policies
from backend.domain.backgrounds import CHANGE_RULE
from backend.domain.framing import FramingRefusal, frame
from backend.domain.person_rules import PERSON_RULES, VARIANTS, WORDINGS
from backend.domain.policy import CLAUSES, PolicyError, Watch, load_policy
from backend.domain.report import Crop, Severity
from backend.domain.rules import ensure_complete, judge_person
from tests.domain.judging import good, head

TEXT = (resources.files(policies) / "notice-2025.toml").read_text(encoding="utf-8")


def problems(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        ensure_complete(load_policy(text))
    return str(caught.value).splitlines()


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) >= 1, old
    return TEXT.replace(old, new, 1)


@pytest.mark.parametrize("name", policies.names())
def test_every_clause_of_the_notice_ends_in_a_rule(name: str) -> None:
    served = {c for rule in policies.load(name).rules.values() for c in rule.clauses}
    assert served == set(CLAUSES)


def test_the_shipped_limits_are_the_notices() -> None:
    policy = policies.load("notice-2025")
    output, encoding = policy.output, policy.encoding
    assert [output.width, output.height, output.dpi] == [480, 640, 300]  # F1
    assert encoding.min_quality == policy.rules["file_quality"].fail_below  # F2
    assert [encoding.min_bytes, encoding.max_bytes] == [20 * 1024, 40 * 1024]
    notice = {
        "file_quality": (60, None),  # F2
        "crown": (50, 110),  # F4
        "eye_line": (200, 300),  # F5
        "face_width": (180, 300),  # F6
    }
    assert {rule: policy.rules[rule].allowed for rule in notice} == notice


def test_the_crop_aims_within_the_limits_that_the_rules_judge_by() -> None:
    policy = policies.load("notice-2025")
    limits, rules = policy.framing, policy.rules
    assert rules["crown"].allowed == (limits.crown_min, limits.crown_max)
    assert rules["eye_line"].allowed == (limits.eye_line_min, limits.eye_line_max)
    assert rules["face_width"].allowed == (limits.face_width_min, limits.face_width_max)
    assert rules["centring"].allowed == (None, limits.centre_offset_max)


def test_a_policy_nobody_ships_is_not_there() -> None:
    with pytest.raises(KeyError):
        policies.load("../notice-2025")


def test_text_that_is_not_toml_is_refused() -> None:
    with pytest.raises(PolicyError, match="not valid TOML"):
        load_policy("[rules")


def test_an_empty_policy_lists_everything_it_lacks() -> None:
    found = problems("")
    assert "title: must be a text" in found
    assert "output.width: must be a number (int)" in found
    assert "clause F6: no rule answers for it" in found


def test_all_problems_are_listed_at_once() -> None:
    text = changed("width = 480", 'width = "wide"')
    text = text.replace("crown_target = 80", "crown_target = 800")
    text = text.replace("[rules.roll]", "[rules.roll]\ncolour = 1")
    found = problems(text + "\n[extra]\n")
    assert "output.width: must be a number (int)" in found
    assert "framing.crown: limits must rise from min over target to max" in found
    assert "rules.roll: unknown key colour" in found
    assert "extra: unknown section" in found


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("dpi = 300", "dpi = 300.5", "output.dpi: must be a number (int)"),
        ("dpi = 300", "dpi = true", "output.dpi: must be a number (int)"),
        ("[encoding]", "[encoding]\nfoo = 1", "encoding.foo: unknown"),
        ('"block"', '"maybe"', "severity must be block, warn or human"),
        ('severity = "block"', "", "severity is missing"),
        ('["B1", "B4"]', '["B9"]', "unknown clause B9"),
        ('["B1", "B4"]', '"B1"', "clauses must be a list"),
        ("warn_above = 5", 'warn_above = "5"', "limits must be numbers"),
        (
            "warn_above = 5",
            "warn_above = 9",
            "fail_below ≤ warn_below ≤ warn_above ≤ fail_above must hold",
        ),
        ("warn_above = 0.05\n", "warm = 1\n", "unknown key variants.too_dark.warm"),
        ("warn_above = 0.05\n", "warn_above = 1\n", "fail_below ≤ warn_below"),
        ("warn_above = 5", "warn_above = nan", "limits must be numbers"),
        ("fail_above = 8", "fail_above = inf", "limits must be numbers"),
        ("crown_error = 5", "crown_error = nan", "framing.crown_error: must be a"),
        ("crown_error = 5", "crown_error = -1", "framing.crown_error: must not be"),
        ("max_upscale = 1", "max_upscale = 0 #", "max_upscale: must be above 0"),
        ("width = 480", "width = 400", "output: must be 3 to 4"),
        ("dpi = 300", "dpi = 0", "output: must be 3 to 4, of at least one"),
        ('severity = "block"', "severity = []", "severity must be block, warn"),
        ('unit = "deg"', "unit = 3", "unit must be a text"),
        ('wording = "light"', "wording = 3", "wording must be a text"),
        ('wording = "light"', 'wording = "dark"', "unknown wording dark"),
        ('unit = "deg"', 'wording = "worn"', "rules.upright: unknown wording worn"),
        ("confirm = true", "confirm = 1", "confirm must be true or false"),
        ("[[100, 197, 255]", "[[100, 197, 256]", "colours must be lists of three"),
        ("colour = [100, 197, 255]", "colour = [100]", "background.colour: must be"),
        ('treatment = "keep"', 'treatment = "blur"', "background.treatment: must be"),
        ('treatment = "keep"', "treatment = []", "background.treatment: must be keep"),
        ('treatment = "keep"', "halo = 1", "background.halo: unknown"),
        ("colours = [[", "colours = [] # [[", "background_colour: must have colours"),
        ("preferred_max_bytes = 39936", "preferred_max_bytes = 50000", "encoding:"),
    ],
)
def test_a_wrong_entry_is_named(old: str, new: str, problem: str) -> None:
    assert any(problem in line for line in problems(changed(old, new)))


ENTRIES = [
    number
    for number, line in enumerate(TEXT.splitlines())
    if " = " in line.split("#")[0]
]
VALUES = st.sampled_from(
    ("nan", "-inf", "true", '""', "[]", "{}", "[{}]", "[[]]", "1979-05-27", '"B1"')
) | (st.integers(-(10**6), 10**6) | st.floats(-1e4, 1e4).map(float)).map(str)


@given(st.sampled_from(ENTRIES), VALUES)
@settings(max_examples=300, deadline=None)
def test_whatever_an_entry_says_it_is_refused_in_words_or_can_be_judged_by(
    entry: int, value: str
) -> None:
    lines = TEXT.splitlines()
    lines[entry] = f"{lines[entry].split(' = ')[0]} = {value}"
    try:
        policy = load_policy("\n".join(lines))
        ensure_complete(policy)
    except PolicyError:
        return
    assert judge_person(good(), policy)
    found = frame(head(), (480, 640), policy.framing, policy.output)
    assert isinstance(found, Crop | FramingRefusal)


@pytest.mark.parametrize(
    "section", ["output", "encoding", "framing", "background", "rules"]
)
def test_a_section_must_be_a_table(section: str) -> None:
    kept = TEXT.split("[output]")[0]
    assert f"{section}: must be a table" in problems(f"{section} = 3\n{kept}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rules = {roll = 3}", "rules.roll: must be a table"),
        ("rules = {roll = {variants = 3}}", "rules.roll: variants.: must be a table"),
        (
            "rules = {roll = {variants = {dim = 3}}}",
            "rules.roll: variants.dim: must be a table",
        ),
    ],
)
def test_a_rule_and_its_variants_must_be_tables(text: str, problem: str) -> None:
    assert problem in problems(text)


def test_a_rule_that_nothing_measures_may_only_be_human() -> None:
    extra = '\n[rules.halo]\nclauses = ["B3"]\nseverity = "{}"\n'
    human = ensure_complete(load_policy(TEXT + extra.format("human")))
    assert "halo" in human.rules
    assert problems(TEXT + extra.format("warn")) == [
        "rules.halo: nothing measures this; only severity human may stand"
    ]


def test_a_measured_rule_may_not_be_left_out() -> None:
    text = TEXT.replace("rules.sharpness", "rules.halo")
    assert "rules.sharpness: missing" in problems(text)
    assert "rules.mirrored: missing" not in problems(text)


def test_a_rule_of_several_values_needs_limits_for_each() -> None:
    text = TEXT.replace("variants.too_dark", "variants.dim")
    assert problems(text) == [
        "rules.exposure: must have the variants ['too_bright', 'too_dark']"
    ]


def test_every_rule_of_several_values_is_a_rule() -> None:
    assert VARIANTS.keys() <= PERSON_RULES.keys() | {CHANGE_RULE}


def test_only_rules_without_variants_have_wordings() -> None:
    # A finding's advice names either.
    assert WORDINGS.keys() <= PERSON_RULES.keys() - VARIANTS.keys()


def test_severities_are_those_of_the_rules() -> None:
    policy = policies.load("notice-2025")
    assert policy.severities["file_size"] is Severity.WARN
    assert policy.severities["true_likeness"] is Severity.HUMAN


@pytest.mark.parametrize(
    ("rule", "watch"),
    [
        ("roll", Watch.MACHINE),
        ("clothes_not_blue", Watch.HINT),
        ("ears_visible", Watch.BOTH),
        ("face_occluded", Watch.BOTH),
        ("edited", Watch.PERSON),
        ("mirrored", Watch.PERSON),
    ],
)
def test_a_rule_says_who_sees_to_it(rule: str, watch: Watch) -> None:
    assert policies.load("notice-2025").rules[rule].watch is watch
