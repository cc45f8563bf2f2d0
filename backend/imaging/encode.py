"""The finished file (notice F1, F2): size and quality met together."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.domain.policy import EncodingLimits
from backend.imaging.jpeg import without_notes

_BEST: Final = 100
_FULL_CHROMA: Final = 0
_HALF_CHROMA: Final = 2
#: From this quality on full chroma is worth its bytes; below it they serve detail better.
_GOOD_QUALITY: Final = 85
#: Pixels per inch (notice F1) that a kept file may go on stating.
_DPI: Final = 300


@dataclass(frozen=True, slots=True)
class Encoded:
    """A finished JPEG and its quality factor."""

    data: bytes = field(repr=False)
    quality: int


class _Codings:
    """The codings of one picture, each made once."""

    def __init__(self, rgb: NDArray[np.uint8], dpi: int) -> None:
        self._image = Image.fromarray(rgb)
        self._dpi = (dpi, dpi)
        self._made: dict[tuple[int, int], bytes] = {}

    def at(self, quality: int, chroma: int) -> Encoded:
        """Return the picture at one quality factor."""
        if (quality, chroma) not in self._made:
            out = io.BytesIO()
            self._image.save(
                out,
                "JPEG",
                quality=quality,
                subsampling=chroma,
                optimize=True,
                dpi=self._dpi,
            )
            self._made[quality, chroma] = out.getvalue()
        return Encoded(self._made[quality, chroma], quality)

    def best_within(self, chroma: int, low: int, high: int, floor: int) -> Encoded:
        """Return the highest quality of at most ``high`` bytes, or the lowest allowed.

        Size rises with quality but for small dents, so when the best found is below
        ``low`` bytes every quality is looked at before giving up.
        """
        first, last = floor, _BEST
        while first < last:
            middle = (first + last + 1) // 2
            if len(self.at(middle, chroma).data) <= high:
                first = middle
            else:
                last = middle - 1
        found = self.at(first, chroma)
        if low <= len(found.data) <= high or first == _BEST:
            return found
        for quality in range(_BEST, floor - 1, -1):
            other = self.at(quality, chroma)
            if low <= len(other.data) <= high:
                return other
        return found


def encode(rgb: NDArray[np.uint8], *, limits: EncodingLimits) -> Encoded:
    """Return the picture as a baseline JPEG within the limits, as good as they allow.

    The preferred sizes are tried first, then the allowed ones; within either the highest
    quality wins, with full chroma when it reaches a good quality that way. Where nothing
    fits the result has a lawful quality and a size as near as can be: quality wins, and
    the rule on the size will say so. There is no metadata and no padding.
    """
    codings = _Codings(rgb, limits.dpi)
    ranges = (
        (limits.preferred_min_bytes, limits.preferred_max_bytes),
        (limits.min_bytes, limits.max_bytes),
    )
    tries: list[Encoded] = []
    for low, high in ranges:
        for chroma, floor in (
            (_FULL_CHROMA, max(_GOOD_QUALITY, limits.min_quality)),
            (_HALF_CHROMA, limits.min_quality),
            (_FULL_CHROMA, limits.min_quality),
        ):
            found = codings.best_within(chroma, low, high, floor)
            if low <= len(found.data) <= high:
                return found
            tries.append(found)
    return min(tries, key=lambda made: _misses(len(made.data), limits))


def _misses(size: int, limits: EncodingLimits) -> int:
    return max(limits.min_bytes - size, size - limits.max_bytes)


def strip_private_metadata(data: bytes) -> bytes:
    """Return the same JPEG, its coding untouched, without notes about people or devices.

    Place, time, device, thumbnails, comments and whatever follows the picture go; 300
    pixels per inch stay stated where they were. What the picture's look depends on stays:
    an orientation other than upright, a profile other than sRGB.

    Raises:
        PhotoUnreadableError: not a complete JPEG of a form that is taken.
    """
    return without_notes(data, dpi=_DPI)
