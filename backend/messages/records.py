"""Headings and words of the sheet that lists records."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

#: Heading and width in characters, in the order of the columns.
COLUMNS: Final = (
    ("姓名", 12),
    ("学号", 18),
    ("身份证号", 21),
    ("层次", 10),
    ("专业", 24),
    ("学习形式", 10),
    ("班级", 16),
    ("毕业年份", 10),
    ("函授站", 24),
    ("码印", 12),
    ("绑定", 10),
    ("照片状态", 12),
    ("检查", 12),
    ("来源", 14),
    ("申请人工", 10),
    ("内容检查隔离", 14),
    ("提交时间", 18),
    ("最近变动", 18),
)
YES: Final = "是"
NO_PHOTO: Final = "未交照片"
BINDINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "active": "已绑定",
        "waiting": "待函授站核对",
        "released": "已解除",
    }
)
STATUSES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "draft": "草稿",
        "pending": "待审核",
        "approved": "已通过",
        "returned": "已退回",
        "delivered": "已交付",
        "accepted": "已采用",
        "sent_back": "被退件",
    }
)
VERDICTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "pass": "检查合格",
        "warn": "有提醒",
        "fail": "有不合格项",
    }
)
SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "scan": "学生手机上传",
        "on_site": "现场拍摄",
        "batch": "批量上传",
    }
)
