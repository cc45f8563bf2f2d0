"""From a measured value and a rule's limits to a finding."""

from __future__ import annotations

from backend.domain.policy import RulePolicy
from backend.domain.report import Box, Finding, Severity, Status


def limited(
    rule: RulePolicy, value: float | None, *, box: Box | None = None
) -> Finding:
    """Return the finding for a value; a value that is missing is skipped, not passed."""
    if value is None:
        return skipped(rule)
    status = _status(rule, value)
    return Finding(
        rule=rule.id,
        clauses=rule.clauses,
        status=status,
        value=round(value, 3),
        limit=rule.allowed,
        unit=rule.unit,
        box=box if status is not Status.PASS else None,
        certainty=_certainty(rule, value),
    )


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


def _status(rule: RulePolicy, value: float) -> Status:
    if _outside(value, rule.fail_below, rule.fail_above):
        return Status.WARN if rule.severity is Severity.WARN else Status.FAIL
    if _outside(value, rule.warn_below, rule.warn_above):
        return Status.WARN
    return Status.PASS


def _outside(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def _certainty(rule: RulePolicy, value: float) -> float:
    """Return how sure the status is: 0 on a limit, 1 from one warn zone away from it.

    The zone between warning and failing is as wide as the measuring error, so its width
    is the yardstick.
    """
    sides = []
    for warn, fail in (
        (rule.warn_below, rule.fail_below),
        (rule.warn_above, rule.fail_above),
    ):
        if fail is not None:
            zone = abs(warn - fail) if warn is not None else 0.0
            sides.append(abs(value - fail) / zone if zone else 1.0)
    return round(min([*sides, 1.0]), 2)
