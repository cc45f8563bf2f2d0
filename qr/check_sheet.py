"""A printed sheet of small pictures with captions and a place to sign."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import islice
from typing import Any, Final

from PIL import Image, UnidentifiedImageError
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from qr import texts
from qr.errors import PictureError, PosterError
from qr.fonts import find_cjk_font

_FONT: Final = "bizhao-check-sheet"
_COLUMNS: Final = 3
_ROWS: Final = 6
_MARGIN: Final = 12 * mm
_TOP: Final = 22 * mm
_GAP: Final = 2.5 * mm
_HEIGHT: Final = 39.5 * mm
_WIDTH: Final = (A4[0] - 2 * _MARGIN - (_COLUMNS - 1) * _GAP) / _COLUMNS
_PICTURE: Final = (27 * mm, 36 * mm)
#: 150 dpi of the printed picture: a face is told by it, and 2,000 take some 10 MB.
_PIXELS: Final = (160, 213)
_GREY: Final = 0.35


@dataclass(frozen=True, slots=True)
class SheetCard:
    """One picture, fetched when it is drawn, and the lines beside it."""

    picture: Callable[[], bytes] = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SheetSection:
    """Cards that begin on a page of their own, under a title."""

    title: str
    cards: Sequence[SheetCard]


def render_check_sheet(
    sections: Sequence[SheetSection], *, heading: str, note: str
) -> bytes:
    """Return an A4 PDF, eighteen cards a page; the same bytes for the same sheet.

    Raises:
        FontNotFoundError: no font with Chinese characters.
        PosterError: there is no card to draw.
        PictureError: one of the pictures is none.
    """
    pages = list(_pages(sections))
    if not pages:
        raise PosterError(texts.EMPTY_SHEET)
    _register_font()
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True, pageCompression=1)
    canvas.setTitle(heading)
    for number, (title, cards) in enumerate(pages, start=1):
        _draw_frame(canvas, f"{heading}　{title}", note, (number, len(pages)))
        for place, card in enumerate(cards):
            _draw_card(canvas, place, card)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _pages(
    sections: Sequence[SheetSection],
) -> Iterator[tuple[str, list[SheetCard]]]:
    for section in sections:
        left = iter(section.cards)
        while cards := list(islice(left, _COLUMNS * _ROWS)):
            yield section.title, cards


@cache
def _register_font() -> None:
    pdfmetrics.registerFont(TTFont(_FONT, str(find_cjk_font()), subfontIndex=0))


def _draw_frame(canvas: Any, title: str, note: str, page: tuple[int, int]) -> None:
    width, height = A4
    canvas.setFillGray(0)
    _write(canvas, _MARGIN, height - 12 * mm, title, 11, width - 2 * _MARGIN)
    canvas.setFillGray(_GREY)
    _write(canvas, _MARGIN, height - 17.5 * mm, note, 8, width - 2 * _MARGIN)
    canvas.setFont(_FONT, 8)
    canvas.drawCentredString(width / 2, 7 * mm, texts.PAGE.format(*page))


def _draw_card(canvas: Any, place: int, card: SheetCard) -> None:
    row, column = divmod(place, _COLUMNS)
    left = _MARGIN + column * (_WIDTH + _GAP)
    bottom = A4[1] - _TOP - _HEIGHT - row * (_HEIGHT + _GAP)
    canvas.setStrokeGray(0.7)
    canvas.setLineWidth(0.5)
    canvas.rect(left, bottom, _WIDTH, _HEIGHT)
    inset = (_HEIGHT - _PICTURE[1]) / 2
    canvas.drawImage(_small(card.picture()), left + inset, bottom + inset, *_PICTURE)
    text_left = left + inset + _PICTURE[0] + 2 * mm
    room = left + _WIDTH - text_left - 1 * mm
    line = bottom + _HEIGHT - 6 * mm
    for position, words in enumerate(card.lines):
        canvas.setFillGray(0 if position == 0 else _GREY)
        _write(canvas, text_left, line, words, 10.5 if position == 0 else 7.5, room)
        line -= 5 * mm if position == 0 else 4 * mm
    canvas.setFillGray(_GREY)
    _write(canvas, text_left, bottom + 3 * mm, texts.SIGN_HERE, 7, room)
    canvas.line(text_left, bottom + 2 * mm, text_left + room, bottom + 2 * mm)


def _write(
    canvas: Any, x: float, y: float, words: str, size: float, room: float
) -> None:
    """Write one line, smaller where it would not fit."""
    width = float(pdfmetrics.stringWidth(words, _FONT, size))
    canvas.setFont(_FONT, size if width <= room else size * room / width)
    canvas.drawString(x, y, words)


def _small(data: bytes) -> ImageReader:
    """Return the picture as large as it is printed; raises PictureError."""
    try:
        with Image.open(io.BytesIO(data)) as picture:
            picture.draft("RGB", _PIXELS)
            small = picture.convert("RGB").resize(_PIXELS, Image.Resampling.BILINEAR)
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        raise PictureError(texts.NO_SHEET_PICTURE) from None
    packed = io.BytesIO()
    small.save(packed, "JPEG", quality=80)
    packed.seek(0)
    return ImageReader(packed)
