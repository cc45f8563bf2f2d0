"""What pages and API say of the services' results; the words are in the messages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from backend.domain.backgrounds import CHANGE_RULE, BackgroundState
from backend.domain.errors import DomainError
from backend.domain.report import Report, Status, Verdict
from backend.domain.reviews import SubmissionStatus
from backend.messages import student as words
from backend.messages.errors import error_text, violation_sentence, violation_text
from backend.messages.findings import describe, order_for_display
from backend.messages.student import Headline
from backend.services.types import BindingStatus, BindingView, SubmissionView

#: More than three things at once and nobody fixes any of them.
MOST_FIRST: Final = 3


@dataclass(frozen=True, slots=True)
class FormError:
    """Why a form comes back.

    ``fields`` has the sentence beside each field, ``summary`` the same with its name.
    """

    title: str
    todo: str
    fields: Mapping[str, str]
    summary: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One finding in words."""

    rule: str
    status: Status
    word: str
    tone: str
    icon: str
    name: str
    what: str
    todo: str
    clause: str


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """A report in words: at most three findings first, the rest folded away.

    Attributes:
        rest: what is wrong beyond the first, then what is right.
        for_people: names of the rules a person judges, said in one line.
        skipped: names of the rules that could not be checked, likewise.
    """

    headline: str
    explain: str
    tone: str
    icon: str
    first: tuple[FindingLine, ...]
    rest: tuple[FindingLine, ...]
    for_people: tuple[str, ...]
    skipped: tuple[str, ...]

    @property
    def folded(self) -> int:
        """How many findings are folded away."""
        return len(self.rest) + len(self.for_people) + len(self.skipped)


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One step in the life of a submission, in words."""

    title: str
    at: str
    by: str
    note: str


@dataclass(frozen=True, slots=True)
class StatusText:
    """Where a submission stands, in words, newest step first."""

    headline: str
    explain: str
    tone: str
    icon: str
    timeline: tuple[TimelineItem, ...]


@dataclass(frozen=True, slots=True)
class RecordCard:
    """One binding on the page of one's own records."""

    binding: BindingView
    submission: SubmissionView | None
    headline: str
    tone: str
    icon: str
    may_replace_code: bool


_TAGS: Final[Mapping[str, str]] = {
    "pass": "good",
    "warn": "warn",
    "fail": "bad",
    "info": "info",
}


def form_error(error: DomainError, *, field: str | None = None) -> FormError:
    """Return an error for a form; without violations it belongs to ``field``."""
    text = error_text(error.code, error.data)
    fields = {v.field: violation_sentence(v) for v in error.violations}
    summary = {v.field: violation_text(v) for v in error.violations}
    if not fields and field is not None:
        fields = summary = {field: text.title}
    return FormError(text.title, text.todo, fields, summary)


def report_summary(report: Report) -> ReportSummary:
    """Return a report in words, what must be changed first."""
    lines = finding_lines(report)
    open_lines = [x for x in lines if x.status in {Status.FAIL, Status.WARN}]
    first = tuple(open_lines[:MOST_FIRST])
    head = _report_headline(report, lines)
    return ReportSummary(
        headline=head.text,
        explain=head.explain,
        tone=head.tone,
        icon=head.icon,
        first=first,
        rest=tuple(
            line
            for line in lines
            if line not in first and line.status not in {Status.HUMAN, Status.SKIP}
        ),
        for_people=_names(lines, Status.HUMAN),
        skipped=_names(lines, Status.SKIP),
    )


def _names(lines: tuple[FindingLine, ...], status: Status) -> tuple[str, ...]:
    return tuple(line.name for line in lines if line.status is status)


def finding_lines(report: Report) -> tuple[FindingLine, ...]:
    """Return all findings in words, in the order they are shown."""
    lines = []
    for finding in order_for_display(report.findings):
        text = describe(finding)
        word, tone, icon = words.MARKS[finding.status.value]
        lines.append(
            FindingLine(
                rule=finding.rule,
                status=finding.status,
                word=word,
                tone=tone,
                icon=icon,
                name=text.name,
                what=text.what,
                todo=text.todo,
                clause=text.clause,
            )
        )
    return tuple(lines)


def change_refusal(submission: SubmissionView) -> FindingLine | None:
    """Return why the background could not be replaced, where that was tried."""
    if submission.background is not BackgroundState.REFUSED:
        return None
    lines = finding_lines(submission.report)
    return next((line for line in lines if line.rule == CHANGE_RULE), None)


def status_text(submission: SubmissionView) -> StatusText:
    """Return where a submission stands."""
    head = _status_headline(submission)
    return StatusText(
        headline=head.text,
        explain=head.explain,
        tone=head.tone,
        icon=head.icon,
        timeline=tuple(
            TimelineItem(
                title=words.step_title(item.status),
                at=words.beijing_time(item.at),
                by=words.actor_name(item.by),
                note=item.note,
            )
            for item in reversed(submission.history)
        ),
    )


def record_card(binding: BindingView, submission: SubmissionView | None) -> RecordCard:
    """Return one binding with what its photo is at."""
    if submission is not None:
        head = _status_headline(submission)
    elif binding.status is BindingStatus.WAITING:
        head = words.WAITING_NO_PHOTO
    else:
        head = words.NO_PHOTO
    unconfirmed = submission is None or submission.status is SubmissionStatus.DRAFT
    return RecordCard(
        binding=binding,
        submission=submission,
        headline=head.text,
        tone=_TAGS[head.tone],
        icon=head.icon,
        may_replace_code=unconfirmed,
    )


def _report_headline(report: Report, lines: tuple[FindingLine, ...]) -> Headline:
    if report.verdict is Verdict.PASS:
        return words.PASS
    status = Status.FAIL if report.verdict is Verdict.FAIL else Status.WARN
    head = words.FAIL if report.verdict is Verdict.FAIL else words.WARN
    n = sum(line.status is status for line in lines)
    return replace(head, text=head.text.format(n=n), explain=head.explain.format(n=n))


def _status_headline(submission: SubmissionView) -> Headline:
    waiting = submission.status is SubmissionStatus.PENDING
    if waiting and submission.human_review_requested:
        return words.WAITING_FOR_HUMAN
    return words.STATUS[submission.status]
