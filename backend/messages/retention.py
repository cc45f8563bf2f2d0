"""What is kept how long, in plain words: for students before they agree, and for staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backend.domain.retention import Kind, RetentionRules, Trace


@dataclass(frozen=True, slots=True)
class KindWords:
    """What a kind is called, and what becomes of it."""

    name: str
    explain: str


KINDS: Final[Mapping[Kind, KindWords]] = MappingProxyType(
    {
        Kind.DISCARDED: KindWords(
            "没有采用的照片",
            "未确认、被替换、被退回和已撤回的照片及其检查结果全部删除。",
        ),
        Kind.ORIGINALS: KindWords(
            "原图和标注图",
            "学生上传的原图、画了标注的图，以及换背景后没有选用的那张成品照删除，选用的成品照还在。",
        ),
        Kind.CARDS: KindWords("采集码图片", "随绑定保存的采集码卡片图片删除。"),
        Kind.MESSAGES: KindWords("微信消息记录", "发给谁、发了什么结果的记录删除。"),
        Kind.PORTRAITS: KindWords(
            "成品照和检查结果", "成品照、检查数据、退回说明删除，只留状态和时间。"
        ),
        Kind.BINDINGS: KindWords(
            "采集码和绑定", "采集码内容、码印、填写的姓名清除，绑定不再属于任何人。"
        ),
        Kind.IDENTITIES: KindWords(
            "名册里的身份信息",
            "姓名、身份证号、学号、考生号、证书编号、班级清除，只留统计用的函授站、层次、专业、届别。",
        ),
    }
)

TRACES: Final[Mapping[Trace, KindWords]] = MappingProxyType(
    {
        Trace.SIGN_INS: KindWords("微信登录过程", "失效 1 天后"),
        Trace.READINGS: KindWords("读出而没有绑定的采集码", "失效 1 天后"),
        Trace.ANSWERS: KindWords("重复请求的应答", "7 天后"),
        Trace.ATTEMPTS: KindWords("猜错次数", "最后一次失败 30 天后"),
        Trace.SESSIONS: KindWords("学生登录", "失效或退出 30 天后"),
        Trace.PUSHES: KindWords("微信推送", "收到 30 天后"),
        Trace.OPENIDS: KindWords("微信号标识（openid）", "没有绑定也没有登录以后"),
    }
)

#: What each number of days is asked as, in the order of the form.
FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "discarded": "没有采用的照片",
        "originals": "原图和标注图",
        "cards": "采集码图片",
        "messages": "微信消息记录",
        "portraits": "成品照和检查结果",
        "identities": "身份信息和采集码",
    }
)


def promise(rules: RetentionRules) -> str:
    """Return what a campaign's rules promise a student."""
    return (
        f"采集截止后，没有采用的照片保存 {rules.discarded} 天，"
        f"原图保存 {rules.originals} 天，采集码图片保存 {rules.cards} 天，"
        f"成品照保存 {rules.portraits} 天，"
        f"姓名、身份证号等身份信息保存 {rules.identities} 天，"
        "到期由系统自动删除；已通过而还没有交付学信网的照片，保存到交付以后。"
        "没有通过以前，您可以随时自己删除。"
    )
