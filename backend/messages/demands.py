"""A policy in plain words: what each rule asks, within which limits, and who looks.

The limits are the policy's own; only what they are limits of stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backend.domain.policy import Colour, Limits, Policy, RulePolicy, Watch
from backend.domain.report import Finding, Severity, Status
from backend.messages.demand_words import DEMANDS, GROUPS, LAST_GROUP, Demand, Measure
from backend.messages.findings import describe

_Range = tuple[float | None, float | None]
_OPEN: Final = (None, None)
_FIRST_CHINESE: Final = "\u4e00"

#: Who looks, and in how many words there is room for.
WATCHES: Final[Mapping[Watch, str]] = MappingProxyType(
    {
        Watch.MACHINE: "电脑检查",
        Watch.HINT: "电脑只提醒",
        Watch.BOTH: "电脑提醒，老师再看",
        Watch.PERSON: "老师看",
    }
)


@dataclass(frozen=True, slots=True)
class RuleText:
    """One rule of a policy in words."""

    rule: str
    name: str
    demand: str
    limits: tuple[str, ...]
    clause: str
    watch: Watch
    watched: str
    colours: tuple[Colour, ...]


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Rules that are read together."""

    key: str
    title: str
    rules: tuple[RuleText, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What a policy asks otherwise than the one it extends; empty where one is silent."""

    name: str
    before: str
    after: str


def rule_groups(policy: Policy) -> tuple[RuleGroup, ...]:
    """Return all rules of a policy in words, by what they are about."""
    placed = {rule for _, rules in GROUPS.values() for rule in rules}
    others = tuple(rule for rule in policy.rules if rule not in placed)
    groups = []
    for key, (title, rules) in GROUPS.items():
        wanted = rules + (others if key == LAST_GROUP else ())
        texts = tuple(
            rule_text(policy.rules[rule], policy)
            for rule in wanted
            if rule in policy.rules
        )
        if texts:
            groups.append(RuleGroup(key, title, texts))
    return tuple(groups)


def rule_text(rule: RulePolicy, policy: Policy) -> RuleText:
    """Return one rule in words."""
    passed = Finding(
        rule=rule.id,
        clauses=rule.clauses,
        status=Status.PASS,
        advice=rule.wording or None,
    )
    try:
        words = describe(passed)
        name, clause = words.name, words.clause
    except KeyError:
        # A school's own rule for people to judge has no words but its name.
        name, clause = rule.id, ""
    demand = _demand(rule)
    return RuleText(
        rule=rule.id,
        name=name,
        demand=demand.text.format(
            width=policy.output.width,
            height=policy.output.height,
            dpi=policy.output.dpi,
        ),
        limits=tuple(_limits(rule, demand)),
        clause=clause.removeprefix("依据："),
        watch=rule.watch,
        watched=WATCHES[rule.watch],
        colours=rule.colours,
    )


def changes(policy: Policy, base: Policy) -> tuple[Change, ...]:
    """Return what a policy asks otherwise than another, rule by rule."""
    found = []
    for rule in {**base.rules, **policy.rules}:
        before, after = (
            _in_a_line(rule_text(each.rules[rule], each)) if rule in each.rules else ""
            for each in (base, policy)
        )
        if base.rules.get(rule) != policy.rules.get(rule):
            owner = policy if rule in policy.rules else base
            name = rule_text(owner.rules[rule], owner).name
            found.append(Change(name, before, after))
    for name, attribute in (
        ("成品照的裁剪", "framing"),
        ("成品照的尺寸", "output"),
        ("成品文件的压缩", "encoding"),
    ):
        if getattr(base, attribute) != getattr(policy, attribute):
            found.append(Change(name, *_sections(base, policy, attribute)))
    return tuple(found)


def hex_colour(colour: Colour) -> str:
    """Return a colour as it is written in drawings."""
    return "#" + "".join(f"{part:02x}" for part in colour)


def _demand(rule: RulePolicy) -> Demand:
    demand = DEMANDS.get(rule.id, Demand("由老师按学校的要求看。"))
    return demand.wordings.get(rule.wording, demand)


def _in_a_line(text: RuleText) -> str:
    colours = "、".join(f"RGB{colour}".replace(" ", "") for colour in text.colours)
    parts = [text.demand.rstrip("。"), *text.limits, colours, text.watched]
    return "；".join(part for part in parts if part)


def _limits(rule: RulePolicy, demand: Demand) -> list[str]:
    named = rule.variants or {"": rule}
    return [
        phrase
        for variant, limits in named.items()
        if (measure := demand.measures.get(variant)) is not None
        and (phrase := _phrase(limits, measure, rule))
    ]


def _phrase(limits: Limits, measure: Measure, rule: RulePolicy) -> str:
    """Return the limits on one value: what is refused, then what is pointed out."""
    refused = (limits.fail_below, limits.fail_above)
    doubted = (limits.warn_below, limits.warn_above)
    if rule.severity is Severity.WARN:
        refused, doubted = _OPEN, refused if doubted == _OPEN else doubted
    if refused == _OPEN:
        hint = "，否则提醒" if doubted != _OPEN else ""
        return f"{measure.name}{_within(doubted, measure)}{hint}" if hint else ""
    best = "" if measure.raw or doubted == _OPEN else f"，{_best(doubted, measure)}"
    return f"{measure.name}{_within(refused, measure)}{best}"


def _within(limits: _Range, measure: Measure) -> str:
    low, high = limits
    if low is not None and high is not None:
        return _then(f"在 {measure.between(low, high)}", "之间")
    if low is not None:
        return f"不低于 {measure.shown(low)}"
    return f"不超过 {measure.shown(high)}"


def _best(limits: _Range, measure: Measure) -> str:
    low, high = limits
    if low is not None and high is not None:
        return _then(measure.between(low, high), "最好")
    if low is not None:
        return _then(measure.shown(low), "以上最好")
    return _then(measure.shown(high), "以内最好")


def _then(figure: str, words: str) -> str:
    """Join a figure and the words after it: only what is not Chinese stands apart."""
    return f"{figure}{'' if figure[-1] >= _FIRST_CHINESE else ' '}{words}"


def _sections(base: Policy, policy: Policy, attribute: str) -> tuple[str, str]:
    """Return the numbers of a section that differ, before and after."""
    one, other = getattr(base, attribute), getattr(policy, attribute)
    names = [n for n in one.__slots__ if getattr(one, n) != getattr(other, n)]
    before, after = (
        "，".join(f"{n} = {getattr(each, n):g}" for n in names) for each in (one, other)
    )
    return before, after
