"""The clauses a person must have looked at: a portrait passes when all are checked."""

from __future__ import annotations

from collections.abc import Collection

from backend.domain.errors import InvalidInputError, Violation
from backend.domain.policy import Policy
from backend.domain.report import Finding, Report, Status

#: What the machine has not found to be right.
_OPEN = frozenset({Status.HUMAN, Status.WARN, Status.FAIL})


def needs_person(finding: Finding, policy: Policy | None) -> bool:
    """Tell whether a person must have looked at what a finding is about.

    A rule that a policy has confirmed is one the machine only points out: whatever it
    pointed out, a person looks. A report may be older than the policies at hand; then
    its own word, ``human``, is all there is.
    """
    rule = policy.rules.get(finding.rule) if policy else None
    if rule is not None and rule.confirm:
        return finding.status in _OPEN
    return finding.status is Status.HUMAN


def rules_to_check(report: Report, policy: Policy | None) -> tuple[str, ...]:
    """Return the rules of a report that wait for a person's judgement."""
    return tuple(f.rule for f in report.findings if needs_person(f, policy))


def ensure_checked(
    report: Report, policy: Policy | None, checked: Collection[str]
) -> None:
    """Demand that a person has checked every clause left to people.

    Raises:
        InvalidInputError: ``checklist_open``, one violation per open clause.
    """
    missing = [rule for rule in rules_to_check(report, policy) if rule not in checked]
    if missing:
        raise InvalidInputError(
            "checklist_open",
            violations=tuple(Violation(rule, "checklist_open") for rule in missing),
        )
