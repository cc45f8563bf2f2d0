"""The clauses only a person can judge: a portrait passes when all are checked."""

from __future__ import annotations

from collections.abc import Collection

from backend.domain.errors import InvalidInputError, Violation
from backend.domain.report import Report, Status


def human_rules(report: Report) -> tuple[str, ...]:
    """Return the rules of a report that wait for a person's judgement."""
    return tuple(f.rule for f in report.findings if f.status is Status.HUMAN)


def ensure_checked(report: Report, checked: Collection[str]) -> None:
    """Demand that a person has checked every clause left to people.

    Raises:
        InvalidInputError: ``checklist_open``, one violation per open clause.
    """
    missing = tuple(rule for rule in human_rules(report) if rule not in checked)
    if missing:
        raise InvalidInputError(
            "checklist_open",
            violations=tuple(Violation(rule, "checklist_open") for rule in missing),
        )
