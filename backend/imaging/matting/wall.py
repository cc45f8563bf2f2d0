"""What is behind the person, guessed from where nothing but the wall is seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.imaging.landmarks import Pixels
from backend.imaging.matting.regions import Where

_REDUCED: Final = 4
#: Colours change slowly over a wall; how far to look for some, in reduced pixels.
_NEAR: Final = 8.0
_FAR: Final = 48.0
_FAR_WEIGHT: Final = 1e-3
#: A reduced pixel counts when it is all of the region.
_WHOLE: Final = 0.99
#: Noise of the camera is no difference.
_SOFTEN: Final = 0.7
#: The share of the wall that its own unevenness is read from.
_MOST: Final = 95


@dataclass(frozen=True, slots=True)
class Wall:
    """The wall continued behind the person, and how far each pixel differs from it.

    Attributes:
        colours: (H, W, 3), 0 to 1.
        apart: distance in RGB, 0 to 1 a channel, (H, W).
        unevenness: 95th percentile of that distance where only the wall is seen.
        lightness: median there of the mean of red, green and blue, 0 to 1.
    """

    colours: NDArray[np.float32] = field(repr=False)
    apart: NDArray[np.float32] = field(repr=False)
    unevenness: float
    lightness: float


def wall_behind(rgb: Pixels, seen: Where) -> Wall:
    """Return the wall of which a part is seen."""
    picture = cv2.GaussianBlur(rgb, (0, 0), _SOFTEN).astype(np.float32) / 255
    colours = continued(rgb, seen)
    apart = np.linalg.norm(picture - colours, axis=2).astype(np.float32)
    if not seen.any():
        return Wall(colours, apart, unevenness=1.0, lightness=0.0)
    return Wall(
        colours,
        apart,
        unevenness=float(np.percentile(apart[seen], _MOST)),
        lightness=float(np.median(picture[seen].mean(axis=1))),
    )


def continued(rgb: Pixels, seen: Where) -> NDArray[np.float32]:
    """Return the colours of a region continued smoothly over the whole picture."""
    height, width = seen.shape
    size = (width // _REDUCED, height // _REDUCED)
    part = cv2.resize(seen.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    whole = (part > _WHOLE).astype(np.float32)
    colours = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    weighted = colours.astype(np.float32) / 255 * whole[..., None]
    total, weight = np.zeros_like(weighted), np.zeros_like(whole)
    for reach, share in ((_NEAR, 1.0), (_FAR, _FAR_WEIGHT)):
        total += share * cv2.GaussianBlur(weighted, (0, 0), reach)
        weight += share * cv2.GaussianBlur(whole, (0, 0), reach)
    mean = total / np.maximum(weight, np.finfo(np.float32).tiny)[..., None]
    return np.asarray(cv2.resize(mean, (width, height)), np.float32)
