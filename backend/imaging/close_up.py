"""A part of an upload as large as a reviewer needs it to see a frame or an ear ring."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image

from backend.domain.report import Box
from backend.imaging.decode import decode_at_least, open_header
from backend.imaging.landmarks import Pixels

#: Of the box's own size, added in all: what is next to it tells what it is.
_GROWN: Final = 0.25
_LEAST_SIDE: Final = 64
_SMALL: Final = (360, 480)
_LARGE: Final = (1080, 1440)
_QUALITY: Final = 85


def close_up(data: bytes, box: Box, *, large: bool = False) -> bytes:
    """Return the region of an upright upload, and a little around it, as JPEG.

    Raises:
        PhotoUnreadableError: the bytes are not a picture that can be opened.
    """
    most = _LARGE if large else _SMALL
    short = min(open_header(data).size)
    wanted = max(most[0] / max(box.width, _LEAST_SIDE), most[1] / _tall(box))
    rgb, scale = decode_at_least(data, min_short_side_px=int(short * min(1.0, wanted)))
    part = _part(rgb, scale, box)
    picture = Image.fromarray(part)
    # Enlarged too: a few pixels across are no close-up.
    size = min(most[0] / picture.width, most[1] / picture.height)
    shown = (max(1, round(picture.width * size)), max(1, round(picture.height * size)))
    out = io.BytesIO()
    picture.resize(shown, Image.Resampling.LANCZOS).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def _tall(box: Box) -> float:
    return max(box.height, _LEAST_SIDE)


def _part(rgb: Pixels, scale: float, box: Box) -> Pixels:
    """Return the grown box of a picture reduced by ``scale``, inside the picture."""
    height, width = rgb.shape[:2]
    left, right = _grown(box.x, box.width, scale, width)
    top, bottom = _grown(box.y, box.height, scale, height)
    return np.ascontiguousarray(rgb[top:bottom, left:right])


def _grown(start: float, length: float, scale: float, end: int) -> tuple[int, int]:
    """Return where a side begins and ends, at least the least long, inside the picture.

    A region that lies outside is moved in, so that there is always something to see.
    """
    size = min(max(length * (1 + _GROWN), _LEAST_SIDE) / scale, float(end))
    middle = (start + length / 2) / scale
    first = min(max(middle - size / 2, 0.0), end - size)
    low = int(first)
    return low, max(low + 1, min(end, int(np.ceil(first + size))))
