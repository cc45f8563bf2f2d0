"""How far students have come, in words: on pages, in exports, in a class's chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from backend.domain.progress import GROUPS, Group, Stage

_LOCAL: Final = ZoneInfo("Asia/Shanghai")

#: Each stage's name, and the tone it is shown in.
STAGES: Final[Mapping[Stage, tuple[str, str]]] = MappingProxyType(
    {
        Stage.NEVER_SCANNED: ("还没扫码", "muted"),
        Stage.STARTED: ("已扫码，没拍照", "warn"),
        Stage.DRAFT: ("拍了，没确认", "warn"),
        Stage.RETURNED: ("已退回", "bad"),
        Stage.SENT_BACK: ("被退件", "bad"),
        Stage.PENDING: ("待审核", "info"),
        Stage.APPROVED: ("已通过", "good"),
        Stage.DELIVERED: ("已交付", "good"),
        Stage.ACCEPTED: ("已采用", "good"),
        Stage.EXEMPT: ("免采", "muted"),
    }
)
GROUP_NAMES: Final[Mapping[Group, str]] = MappingProxyType(
    {
        Group.ENROLLED: "在册",
        Group.EXPECTED: "应交",
        Group.MISSING: "还没交好",
        Group.NOT_HANDED_IN: "已开始，没提交",
        Group.TO_REDO: "退回要重交",
        Group.BOUND: "已扫码绑定",
        Group.SUBMITTED: "已提交",
        Group.PASSED: "已合格",
    }
)
#: What a class without a name is called.
NO_CLASS: Final = "未分班"

_CHAT_LINES: Final = (
    (frozenset({Stage.NEVER_SCANNED}), "还没扫码"),
    (GROUPS[Group.NOT_HANDED_IN], "已开始，还没提交"),
    (GROUPS[Group.TO_REDO], "被退回，请重拍后再交"),
)


def part_name(part: Stage | Group) -> str:
    """Return what a stage or group is called."""
    return GROUP_NAMES[part] if isinstance(part, Group) else STAGES[part][0]


def written_time(at: datetime | None) -> str:
    """Write an instant for a sheet, to the minute; nothing for none."""
    return f"{at.astimezone(_LOCAL):%Y-%m-%d %H:%M}" if at else ""


@dataclass(frozen=True, slots=True)
class ChatFacts:
    """What a text for a class's chat says; ``address`` is empty without a live entry."""

    campaign: str
    station: str
    class_no: str
    closes_at: datetime
    contact: str
    address: str
    missing: Sequence[tuple[Stage, str]] = field(repr=False)


def chat_text(facts: ChatFacts) -> str:
    """Return a reminder to paste into a class's chat: names, and nothing else personal."""
    by = facts.closes_at.astimezone(_LOCAL)
    until = f"请在 {by.month}月{by.day}日 {by:%H:%M} 前完成："
    lines = [
        f"【{facts.campaign}】{facts.class_no or NO_CLASS}",
        f"还有 {len(facts.missing)} 位同学的毕业照片没有交好，{until}",
    ]
    for stages, words in _CHAT_LINES:
        named = [name for stage, name in facts.missing if stage in stages]
        if named:
            lines.append(f"● {words}（{len(named)} 人）：{'、'.join(named)}")
    lines += [
        f"用微信打开这个链接就能办理：{facts.address}"
        if facts.address
        else f"请到{facts.station}扫描海报上的二维码办理。",
        f"有问题请联系：{facts.contact}",
    ]
    return "\n".join(lines)
