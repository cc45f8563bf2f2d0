"""What each rule is called and says in Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backend.messages.words import Words

_FILE: Final = "成品照由系统制作，请把这句话告诉函授站。"

_PERSON: Final = {
    "face_count": Words(
        "只有本人一人",
        "照片里找到 {value} 张人脸，只能有您一个人。",
        "请一个人拍，身后不要有别人，也不要有人像画或镜子。",
        variants={
            "nobody": Words(
                wrong="照片里没有找到清楚的人脸。",
                todo="请正对镜头，露出整张脸，光线亮一些，脸占画面宽度的四成左右。",
            )
        },
    ),
    "upright": Words(
        "头朝上",
        "照片里的头转了 {value}°，应当朝上。",
        "请把手机竖着拿，头朝上重新拍。",
    ),
    "roll": Words(
        "头没有歪",
        "头歪了 {value}°，最多 {high}°。",
        "请坐正，让两眼一样高，重新拍；不能用软件把照片转正。",
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
    "shoulders_level": Words(
        "双肩放平",
        "两肩一高一低，斜了 {value}°，最多 {high}°。",
        "请坐正，放松双肩，让两肩一样高，重新拍。",
    ),
    "expression_natural": Words(
        "表情自然",
        "表情不自然。",
        "请放松，不笑也不皱眉，重新拍。",
        look="表情是不是自然",
        variants={
            "wide": Words(doubt="嘴角好像向两边拉开了，像在笑"),
            "lifted": Words(doubt="嘴角好像往上翘，像在笑"),
        },
    ),
    "mouth_closed": Words(
        "嘴唇闭合",
        "嘴张开了，唇缝有眼睛到下巴的 {value:%}，最多 {high:%}。",
        "请轻轻合上嘴唇，不露牙齿，重新拍。",
    ),
    "face_occluded": Words(
        "脸部无遮挡",
        "脸被遮住了。",
        "请取下口罩、围巾，拨开脸上的头发，不要用手托脸，重新拍。",
        look="脸有没有被东西或影子遮住",
        variants={
            "mouth": Words(
                wrong="下半张脸被遮住了，像是戴着口罩或围巾。",
                todo="请取下口罩、围巾，露出整张脸，重新拍。",
                doubt="下半张脸好像被遮住了，或颜色和别处不一样",
            ),
            "face": Words(
                wrong="脸上约有 {value:%} 被遮住，最多 {high:%}。",
                doubt="脸上好像有 {value:%} 被头发、影子或别的东西遮住",
            ),
        },
    ),
    "true_likeness": Words(
        "是本人真实相貌",
        "和本人的样子不符。",
        "请本人重新拍一张，不用美颜。",
        look="是不是本人，样子真不真实",
    ),
    "make_up": Words(
        "不化浓妆",
        "妆化得太浓。",
        "请卸妆后重新拍。",
        look="有没有化浓妆",
    ),
}

_EYES: Final = {
    "eyes_open": Words(
        "眼睛睁开",
        "眼睛睁得不够，睁开的高度只有宽度的 {value:%}，至少 {low:%}。",
        "请自然睁大眼睛看镜头，避开刺眼的光，重新拍。",
    ),
    "gaze_level": Words(
        "平视镜头",
        "目光没有平视镜头。",
        "请看着镜头的中心，重新拍。",
        look="眼睛是不是平视镜头",
        variants={
            "aside": Words(doubt="眼睛好像看着旁边，没有看镜头"),
            "height": Words(doubt="眼睛好像看得偏高或偏低，没有平视"),
        },
    ),
    "glasses": Words(
        "不戴眼镜",
        "戴着眼镜。",
        "戴着的话，请摘下眼镜重新拍。",
        doubt="好像戴着眼镜",
        look="有没有戴眼镜",
        variants={
            "worn": Words(
                name="平时戴眼镜就戴着",
                wrong="眼镜不合要求。",
                todo="平时戴眼镜的请戴着拍，镜框不要挡住眼睛。",
                doubt="好像戴着眼镜，镜框可能挡住眼睛",
                look="平时戴眼镜的是不是戴着，镜框有没有挡住眼睛",
            )
        },
    ),
    "lens_glare": Words(
        "镜片不反光",
        "镜片反光。",
        "请换个角度，让灯光不照在镜片上；不必戴的请摘下眼镜。",
        doubt="镜片上好像有反光，约占镜片的 {value:%}",
        look="镜片有没有反光，镜框有没有挡住眼睛",
    ),
    "sunglasses": Words(
        "没有墨镜",
        "眼睛前面太暗，亮度只有脸颊的 {value:%}，至少 {low:%}，像是深色镜片。",
        "请摘下墨镜或变色眼镜，也不要让帽檐、头发的影子落在眼睛上。",
    ),
    "coloured_lenses": Words(
        "不戴美瞳",
        "戴着彩色隐形眼镜。",
        "请取下彩色隐形眼镜重新拍。",
        look="有没有戴彩色隐形眼镜",
    ),
}

_HAIR: Final = {
    "headwear": Words(
        "头上不戴东西",
        "头上戴着东西。",
        "请摘下帽子、头巾、发箍，把刘海别开，露出额头。",
        look="头上有没有戴帽子、头巾或发饰",
        variants={
            "forehead": Words(doubt="额头好像被帽子、头巾或刘海遮住了"),
            "colour": Words(doubt="头上好像有不是头发颜色的东西"),
        },
    ),
    "brows_covered": Words(
        "露出眉毛",
        "头发遮住了眉毛。",
        "请把刘海别开，露出两道眉毛和眼睛。",
        doubt="头发好像遮住了眉毛",
        look="眉毛和眼睛有没有被头发遮住",
    ),
    "ears_visible": Words(
        "露出双耳",
        "耳朵被遮住，或两边露得不一样。",
        "请把头发别到耳后，正对镜头，两只耳朵都露出来。",
        doubt="好像有耳朵被头发遮住，或没有拍到",
        look="两只耳朵是不是都露出来、左右对称",
    ),
    "jewellery": Words(
        "不戴饰品",
        "戴着耳环、项链等饰品。",
        "请取下饰品重新拍。",
        look="有没有戴耳环、项链等饰品",
    ),
    "dyed_hair": Words(
        "不染发",
        "头发颜色不自然。",
        "请以自然的发色拍；有困难请联系函授站。",
        look="头发是不是染过",
    ),
    "hair_length": Words(
        "发型合适",
        "男生不能光头或留长发。",
        "请整理发型后再拍；因病等原因请联系函授站。",
        look="男生是不是光头或长发",
    ),
}

_LIGHT: Final = {
    "sharpness": Words(
        "照片清晰",
        "脸不够清晰。",
        "请擦一下镜头，对着脸点一下对焦，拿稳手机；不要用放大、截图或翻拍的照片。",
        variants={
            "blurred": Words(
                wrong="脸有点糊，不够清晰（清晰度 {value}，至少 {low}）。"
            ),
            "blocks": Words(
                wrong="照片压缩得太厉害，脸上有方块（程度 {value}，最多 {high}）。",
                todo="请用相机拍的原图，不要用截图或聊天软件传过的照片。",
            ),
        },
    ),
    "exposure": Words(
        "光线合适",
        "脸上有太暗或太亮的地方。",
        "请面向窗户或均匀的灯光，不要背光，也不要开闪光灯。",
        variants={
            "too_dark": Words(
                wrong="脸上有 {value:%} 的地方太暗，最多 {high:%}。",
                todo="请面向窗户或灯光，不要背光。",
            ),
            "too_bright": Words(
                wrong="脸上有 {value:%} 的地方太亮、发白，最多 {high:%}。",
                todo="请关掉闪光灯，避开直射的阳光和灯。",
            ),
        },
    ),
    "lighting_even": Words(
        "光线均匀",
        "脸的两边明暗不一，暗的一边只有亮的一边的 {value:%}，至少 {low:%}。",
        "请面向光源，让脸的两边一样亮，不要让光只从一侧照来。",
    ),
    "natural_colour": Words(
        "颜色真实",
        "照片偏色，肤色不自然（偏差 {value}，最多 {high}）。",
        "请在自然光或白色灯光下拍，关掉滤镜和美颜。",
    ),
    "colour_photo": Words(
        "彩色照片",
        "这是黑白或几乎没有颜色的照片（色彩 {value}，至少 {low}）。",
        "请关掉黑白滤镜，用彩色重新拍。",
    ),
    "distortion": Words(
        "没有变形",
        "脸被镜头拉变形了。",
        "请别人站在 1.5 米左右的地方，用后置镜头拍，不要贴近自拍。",
        look="脸有没有因为离镜头太近而变形",
        variants={
            "near": Words(
                doubt="镜头好像离脸太近，只有约 {value} 米，最好不近于 {low} 米"
            ),
            "shape": Words(doubt="脸好像有些变形，可能离镜头太近"),
        },
    ),
    "mirrored": Words(
        "没有镜像",
        "照片左右颠倒。",
        "请在相机设置里关掉自拍镜像，重新拍。",
        look="照片有没有左右颠倒",
    ),
    "edited": Words(
        "没有修图",
        "照片经过修饰。",
        "请用相机拍的原图，不用美颜和修图软件。",
        doubt="照片好像用软件处理过（{value}）",
        look="照片有没有美颜、修图",
    ),
    "recency": Words(
        "近期照片",
        "照片是约 {value:months} 个月前拍的，应在 {high:months} 个月以内。",
        "请重新拍一张；要是相机的日期不对，不用担心。",
        doubt="照片好像是约 {value:months} 个月前拍的，应在 {high:months} 个月以内",
        look="是不是近期拍的",
    ),
}

_OTHER_WALL: Final = (
    "请换一面没有东西的浅色墙，离墙半米以上，光线亮而均匀，头发理顺，再拍一张。"
)
_UNCLEAR: Final = "头发、耳朵或肩膀的边缘和背景分不清，换背景会出错，所以没有换。"
_LEFT_OVER: Final = "换背景后会留下身后的东西，所以没有换。"
_BLURRED: Final = "换背景后头发边上会有一圈模糊的影子，所以没有换。"
_LOST: Final = "换背景后会少掉一块头发、耳朵或肩膀，所以没有换。"

_BACKGROUND: Final = {
    "background_plain": Words(
        "背景干净",
        "身后的背景不干净。",
        "请站在没有图案的浅色墙前，离墙半米以上，避免影子。",
        variants={
            "edges": Words(
                wrong="身后的背景有花纹或杂物（杂乱程度 {value}，最多 {high}）。",
                todo="请站在没有图案的浅色墙前，离墙半米以上，身后不要有东西。",
            ),
            "marks": Words(
                wrong="身后的墙上有东西，如开关、字画，约占背景的 {value:%}，最多 {high:%}。",
                todo="请换一面空墙，身后不要有开关、插座、门框和字画。",
            ),
            "colours": Words(
                wrong="身后的背景深浅不一，可能有影子（色差 {value}，最多 {high}）。",
                todo="请离墙半米以上，让灯光均匀，避免影子；身后只留一种颜色。",
            ),
        },
    ),
    "background_colour": Words(
        "背景颜色",
        "背景的颜色和要求的不一样（色差 {value}，最多 {high}）。",
        "请换一面颜色合适的纯色墙，要求的颜色见“怎样的照片合格”。",
        look="背景的颜色是不是符合要求",
        variants={
            "light": Words(todo="请换一面白色、浅灰或浅蓝的纯色墙。"),
            "white": Words(
                name="背景是白色",
                wrong="背景不够白（色差 {value}，最多 {high}）。",
                todo="请换一面白墙，光线亮而均匀，白墙才不会发灰发黄。",
            ),
            "light_blue": Words(
                name="背景是浅蓝色",
                wrong="背景不是浅蓝色（色差 {value}，最多 {high}）。",
                todo="请到浅蓝色的背景布前拍，不能用软件换背景。",
            ),
        },
    ),
    "background_change": Words(
        "换背景",
        "这张照片换背景后不够干净，所以保留了原来的背景。",
        _OTHER_WALL,
        variants={
            "unsure": Words(wrong=_UNCLEAR),
            "unsure_strict": Words(wrong=_UNCLEAR),
            "alike": Words(
                wrong="头发或脸的颜色和身后的墙太像，分不开，所以没有换背景。",
                todo="请换一面和头发颜色差得远的浅色墙，光线亮而均匀，再拍一张。",
            ),
            "fringe": Words(wrong=_BLURRED),
            "fringe_strict": Words(wrong=_BLURRED),
            "haze": Words(wrong=_BLURRED),
            "lost": Words(wrong=_LOST),
            "lost_strict": Words(wrong=_LOST),
            "pieces": Words(wrong=_LEFT_OVER),
            "pieces_strict": Words(wrong=_LEFT_OVER),
            "holes": Words(
                wrong="换背景后身上会缺一块，所以没有换。",
                todo="请穿和墙颜色不同的衣服，站在浅色墙前，光线亮而均匀，再拍一张。",
            ),
        },
    ),
    "border_or_text": Words(
        "没有边框文字",
        "照片上有边框、文字或图案。",
        "请用没有加工过的原图。",
        look="照片上有没有边框、文字或图案",
        variants={
            "border": Words(
                wrong="照片四周有边框，宽约画面的 {value:%}。",
                todo="请用没有加过边框的原图，不要用截图。",
                doubt="照片四周好像有边框",
            ),
            "text": Words(
                wrong="照片上有字。",
                todo="请用没有日期、水印的原图，身后和衣服上也不要有字。",
                doubt="照片上好像有字",
            ),
        },
    ),
}

_CLOTHES: Final = {
    "clothes_contrast": Words(
        "衣服与背景分明",
        "衣服和背景颜色太接近（色差 {value}，最好不低于 {low}）。",
        "请换一件和背景颜色明显不同的衣服，或换一面墙。",
    ),
    "clothes_not_blue": Words(
        "衣服不是蓝色",
        "衣服看起来有 {value:%} 是蓝色，最多 {high:%}。",
        "请换掉蓝色衣服，建议穿浅色、非蓝色的上衣。",
    ),
    "clothes_plain": Words(
        "衣服简单",
        "衣服有复杂的条纹或图案。",
        "请换一件纯色的衣服。",
        doubt="衣服上好像有条纹或图案，约占 {value:%}",
        look="衣服有没有复杂的条纹或图案",
    ),
}

_PORTRAIT: Final = {
    "crown": Words(
        "头顶位置",
        "成品照里头顶离上边 {value} 像素，应在 {low}–{high} 之间。",
        "请在头顶以上多留一些空白，重新拍。",
        variants={
            "crown_margin": Words(
                wrong="头顶上方留白不够，裁不出合格的照片。",
                todo="请退后一步，或把手机抬高一点，头顶以上留出半个头的空白。",
            )
        },
    ),
    "eye_line": Words(
        "眼睛位置",
        "成品照里眼睛离上边 {value} 像素，应在 {low}–{high} 之间。",
        "请退后一步，把头和肩膀都拍进来。",
        variants={
            "bottom_margin": Words(
                wrong="脸下方拍得太少，肩膀没有拍进来。",
                todo="请退后一步，把肩膀和上胸都拍进来。",
            )
        },
    ),
    "face_width": Words(
        "脸的大小",
        "成品照里脸宽 {value} 像素，应在 {low}–{high} 之间。",
        "请调整与镜头的距离，让脸约占画面宽度的四成。",
        variants={
            "proportions": Words(
                wrong="头发太高或太蓬，头顶、眼睛和脸宽不能同时放进要求的范围。",
                todo="请把头发压低或扎到脑后再拍；确实不行的，可以申请人工审核。",
            ),
            "several_margins": Words(
                wrong="头拍得太大，四周留白都不够，裁不出合格的照片。",
                todo="请退后一步，把头和肩膀都拍进来，头顶和两边都留出空白。",
            ),
            "unconfirmed": Words(
                wrong="裁出的成品照里没能再次量到脸，结果不可靠。",
                todo="请在明亮均匀的光线下重新拍一张清楚的正面照。",
            ),
        },
    ),
    "centring": Words(
        "人在正中",
        "成品照里脸偏离正中 {value} 像素，最多 {high}。",
        "请坐在画面正中，两边留出一样宽的空白。",
        variants={
            "side_margin": Words(
                wrong="人偏到了一边，或两边留白不够。",
                todo="请坐到画面正中，退后一点，两边留出一样宽的空白。",
            )
        },
    ),
    "resolution": Words(
        "像素足够",
        "照片只有 {value} 像素，不够做成品照。",
        "请用手机的主相机拍，不要用截图或聊天软件压缩过的照片。",
        variants={
            "pixels": Words(
                wrong="脸在照片里太小，像素不够。",
                todo="请靠近一点拍，用主相机，不要用截图或聊天软件压缩过的照片。",
            )
        },
    ),
}

_FILES: Final = {
    "file_format": Words("文件格式", "成品文件是 {value}，应为 JPEG。", _FILE),
    "file_dimensions": Words("文件尺寸", "成品文件是 {value} 像素，尺寸不对。", _FILE),
    "file_dpi": Words("分辨率标记", "成品文件标记为 {value} dpi，不对。", _FILE),
    "file_depth": Words("真彩色", "成品文件是 {value} 位，应为 24 位真彩色。", _FILE),
    "file_quality": Words(
        "压缩品质",
        "成品文件的压缩品质是 {value}，至少 {low}。",
        "请换一张背景更干净的照片。",
    ),
    "file_size": Words(
        "文件大小",
        "成品文件有 {value:KB} KB，一般应为 {low:KB}–{high:KB} KB。",
        "通常不影响提交；想更稳妥，请换一张光线更好、背景更干净的照片。",
    ),
    "file_extension": Words("扩展名", "成品文件的扩展名是 {value}，应为 jpg。", _FILE),
    "file_trailing_data": Words(
        "文件完整", "成品文件末尾多出 {value} 字节。", _FILE
    ),
}  # fmt: skip

RULES: Final[Mapping[str, Words]] = MappingProxyType(
    _PERSON | _EYES | _HAIR | _LIGHT | _BACKGROUND | _CLOTHES | _PORTRAIT | _FILES
)
