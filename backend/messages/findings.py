"""What a finding means to a tired person on a phone: what is wrong, what to do.

Sentences are templates over the finding's ``value`` and limits ``low`` and ``high``. A
test walks every rule and status, so none can be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from backend.domain.report import Finding, Status
from backend.messages import findings_en, findings_zh
from backend.messages.words import Words

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class FindingText:
    """The name of the rule, one sentence on what is wrong, one on what to do, the clause."""

    name: str
    what: str
    todo: str
    clause: str


_PARTS: Final = {"B": "二", "P": "三", "F": "四"}
_PARTS_EN: Final = {"B": "2", "P": "3", "F": "4"}
_ALMOST: Final = {"zh": "接近标准边缘：", "en": "Close to the limit: "}
_SKIPPED: Final = {
    "zh": "没能检查这一项，因为照片里没有找到清楚的正面人脸。",
    "en": "Not checked: no clear frontal face was found.",
}
_NO_PORTRAIT: Final = {
    "zh": "还没有裁出成品照，所以没有检查这一项。",
    "en": "Not checked: no portrait could be cut from this picture.",
}
_SKIPPED_TODO: Final = {
    "zh": "请先解决前面的问题，再检查一次。",
    "en": "Solve the problems above, then check again.",
}
_HUMAN: Final = {
    "zh": "机器判断不了，由工作人员查看。",
    "en": "A machine cannot tell; a person will look.",
}
_PASSED: Final = {"zh": "符合要求。", "en": "As required."}

#: Sentences of rules that have several; the key is (rule, advice).
_ADVICE: Final[Mapping[tuple[str, str], tuple[str, str, str, str]]] = MappingProxyType(
    {
        ("face_count", "nobody"): (
            "照片里没有找到清楚的人脸。",
            "请正对镜头，露出整张脸，光线明亮均匀，脸占画面宽度的四成左右。",
            "No clear face was found.",
            "Face the camera in even light, the whole face visible.",
        ),
        ("background_plain", "edges"): (
            "身后的背景有花纹、杂物或明显的线条（杂乱程度 {value}，最多 {high}）。",
            "请站在没有图案的浅色墙前，离墙半米以上，身后不要有东西。",
            "There is a pattern or an object behind you ({value}, at most {high}).",
            "Stand half a metre in front of a plain light wall with nothing on it.",
        ),
        ("background_plain", "colours"): (
            "身后的背景颜色深浅不一，可能有影子（色差 {value}，最多 {high}）。",
            "请离墙半米以上，让灯光均匀，避免影子；身后只留一种颜色。",
            "The background is not one even colour ({value}, at most {high}).",
            "Stand half a metre from the wall in even light, without shadows.",
        ),
        ("exposure", "too_dark"): (
            "脸上有 {value} 的地方太暗，最多 {high}。",
            "请面向窗户或灯光，不要背光。",
            "{value} of the face is too dark; at most {high}.",
            "Face a window or a lamp; no light from behind.",
        ),
        ("exposure", "too_bright"): (
            "脸上有 {value} 的地方太亮、发白，最多 {high}。",
            "请关掉闪光灯，避开直射的阳光和灯。",
            "{value} of the face is burnt out; at most {high}.",
            "No flash and no direct sun.",
        ),
        ("crown", "crown_margin"): (
            "头顶上方留白不够，裁不出合格的照片。",
            "请退后一步，或把手机抬高一点，头顶以上留出半个头的空白。",
            "There is too little room above the head.",
            "Step back or raise the camera; leave half a head of room above.",
        ),
        ("eye_line", "bottom_margin"): (
            "脸下方拍得太少，肩膀没有拍进来。",
            "请退后一步，把肩膀和上胸都拍进来。",
            "There is too little below the face.",
            "Step back so that the shoulders are in the picture.",
        ),
        ("centring", "side_margin"): (
            "人偏到了一边，或两边留白不够。",
            "请坐到画面正中，退后一点，两边留出一样宽的空白。",
            "There is too little room beside the face.",
            "Sit in the middle and step back a little.",
        ),
        ("resolution", "pixels"): (
            "脸在照片里太小，像素不够。",
            "请靠近一点拍，用手机主相机，不要用截图或聊天软件压缩过的照片。",
            "The face has too few pixels.",
            "Come closer, use the main camera, send the original file.",
        ),
        ("face_width", "proportions"): (
            "头顶到眼睛的高度与脸宽的比例放不进要求的范围（常见于高发髻、蓬松的头发）。",
            "请把头发压低或扎到脑后再拍；确实不行的，可以申请人工审核。",
            "Crown, eyes and face width do not fit the limits together (often high hair).",
            "Flatten or tie back the hair; otherwise ask for a human review.",
        ),
        ("face_width", "several_margins"): (
            "头拍得太大，四周留白都不够，裁不出合格的照片。",
            "请退后一步，把头和肩膀都拍进来，头顶和两边都留出空白。",
            "The head is too large: there is too little room around it.",
            "Step back; leave room above and on both sides.",
        ),
        ("face_width", "unconfirmed"): (
            "裁出的成品照里没能再次量到脸，结果不可靠。",
            "请在明亮均匀的光线下重新拍一张清楚的正面照。",
            "The face could not be found again in the finished portrait.",
            "Take a clear frontal picture in bright, even light.",
        ),
    }
)

_WORDS: Final[Mapping[Language, Mapping[str, Words]]] = MappingProxyType(
    {"zh": findings_zh.RULES, "en": findings_en.RULES}
)
#: Numbers from here on are counts, shown to the last digit; three digits would not do.
_IN_FULL: Final = 999.5
_ORDER: Final = {
    Status.FAIL: 0,
    Status.WARN: 1,
    Status.SKIP: 2,
    Status.HUMAN: 3,
    Status.PASS: 4,
}


def describe(finding: Finding, language: Language = "zh") -> FindingText:
    """Return the words for a finding; raises KeyError for a rule nobody gave words."""
    words = _WORDS[language][finding.rule]
    what, todo = _sentences(finding, words, language)
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


def _sentences(finding: Finding, words: Words, language: Language) -> tuple[str, str]:
    match finding.status:
        case Status.PASS:
            return _PASSED[language], ""
        case Status.SKIP:
            why = _NO_PORTRAIT if finding.advice == "no_portrait" else _SKIPPED
            return why[language], _SKIPPED_TODO[language]
        case Status.HUMAN:
            return _HUMAN[language], words.todo
        case _:
            wrong, todo = _wrong(finding, words, language)
            values = _values(finding, percent=words.percent)
            almost = _ALMOST[language] if finding.status is Status.WARN else ""
            return almost + wrong.format_map(values), todo


def _wrong(finding: Finding, words: Words, language: Language) -> tuple[str, str]:
    special = _ADVICE.get((finding.rule, finding.advice or ""))
    if special is None:
        return words.wrong, words.todo
    return (special[0], special[1]) if language == "zh" else (special[2], special[3])


def _values(finding: Finding, *, percent: bool) -> dict[str, str]:
    low, high = finding.limit or (None, None)
    numbers = {"value": finding.value, "low": low, "high": high}
    return {key: _shown(value, percent=percent) for key, value in numbers.items()}


def _shown(value: float | str | None, *, percent: bool) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if percent:
        return f"{value:.0%}"
    return f"{value:.3g}" if abs(value) < _IN_FULL else f"{value:.0f}"
