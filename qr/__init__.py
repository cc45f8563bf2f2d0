"""Entry codes and posters: knows an address and some texts, nothing of the service.

>>> import qr
>>> png = qr.render_png("https://example.org/s/token")
"""

from qr.check_sheet import SheetCard, SheetSection, render_check_sheet
from qr.code import render_png, render_svg
from qr.errors import FontNotFoundError, PictureError, PosterError
from qr.fonts import find_cjk_font
from qr.poster import render_poster_pdf, render_poster_png
from qr.spec import PosterSpec, Size

__all__ = [
    "FontNotFoundError",
    "PictureError",
    "PosterError",
    "PosterSpec",
    "SheetCard",
    "SheetSection",
    "Size",
    "find_cjk_font",
    "render_check_sheet",
    "render_png",
    "render_poster_pdf",
    "render_poster_png",
    "render_svg",
]
