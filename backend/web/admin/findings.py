"""A report as a reviewer reads it: problems, what only a person can judge, the rest."""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.report import Finding, Report, Status
from backend.messages.findings import describe, order_for_display


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One finding in words and figures."""

    rule: str
    status: Status
    name: str
    what: str
    todo: str
    clause: str
    measured: str
    allowed: str


@dataclass(frozen=True, slots=True)
class Check:
    """One clause that a person judges, with all its rules: one tick on the screen."""

    clause: str
    rules: tuple[str, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportLines:
    """The findings of a report by what a reviewer does with them."""

    problems: tuple[FindingLine, ...] = ()
    checklist: tuple[Check, ...] = ()
    others: tuple[FindingLine, ...] = ()


def report_lines(report: Report) -> ReportLines:
    """Return the findings in words, the gravest first."""
    lines = [_line(finding) for finding in order_for_display(report.findings)]
    wrong, human = {Status.FAIL, Status.WARN}, {Status.HUMAN}
    return ReportLines(
        problems=tuple(line for line in lines if line.status in wrong),
        checklist=_by_clause([line for line in lines if line.status in human]),
        others=tuple(line for line in lines if line.status not in wrong | human),
    )


def _by_clause(lines: list[FindingLine]) -> tuple[Check, ...]:
    """Gather rules under the first clause they rest on, in the order they come."""
    groups: dict[str, list[FindingLine]] = {}
    for line in lines:
        clause = line.clause.removeprefix("依据：").partition("、")[0]
        groups.setdefault(clause, []).append(line)
    return tuple(
        Check(clause, tuple(x.rule for x in group), tuple(x.name for x in group))
        for clause, group in groups.items()
    )


def _line(finding: Finding) -> FindingLine:
    text = describe(finding)
    return FindingLine(
        rule=finding.rule,
        status=finding.status,
        name=text.name,
        what=text.what,
        todo=text.todo,
        clause=text.clause,
        measured=_figure(finding.value, finding.unit),
        allowed=_range(finding.limit, finding.unit),
    )


def _figure(value: float | str | None, unit: str) -> str:
    if value is None:
        return ""
    shown = value if isinstance(value, str) else f"{round(value, 3):g}"
    return f"{shown} {unit}".strip()


def _range(limit: tuple[float | None, float | None] | None, unit: str) -> str:
    low, high = limit or (None, None)
    if low is not None and high is not None:
        shown = f"{low:g}" if low == high else f"{low:g}–{high:g}"
        return f"{shown} {unit}".strip()
    if low is not None:
        return f"≥ {_figure(low, unit)}"
    return f"≤ {_figure(high, unit)}" if high is not None else ""
