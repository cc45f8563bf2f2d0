"""What each rule asks of a portrait, and what its limits are limits of, in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from backend.messages.figures import Figure


@dataclass(frozen=True, slots=True)
class Measure:
    """What a limit limits, and how its figure is written.

    ``raw`` is an index without a meaning of its own: one figure of it is enough.
    """

    name: str
    unit: str = "{}"
    raw: bool = False

    def shown(self, value: float | None) -> str:
        """Return a figure with its unit."""
        return self.unit.format(Figure(value))

    def between(self, low: float, high: float) -> str:
        """Return two figures with their unit once."""
        number = self.unit.partition("}")[0] + "}"
        return f"{number.format(Figure(low))}–{self.shown(high)}"


@dataclass(frozen=True, slots=True)
class Demand:
    """What a rule asks; measures by variant, other demands by wording."""

    text: str
    measures: Mapping[str, Measure] = field(default_factory=dict)
    wordings: Mapping[str, Demand] = field(default_factory=dict)


def _one(name: str, unit: str = "{}", *, raw: bool = False) -> dict[str, Measure]:
    return {"": Measure(name, unit, raw)}


_PERCENT: Final = "{:%}"
_OF_PERSON: Final = "{}%"
_PIXELS: Final = "{} 像素"
_MONTHS: Final = "{:months} 个月"
_KB: Final = "{:KB} KB"

#: Groups in the order they are read; the last takes what none of them names.
GROUPS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = MappingProxyType(
    {
        "person": (
            "人像与姿势",
            (
                "face_count", "true_likeness", "recency", "upright", "yaw", "pitch",
                "roll", "shoulders_level", "expression_natural", "mouth_closed",
                "face_occluded", "make_up",
            ),
        ),
        "eyes": (
            "眼睛与眼镜",
            (
                "eyes_open", "gaze_level", "glasses", "lens_glare", "sunglasses",
                "coloured_lenses",
            ),
        ),
        "hair": (
            "头发与饰品",
            (
                "brows_covered", "ears_visible", "headwear", "jewellery", "dyed_hair",
                "hair_length",
            ),
        ),
        "light": (
            "光线与清晰",
            (
                "sharpness", "exposure", "lighting_even", "natural_colour",
                "colour_photo", "distortion", "mirrored", "edited",
            ),
        ),
        "background": (
            "背景",
            ("background_plain", "background_colour", "background_change", "border_or_text"),
        ),
        "clothes": ("衣服", ("clothes_plain", "clothes_contrast", "clothes_not_blue")),
        "file": (
            "成品文件",
            (
                "resolution", "crown", "eye_line", "face_width", "centring",
                "file_dimensions", "file_dpi", "file_depth", "file_format",
                "file_quality", "file_size", "file_extension", "file_trailing_data",
            ),
        ),
    }
)  # fmt: skip
LAST_GROUP: Final = "file"

DEMANDS: Final[Mapping[str, Demand]] = MappingProxyType(
    {
        "face_count": Demand("照片里只有您一个人。"),
        "true_likeness": Demand("是您本人，就是平时的样子。"),
        "recency": Demand("近期拍的照片。", _one("距离拍摄", _MONTHS)),
        "upright": Demand("头朝上，照片没有横着或倒着。"),
        "yaw": Demand("脸正对镜头，不向左右转。", _one("左右转", "{}°")),
        "pitch": Demand("不抬头，不低头。", _one("抬头或低头", "{}°")),
        "roll": Demand("头不歪，两眼一样高。", _one("歪头", "{}°")),
        "shoulders_level": Demand("坐正，两肩一样高。", _one("两肩倾斜", "{}°")),
        "expression_natural": Demand("表情自然，不笑，不皱眉。"),
        "mouth_closed": Demand(
            "嘴唇自然合上，不露牙齿。",
            _one("唇缝与眼睛到下巴之比", _PERCENT),
        ),
        "face_occluded": Demand(
            "整张脸露出来，没有口罩、头发、手和影子遮挡。",
            {"face": Measure("脸上被遮住的部分", _PERCENT)},
        ),
        "make_up": Demand("不化浓妆。"),
        "eyes_open": Demand(
            "两只眼睛自然睁开。", _one("睁开的高度与眼宽之比", _PERCENT)
        ),
        "gaze_level": Demand("眼睛平视镜头。"),
        "glasses": Demand(
            "拍照时摘下眼镜。",
            wordings={
                "worn": Demand("平时戴眼镜的戴着拍，镜框不挡眼睛，镜片没有颜色。")
            },
        ),
        "lens_glare": Demand("镜片上没有反光。", _one("镜片上的反光", _PERCENT)),
        "sunglasses": Demand(
            "不戴墨镜和有颜色的眼镜。", _one("眼睛下方与脸颊的亮度之比", _PERCENT)
        ),
        "coloured_lenses": Demand("不戴彩色隐形眼镜。"),
        "brows_covered": Demand("头发不遮眉毛和眼睛。"),
        "ears_visible": Demand("两只耳朵都露出来，左右对称。"),
        "headwear": Demand("头上不戴帽子、头巾、发箍。"),
        "jewellery": Demand("不戴耳环、项链等饰品。"),
        "dyed_hair": Demand("头发是自然的颜色。"),
        "hair_length": Demand("男生不光头，不留长发。"),
        "sharpness": Demand(
            "脸清楚，没有放大、压缩的痕迹。",
            {
                "blurred": Measure("清晰度", raw=True),
                "blocks": Measure("方块程度", raw=True),
            },
        ),
        "exposure": Demand(
            "不过暗，不过亮。",
            {
                "too_dark": Measure("脸上太暗的地方", _PERCENT),
                "too_bright": Measure("脸上发白的地方", _PERCENT),
            },
        ),
        "lighting_even": Demand(
            "脸的两边一样亮，没有阴影。", _one("暗的一边与亮的一边之比", _PERCENT)
        ),
        "natural_colour": Demand(
            "肤色真实，没有偏色和滤镜。", _one("肤色偏差", raw=True)
        ),
        "colour_photo": Demand("彩色照片。", _one("色彩程度", raw=True)),
        "distortion": Demand(
            "脸没有变形，镜头离得不太近。", {"near": Measure("与镜头的距离", "{} 米")}
        ),
        "mirrored": Demand("没有左右颠倒。"),
        "edited": Demand("没有美颜和修图；电脑会提示修图软件留下的记号。"),
        "background_plain": Demand(
            "背景是一面空墙，没有花纹、影子和别的东西。",
            {
                "edges": Measure("杂乱程度", raw=True),
                "marks": Measure("墙上的东西", _PERCENT),
                "colours": Measure("深浅的色差", raw=True),
            },
        ),
        "background_colour": Demand(
            "背景是下面的颜色，或与它接近。",
            _one("色差", raw=True),
            wordings={
                "light": Demand(
                    "背景是浅蓝、白或浅灰，或与它接近。", _one("色差", raw=True)
                ),
                "white": Demand("背景是白色。", _one("色差", raw=True)),
                "light_blue": Demand("背景是浅蓝色。", _one("色差", raw=True)),
            },
        ),
        "background_change": Demand(
            "换背景时，头发、耳朵和肩膀的边缘都要干净；做不到就保留原来的背景。",
            {
                "unsure": Measure("浅色空墙前分不清的边缘", _OF_PERSON),
                "alike": Measure("人和墙颜色相近的边缘", _OF_PERSON),
                "fringe": Measure("浅色空墙前头发边的影子", _OF_PERSON),
                "haze": Measure("浅色空墙前半透明的地方", _OF_PERSON),
                "lost": Measure("浅色空墙前缺掉的一块", _OF_PERSON),
                "pieces": Measure("浅色空墙前留下的杂物", _OF_PERSON),
                "unsure_strict": Measure("其他背景前分不清的边缘", _OF_PERSON),
                "fringe_strict": Measure("其他背景前头发边的影子", _OF_PERSON),
                "lost_strict": Measure("其他背景前缺掉的一块", _OF_PERSON),
                "pieces_strict": Measure("其他背景前留下的杂物", _OF_PERSON),
                "holes": Measure("身上的空洞", _OF_PERSON),
            },
        ),
        "border_or_text": Demand(
            "没有边框、文字、水印和图案。", {"border": Measure("边框的宽", _PERCENT)}
        ),
        "clothes_plain": Demand("衣服没有复杂的条纹和图案。", _one("花纹", _PERCENT)),
        "clothes_contrast": Demand("衣服和背景的颜色分得清。", _one("色差", raw=True)),
        "clothes_not_blue": Demand(
            "衣服不是蓝色，浅色最好。", _one("衣服上的蓝色", _PERCENT)
        ),
        "resolution": Demand("原图的像素够做一张 {width}×{height} 的照片。"),
        "crown": Demand("头顶与上边之间留出空白。", _one("头顶离上边", _PIXELS)),
        "eye_line": Demand("眼睛在合适的高度。", _one("眼睛离上边", _PIXELS)),
        "face_width": Demand("脸不太大，也不太小。", _one("脸宽", _PIXELS)),
        "centring": Demand("人在正中。", _one("偏离正中", _PIXELS)),
        "file_dimensions": Demand("宽 {width} 像素，高 {height} 像素。"),
        "file_dpi": Demand("分辨率 {dpi} dpi。"),
        "file_depth": Demand("24 位真彩色。"),
        "file_format": Demand("JPEG 格式。"),
        "file_quality": Demand("压缩品质够高。", _one("品质因子")),
        "file_size": Demand("文件不太大，也不太小。", _one("文件", _KB)),
        "file_extension": Demand("扩展名是 jpg。"),
        "file_trailing_data": Demand("文件末尾没有多余的数据。"),
    }
)
