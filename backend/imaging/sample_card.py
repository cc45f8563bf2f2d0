"""Draws the card of an invented person, for demonstrations and tests.

Our own drawing, laid out as the registry's cards are described: 350×554 px, a title, four
labelled lines, the code in a green frame of 254 px, a footer. It says plainly that it is
a sample.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from backend.domain.codes import Claims, CollectionCode
from qr import find_cjk_font
from qr.matrix import matrix

SIZE_PX = (350, 554)
FRAME_PX = 254

_FRAME_TOP_PX = 212
_FRAME_LINE_PX = 4
_CODE_PX = 240
_QUIET_MODULES = 2
_PAPER = (255, 255, 255)
_INK = (40, 40, 40)
_FAINT = (130, 130, 130)
_GREEN = (29, 165, 122)
_SAMPLE_RED = (200, 60, 50)
_HIDDEN_ID = "*" * 14


def draw_sample_card(code: CollectionCode, *, school_name: str) -> bytes:
    """Return a PNG card for a code; the same bytes for the same input.

    An opaque code leaves name, number and level blank.
    """
    card = Image.new("RGB", SIZE_PX, _PAPER)
    draw = ImageDraw.Draw(card)
    _draw_texts(draw, code.claims or Claims(), school_name)
    left = (SIZE_PX[0] - FRAME_PX) // 2
    frame = (left, _FRAME_TOP_PX, left + FRAME_PX - 1, _FRAME_TOP_PX + FRAME_PX - 1)
    draw.rectangle(frame, outline=_GREEN, width=_FRAME_LINE_PX)
    margin = (FRAME_PX - _CODE_PX) // 2
    card.paste(_code_image(code.raw), (left + margin, _FRAME_TOP_PX + margin))
    out = io.BytesIO()
    card.save(out, "PNG")
    return out.getvalue()


def _code_image(payload: str) -> Image.Image:
    modules = np.pad(
        np.array(matrix(payload, error_correction="M"), bool), _QUIET_MODULES
    )
    exact = Image.fromarray(np.where(modules, 0, 255).astype(np.uint8))
    # Real cards squeeze the code into a fixed square, off the pixel grid.
    fine = exact.resize((exact.width * 12, exact.height * 12), Image.Resampling.NEAREST)
    return fine.resize((_CODE_PX, _CODE_PX), Image.Resampling.BOX)


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(find_cjk_font()), size)


def _draw_texts(draw: ImageDraw.ImageDraw, claims: Claims, school_name: str) -> None:
    middle = SIZE_PX[0] // 2
    draw.text((middle, 34), "图像采集码", _GREEN, _font(26), anchor="mm")
    draw.text((middle, 66), "样例 · 非真实采集码", _SAMPLE_RED, _font(15), anchor="mm")
    number = f"{_HIDDEN_ID}{claims.id_last4}" if claims.id_last4 else ""
    lines = (
        ("姓名", claims.masked_name or ""),
        ("证件号码", number),
        ("学校名称", school_name),
        ("层次", claims.level or ""),
    )
    for row, (label, value) in enumerate(lines):
        height = 96 + row * 29
        draw.text((48, height), label, _FAINT, _font(15), anchor="lm")
        draw.text((128, height), value, _INK, _font(15), anchor="lm")
    for row, text in enumerate(
        ("此码仅用于图像采集，采集时出示", "样例卡片，人物与号码均为虚构")
    ):
        draw.text((middle, 496 + row * 26), text, _FAINT, _font(14), anchor="mm")
