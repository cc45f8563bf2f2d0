"""How far two colours are apart to the eye."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

Lab = tuple[float, float, float]

#: sRGB to CIE XYZ under D65, relative to the white point (IEC 61966-2-1).
_TO_XYZ: Final = (
    (0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883),
)
#: Where both CIELAB curves change from a power to a line (CIE 15).
_LINEAR_BELOW: Final = (6 / 29) ** 3
_SRGB_LINEAR_BELOW: Final = 0.04045


def lab_of(rgb: Sequence[int]) -> Lab:
    """Return the CIELAB colour of an sRGB one, 0 to 255, under D65."""
    linear = [_linear(value / 255) for value in rgb]
    x, y, z = (
        _root(sum(share * value for share, value in zip(row, linear, strict=True)))
        for row in _TO_XYZ
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def difference(one: Lab, other: Lab) -> float:
    """Return the CIE76 colour difference: 2 is just visible, 20 another colour."""
    return math.dist(one, other)


def _linear(value: float) -> float:
    if value <= _SRGB_LINEAR_BELOW:
        return value / 12.92
    return float(((value + 0.055) / 1.055) ** 2.4)


def _root(value: float) -> float:
    if value > _LINEAR_BELOW:
        return math.cbrt(value)
    return value * (29 / 6) ** 2 / 3 + 4 / 29
