"""What a finding means to a tired person on a phone: what is wrong, what to do.

Sentences are templates over the finding's ``value`` and limits ``low`` and ``high``. A
test walks every rule and status, so none can be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from backend.domain.report import Finding, Status

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class FindingText:
    """The name of the rule, one sentence on what is wrong, one on what to do, the clause."""

    name: str
    what: str
    todo: str
    clause: str


@dataclass(frozen=True, slots=True)
class _Words:
    """One language's words for one rule; ``%`` values are shown as whole percents."""

    name: str
    wrong: str
    todo: str
    percent: bool = False


_PARTS: Final = {"B": "二", "P": "三", "F": "四"}
_PARTS_EN: Final = {"B": "2", "P": "3", "F": "4"}
_ALMOST: Final = {"zh": "接近标准边缘：", "en": "Close to the limit: "}
_SKIPPED: Final = {
    "zh": "没能检查这一项，因为照片里没有找到清楚的正面人脸。",
    "en": "Not checked: no clear frontal face was found.",
}
_NO_PORTRAIT: Final = {
    "zh": "还没有裁出成品照，所以没有检查这一项。",
    "en": "Not checked: no portrait could be cut from this picture.",
}
_SKIPPED_TODO: Final = {
    "zh": "请先解决前面的问题，再检查一次。",
    "en": "Solve the problems above, then check again.",
}
_HUMAN: Final = {
    "zh": "机器判断不了，由工作人员查看。",
    "en": "A machine cannot tell; a person will look.",
}
_PASSED: Final = {"zh": "符合要求。", "en": "As required."}

_ZH: Final[Mapping[str, _Words]] = MappingProxyType(
    {
        "face_count": _Words(
            "只有本人一人",
            "照片里找到 {value} 张人脸，应当正好 1 张。",
            "请一个人对着镜头，正面、露出整张脸，身后不要有别人或人像画。",
        ),
        "upright": _Words(
            "头朝上",
            "照片里的头转了 {value}°，应当朝上。",
            "请把手机竖着拿，头朝上重新拍。",
        ),
        "roll": _Words(
            "头没有歪",
            "头歪了 {value}°，最多 {high}°。",
            "请坐正，两眼保持水平，重新拍；不能用软件把照片转正。",
        ),
        "yaw": _Words(
            "正对镜头",
            "脸向一边转了约 {value}°，最多 {high}°。",
            "请把脸转正，让鼻尖对着镜头，重新拍。",
        ),
        "pitch": _Words(
            "没有抬头低头",
            "抬头或低头约 {value}°，最多 {high}°。",
            "请把手机放到和眼睛一样高，平视镜头，重新拍。",
        ),
        "eyes_open": _Words(
            "眼睛睁开",
            "眼睛没有自然睁开（睁眼程度 {value}，至少 {low}）。",
            "请自然睁大眼睛看镜头，避开刺眼的光，重新拍。",
        ),
        "mouth_closed": _Words(
            "嘴唇闭合",
            "嘴张开了（张口程度 {value}，最多 {high}）。",
            "请轻轻合上嘴唇，不露牙齿，重新拍。",
        ),
        "sharpness": _Words(
            "照片清晰",
            "脸不够清晰（清晰度 {value}，至少 {low}）。",
            "请擦一下镜头，对着脸点一下对焦，拿稳手机；不要用放大、截图或翻拍的照片。",
        ),
        "exposure": _Words(
            "光线合适",
            "脸上有 {value} 的地方太暗或太亮，最多 {high}。",
            "请面向窗户或均匀的灯光，不要背光，也不要开闪光灯。",
            percent=True,
        ),
        "colour_photo": _Words(
            "彩色照片",
            "这是黑白或几乎没有颜色的照片（色彩 {value}，至少 {low}）。",
            "请关掉黑白滤镜，用彩色重新拍。",
        ),
        "background_plain": _Words(
            "背景干净",
            "身后的背景不干净，有花纹、杂物或阴影（杂乱程度 {value}，最多 {high}）。",
            "请站在没有图案的浅色墙前，离墙半米以上，避免影子。",
        ),
        "crown": _Words(
            "头顶位置",
            "成品照里头顶离上边 {value} 像素，应在 {low}–{high} 之间。",
            "请把头顶以上多留一些空白，重新拍。",
        ),
        "eye_line": _Words(
            "眼睛位置",
            "成品照里眼睛离上边 {value} 像素，应在 {low}–{high} 之间。",
            "请退后一步，把头和肩膀都拍进来。",
        ),
        "face_width": _Words(
            "脸的大小",
            "成品照里脸宽 {value} 像素，应在 {low}–{high} 之间。",
            "请调整与镜头的距离，让脸约占画面宽度的四成。",
        ),
        "centring": _Words(
            "人在正中",
            "成品照里脸偏离正中 {value} 像素，最多 {high}。",
            "请坐在画面正中，两边留出一样宽的空白。",
        ),
        "resolution": _Words(
            "像素足够",
            "照片的像素不够。",
            "请用手机的主相机拍，靠近一点，不要用截图或聊天软件压缩过的照片。",
        ),
        "file_format": _Words(
            "文件格式", "成品文件是 {value}，应为 JPEG。", "请联系函授站。"
        ),
        "file_dimensions": _Words(
            "文件尺寸", "成品文件是 {value}，应为 480×640。", "请联系函授站。"
        ),
        "file_dpi": _Words(
            "分辨率标记", "成品文件标记为 {value} dpi，应为 300。", "请联系函授站。"
        ),
        "file_depth": _Words(
            "真彩色", "成品文件是 {value} 位，应为 24 位真彩色。", "请联系函授站。"
        ),
        "file_quality": _Words(
            "压缩品质",
            "成品文件的压缩品质为 {value}，至少 {low}。",
            "请换一张背景更干净的照片。",
        ),
        "file_size": _Words(
            "文件大小",
            "成品文件为 {value} 字节，一般应在 {low}–{high} 之间。",
            "通常不影响提交；希望更稳妥的，请换一张光线更好、背景更干净的照片。",
        ),
        "file_extension": _Words(
            "扩展名", "成品文件的扩展名是 {value}，应为 jpg。", "请联系函授站。"
        ),
        "file_trailing_data": _Words(
            "文件完整",
            "成品文件末尾有 {value} 字节多余的数据。",
            "请联系函授站。",
        ),
        "gaze_level": _Words("平视镜头", "目光没有平视镜头。", "请看着镜头重新拍。"),
        "expression_natural": _Words(
            "表情自然", "表情不自然。", "请放松，不笑也不皱眉，重新拍。"
        ),
        "shoulders_level": _Words("双肩放平", "两肩高低不平。", "请坐正，放平双肩。"),
        "ears_visible": _Words(
            "露出双耳", "耳朵被遮住或不对称。", "请把头发别到耳后，正对镜头。"
        ),
        "glasses": _Words("不戴眼镜", "戴着眼镜。", "请摘下眼镜重新拍。"),
        "lens_glare": _Words("镜片不反光", "镜片反光。", "请摘下眼镜重新拍。"),
        "sunglasses": _Words("没有墨镜", "戴着墨镜。", "请摘下墨镜重新拍。"),
        "coloured_lenses": _Words(
            "没有美瞳", "戴着有色隐形眼镜。", "请取下有色隐形眼镜重新拍。"
        ),
        "headwear": _Words("免冠", "头上戴着东西。", "请摘下帽子、头巾或发箍。"),
        "face_occluded": _Words(
            "脸部无遮挡", "脸被遮住或有影子。", "请取下口罩等遮挡物，避开阴影。"
        ),
        "jewellery": _Words("不戴饰品", "戴着耳环或项链等饰品。", "请取下饰品重新拍。"),
        "brows_covered": _Words(
            "露出眉毛", "头发遮住了眉毛或眼睛。", "请把刘海别开，露出眉毛。"
        ),
        "make_up": _Words("不化浓妆", "妆容过浓。", "请卸妆或化淡妆后重新拍。"),
        "dyed_hair": _Words("不染发", "头发颜色不自然。", "请以自然发色拍摄。"),
        "hair_length": _Words(
            "发型合适", "男生不宜光头或留长发。", "请联系函授站说明情况。"
        ),
        "clothes_contrast": _Words(
            "衣服与背景分明", "衣服和背景颜色太接近。", "请换一件颜色不同的衣服。"
        ),
        "clothes_not_blue": _Words(
            "衣服不是蓝色", "穿着蓝色衣服。", "请换掉蓝色衣服。"
        ),
        "clothes_plain": _Words(
            "衣服简单", "衣服有复杂的条纹或图案。", "请换一件纯色的衣服。"
        ),
        "lighting_even": _Words(
            "光线均匀", "脸的两边明暗不一。", "请面向光源，让两边一样亮。"
        ),
        "natural_colour": _Words(
            "颜色真实", "照片偏色。", "请在自然光下拍，关掉滤镜。"
        ),
        "distortion": _Words(
            "没有变形", "脸有明显变形。", "请离镜头远一些拍，不要用广角自拍。"
        ),
        "background_colour": _Words(
            "背景颜色", "背景颜色不合适。", "请换成浅色、纯色的背景。"
        ),
        "border_or_text": _Words(
            "没有边框文字", "照片上有边框、文字或图案。", "请用没有加工过的原图。"
        ),
        "true_likeness": _Words(
            "是本人真实相貌", "与本人相貌不符。", "请本人重新拍摄。"
        ),
        "mirrored": _Words("没有镜像", "照片左右颠倒。", "请关掉镜像自拍后重新拍。"),
        "edited": _Words("没有修图", "照片经过修饰。", "请用没有美颜的原图。"),
        "recency": _Words("近期照片", "照片不是近一年拍的。", "请用近期照片。"),
    }
)

_EN: Final[Mapping[str, _Words]] = MappingProxyType(
    {
        "face_count": _Words(
            "one person",
            "{value} faces were found; there must be exactly 1.",
            "Take the picture alone, facing the camera, with nobody behind you.",
        ),
        "upright": _Words(
            "head up",
            "The head is turned by {value}°; it must be up.",
            "Hold the phone upright and take the picture again.",
        ),
        "roll": _Words(
            "head level",
            "The head is tilted by {value}°; at most {high}°.",
            "Sit straight with level eyes; the picture must not be rotated afterwards.",
        ),
        "yaw": _Words(
            "facing the camera",
            "The face is turned aside by about {value}°; at most {high}°.",
            "Turn your nose to the camera and take the picture again.",
        ),
        "pitch": _Words(
            "not looking up or down",
            "The head is raised or lowered by about {value}°; at most {high}°.",
            "Hold the camera at eye level.",
        ),
        "eyes_open": _Words(
            "eyes open",
            "The eyes are not naturally open ({value}, at least {low}).",
            "Open your eyes and avoid glaring light.",
        ),
        "mouth_closed": _Words(
            "mouth closed",
            "The mouth is open ({value}, at most {high}).",
            "Close your lips without showing teeth.",
        ),
        "sharpness": _Words(
            "in focus",
            "The face is not sharp enough ({value}, at least {low}).",
            "Clean the lens, focus on the face and hold still; no enlarged pictures.",
        ),
        "exposure": _Words(
            "well lit",
            "{value} of the face is too dark or too bright; at most {high}.",
            "Face a window or even light; no light from behind, no flash.",
            percent=True,
        ),
        "colour_photo": _Words(
            "in colour",
            "The picture has almost no colour ({value}, at least {low}).",
            "Take the picture in colour, without a filter.",
        ),
        "background_plain": _Words(
            "plain background",
            "The background is not plain ({value}, at most {high}).",
            "Stand half a metre in front of a plain light wall, without shadows.",
        ),
        "crown": _Words(
            "top of the head",
            "The top of the head is {value} px from the edge; {low}–{high} allowed.",
            "Leave more room above the head.",
        ),
        "eye_line": _Words(
            "eye line",
            "The eyes are {value} px from the upper edge; {low}–{high} allowed.",
            "Step back so that head and shoulders are in the picture.",
        ),
        "face_width": _Words(
            "size of the face",
            "The face is {value} px wide; {low}–{high} allowed.",
            "Change the distance so that the face fills about 40 % of the width.",
        ),
        "centring": _Words(
            "centred",
            "The face is {value} px off the centre; at most {high}.",
            "Sit in the middle, with the same room on both sides.",
        ),
        "resolution": _Words(
            "enough pixels",
            "The picture has too few pixels.",
            "Use the main camera, come closer, send the original file.",
        ),
        "file_format": _Words("format", "The file is {value}, not JPEG.", "Ask staff."),
        "file_dimensions": _Words(
            "dimensions", "The file is {value}, not 480×640.", "Ask staff."
        ),
        "file_dpi": _Words("dpi", "The file says {value} dpi, not 300.", "Ask staff."),
        "file_depth": _Words(
            "depth", "The file has {value} bit, not 24.", "Ask staff."
        ),
        "file_quality": _Words(
            "quality",
            "The quality factor is {value}; at least {low}.",
            "Use a picture with a plainer background.",
        ),
        "file_size": _Words(
            "file size",
            "The file has {value} bytes; usually {low}–{high}.",
            "Usually no obstacle; better light and a plain background help.",
        ),
        "file_extension": _Words(
            "extension", "The extension is {value}, not jpg.", "Ask staff."
        ),
        "file_trailing_data": _Words(
            "nothing appended", "{value} bytes follow the picture.", "Ask staff."
        ),
        "gaze_level": _Words(
            "level gaze", "The gaze is not level.", "Look at the camera."
        ),
        "expression_natural": _Words(
            "natural expression", "The expression is not natural.", "Relax your face."
        ),
        "shoulders_level": _Words(
            "level shoulders", "The shoulders are not level.", "Sit straight."
        ),
        "ears_visible": _Words(
            "ears visible",
            "The ears are covered or uneven.",
            "Put hair behind the ears.",
        ),
        "glasses": _Words("no glasses", "Glasses are worn.", "Take them off."),
        "lens_glare": _Words("no glare", "The lenses reflect.", "Take them off."),
        "sunglasses": _Words("no sunglasses", "Sunglasses are worn.", "Take them off."),
        "coloured_lenses": _Words(
            "no coloured lenses", "Coloured lenses are worn.", "Take them out."
        ),
        "headwear": _Words("bareheaded", "The head is covered.", "Take it off."),
        "face_occluded": _Words(
            "face free", "The face is covered or shadowed.", "Uncover the face."
        ),
        "jewellery": _Words("no jewellery", "Jewellery is worn.", "Take it off."),
        "brows_covered": _Words("brows visible", "Hair covers brows.", "Pin it back."),
        "make_up": _Words("no make-up", "The make-up is heavy.", "Remove it."),
        "dyed_hair": _Words(
            "natural hair", "The hair looks dyed.", "Use natural colour."
        ),
        "hair_length": _Words("hair", "The hair is not as asked.", "Ask staff."),
        "clothes_contrast": _Words(
            "clothes stand out", "Clothes blend into the wall.", "Change clothes."
        ),
        "clothes_not_blue": _Words(
            "not blue", "The clothes are blue.", "Change clothes."
        ),
        "clothes_plain": _Words(
            "plain clothes", "The clothes are patterned.", "Change clothes."
        ),
        "lighting_even": _Words(
            "even light", "The light is uneven.", "Face the light."
        ),
        "natural_colour": _Words(
            "true colours", "The colours are off.", "Use daylight, no filter."
        ),
        "distortion": _Words("no distortion", "The face is distorted.", "Step back."),
        "background_colour": _Words(
            "background colour", "The background colour is wrong.", "Use a light wall."
        ),
        "border_or_text": _Words(
            "no border or text", "There is a border or text.", "Use the original."
        ),
        "true_likeness": _Words(
            "true likeness", "It does not look like you.", "Retake."
        ),
        "mirrored": _Words("not mirrored", "The picture is mirrored.", "Retake."),
        "edited": _Words("not edited", "The picture was edited.", "Use the original."),
        "recency": _Words("recent", "The picture is not recent.", "Take a new one."),
    }
)

#: Sentences of rules that have several; the key is (rule, advice).
_ADVICE: Final[Mapping[tuple[str, str], tuple[str, str, str, str]]] = MappingProxyType(
    {
        ("face_count", "nobody"): (
            "照片里没有找到清楚的人脸。",
            "请正对镜头，露出整张脸，光线明亮均匀，脸占画面宽度的四成左右。",
            "No clear face was found.",
            "Face the camera in even light, the whole face visible.",
        ),
        ("background_plain", "edges"): (
            "身后的背景有花纹、杂物或明显的线条（杂乱程度 {value}，最多 {high}）。",
            "请站在没有图案的浅色墙前，离墙半米以上，身后不要有东西。",
            "There is a pattern or an object behind you ({value}, at most {high}).",
            "Stand half a metre in front of a plain light wall with nothing on it.",
        ),
        ("background_plain", "colours"): (
            "身后的背景颜色深浅不一，可能有影子（色差 {value}，最多 {high}）。",
            "请离墙半米以上，让灯光均匀，避免影子；身后只留一种颜色。",
            "The background is not one even colour ({value}, at most {high}).",
            "Stand half a metre from the wall in even light, without shadows.",
        ),
        ("exposure", "too_dark"): (
            "脸上有 {value} 的地方太暗，最多 {high}。",
            "请面向窗户或灯光，不要背光。",
            "{value} of the face is too dark; at most {high}.",
            "Face a window or a lamp; no light from behind.",
        ),
        ("exposure", "too_bright"): (
            "脸上有 {value} 的地方太亮、发白，最多 {high}。",
            "请关掉闪光灯，避开直射的阳光和灯。",
            "{value} of the face is burnt out; at most {high}.",
            "No flash and no direct sun.",
        ),
        ("crown", "crown_margin"): (
            "头顶上方留白不够，裁不出合格的照片。",
            "请退后一步，或把手机抬高一点，头顶以上留出半个头的空白。",
            "There is too little room above the head.",
            "Step back or raise the camera; leave half a head of room above.",
        ),
        ("eye_line", "bottom_margin"): (
            "脸下方拍得太少，肩膀没有拍进来。",
            "请退后一步，把肩膀和上胸都拍进来。",
            "There is too little below the face.",
            "Step back so that the shoulders are in the picture.",
        ),
        ("centring", "side_margin"): (
            "人偏到了一边，或两边留白不够。",
            "请坐到画面正中，退后一点，两边留出一样宽的空白。",
            "There is too little room beside the face.",
            "Sit in the middle and step back a little.",
        ),
        ("resolution", "pixels"): (
            "脸在照片里太小，像素不够。",
            "请靠近一点拍，用手机主相机，不要用截图或聊天软件压缩过的照片。",
            "The face has too few pixels.",
            "Come closer, use the main camera, send the original file.",
        ),
        ("face_width", "proportions"): (
            "头顶到眼睛的高度与脸宽的比例放不进要求的范围（常见于高发髻、蓬松的头发）。",
            "请把头发压低或扎到脑后再拍；确实不行的，可以申请人工审核。",
            "Crown, eyes and face width do not fit the limits together (often high hair).",
            "Flatten or tie back the hair; otherwise ask for a human review.",
        ),
        ("face_width", "several_margins"): (
            "头拍得太大，四周留白都不够，裁不出合格的照片。",
            "请退后一步，把头和肩膀都拍进来，头顶和两边都留出空白。",
            "The head is too large: there is too little room around it.",
            "Step back; leave room above and on both sides.",
        ),
        ("face_width", "unconfirmed"): (
            "裁出的成品照里没能再次量到脸，结果不可靠。",
            "请在明亮均匀的光线下重新拍一张清楚的正面照。",
            "The face could not be found again in the finished portrait.",
            "Take a clear frontal picture in bright, even light.",
        ),
    }
)

_WORDS: Final[Mapping[Language, Mapping[str, _Words]]] = MappingProxyType(
    {"zh": _ZH, "en": _EN}
)
#: Numbers from here on are counts, shown to the last digit.
_IN_FULL: Final = 1000
_ORDER: Final = {
    Status.FAIL: 0,
    Status.WARN: 1,
    Status.SKIP: 2,
    Status.HUMAN: 3,
    Status.PASS: 4,
}


def describe(finding: Finding, language: Language = "zh") -> FindingText:
    """Return the words for a finding; raises KeyError for a rule nobody gave words."""
    words = _WORDS[language][finding.rule]
    what, todo = _sentences(finding, words, language)
    return FindingText(
        name=words.name,
        what=what,
        todo=todo,
        clause=clause_text(finding.clauses, language),
    )


def clause_text(clauses: Iterable[str], language: Language = "zh") -> str:
    """Return where the notice says so: ``F4`` is 通知四.4."""
    if language == "zh":
        return "依据：" + "、".join(f"通知{_PARTS[c[0]]}.{c[1:]}" for c in clauses)
    return "Notice " + ", ".join(f"{_PARTS_EN[c[0]]}.{c[1:]}" for c in clauses)


def order_for_display(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return failures, then warnings, then what was skipped, is human, or passed."""
    return tuple(sorted(findings, key=lambda finding: _ORDER[finding.status]))


def _sentences(finding: Finding, words: _Words, language: Language) -> tuple[str, str]:
    match finding.status:
        case Status.PASS:
            return _PASSED[language], ""
        case Status.SKIP:
            why = _NO_PORTRAIT if finding.advice == "no_portrait" else _SKIPPED
            return why[language], _SKIPPED_TODO[language]
        case Status.HUMAN:
            return _HUMAN[language], words.todo
        case _:
            wrong, todo = _wrong(finding, words, language)
            values = _values(finding, percent=words.percent)
            almost = _ALMOST[language] if finding.status is Status.WARN else ""
            return almost + wrong.format_map(values), todo


def _wrong(finding: Finding, words: _Words, language: Language) -> tuple[str, str]:
    special = _ADVICE.get((finding.rule, finding.advice or ""))
    if special is None:
        return words.wrong, words.todo
    return (special[0], special[1]) if language == "zh" else (special[2], special[3])


def _values(finding: Finding, *, percent: bool) -> dict[str, str]:
    low, high = finding.limit or (None, None)
    numbers = {"value": finding.value, "low": low, "high": high}
    return {key: _shown(value, percent=percent) for key, value in numbers.items()}


def _shown(value: float | str | None, *, percent: bool) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if percent:
        return f"{value:.0%}"
    return f"{value:.3g}" if abs(value) < _IN_FULL else f"{value:.0f}"
