"""A policy in plain words: every rule, its own limits, who looks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from backend import policies
from backend.domain.person_rules import VARIANTS, WORDINGS
from backend.domain.policy import Limits, Policy, RulePolicy, Watch
from backend.domain.report import Severity
from backend.messages.demand_words import DEMANDS, GROUPS
from backend.messages.demands import (
    WATCHES,
    RuleText,
    changes,
    hex_colour,
    rule_groups,
    rule_text,
)

NOTICE = policies.load("notice-2025")


def text_of(rule: str, policy: Policy = NOTICE, **changed: Any) -> RuleText:
    return rule_text(replace(policy.rules[rule], **changed), policy)


@pytest.mark.parametrize("name", policies.names())
def test_every_rule_stands_in_one_group_and_says_what_it_asks(name: str) -> None:
    policy = policies.load(name)
    rules = [rule for group in rule_groups(policy) for rule in group.rules]
    assert sorted(rule.rule for rule in rules) == sorted(policy.rules)
    for rule in rules:
        assert rule.rule in DEMANDS
        assert rule.demand.endswith("。")
        assert len(rule.demand) <= 40
        assert rule.clause.startswith("通知")
        assert rule.watched == WATCHES[rule.watch]
        for line in rule.limits:
            assert not set("{}") & set(line)
            assert "None" not in line
            assert len(line) <= 40


def test_nothing_is_explained_that_no_policy_asks() -> None:
    known = {rule for name in policies.names() for rule in policies.load(name).rules}
    assert DEMANDS.keys() == known
    assert {rule for _, rules in GROUPS.values() for rule in rules} == known
    for rule, demand in DEMANDS.items():
        variants = VARIANTS.get(rule, frozenset())
        assert demand.measures.keys() <= (variants or {""}), rule
        assert demand.wordings.keys() == WORDINGS.get(rule, frozenset()), rule


@pytest.mark.parametrize(
    ("rule", "changed", "limits"),
    [
        ("roll", {}, ("歪头不超过 8°，5° 以内最好",)),
        ("roll", {"fail_above": 3.0, "warn_above": 2.0}, ("歪头不超过 3°，2° 以内最好",)),
        ("roll", {"warn_above": None}, ("歪头不超过 8°",)),
        ("roll", {"fail_above": None}, ("歪头不超过 5°，否则提醒",)),
        ("roll", {"fail_above": None, "warn_above": None}, ()),
        ("eyes_open", {}, ("睁开的高度与眼宽之比不低于 14%，17% 以上最好",)),
        ("crown", {}, ("头顶离上边在 50–110 像素之间，54–106 像素最好",)),
        ("sunglasses", {"severity": Severity.WARN}, (
            "眼睛下方与脸颊的亮度之比不低于 50%，否则提醒",)),
        ("clothes_contrast", {"warn_below": None, "fail_below": 9.0}, (
            "色差不低于 9，否则提醒",)),
        ("recency", {"warn_above": 183}, ("距离拍摄不超过 6 个月，否则提醒",)),
        ("sharpness", {"variants": {
            "blurred": Limits(warn_below=45, fail_below=25),
            "blocks": Limits(warn_above=1.5, fail_above=2.5),
        }}, ("清晰度不低于 25", "方块程度不超过 2.5")),
        ("glasses", {}, ()),
    ],
)  # fmt: skip
def test_limits_are_the_policys_own(
    rule: str, changed: dict[str, Any], limits: tuple[str, ...]
) -> None:
    assert text_of(rule, **changed).limits == limits


def test_a_wording_asks_something_else() -> None:
    assert text_of("glasses").demand == "拍照时摘下眼镜。"
    worn = rule_text(policies.load("national-2017").rules["glasses"], NOTICE)
    assert worn.demand.startswith("平时戴眼镜的戴着拍")
    assert worn.watch is Watch.PERSON


def test_the_portraits_size_is_the_policys() -> None:
    larger = replace(NOTICE, output=replace(NOTICE.output, width=600, height=800))
    assert text_of("file_dimensions", larger).demand == "宽 600 像素，高 800 像素。"


def test_a_schools_own_rule_for_people_is_shown_without_words() -> None:
    own = RulePolicy(id="halo", clauses=("B3",), severity=Severity.HUMAN)
    policy = replace(NOTICE, rules={**NOTICE.rules, "halo": own})
    last = rule_groups(policy)[-1].rules[-1]
    assert (last.rule, last.name, last.watch) == ("halo", "halo", Watch.PERSON)
    assert last.demand


def test_an_empty_group_is_not_shown() -> None:
    clothes = {"clothes_plain", "clothes_contrast", "clothes_not_blue"}
    rules = {r: p for r, p in NOTICE.rules.items() if r not in clothes}
    titles = [group.title for group in rule_groups(replace(NOTICE, rules=rules))]
    assert "衣服" not in titles
    assert "背景" in titles


def test_what_differs_is_told_before_and_after() -> None:
    national = policies.load("national-2017")
    found = {change.name: change for change in changes(national, NOTICE)}
    assert found.keys() == {
        "衣服不是蓝色", "平时戴眼镜就戴着", "不染发", "发型合适",
    }  # fmt: skip
    assert found["不染发"].after == ""
    assert changes(NOTICE, NOTICE) == ()
    back = {change.name for change in changes(NOTICE, national)}
    assert "不染发" in back
    larger = policies.load("xinhua-30-60kb")
    encoding = {change.name: change for change in changes(larger, NOTICE)}
    assert "min_bytes = 30720" in encoding["成品文件的压缩"].after


def test_a_colour_is_written_as_drawings_take_it() -> None:
    assert hex_colour((100, 197, 255)) == "#64c5ff"
