"""From a measured value and a rule's limits to a finding."""

from __future__ import annotations

import math
from typing import Final

from backend.domain.policy import Limits, RulePolicy
from backend.domain.report import Box, Finding, Severity, Status


def limited(
    rule: RulePolicy,
    value: float | None,
    *,
    box: Box | None = None,
    variant: str | None = None,
) -> Finding:
    """Return the finding for a value; a value that is missing is skipped, not passed.

    So is one that is no finite number: no limit compares with it.
    With ``variant`` the limits of that name are used, and the finding's advice names it;
    without one it names the rule's wording.
    """
    if value is None or not math.isfinite(value):
        return for_people(rule, box=box) if rule.confirm else skipped(rule)
    limits = rule.variants[variant] if variant else rule
    status = _status(limits, rule, value)
    return Finding(
        rule=rule.id,
        clauses=rule.clauses,
        status=status,
        value=round(value, 3),
        limit=limits.allowed,
        unit=rule.unit,
        box=box if status is not Status.PASS else None,
        certainty=_certainty(limits, value),
        advice=variant or rule.wording or None,
    )


def worst(*findings: Finding) -> Finding:
    """Return the finding that counts of several on one rule; the first of equals.

    A missing value is worse than a good one: what was not measured did not pass.
    """
    return max(findings, key=lambda finding: _BADNESS[finding.status])


_BADNESS: Final = {
    status: rank
    for rank, status in enumerate(
        (Status.PASS, Status.HUMAN, Status.SKIP, Status.WARN, Status.FAIL)
    )
}


def skipped(rule: RulePolicy, *, advice: str | None = None) -> Finding:
    """Return the finding of a rule whose input is missing; ``advice`` says why."""
    return Finding(
        rule=rule.id,
        clauses=rule.clauses,
        status=Status.SKIP,
        limit=rule.allowed,
        unit=rule.unit,
        advice=advice,
    )


def for_people(rule: RulePolicy, *, box: Box | None = None) -> Finding:
    """Return the finding of a rule that a person judges; ``box`` is where to look."""
    return Finding(
        rule=rule.id,
        clauses=rule.clauses,
        status=Status.HUMAN,
        box=box,
        advice=rule.wording or None,
    )


def _status(limits: Limits, rule: RulePolicy, value: float) -> Status:
    if _outside(value, limits.fail_below, limits.fail_above):
        return Status.WARN if rule.severity is Severity.WARN else Status.FAIL
    if _outside(value, limits.warn_below, limits.warn_above):
        return Status.WARN
    return Status.HUMAN if rule.confirm else Status.PASS


def _outside(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def _certainty(limits: Limits, value: float) -> float:
    """Return how sure the status is: 0 on a limit, 1 from one warn zone away from it.

    The zone between warning and failing is as wide as the measuring error, so its width
    is the yardstick.
    """
    sides = []
    for warn, fail in (
        (limits.warn_below, limits.fail_below),
        (limits.warn_above, limits.fail_above),
    ):
        if fail is not None:
            zone = abs(warn - fail) if warn is not None else 0.0
            sides.append(abs(value - fail) / zone if zone else 1.0)
    return round(min([*sides, 1.0]), 2)
