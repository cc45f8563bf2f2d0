"""The bare entry code, for stations that make their own print."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image

from qr.errors import PosterError
from qr.matrix import Level, matrix

#: Posters get wet, torn and scribbled on. With 15 % of its area lost to one or two stains
#: that spare the corner marks, every code at H was read and only some at Q (27 and 15 of
#: 40). The price is four modules more a side, which at 92 mm are 1.9 mm each.
PRINT_LEVEL: Final[Level] = "H"
#: Modules of white around the code (ISO/IEC 18004 asks for four).
QUIET_ZONE: Final = 4
_MM_PER_INCH: Final = 25.4


def render_png(
    payload: str,
    *,
    size_mm: float = 60.0,
    dpi: int = 300,
    error_correction: Level = PRINT_LEVEL,
) -> bytes:
    """Return the code as a black and white PNG, quiet zone included.

    Modules are whole pixels, so the picture is the largest that fits ``size_mm``.

    Raises:
        PosterError: the size is too small for a pixel per module.
    """
    modules = matrix(payload, error_correction)
    side = len(modules) + 2 * QUIET_ZONE
    module_px = int(size_mm / _MM_PER_INCH * dpi) // side
    if module_px < 1:
        raise PosterError(f"{size_mm} mm at {dpi} dpi is too small for this code")
    picture = Image.new("1", (side, side), 1)
    for y, row in enumerate(modules):
        for x, dark in enumerate(row):
            if dark:
                picture.putpixel((x + QUIET_ZONE, y + QUIET_ZONE), 0)
    size = side * module_px
    out = io.BytesIO()
    picture.resize((size, size), Image.Resampling.NEAREST).save(
        out, "PNG", dpi=(dpi, dpi), optimize=True
    )
    return out.getvalue()


def render_svg(payload: str, *, error_correction: Level = PRINT_LEVEL) -> str:
    """Return the code as a self-contained SVG, quiet zone included, scalable."""
    modules = matrix(payload, error_correction)
    side = len(modules) + 2 * QUIET_ZONE
    path = "".join(
        f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h{length}v1h-{length}z"
        for y, row in enumerate(modules)
        for x, length in runs(row)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" '
        f'shape-rendering="crispEdges"><rect width="{side}" height="{side}" '
        f'fill="#fff"/><path d="{path}"/></svg>\n'
    )


def runs(row: list[bool]) -> list[tuple[int, int]]:
    """Return (start, length) of each run of dark modules: fewer shapes, no hairlines."""
    found: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if dark and found and sum(found[-1]) == x:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif dark:
            found.append((x, 1))
    return found
