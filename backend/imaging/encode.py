"""The finished file: quality and size together, without padding or metadata."""

from __future__ import annotations

import io
import math
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
#: What aims the search, measured on portraits; wrong numbers cost tries, not quality.
_HALF_COLOUR_SHARE: Final = 0.83
_SIZE_POWER: Final = 0.68
_MOST_AIMED: Final = 4


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
    full_colour, half_colour = _SUBSAMPLINGS
    # One file tells whether full colour reaches the quality from which it is worth having.
    least = max(limits.min_quality, _FULL_COLOUR_FROM)
    full = _write(picture, least, limits.dpi, full_colour)
    size = len(full.data)
    if size <= limits.preferred_max_bytes:
        return _largest(picture, limits, full_colour, (least, size), full)
    if least == limits.min_quality and size <= limits.max_bytes:
        return full
    near = (least, size * _HALF_COLOUR_SHARE)
    return _largest(picture, limits, half_colour, near, None)


def strip_private_metadata(data: bytes) -> bytes:
    """Return a JPEG without its metadata and without coding it again.

    Raises:
        PhotoUnreadableError: the segments do not hang together.
    """
    try:
        return jpeg.without_metadata(data)
    except ValueError:
        raise PhotoUnreadableError("picture_damaged") from None


def _largest(
    picture: Image.Image,
    limits: EncodingLimits,
    sampling: str,
    near: tuple[int, float],
    best: Encoded | None,
) -> Encoded:
    """Return the highest quality whose file is at most the preferred size.

    Size grows with quality but for a few bytes of noise, so that a quality that fits and
    the next one that does not are the answer. Each try is aimed by the size of the last,
    which finds them in two or three where halving takes seven. When the preferred size is
    out of reach, the lowest quality remains.

    Args:
        picture: what is to be encoded.
        limits: what is allowed.
        sampling: of the colours.
        near: a quality and about the size of its file, to aim by.
        best: the file of that quality, if it is one that fits.
    """
    quality, size = near
    fits = best.quality if best else limits.min_quality - 1
    too_large = _BEST_QUALITY + 1
    tries = 0
    while too_large - fits > 1:
        quality = _aim(quality, size / limits.preferred_max_bytes)
        if tries >= _MOST_AIMED:
            quality = (fits + too_large) // 2
        quality = min(max(quality, fits + 1), too_large - 1)
        tried = _write(picture, quality, limits.dpi, sampling)
        size = len(tried.data)
        if size <= limits.preferred_max_bytes:
            fits, best = quality, tried
        else:
            too_large = quality
            # The last resort, should nothing fit.
            best = best or (tried if quality == limits.min_quality else None)
        tries += 1
    return best or _write(picture, limits.min_quality, limits.dpi, sampling)


def _aim(quality: int, excess: float) -> int:
    """Return the quality whose file should be smaller by a factor of ``excess``.

    Quality q scales the quantisation by 200 − 2q percent from 50 on, and the size of a
    photo goes with a power of that.
    """
    coarse = max(200 - 2 * quality, 1) * math.pow(excess, 1 / _SIZE_POWER)
    return math.floor(100 - coarse / 2)


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
