"""What each rule is called and says in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backend.messages.words import Words

RULES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "face_count": Words(
            "只有本人一人",
            "照片里找到 {value} 张人脸，应当正好 1 张。",
            "请一个人对着镜头，正面、露出整张脸，身后不要有别人或人像画。",
        ),
        "upright": Words(
            "头朝上",
            "照片里的头转了 {value}°，应当朝上。",
            "请把手机竖着拿，头朝上重新拍。",
        ),
        "roll": Words(
            "头没有歪",
            "头歪了 {value}°，最多 {high}°。",
            "请坐正，两眼保持水平，重新拍；不能用软件把照片转正。",
        ),
        "yaw": Words(
            "正对镜头",
            "脸向一边转了约 {value}°，最多 {high}°。",
            "请把脸转正，让鼻尖对着镜头，重新拍。",
        ),
        "pitch": Words(
            "没有抬头低头",
            "抬头或低头约 {value}°，最多 {high}°。",
            "请把手机放到和眼睛一样高，平视镜头，重新拍。",
        ),
        "eyes_open": Words(
            "眼睛睁开",
            "眼睛没有自然睁开（睁眼程度 {value}，至少 {low}）。",
            "请自然睁大眼睛看镜头，避开刺眼的光，重新拍。",
        ),
        "mouth_closed": Words(
            "嘴唇闭合",
            "嘴张开了（张口程度 {value}，最多 {high}）。",
            "请轻轻合上嘴唇，不露牙齿，重新拍。",
        ),
        "sharpness": Words(
            "照片清晰",
            "脸不够清晰（清晰度 {value}，至少 {low}）。",
            "请擦一下镜头，对着脸点一下对焦，拿稳手机；不要用放大、截图或翻拍的照片。",
        ),
        "exposure": Words(
            "光线合适",
            "脸上有 {value} 的地方太暗或太亮，最多 {high}。",
            "请面向窗户或均匀的灯光，不要背光，也不要开闪光灯。",
            percent=True,
        ),
        "colour_photo": Words(
            "彩色照片",
            "这是黑白或几乎没有颜色的照片（色彩 {value}，至少 {low}）。",
            "请关掉黑白滤镜，用彩色重新拍。",
        ),
        "background_plain": Words(
            "背景干净",
            "身后的背景不干净，有花纹、杂物或阴影（杂乱程度 {value}，最多 {high}）。",
            "请站在没有图案的浅色墙前，离墙半米以上，避免影子。",
        ),
        "crown": Words(
            "头顶位置",
            "成品照里头顶离上边 {value} 像素，应在 {low}–{high} 之间。",
            "请把头顶以上多留一些空白，重新拍。",
        ),
        "eye_line": Words(
            "眼睛位置",
            "成品照里眼睛离上边 {value} 像素，应在 {low}–{high} 之间。",
            "请退后一步，把头和肩膀都拍进来。",
        ),
        "face_width": Words(
            "脸的大小",
            "成品照里脸宽 {value} 像素，应在 {low}–{high} 之间。",
            "请调整与镜头的距离，让脸约占画面宽度的四成。",
        ),
        "centring": Words(
            "人在正中",
            "成品照里脸偏离正中 {value} 像素，最多 {high}。",
            "请坐在画面正中，两边留出一样宽的空白。",
        ),
        "resolution": Words(
            "像素足够",
            "照片的像素不够。",
            "请用手机的主相机拍，靠近一点，不要用截图或聊天软件压缩过的照片。",
        ),
        "file_format": Words(
            "文件格式", "成品文件是 {value}，应为 JPEG。", "请联系函授站。"
        ),
        "file_dimensions": Words(
            "文件尺寸", "成品文件是 {value}，应为 480×640。", "请联系函授站。"
        ),
        "file_dpi": Words(
            "分辨率标记", "成品文件标记为 {value} dpi，应为 300。", "请联系函授站。"
        ),
        "file_depth": Words(
            "真彩色", "成品文件是 {value} 位，应为 24 位真彩色。", "请联系函授站。"
        ),
        "file_quality": Words(
            "压缩品质",
            "成品文件的压缩品质为 {value}，至少 {low}。",
            "请换一张背景更干净的照片。",
        ),
        "file_size": Words(
            "文件大小",
            "成品文件为 {value} 字节，一般应在 {low}–{high} 之间。",
            "通常不影响提交；希望更稳妥的，请换一张光线更好、背景更干净的照片。",
        ),
        "file_extension": Words(
            "扩展名", "成品文件的扩展名是 {value}，应为 jpg。", "请联系函授站。"
        ),
        "file_trailing_data": Words(
            "文件完整",
            "成品文件末尾有 {value} 字节多余的数据。",
            "请联系函授站。",
        ),
        "gaze_level": Words("平视镜头", "目光没有平视镜头。", "请看着镜头重新拍。"),
        "expression_natural": Words(
            "表情自然", "表情不自然。", "请放松，不笑也不皱眉，重新拍。"
        ),
        "shoulders_level": Words("双肩放平", "两肩高低不平。", "请坐正，放平双肩。"),
        "ears_visible": Words(
            "露出双耳", "耳朵被遮住或不对称。", "请把头发别到耳后，正对镜头。"
        ),
        "glasses": Words("不戴眼镜", "戴着眼镜。", "请摘下眼镜重新拍。"),
        "lens_glare": Words("镜片不反光", "镜片反光。", "请摘下眼镜重新拍。"),
        "sunglasses": Words(
            "没有墨镜",
            "眼睛前面太暗，像是戴了墨镜或深色镜片（亮度 {value}，至少 {low}）。",
            "请摘下眼镜再拍，并避免帽檐、头发的影子落在眼睛上。",
        ),
        "coloured_lenses": Words(
            "没有美瞳", "戴着有色隐形眼镜。", "请取下有色隐形眼镜重新拍。"
        ),
        "headwear": Words("免冠", "头上戴着东西。", "请摘下帽子、头巾或发箍。"),
        "face_occluded": Words(
            "脸部无遮挡", "脸被遮住或有影子。", "请取下口罩等遮挡物，避开阴影。"
        ),
        "jewellery": Words("不戴饰品", "戴着耳环或项链等饰品。", "请取下饰品重新拍。"),
        "brows_covered": Words(
            "露出眉毛", "头发遮住了眉毛或眼睛。", "请把刘海别开，露出眉毛。"
        ),
        "make_up": Words("不化浓妆", "妆容过浓。", "请卸妆或化淡妆后重新拍。"),
        "dyed_hair": Words("不染发", "头发颜色不自然。", "请以自然发色拍摄。"),
        "hair_length": Words(
            "发型合适", "男生不宜光头或留长发。", "请联系函授站说明情况。"
        ),
        "clothes_contrast": Words(
            "衣服与背景分明",
            "衣服和背景颜色太接近（色差 {value}，最好不低于 {low}）。",
            "请换一件和背景颜色明显不同的衣服，或换一面墙。",
        ),
        "clothes_not_blue": Words(
            "衣服不是蓝色",
            "衣服看起来是蓝色（蓝色占 {value}，最多 {high}）。",
            "请换掉蓝色衣服，建议穿浅色、非蓝色的上衣。",
            percent=True,
        ),
        "clothes_plain": Words(
            "衣服简单", "衣服有复杂的条纹或图案。", "请换一件纯色的衣服。"
        ),
        "lighting_even": Words(
            "光线均匀",
            "脸的两边明暗不一（暗的一边只有亮的一边的 {value}，至少 {low}）。",
            "请面向光源，让脸的两边一样亮，不要让光只从一侧照来。",
            percent=True,
        ),
        "natural_colour": Words(
            "颜色真实",
            "照片偏色，肤色不自然（偏差 {value}，最多 {high}）。",
            "请在自然光或白色灯光下拍，关掉滤镜和美颜。",
        ),
        "distortion": Words(
            "没有变形", "脸有明显变形。", "请离镜头远一些拍，不要用广角自拍。"
        ),
        "background_colour": Words(
            "背景颜色", "背景颜色不合适。", "请换成浅色、纯色的背景。"
        ),
        "border_or_text": Words(
            "没有边框文字", "照片上有边框、文字或图案。", "请用没有加工过的原图。"
        ),
        "true_likeness": Words(
            "是本人真实相貌", "与本人相貌不符。", "请本人重新拍摄。"
        ),
        "mirrored": Words("没有镜像", "照片左右颠倒。", "请关掉镜像自拍后重新拍。"),
        "edited": Words("没有修图", "照片经过修饰。", "请用没有美颜的原图。"),
        "recency": Words("近期照片", "照片不是近一年拍的。", "请用近期照片。"),
    }
)
