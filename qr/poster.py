"""Drawing posters: as vector PDF with the font embedded, or as a picture."""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError
from reportlab.lib.colors import HexColor
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from qr import texts
from qr.code import PRINT_LEVEL, QUIET_ZONE, runs
from qr.errors import PictureError, PosterError
from qr.fonts import find_cjk_font
from qr.layout import (
    MM_PER_POINT,
    PAGES,
    Code,
    Disc,
    Ink,
    Panel,
    SecondCode,
    Shape,
    Text,
    lay_out,
)
from qr.matrix import matrix
from qr.spec import PosterSpec, Size

#: One accent, dark enough to stay a dark grey on a black-and-white printer.
INKS: Final[dict[Ink, str]] = {
    "dark": "#1f2933",
    "grey": "#52606d",
    "accent": "#1d5fa8",
    "paper": "#ffffff",
}
#: The font has one weight; bold is its outline drawn this thick, in font sizes.
_BOLD: Final = 0.028
_FONT: Final = "bizhao-cjk"
_MM_PER_INCH: Final = 25.4
_PT: Final = 1 / MM_PER_POINT


def render_poster_pdf(specs: Iterable[PosterSpec], *, size: Size = Size.A4) -> bytes:
    """Return a PDF with one poster a page; the same bytes for the same posters.

    All pages share one subset of the font, so that many posters stay small.

    Raises:
        FontNotFoundError: no font with Chinese characters.
        PosterError: there is no poster to draw.
        PictureError: the second symbol of a poster is no picture.
    """
    _register_font()
    page = PAGES[size]
    height = page.height_mm / page.scale
    out = io.BytesIO()
    canvas = Canvas(
        out,
        pagesize=(page.width_mm * _PT, page.height_mm * _PT),
        invariant=True,
        pageCompression=1,
    )
    pages = 0
    for spec in specs:
        pages += 1
        if pages == 1:
            canvas.setTitle(spec.title)
        canvas.scale(page.scale, page.scale)
        for shape in lay_out(spec, _pdf_width, size):
            _draw_pdf(canvas, shape, spec, height)
        canvas.showPage()
    if not pages:
        raise PosterError("no poster to draw")
    canvas.save()
    return out.getvalue()


def render_poster_png(
    spec: PosterSpec, *, size: Size = Size.A4, dpi: int = 150
) -> bytes:
    """Return a picture of the poster; raises FontNotFoundError, PictureError."""
    page = PAGES[size]
    pixels = dpi / _MM_PER_INCH
    scale = pixels * page.scale
    picture = Image.new(
        "RGB",
        (round(page.width_mm * pixels), round(page.height_mm * pixels)),
        INKS["paper"],
    )
    draw = ImageDraw.Draw(picture)
    for shape in lay_out(spec, _png_width, size):
        if isinstance(shape, SecondCode):
            box = shape.box
            side = round(box.width * scale)
            second = _second(spec).resize((side, side), Image.Resampling.LANCZOS)
            picture.paste(second, (round(box.x * scale), round(box.y * scale)))
        else:
            _draw_png(draw, shape, spec.url, scale)
    out = io.BytesIO()
    picture.save(out, "PNG", dpi=(dpi, dpi), optimize=True)
    return out.getvalue()


def _second(spec: PosterSpec) -> Image.Image:
    """Return the second symbol as pixels; raises PictureError."""
    try:
        with Image.open(io.BytesIO(spec.mini_program_code or b"")) as picture:
            return picture.convert("RGB")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        raise PictureError(texts.NO_PICTURE) from None


@cache
def _register_font() -> None:
    pdfmetrics.registerFont(TTFont(_FONT, str(find_cjk_font()), subfontIndex=0))


def _pdf_width(text: str, size_pt: float) -> float:
    return float(pdfmetrics.stringWidth(text, _FONT, size_pt)) * MM_PER_POINT


def _draw_pdf(canvas: Any, shape: Shape, spec: PosterSpec, height: float) -> None:
    """Draw one shape; PDF's origin is the lower left corner and its unit the point."""
    match shape:
        case Text():
            _draw_pdf_text(canvas, shape, height)
        case Panel(box, ink):
            canvas.setFillColor(HexColor(INKS[ink]))
            canvas.rect(
                box.x * _PT,
                (height - box.bottom) * _PT,
                box.width * _PT,
                box.height * _PT,
                stroke=0,
                fill=1,
            )
        case Disc(x, y, radius, ink):
            canvas.setFillColor(HexColor(INKS[ink]))
            canvas.circle(x * _PT, (height - y) * _PT, radius * _PT, stroke=0, fill=1)
        case Code(box):
            modules = matrix(spec.url, PRINT_LEVEL)
            module = box.width / (len(modules) + 2 * QUIET_ZONE)
            canvas.setFillColor(HexColor("#000000"))
            path = canvas.beginPath()
            for row, column, length in _dark_runs(modules):
                path.rect(
                    (box.x + column * module) * _PT,
                    (height - box.y - (row + 1) * module) * _PT,
                    length * module * _PT,
                    module * _PT,
                )
            canvas.drawPath(path, stroke=0, fill=1)
        case SecondCode(box):
            canvas.drawImage(
                ImageReader(_second(spec)),
                box.x * _PT,
                (height - box.bottom) * _PT,
                box.width * _PT,
                box.height * _PT,
            )


def _draw_pdf_text(canvas: Any, shape: Text, height: float) -> None:
    colour = HexColor(INKS[shape.ink])
    # The render mode would outlive the text.
    canvas.saveState()
    canvas.setFillColor(colour)
    canvas.setStrokeColor(colour)
    canvas.setLineWidth(shape.size_pt * _BOLD)
    text = canvas.beginText(shape.x * _PT, (height - shape.baseline) * _PT)
    text.setFont(_FONT, shape.size_pt)
    if shape.bold:
        text.setTextRenderMode(2)  # fill and outline
    text.textOut(shape.text)
    canvas.drawText(text)
    canvas.restoreState()


@cache
def _png_font(size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(find_cjk_font()), size_px)


#: Large enough that rounding to whole pixels does not show in a width.
_MEASURE_PX: Final = 200


def _png_width(text: str, size_pt: float) -> float:
    return _png_font(_MEASURE_PX).getlength(text) / _MEASURE_PX * size_pt * MM_PER_POINT


def _draw_png(
    draw: ImageDraw.ImageDraw,
    shape: Text | Panel | Disc | Code,
    url: str,
    scale: float,
) -> None:
    match shape:
        case Text():
            size = shape.size_pt * MM_PER_POINT * scale
            draw.text(
                (shape.x * scale, shape.baseline * scale),
                shape.text,
                font=_png_font(max(1, round(size))),
                fill=INKS[shape.ink],
                anchor="ls",
                stroke_width=size * _BOLD / 2 if shape.bold else 0,
            )
        case Panel(box, ink):
            draw.rectangle(
                (
                    box.x * scale,
                    box.y * scale,
                    box.right * scale - 1,
                    max(box.bottom * scale - 1, box.y * scale),
                ),
                fill=INKS[ink],
            )
        case Disc(x, y, radius, ink):
            edge = radius * scale
            draw.ellipse(
                (
                    x * scale - edge,
                    y * scale - edge,
                    x * scale + edge,
                    y * scale + edge,
                ),
                fill=INKS[ink],
            )
        case Code(box):
            modules = matrix(url, PRINT_LEVEL)
            # Whole pixels per module, centred in the box: no module is wider than another.
            side = len(modules) + 2 * QUIET_ZONE
            module = max(1, int(box.width * scale / side))
            left = box.x * scale + (box.width * scale - module * side) / 2
            top = box.y * scale + (box.height * scale - module * side) / 2
            for row, column, length in _dark_runs(modules):
                x, y = round(left) + column * module, round(top) + row * module
                draw.rectangle(
                    (x, y, x + length * module - 1, y + module - 1), fill="#000000"
                )


def _dark_runs(modules: list[list[bool]]) -> Iterable[tuple[int, int, int]]:
    """Yield (row, column, length) of the dark runs, the quiet zone counted in."""
    for row, line in enumerate(modules):
        for column, length in runs(line):
            yield row + QUIET_ZONE, column + QUIET_ZONE, length
