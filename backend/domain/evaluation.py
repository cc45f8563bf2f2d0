"""How a policy did on photos of which people know what is wrong with them: pure counting.

A photo counts for a rule as one *with* the defect, or as one *without*; one of which
nobody knows counts for neither. A rule has noticed a defect when it warns or fails; doing
so on a photo without the defect is a false alarm. What it skips, or leaves to a person,
is neither noticed nor a false alarm.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from backend.domain.policy import Policy
from backend.domain.report import Report, Status, Verdict

#: What a group is called where the labels leave it empty.
UNKNOWN = "unknown"
#: The column of which not every value is a group of its own, but every band.
AGE = "age"
_AGE_BANDS = (25, 35, 45, 55)
#: A smaller group's share says nothing.
_LEAST_GROUP = 5
_NOTICED = (Status.WARN, Status.FAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What people know of one photo.

    Attributes:
        defects: the rules it breaks; none when nobody knows.
        groups: who is in it, by column of the labels.
    """

    file: str
    defects: frozenset[str] | None
    groups: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What one rule said of one photo; ``variant`` names the value that counted."""

    status: Status
    value: float | None = None
    variant: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One labelled photo and what judging it said, by rule."""

    label: Label
    blocked: bool
    rules: Mapping[str, Judged]

    def has(self, rule: str) -> bool | None:
        """Whether the photo has a rule's defect; none when nobody knows."""
        defects = self.label.defects
        return None if defects is None else rule in defects


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """One rule's counts; ``skipped`` and ``human`` are of all photos, known or not."""

    rule: str
    defective: int
    caught: int
    caught_as_fail: int
    good: int
    false_warn: int
    false_fail: int
    skipped: int
    human: int

    @property
    def recall(self) -> float | None:
        """Share of the defects that were noticed; none without any."""
        return self.caught / self.defective if self.defective else None

    @property
    def false_alarms(self) -> int:
        """Good photos that were warned about or failed."""
        return self.false_warn + self.false_fail


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """How many photos of a group may not be handed in as they are."""

    group: str
    blocked: int
    total: int

    @property
    def share(self) -> float:
        """0 to 1."""
        return self.blocked / self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The two groups that fare most differently, and what that means in persons.

    Groups of fewer than five, and those of whom nothing is known, are left aside.

    Attributes:
        persons: how many fewer of the worse group would be blocked at the share of the
            better one. Below one or two it may well be chance.
    """

    worse: Blocked
    better: Blocked

    @property
    def persons(self) -> float:
        """See above."""
        return self.worse.blocked - self.better.share * self.worse.total


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The counts of each group of one column."""

    column: str
    rules: Mapping[str, tuple[RuleRow, ...]]
    blocked: tuple[Blocked, ...]
    gap: Gap | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All counts."""

    rules: tuple[RuleRow, ...]
    blocked: Blocked | None
    splits: tuple[Split, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """The values of one rule, or of one of its variants, with the defect and without.

    Of a rule with variants a photo has one value, the one that counted.
    """

    rule: str
    variant: str
    good: tuple[float, ...]
    defective: tuple[float, ...]


def outcome_of(label: Label, report: Report, policy: Policy) -> Outcome:
    """Return what a report says of a labelled photo."""
    rules = {}
    for finding in report.findings:
        value, advice = finding.value, finding.advice or ""
        variants = policy.rules[finding.rule].variants
        rules[finding.rule] = Judged(
            status=finding.status,
            value=None if isinstance(value, str) or value is None else float(value),
            variant=advice if advice in variants else "",
        )
    return Outcome(label=label, blocked=report.verdict is Verdict.FAIL, rules=rules)


def evaluate(
    outcomes: Sequence[Outcome], rules: Sequence[str], by: Sequence[str]
) -> Evaluation:
    """Count the outcomes rule by rule, for all photos and for each column's groups."""
    return Evaluation(
        rules=_rows(outcomes, rules),
        blocked=_blocked("", outcomes) if outcomes else None,
        splits=tuple(_split(outcomes, rules, column) for column in by),
    )


def distributions(
    outcomes: Iterable[Outcome], rules: Iterable[str]
) -> tuple[Distribution, ...]:
    """Return the values of the rules that measure something, in the rules' order."""
    found: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    for outcome in outcomes:
        for rule, judged in outcome.rules.items():
            defective = outcome.has(rule)
            if judged.value is not None and defective is not None:
                values = found.setdefault((rule, judged.variant), ([], []))
                values[defective].append(judged.value)
    order = {rule: place for place, rule in enumerate(rules)}
    return tuple(
        Distribution(
            rule=rule, variant=variant, good=tuple(good), defective=tuple(defective)
        )
        for (rule, variant), (good, defective) in sorted(
            found.items(), key=lambda item: (order[item[0][0]], item[0][1])
        )
    )


def age_band(age: str) -> str:
    """Return the band of ten years, or so, of an age; unknown where it is no number."""
    try:
        years = float(age)
    except ValueError:
        return UNKNOWN
    if not math.isfinite(years) or years < 0:
        return UNKNOWN
    low = max((edge for edge in _AGE_BANDS if edge <= years), default=None)
    high = min((edge for edge in _AGE_BANDS if edge > years), default=None)
    if low is None:
        return f"under {high}"
    return f"{low} and over" if high is None else f"{low}–{high - 1}"


def _rows(outcomes: Sequence[Outcome], rules: Sequence[str]) -> tuple[RuleRow, ...]:
    return tuple(_row(outcomes, rule) for rule in rules)


def _row(outcomes: Sequence[Outcome], rule: str) -> RuleRow:
    judged = [(o.has(rule), o.rules[rule].status) for o in outcomes if rule in o.rules]
    statuses = [status for _, status in judged]
    bad = [status for defective, status in judged if defective is True]
    good = [status for defective, status in judged if defective is False]
    return RuleRow(
        rule=rule,
        defective=len(bad),
        caught=sum(status in _NOTICED for status in bad),
        caught_as_fail=bad.count(Status.FAIL),
        good=len(good),
        false_warn=good.count(Status.WARN),
        false_fail=good.count(Status.FAIL),
        skipped=statuses.count(Status.SKIP),
        human=statuses.count(Status.HUMAN),
    )


def _split(outcomes: Sequence[Outcome], rules: Sequence[str], column: str) -> Split:
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        text = outcome.label.groups.get(column, "").strip()
        name = age_band(text) if column == AGE else text or UNKNOWN
        groups.setdefault(name, []).append(outcome)
    ordered = {name: groups[name] for name in sorted(groups, key=_group_order)}
    blocked = tuple(_blocked(name, members) for name, members in ordered.items())
    return Split(
        column=column,
        rules={name: _rows(members, rules) for name, members in ordered.items()},
        blocked=blocked,
        gap=_gap(blocked),
    )


def _group_order(name: str) -> tuple[bool, bool, str]:
    """Order by name; the youngest band first, what is unknown last."""
    return name == UNKNOWN, not name.startswith("under "), name


def _blocked(group: str, outcomes: Sequence[Outcome]) -> Blocked:
    count = sum(outcome.blocked for outcome in outcomes)
    return Blocked(group=group, blocked=count, total=len(outcomes))


def _gap(blocked: Sequence[Blocked]) -> Gap | None:
    groups = [b for b in blocked if b.group != UNKNOWN and b.total >= _LEAST_GROUP]
    if len(groups) < 2:  # noqa: PLR2004 - a difference takes two
        return None
    worse = max(groups, key=lambda each: each.share)
    better = min(groups, key=lambda each: each.share)
    return Gap(worse=worse, better=better)
