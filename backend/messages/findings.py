"""What a finding means to a tired person on a phone: what is wrong, what to do.

Sentences are templates over the finding's ``value`` and limits ``low`` and ``high``; they
stand in a file a language. A test walks every rule, variant and status, so none can be
missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from backend.domain.report import Finding, Status
from backend.domain.rules import NO_PORTRAIT
from backend.messages import findings_en, findings_zh
from backend.messages.figures import Figure
from backend.messages.words import Words

Language = Literal["zh", "en"]
#: Who reads: the owner of the picture, or the person who judges it.
Reader = Literal["student", "staff"]


@dataclass(frozen=True, slots=True)
class FindingText:
    """The name of the rule, one sentence on what is wrong, one on what to do, the clause."""

    name: str
    what: str
    todo: str
    clause: str


@dataclass(frozen=True, slots=True)
class _Frame:
    """One language's sentences around the words of a rule."""

    rules: Mapping[str, Words]
    almost: str
    skipped: str
    no_portrait: str
    skipped_todo: str
    passed: str
    look: Mapping[Reader, str]
    look_at_this: str
    no_todo: str
    doubt: Mapping[Reader, str]


_FRAMES: Final[Mapping[Language, _Frame]] = MappingProxyType(
    {
        "zh": _Frame(
            rules=findings_zh.RULES,
            almost="接近标准边缘：{}",
            skipped="没能检查这一项：没有找到清楚的正面人脸，或这一部分没拍清楚。",
            no_portrait="还没有裁出成品照，所以没有检查这一项。",
            skipped_todo="请先解决前面的问题，再检查一次。",
            passed="符合要求。",
            look={"student": "老师会看{}。", "staff": "请看{}。"},
            look_at_this="“{}”这一项",
            no_todo="现在不用做什么。",
            doubt={"student": "{}，老师会再看。", "staff": "{}，请确认。"},
        ),
        "en": _Frame(
            rules=findings_en.RULES,
            almost="Close to the limit: {}",
            skipped="Not checked: no clear frontal face, or this part is not clear.",
            no_portrait="Not checked: no portrait could be cut from this picture.",
            skipped_todo="Solve the problems above, then check again.",
            passed="As required.",
            look={
                "student": "A person will check {}.",
                "staff": "Please check {}.",
            },
            look_at_this="this: {}",
            no_todo="Nothing to do now.",
            doubt={
                "student": "{}; a person will look again.",
                "staff": "{}; please confirm.",
            },
        ),
    }
)

_PARTS: Final = {"B": "二", "P": "三", "F": "四"}
_PARTS_EN: Final = {"B": "2", "P": "3", "F": "4"}
_ORDER: Final = {
    Status.FAIL: 0,
    Status.WARN: 1,
    Status.SKIP: 2,
    Status.HUMAN: 3,
    Status.PASS: 4,
}


def describe(
    finding: Finding, language: Language = "zh", *, reader: Reader = "student"
) -> FindingText:
    """Return the words for a finding; raises KeyError for a rule nobody gave words."""
    frame = _FRAMES[language]
    words = frame.rules[finding.rule].chosen(finding.advice)
    what, todo = _sentences(finding, words, frame, reader)
    return FindingText(
        name=words.name,
        what=what,
        todo=todo,
        clause=clause_text(finding.clauses, language),
    )


def clause_text(clauses: Iterable[str], language: Language = "zh") -> str:
    """Return where the notice says so: ``F4`` is 通知四.4."""
    if language == "zh":
        return "依据：" + "、".join(f"通知{_PARTS[c[0]]}.{c[1:]}" for c in clauses)
    return "Notice " + ", ".join(f"{_PARTS_EN[c[0]]}.{c[1:]}" for c in clauses)


def order_for_display(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return failures, then warnings, then what was skipped, is human, or passed."""
    return tuple(sorted(findings, key=lambda finding: _ORDER[finding.status]))


def _sentences(
    finding: Finding, words: Words, frame: _Frame, reader: Reader
) -> tuple[str, str]:
    match finding.status:
        case Status.PASS:
            return frame.passed, ""
        case Status.SKIP:
            without = finding.advice == NO_PORTRAIT
            return frame.no_portrait if without else frame.skipped, frame.skipped_todo
        case Status.HUMAN:
            look = words.look or frame.look_at_this.format(words.name)
            return frame.look[reader].format(look), frame.no_todo
        case Status.WARN if words.doubt:
            return frame.doubt[reader].format(_filled(words.doubt, finding)), words.todo
        case Status.WARN if not _outside(finding):
            return frame.almost.format(_filled(words.wrong, finding)), words.todo
        case _:
            return _filled(words.wrong, finding), words.todo


def _outside(finding: Finding) -> bool:
    """Tell whether the value breaks the limit shown, rather than coming near it."""
    low, high = finding.limit or (None, None)
    value = finding.value
    if not isinstance(value, int | float):
        return True
    return (low is not None and value < low) or (high is not None and value > high)


def _filled(template: str, finding: Finding) -> str:
    low, high = finding.limit or (None, None)
    return template.format(
        value=Figure(finding.value), low=Figure(low), high=Figure(high)
    )
