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
class ReportLines:
    """The findings of a report by what a reviewer does with them."""

    problems: tuple[FindingLine, ...] = ()
    checklist: tuple[FindingLine, ...] = ()
    others: tuple[FindingLine, ...] = ()


def report_lines(report: Report) -> ReportLines:
    """Return the findings in words, the gravest first."""
    lines = [_line(finding) for finding in order_for_display(report.findings)]
    wrong, human = {Status.FAIL, Status.WARN}, {Status.HUMAN}
    return ReportLines(
        problems=tuple(line for line in lines if line.status in wrong),
        checklist=tuple(line for line in lines if line.status in human),
        others=tuple(line for line in lines if line.status not in wrong | human),
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
