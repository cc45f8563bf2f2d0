"""What 我的数据 calls things."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

PURPOSES: Final[Mapping[str, str]] = MappingProxyType(
    {"portrait": "采集和处理人像照片", "identity_number": "使用身份证号"}
)

LOOKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "id_number.reveal": "查看完整身份证号",
        "card.read": "查看采集码图片",
        "photo.portrait": "查看或下载成品照",
        "photo.overlay": "查看标注图",
        "photo.original": "查看或下载原图",
        "photo.other-portrait": "查看另一种背景的成品照",
        "photo.close_up": "查看照片局部",
    }
)

ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "admin": "学院管理员",
        "reviewer": "审核老师",
        "station": "函授站老师",
        "operator": "系统维护",
    }
)

MESSAGES: Final[Mapping[str, str]] = MappingProxyType(
    {"returned": "照片需重拍", "approved": "照片已通过", "closing": "即将截止提醒"}
)

PICTURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "portrait": "成品照",
        "original": "原图",
        "overlay": "标注图",
        "other-portrait": "另一种背景的成品照",
    }
)
