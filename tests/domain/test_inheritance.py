"""A policy may give only what differs; what it extends is found by name."""

from __future__ import annotations

from importlib import resources

import pytest

from backend import policies
from backend.domain.inheritance import merge
from backend.domain.policy import Policy, PolicyError, load_policy
from backend.domain.report import Finding, Severity, Status
from backend.domain.rules import ensure_complete, judge_person
from tests.domain.judging import good

BASE = (resources.files(policies) / "notice-2025.toml").read_text(encoding="utf-8")
HEAD = 'name = "own"\ntitle = "t"\nsource = "s"\nextends = "base"\n'


def load(rest: str = "", **others: str) -> Policy:
    texts = {"base": BASE} | others
    return ensure_complete(load_policy(HEAD + rest, texts=texts.get))


def problems(text: str, **others: str) -> list[str]:
    texts = {"base": BASE} | others
    with pytest.raises(PolicyError) as caught:
        ensure_complete(load_policy(text, texts=texts.get))
    return str(caught.value).splitlines()


def test_tables_are_merged_and_everything_else_is_replaced() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    over = {"a": {"c": [3], "e": {"f": 1}}, "d": {"g": 2}}
    assert merge(base, over) == {"a": {"b": 1, "c": [3], "e": {"f": 1}}, "d": {"g": 2}}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": 1}


def test_only_what_differs_is_given() -> None:
    base, own = policies.load("notice-2025"), load("[rules.roll]\nfail_above = 7\n")
    assert (own.name, own.title, own.source, own.extends) == ("own", "t", "s", "base")
    assert own.rules["roll"].fail_above == 7
    assert own.rules["roll"].warn_above == base.rules["roll"].warn_above
    assert list(own.rules) == list(base.rules)
    differing = [rule for rule in base.rules if base.rules[rule] != own.rules[rule]]
    assert differing == ["roll"]
    assert own.framing == base.framing


def test_one_of_several_limits_is_changed_alone() -> None:
    own = load("[rules.exposure.variants.too_dark]\nfail_above = 0.2\n")
    assert own.rules["exposure"].variants["too_dark"].fail_above == 0.2
    assert own.rules["exposure"].variants["too_dark"].warn_above == 0.05
    assert own.rules["exposure"].variants["too_bright"].fail_above == 0.05


def test_an_inherited_limit_is_taken_away_by_name() -> None:
    own = load('[rules.roll]\nwarn_above = "open"\n')
    assert own.rules["roll"].warn_above is None
    assert own.rules["roll"].fail_above == 8
    alone = HEAD.replace('extends = "base"\n', "") + BASE.split("\n", 6)[-1]
    alone = alone.replace("fail_above = 8", 'fail_above = "open"', 1)
    assert "rules.roll: limits must be numbers" in problems(alone)


def test_a_dropped_rule_is_judged_no_more() -> None:
    own = load('drop = ["clothes_not_blue", "dyed_hair"]\n')
    assert own.dropped == {"clothes_not_blue", "dyed_hair"}
    judged = {finding.rule for finding in judge_person(good(), own)}
    assert "clothes_not_blue" not in judged
    assert "clothes_contrast" in judged


@pytest.mark.parametrize(
    ("rest", "problem"),
    [
        ('drop = "roll"\n', "drop: must be a list of rules"),
        ('drop = ["rolled"]\n', "drop: there is no rule rolled"),
        (
            'drop = ["roll"]\n[rules.roll]\nfail_above = 7\n',
            "drop: rules.roll is given as well",
        ),
        ('drop = ["crown"]\n', "clause F4: no rule answers for it"),
        ('drop = ["resolution"]\n', "rules.resolution: missing"),
        ("[rules.roll]\nfail_above = 1\n", "rules.roll: fail_below ≤ warn_below"),
        ('[rules.roll]\nfail_above = "wide"\n', "rules.roll: limits must be numbers"),
        ("[rules.rolled]\nfail_above = 1\n", "rules.rolled: clauses is missing"),
        ("[extra]\n", "extra: unknown section"),
        ("[output]\nwidth = 400\n", "output: must be 3 to 4"),
        ("rules = 3\n", "rules: must be a table"),
    ],
)
def test_what_is_wrong_with_the_whole_is_named(rest: str, problem: str) -> None:
    assert any(line.startswith(problem) for line in problems(HEAD + rest))


def test_a_base_that_is_not_there_is_listed_with_the_rest() -> None:
    text = HEAD.replace('"base"', '"nowhere"').replace('title = "t"\n', "")
    assert problems(text) == [
        "title: must be a text",
        "extends: there is no policy nowhere",
    ]


def test_a_base_must_be_named_by_a_text() -> None:
    text = HEAD.replace('"base"', "3")
    assert problems(text) == ["extends: must be the name of a policy"]


def test_a_base_that_is_no_policy_at_all_is_named() -> None:
    (found,) = problems(HEAD, base="[rules")
    assert found.startswith("extends: base is not valid TOML")


def test_policies_that_extend_each_other_are_refused() -> None:
    circle = HEAD.replace('"own"', '"base"').replace('"base"\n', '"other"\n')
    other = HEAD.replace('"own"', '"other"')
    (found,) = problems(HEAD, base=circle.replace('name = "other"', ""), other=other)
    assert found == "extends: own → base → other → base goes in a circle"
    itself = HEAD.replace('"base"', '"own"')
    assert problems(itself) == ["extends: own → own goes in a circle"]


def test_a_base_may_extend_another() -> None:
    middle = HEAD.replace('"own"', '"middle"') + (
        'drop = ["dyed_hair"]\n[rules.roll]\nfail_above = 7\nwarn_above = 3\n'
    )
    text = HEAD.replace('"base"', '"middle"') + "[rules.roll]\nwarn_above = 4\n"
    own = load_policy(text, texts={"base": BASE, "middle": middle}.get)
    assert (own.rules["roll"].warn_above, own.rules["roll"].fail_above) == (4, 7)
    assert "dyed_hair" not in own.rules
    back = load_policy(
        text.replace("[rules", "drop = []\n[rules"),
        texts={"base": BASE, "middle": middle}.get,
    )
    assert "dyed_hair" in back.rules


# The variants that are shipped.


def of(name: str, rule: str, **measured: object) -> Finding:
    found = judge_person(good(**measured), policies.load(name))
    return next(finding for finding in found if finding.rule == rule)


def test_usual_glasses_are_worn_where_the_national_text_says_so() -> None:
    bare, worn = (
        of(name, "glasses", nose_bridge_edge=90.0)
        for name in ("notice-2025", "national-2017")
    )
    assert (bare.status, bare.advice) == (Status.WARN, None)
    assert (worn.status, worn.advice) == (Status.HUMAN, "worn")
    unmeasured = of("national-2017", "glasses")
    assert (unmeasured.status, unmeasured.advice) == (Status.HUMAN, "worn")
    assert of("national-2017", "sunglasses", lens_light=0.1).status is Status.FAIL


@pytest.mark.parametrize(
    ("name", "blue", "white"),
    [
        ("notice-2025", Status.PASS, Status.PASS),
        ("tianjin-zikao", Status.PASS, Status.FAIL),
        ("xinjiang-zikao", Status.FAIL, Status.PASS),
    ],
)
def test_each_place_has_its_colours(name: str, blue: Status, white: Status) -> None:
    light_blue, pure_white = (75.0, -13.0, -38.0), (100.0, 0.0, 0.0)
    found = [
        of(name, "background_colour", background_lab=colour).status
        for colour in (light_blue, pure_white)
    ]
    assert found == [blue, white]


def test_half_a_year_is_asked_for_in_xinjiang() -> None:
    found = {
        name: of(name, "recency", days_since_taken=250).status
        for name in ("notice-2025", "national-2017", "xinjiang-zikao")
    }
    assert found == {
        "notice-2025": Status.HUMAN,
        "national-2017": Status.HUMAN,
        "xinjiang-zikao": Status.WARN,
    }


def test_the_file_is_larger_where_the_receiver_wants_it_so() -> None:
    policy = policies.load("xinhua-30-60kb")
    encoding = policy.encoding
    # Inside 30 to 60 KB, whether a KB has 1000 or 1024 bytes.
    assert encoding.preferred_min_bytes >= 30 * 1024
    assert encoding.preferred_max_bytes <= 60 * 1000
    size = policy.rules["file_size"]
    assert (size.warn_below, size.warn_above) == (30 * 1024, 60 * 1024)
    assert size.severity is Severity.WARN


def test_every_shipped_variant_names_its_source_and_what_it_builds_on() -> None:
    for name in policies.names():
        policy = policies.load(name)
        assert policy.name == name
        assert len(policy.source) > 10
        assert not policy.extends or policy.extends in policies.names()
    assert {policies.load(name).source for name in policies.names()} != {""}
