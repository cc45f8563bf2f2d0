"""Ready reasons for returning a portrait, each resting on clauses of the notice.

A decision keeps the sentence and not the key: what a student was told stays as it was
told, whatever this list says later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class ReturnReason:
    """One ready reason: its stable key, the clauses it rests on, the sentence."""

    key: str
    clauses: tuple[str, ...]
    text: str


_REASONS: Final = (
    ReturnReason("not_the_person", ("B1",), "照片不像是本人，请用本人的照片"),
    ReturnReason("not_recent", ("B1",), "照片不是近期拍摄的，请重新拍一张"),
    ReturnReason("reshot_or_scan", ("B3",), "照片是翻拍或扫描的，请直接对着人拍"),
    ReturnReason("retouched", ("B2",), "照片经过美颜或修饰，请关闭美颜后重拍"),
    ReturnReason("not_sharp", ("B3",), "照片不够清晰，请对好焦、拿稳手机再拍"),
    ReturnReason("colour_or_light", ("B3",), "颜色或光线不自然，请在均匀的光线下重拍"),
    ReturnReason("background", ("B4",), "背景不干净，请在单色墙面前重拍"),
    ReturnReason("pose", ("P1",), "姿势不端正，请坐正、双肩放平、正对镜头"),
    ReturnReason("expression", ("P1",), "表情不自然，请自然睁眼、平视、闭唇"),
    ReturnReason("glasses", ("P2",), "请摘下眼镜、不戴彩色隐形眼镜后重拍"),
    ReturnReason("headwear", ("P3",), "头上或脸上有遮挡、阴影，请去掉后重拍"),
    ReturnReason("jewellery", ("P3",), "戴了耳环、项链等饰物，请取下后重拍"),
    ReturnReason("hair", ("P4",), "头发遮住了眉毛、眼睛或耳朵，请整理后重拍"),
    ReturnReason("make_up", ("P4",), "妆太浓或头发染色，请恢复自然后重拍"),
    ReturnReason("clothes", ("P4",), "衣服与背景太接近或花纹复杂，请换浅色素色衣服"),
    ReturnReason("position", ("F3", "F4", "F5", "F6"), "人在画面里的位置或大小不合适"),
)

RETURN_REASONS: Final[Mapping[str, ReturnReason]] = MappingProxyType(
    {reason.key: reason for reason in _REASONS}
)
