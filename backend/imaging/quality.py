"""The quality factor of a JPEG, told from its quantisation tables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

# The example tables of T.81 Annex K.1 in the zigzag order of the file, which the
# Independent JPEG Group scales by quality.
_LUMA: Final = (
    *(16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40),
    *(26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51),
    *(56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87),
    *(95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99),
)
_CHROMA: Final = (
    *(17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99),
    *(99,) * 48,
)

#: Below it tables are scaled by 5000/Q, from it on by 200 − 2Q, in percent.
_MIDDLE: Final = 50


def nearest_quality(tables: Sequence[Sequence[int]]) -> tuple[int, bool]:
    """Return the quality whose standard tables lie nearest, and whether they are equal.

    Distance is the sum of squares over all tables: luma first, the others chroma. Cameras
    and Photoshop use tables of their own, for which it is an estimate.
    """
    standard = _standard_tables()
    distance = np.zeros(len(standard[0]))
    for place, table in enumerate(tables):
        difference = standard[min(place, 1)] - np.array(table, np.float64)
        distance += np.square(difference).sum(axis=1)
    best = int(distance.argmin())
    return best + 1, bool(distance[best] == 0)


@cache
def _standard_tables() -> NDArray[np.float64]:
    """Return the tables of qualities 1 to 100, luma and chroma: 2×100×64."""
    quality = np.arange(1, 101)
    percent = np.where(quality < _MIDDLE, 5000 // quality, 200 - 2 * quality)
    base = np.array([_LUMA, _CHROMA])[:, None, :]
    scaled = (base * percent[None, :, None] + 50) // 100
    return np.asarray(np.clip(scaled, 1, 255), np.float64)
