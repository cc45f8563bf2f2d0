"""What a WeChat message says: result and next step, and nothing that names anybody.

The values here are those a template's fields may be set to show.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

from backend.domain.outbox import MessageState
from backend.domain.wechat import MessageKind

_LOCAL: Final = ZoneInfo("Asia/Shanghai")
#: The names a template may use; see deploy/env.example.
VALUES: Final = ("school", "campaign", "result", "advice", "deadline", "time")

_RESULTS: Final[Mapping[MessageKind, str]] = MappingProxyType(
    {
        MessageKind.RETURNED: "照片需重拍",
        MessageKind.APPROVED: "照片已通过",
        MessageKind.CLOSING: "即将截止",
    }
)
_APPROVED: Final = "照片已通过审核，不用再操作"
_RETURNED: Final = "请点开看原因，重拍后再提交"
_CLOSING: Final = "还没有交照片，请在截止前提交"


@dataclass(frozen=True, slots=True)
class MessageFacts:
    """What there is to tell; ``reason`` is why a photo was returned."""

    kind: MessageKind
    school: str
    campaign: str
    reason: str
    closes_at: datetime
    happened_at: datetime


def message_values(facts: MessageFacts) -> dict[str, str]:
    """Return the values of a message by their names, not yet cut to any length."""
    advice = {
        MessageKind.RETURNED: facts.reason or _RETURNED,
        MessageKind.APPROVED: _APPROVED,
        MessageKind.CLOSING: _CLOSING,
    }[facts.kind]
    return {
        "school": facts.school,
        "campaign": facts.campaign,
        "result": _RESULTS[facts.kind],
        "advice": advice,
        "deadline": _instant(facts.closes_at),
        "time": _instant(facts.happened_at),
    }


def _instant(at: datetime) -> str:
    local = at.astimezone(_LOCAL)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"


KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {"returned": "退回通知", "approved": "通过通知", "closing": "截止提醒"}
)
STATES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        MessageState.WAITING: ("等待发送", "info"),
        MessageState.SENT: ("已发送", "good"),
        MessageState.NO_CONSENT: ("学生没有订阅", "muted"),
        MessageState.CANCELLED: ("不用再发", "muted"),
        MessageState.DEAD: ("发送失败", "bad"),
    }
)
#: Why the last attempt failed, in words of what to do.
FAILURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "wechat_unreachable": "联系不上微信，请检查服务器的网络",
        "wechat_busy": "微信限制了发送次数，请过一会儿再发",
        "wechat_misconfigured": "AppID、密钥或服务器地址不对，请检查设置",
        "wechat_not_configured": "这个微信账号已不在设置里",
        "invalid": "模板不对：请核对模板编号、字段和小程序页面",
        "no_template": "设置里没有这种消息的模板",
    }
)
