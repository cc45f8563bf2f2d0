"""A report as a reviewer reads it: what to look at, region by region, and the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backend.domain.backgrounds import CHANGE_RULE, BackgroundState
from backend.domain.policy import Policy
from backend.domain.report import Finding, Report, Status
from backend.messages.findings import describe, order_for_display
from backend.services.types import SubmissionView
from backend.web.admin.checklist import needs_person
from backend.web.admin.regions import NO_REGION, by_region, region_name


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
    """What one tick stands for: a doubt alone, or all that is plain to see at once."""

    lines: tuple[FindingLine, ...]
    doubt: bool

    @property
    def rules(self) -> tuple[str, ...]:
        """The rules that the tick says were looked at."""
        return tuple(line.rule for line in self.lines)


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the picture, its problems and what a person judges there.

    Attributes:
        close_up: a rule whose finding has the region's box; empty without one.
    """

    name: str
    close_up: str
    problems: tuple[FindingLine, ...]
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class ReportLines:
    """The findings of a report by what a reviewer does with them."""

    regions: tuple[Region, ...] = ()
    others: tuple[FindingLine, ...] = ()

    @property
    def ticks(self) -> int:
        """How many ticks approving takes."""
        return sum(len(region.checks) for region in self.regions)


_WRONG: Final = frozenset({Status.FAIL, Status.WARN})
_OPEN: Final = _WRONG | {Status.HUMAN}


def report_lines(report: Report, policy: Policy | None) -> ReportLines:
    """Return the findings in words, the region with the gravest first."""
    ordered = order_for_display(report.findings)
    groups = by_region(f for f in ordered if f.status in _OPEN)
    return ReportLines(
        regions=tuple(_region(group, policy) for group in groups),
        others=tuple(_line(f) for f in ordered if f.status not in _OPEN),
    )


def change_reason(view: SubmissionView) -> str:
    """Return why the background could not be replaced; empty where it was not tried."""
    if view.background is not BackgroundState.REFUSED:
        return ""
    tried = [f for f in view.report.findings if f.rule == CHANGE_RULE]
    return describe(tried[0], reader="staff").what if tried else ""


def _region(findings: list[Finding], policy: Policy | None) -> Region:
    plain = [f for f in findings if f.status is Status.HUMAN]
    doubts = [f for f in findings if f not in plain and needs_person(f, policy)]
    problems = [f for f in findings if f not in plain and f not in doubts]
    checks = [Check((_line(finding),), doubt=True) for finding in doubts]
    if plain:
        checks.append(Check(tuple(map(_line, plain)), doubt=False))
    boxed = findings[0].box is not None
    return Region(
        name=region_name(findings) if boxed else NO_REGION,
        close_up=findings[0].rule if boxed else "",
        problems=tuple(map(_line, problems)),
        checks=tuple(checks),
    )


def _line(finding: Finding) -> FindingLine:
    text = describe(finding, reader="staff")
    return FindingLine(
        rule=finding.rule,
        status=finding.status,
        name=text.name,
        what=text.what,
        todo=text.todo if finding.status in _WRONG else "",
        clause=text.clause.removeprefix("依据："),
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
