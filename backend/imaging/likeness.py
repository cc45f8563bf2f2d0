"""The difference hash of a finished portrait, laid on the face."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from PIL import Image

from backend.domain.measurements import FaceGeometry

_SIDE: Final = 16
#: Of 255; what differs less is noise, in a plain background above all.
_STEP: Final = 2
#: The part of the portrait that is looked at, in widths of the face: from the line of the
#: eyes up and down, from the middle to either side. A copy cut otherwise is framed a
#: little otherwise, and its face is still in the same place of this part.
_UP, _DOWN, _ASIDE = 0.8, 1.2, 0.8
#: The decoder reduces by itself, so that a quarter of the pixels costs a quarter.
_REDUCED: Final = (120, 160)


def likeness_of(portrait: bytes, head: FaceGeometry) -> str:
    """Return 256 bits in hexadecimal: where the face gets brighter from left to right.

    Args:
        portrait: the finished JPEG.
        head: where its face is, in its pixels.
    """
    picture = Image.open(io.BytesIO(portrait))
    width = picture.width
    picture.draft("L", _REDUCED)
    grey = picture.convert("L")
    unit = grey.width / width
    face = head.face_width * unit
    x, y = head.centre_x * unit, head.eye_y * unit
    box = (
        max(0.0, x - _ASIDE * face),
        max(0.0, y - _UP * face),
        min(float(grey.width), x + _ASIDE * face),
        min(float(grey.height), y + _DOWN * face),
    )
    small = grey.resize((_SIDE + 1, _SIDE), Image.Resampling.BOX, box=box)
    levels = np.asarray(small, np.int16)
    brighter = levels[:, 1:] - levels[:, :-1] > _STEP
    return np.packbits(brighter).tobytes().hex()
