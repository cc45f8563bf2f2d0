"""What the student's pages say of a report, a submission and its history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Final

from backend.domain.reviews import SubmissionStatus

#: China keeps one time all year round.
_BEIJING: Final = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Headline:
    """One line in big type, the sentence under it, and how it looks.

    Attributes:
        tone: pass, warn, fail or info; always shown with an icon and words as well.
        icon: the name of the drawn sign.
    """

    text: str
    explain: str
    tone: str
    icon: str


#: How somebody came, by the kind of their sign-in.
CHANNELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "browser": "普通网页",
        "mini_program": "小程序",
        "service_account": "微信网页",
    }
)

_S = SubmissionStatus
STATUS: Final[Mapping[SubmissionStatus, Headline]] = MappingProxyType(
    {
        _S.DRAFT: Headline("照片还没有确认", "看过检查结果后再确认。", "info", "info"),
        _S.PENDING: Headline(
            "已提交，等待审核",
            "审核老师看过以后，结果会显示在这里，您不用守着。审核前还可以换照片。",
            "info",
            "wait",
        ),
        _S.APPROVED: Headline(
            "审核通过",
            "照片已经合格，接下来由学校统一报送学信网，您不需要再做什么。",
            "pass",
            "pass",
        ),
        _S.RETURNED: Headline(
            "照片被退回，请重拍",
            "看清楚退回的原因，照着改就行，学籍不用重新绑定。",
            "fail",
            "fail",
        ),
        _S.DELIVERED: Headline(
            "已报送学信网", "照片已由学校报送，等学信网接收。", "pass", "pass"
        ),
        _S.ACCEPTED: Headline(
            "学信网已接收",
            "全部完成了。可以到学信网“图像校对”看看对不对。",
            "pass",
            "pass",
        ),
        _S.SENT_BACK: Headline(
            "学信网未接收，请重拍",
            "按原因重拍后再提交，学校会重新报送。",
            "fail",
            "fail",
        ),
        _S.SUPERSEDED: Headline(
            "这张照片已被新的代替", "请到“我的”里看最新的一张。", "info", "info"
        ),
        _S.WITHDRAWN: Headline(
            "这张照片已经撤回", "学校不会使用它。需要时可以重新拍一张。", "info", "info"
        ),
    }
)

WAITING_FOR_HUMAN: Final = Headline(
    "已申请人工审核",
    "自动检查没有通过，等审核老师看过以后，结果会显示在这里；也可以再拍一张试试。",
    "info",
    "human",
)
NO_PHOTO: Final = Headline("还没有交照片", "", "warn", "warn")
WAITING_NO_PHOTO: Final = Headline("等待函授站核对，可以先交照片", "", "info", "wait")

#: The line over a report that is not confirmed yet, by verdict; ``{n}`` counts what
#: is listed first.
PASS: Final = Headline(
    "检查通过，可以提交", "请看看成品照是不是您满意的样子，再确认提交。", "pass", "pass"
)
WARN: Final = Headline(
    "可以提交，{n} 处请留意",
    "下面这些不影响提交；改好了再拍一张，审核更容易通过。",
    "warn",
    "warn",
)
FAIL: Final = Headline(
    "这张照片还不能用", "有 {n} 处不合格，改好以后再拍一张就行。", "fail", "fail"
)

#: How one finding is marked: word, tone, icon.
MARKS: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        "pass": ("合格", "good", "pass"),
        "warn": ("请留意", "warn", "warn"),
        "fail": ("不合格", "bad", "fail"),
        "skip": ("未检查", "idle", "info"),
        "human": ("人工", "info", "human"),
    }
)

_STEPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "draft": "上传照片",
        "pending": "确认提交",
        "approved": "审核通过",
        "returned": "退回",
        "reopened": "重新审核",
        "background": "审核员处理背景",
        "delivered": "报送学信网",
        "accepted": "学信网已接收",
        "sent_back": "学信网退回",
        "superseded": "换了新照片",
        "withdrawn": "撤回",
    }
)
_ACTORS: Final[Mapping[str, str]] = MappingProxyType(
    {"student": "本人", "staff": "工作人员", "system": "系统"}
)


def step_title(status: str) -> str:
    """Return what happened, for the timeline."""
    return _STEPS.get(status, status)


def actor_name(by: str) -> str:
    """Return who did it, as far as a student is told."""
    return _ACTORS.get(by, by)


def beijing_time(instant: datetime) -> str:
    """Return an instant as people in China read it: ``2025年9月18日 10:30``."""
    local = instant.astimezone(_BEIJING)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
