"""What became of a file of a batch, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backend.domain.backgrounds import CHANGE_RULE
from backend.domain.batch import ItemState
from backend.messages import findings_zh
from backend.messages.backgrounds import kept_because
from backend.messages.errors import error_text


@dataclass(frozen=True, slots=True)
class ItemWords:
    """The words for a state; ``tone`` is how the console colours it."""

    label: str
    tone: str
    todo: str


STATES: Final[Mapping[ItemState, ItemWords]] = MappingProxyType(
    {
        ItemState.HANDED_IN: ItemWords("已提交", "good", "等待审核。"),
        ItemState.WAITING: ItemWords("等待检查", "info", ""),
        ItemState.REFUSED: ItemWords(
            "照片不合格", "bad", "请重拍，或在现场采集页里申请人工审核。"
        ),
        ItemState.NO_MATCH: ItemWords(
            "没有对上", "warn", "文件名里没有名册中的学号、考生号、身份证号或采集码。"
        ),
        ItemState.AMBIGUOUS: ItemWords(
            "对上多人", "warn", "请把文件名改成学号再上传。"
        ),
        ItemState.NAME_DIFFERS: ItemWords(
            "姓名不符", "warn", "文件名里的号码和姓名不是同一个人，请核对。"
        ),
        ItemState.SEVERAL_FILES: ItemWords(
            "一人多张", "warn", "同一学生有多个文件，请只留一张再上传。"
        ),
        ItemState.HAS_PHOTO: ItemWords(
            "已有照片", "muted", "没有替换。需要更换时，请先退回原来的照片。"
        ),
        ItemState.ALREADY_THERE: ItemWords(
            "之前已提交", "muted", "同一张照片，未重复。"
        ),
        ItemState.EXEMPT: ItemWords("免采", "muted", "学校登记不需要采集。"),
        ItemState.NOT_A_PHOTO: ItemWords(
            "打不开", "bad", "不是照片，或文件已损坏、太大。"
        ),
        ItemState.BROKEN: ItemWords(
            "没有办完",
            "bad",
            "系统出了意外，不是照片的问题。请过一会儿把这个文件再上传一次；还不行，请联系管理员。",
        ),
        ItemState.FAILED: ItemWords("没有成功", "bad", ""),
    }
)
_BROKEN_CHANGE: Final = (
    "照片已经检查过，换背景时系统出了意外，还没有提交。请过一会儿把这个文件再上传一次；"
    "还不行，请换一面单色的墙重拍，或联系管理员。"
)


def explain(state: ItemState, detail: str) -> str:
    """Return what to do about a file.

    Args:
        state: what became of it.
        detail: the ids of the rules that refuse it, or a code of an error; the rule on
            replaced backgrounds with its advice where the background stays; the same
            rule alone where replacing it broke.
    """
    todo = STATES[state].todo
    if state is ItemState.BROKEN and detail == CHANGE_RULE:
        return _BROKEN_CHANGE
    if state in {ItemState.REFUSED, ItemState.HANDED_IN} and detail:
        return _of_rules(state, detail.split(","))
    if state is ItemState.FAILED and detail:
        text = error_text(detail)
        return f"{text.title}。{text.todo}"
    return todo


def _of_rules(state: ItemState, rules: list[str]) -> str:
    names = [
        findings_zh.RULES[rule].chosen("").name
        for rule in rules
        if rule in findings_zh.RULES
    ]
    kept = [
        f"背景没有换：{kept_because(advice)}"
        for rule, _, advice in (entry.partition(":") for entry in rules)
        if rule == CHANGE_RULE
    ]
    wrong = [f"不符合：{'、'.join(names)}。"] if names else []
    return "".join([*wrong, STATES[state].todo, *kept])
