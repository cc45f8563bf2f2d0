"""Drawn examples of what a rule asks and of what breaks it."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backend.domain.policy import Policy, RulePolicy


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing of our own, what it shows, and whether that is right."""

    file: str
    shows: str
    right: bool = False


def _wrong(name: str, shows: str) -> Drawing:
    return Drawing(f"photo-bad-{name}.svg", shows)


#: By rule, or by rule and wording.
_DRAWINGS: Final = MappingProxyType(
    {
        "face_count": _wrong("two", "旁边还有别人"),
        "upright": _wrong("lying", "照片横着"),
        "yaw": _wrong("turned", "脸转向一边"),
        "pitch": _wrong("down", "低着头"),
        "roll": _wrong("tilt", "头歪"),
        "shoulders_level": _wrong("shoulders", "两肩一高一低"),
        "expression_natural": _wrong("grin", "咧嘴笑"),
        "mouth_closed": _wrong("mouth", "张着嘴"),
        "face_occluded": _wrong("mask", "戴着口罩"),
        "make_up": _wrong("makeup", "浓妆"),
        "eyes_open": _wrong("eyes", "闭着眼"),
        "gaze_level": _wrong("gaze", "眼睛看旁边"),
        "glasses": _wrong("glasses", "戴眼镜"),
        "glasses.worn": Drawing(
            "photo-good-glasses.svg", "平时戴的眼镜，不挡眼、不反光", right=True
        ),
        "lens_glare": _wrong("glare", "镜片反光"),
        "sunglasses": _wrong("sunglasses", "戴墨镜"),
        "coloured_lenses": _wrong("lenses", "戴彩色隐形眼镜"),
        "brows_covered": _wrong("fringe", "刘海遮住眉毛"),
        "ears_visible": _wrong("ears", "头发盖住耳朵"),
        "headwear": _wrong("hat", "戴帽子"),
        "jewellery": _wrong("jewellery", "戴耳环项链"),
        "dyed_hair": _wrong("dyed", "染发"),
        "sharpness": _wrong("blur", "模糊不清"),
        "exposure": _wrong("dark", "背光太暗"),
        "lighting_even": _wrong("shadow", "脸有阴影"),
        "natural_colour": _wrong("cast", "偏色"),
        "colour_photo": _wrong("grey", "黑白照片"),
        "distortion": _wrong("distorted", "贴近自拍，脸变形"),
        "background_plain": _wrong("background", "背景杂乱"),
        "border_or_text": _wrong("border", "有边框和文字"),
        "clothes_plain": _wrong("pattern", "花衣服"),
        "clothes_contrast": _wrong("alike", "衣服与背景同色"),
        "clothes_not_blue": _wrong("blue", "蓝色衣服"),
        "resolution": _wrong("far", "离得太远"),
        "crown": _wrong("tight", "头顶没有留空"),
        "face_width": _wrong("close", "离得太近"),
    }
)

#: What most pictures are sent back for, in a strip above the form.
_STRIP: Final = (
    "roll",
    "brows_covered",
    "glasses",
    "headwear",
    "eyes_open",
    "lighting_even",
    "background_plain",
    "clothes_not_blue",
    "resolution",
    "crown",
)


def drawing_of(rule: RulePolicy) -> Drawing | None:
    """Return the drawing for a rule as a policy words it."""
    own = f"{rule.id}.{rule.wording}" if rule.wording else rule.id
    return _DRAWINGS.get(own) or _DRAWINGS.get(rule.id)


def drawings_of(policy: Policy) -> dict[str, Drawing]:
    """Return the drawings of a policy's rules by their ids."""
    found = {rule.id: drawing_of(rule) for rule in policy.rules.values()}
    return {rule: drawing for rule, drawing in found.items() if drawing}


def most_frequent(policy: Policy) -> tuple[Drawing, ...]:
    """Return what is wrong most often, of what the policy minds at all."""
    drawings = drawings_of(policy)
    shown = (drawings.get(rule) for rule in _STRIP)
    return tuple(drawing for drawing in shown if drawing and not drawing.right)
