"""The finished file: quality and size together, without padding or metadata."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Final

from PIL import Image, ImageFile

from backend.domain.errors import PhotoUnreadableError
from backend.domain.policy import EncodingLimits
from backend.imaging import jpeg
from backend.imaging.decode import Pixels

_BEST_QUALITY: Final = 100
# Optimised tables need the whole file in one piece, for which Pillow allows a byte or two
# a pixel; noise of 480 × 640 takes four.
ImageFile.MAXBLOCK = 4 * 1024 * 1024
#: Colour at full resolution first; at half of it only where the size asks for it.
_SUBSAMPLINGS: Final = ("4:4:4", "4:2:0")
#: Below this quality full colour costs more detail than it saves.
_FULL_COLOUR_FROM: Final = 85


@dataclass(frozen=True, slots=True)
class Encoded:
    """A JPEG and the quality factor it was made with."""

    data: bytes = field(repr=False)
    quality: int


def encode(rgb: Pixels, *, limits: EncodingLimits) -> Encoded:
    """Return the best file the limits allow for an (H, W, 3) RGB picture.

    Of the files within the preferred range the one of highest quality; where none is,
    the nearest to it that the whole range allows. Where even the lowest quality is too
    large, quality wins and the size is for the rule on sizes to report.
    """
    picture = Image.fromarray(rgb)
    full = _largest(picture, limits, _SUBSAMPLINGS[0])
    if full.quality >= _FULL_COLOUR_FROM and len(full.data) <= limits.max_bytes:
        return full
    return _largest(picture, limits, _SUBSAMPLINGS[1])


def strip_private_metadata(data: bytes) -> bytes:
    """Return a JPEG without its metadata and without coding it again.

    Raises:
        PhotoUnreadableError: the segments do not hang together.
    """
    try:
        return jpeg.without_metadata(data)
    except ValueError:
        raise PhotoUnreadableError("picture_damaged") from None


def _largest(picture: Image.Image, limits: EncodingLimits, sampling: str) -> Encoded:
    """Return the highest quality whose file is at most the preferred size.

    Size grows with quality but for a few bytes of noise, so halving finds it in seven
    steps; when the preferred size is out of reach, the lowest quality remains.
    """
    low, high = limits.min_quality, _BEST_QUALITY
    best = _write(picture, low, limits.dpi, sampling)
    while low < high:
        middle = (low + high + 1) // 2
        tried = _write(picture, middle, limits.dpi, sampling)
        if len(tried.data) <= limits.preferred_max_bytes:
            low, best = middle, tried
        else:
            high = middle - 1
    return best


def _write(picture: Image.Image, quality: int, dpi: int, sampling: str) -> Encoded:
    out = io.BytesIO()
    picture.save(
        out,
        "JPEG",
        quality=quality,
        subsampling=sampling,
        optimize=True,
        dpi=(dpi, dpi),
    )
    return Encoded(out.getvalue(), quality)
