"""How skin, lenses and clothes look in the window around a head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.domain.report import Box
from backend.imaging.faces import Face, Points
from backend.imaging.window import FACE_PX, Window

#: Side of a cheek's patch, in face widths: a third of the distance between the eyes.
_CHEEK_SIDE: Final = 0.14
#: A lens is looked at this far below the lower lid, in distances between the eyes.
_LENS_BELOW: Final = 0.10
_LENS_SIDE: Final = 0.10
#: Natural skin in CIELAB (ISO/IEC 29794-5): a* 5 to 25, b* 5 to 35.
_SKIN_A: Final = (5.0, 25.0)
_SKIN_B: Final = (5.0, 35.0)
#: Clothes start this far below the chin, in face widths: above is the neck.
_NECK: Final = 0.3
_SURELY_PERSON: Final = 0.9
_SURELY_BACKGROUND: Final = 0.1
#: The mask's edge is soft; the background starts this many pixels outside it.
_EDGE_PX: Final = 16
#: Fewer pixels are nothing to judge.
_LEAST: Final = 2000
#: Blue in OpenCV's HSV, dark navy and grey left out (vision facts).
_BLUE_LOW: Final = (95, 71, 71)
_BLUE_HIGH: Final = (130, 255, 255)


@dataclass(frozen=True, slots=True)
class Clothes:
    """What is worn, as far as the window shows it; none where it shows too little.

    Attributes:
        contrast: colour difference (CIE76) between the median clothes and background.
        blue: share of the clothes that is blue.
        box: where the clothes are, pixels of the measured picture.
    """

    contrast: float | None = None
    blue: float | None = None
    box: Box | None = None


def cheek_balance(window: Window, face: Face) -> float | None:
    """Return the darker cheek's mean luma over the brighter one's, 0 to 1."""
    grey = window.grey
    means = [_patch_mean(grey, c, _CHEEK_SIDE * FACE_PX) for c in _cheeks(window, face)]
    darker, brighter = sorted(float(mean) for mean in means)
    return darker / brighter if brighter > 0 else None


def skin_cast(window: Window, face: Face) -> float:
    """Return how far the cheeks' mean colour lies outside natural skin, CIELAB units."""
    lab = window.lab
    side = _CHEEK_SIDE * FACE_PX
    patches = [_patch_mean(lab, c, side) for c in _cheeks(window, face)]
    _, a, b = np.mean(patches, axis=0)
    beyond = (
        max(low - value, value - high, 0.0)
        for value, (low, high) in ((a, _SKIN_A), (b, _SKIN_B))
    )
    return float(np.hypot(*beyond))


def lens_light(window: Window, face: Face) -> float | None:
    """Return the luma just below the eyes over the cheek's, of the darker eye.

    Dark lenses measured 0.05 to 0.17, bare eyes and clear glasses 0.29 and more.
    """
    grey = window.grey
    apart = window.into(face.right_iris) - window.into(face.left_iris)
    between = float(np.linalg.norm(apart))
    shares = []
    for lid, cheek in zip(
        (face.left_lid, face.right_lid), _cheeks(window, face), strict=True
    ):
        below = window.into(lid) + np.array([0.0, _LENS_BELOW * between])
        skin = float(_patch_mean(grey, cheek, _CHEEK_SIDE * FACE_PX))
        if skin > 0:
            lens = float(_patch_mean(grey, below, _LENS_SIDE * between))
            shares.append(lens / skin)
    return min(shares, default=None)


def clothes(window: Window, face: Face, mask: NDArray[np.float32]) -> Clothes:
    """Return what the part below the neck looks like beside the background."""
    chin = window.into(face.chin)[1]
    worn = mask > _SURELY_PERSON
    worn[: max(0, int(chin + _NECK * FACE_PX))] = False
    if worn.sum() < _LEAST:
        return Clothes()
    person = (mask >= _SURELY_BACKGROUND).astype(np.uint8)
    behind = cv2.dilate(person, np.ones((_EDGE_PX, _EDGE_PX), np.uint8)) == 0
    lab = window.lab
    contrast = None
    if behind.sum() >= _LEAST:
        apart = np.median(lab[worn], axis=0) - np.median(lab[behind], axis=0)
        contrast = float(np.linalg.norm(apart))
    hsv = cv2.cvtColor(window.rgb, cv2.COLOR_RGB2HSV)
    blue = cv2.inRange(hsv, np.array(_BLUE_LOW), np.array(_BLUE_HIGH)) > 0
    return Clothes(contrast, float(blue[worn].mean()), _extent(window, worn))


def _cheeks(window: Window, face: Face) -> tuple[Points, Points]:
    return window.into(face.left_cheek_middle), window.into(face.right_cheek_middle)


def _patch_mean(
    picture: NDArray[Any], centre: Points, side: float
) -> NDArray[np.float64]:
    """Return the mean over a square, as far as it lies inside the picture."""
    height, width = picture.shape[:2]
    left = min(max(int(centre[0] - side / 2), 0), width - 1)
    top = min(max(int(centre[1] - side / 2), 0), height - 1)
    right = max(left + 1, int(centre[0] + side / 2))
    bottom = max(top + 1, int(centre[1] + side / 2))
    return np.asarray(picture[top:bottom, left:right].mean(axis=(0, 1)), np.float64)


def _extent(window: Window, where: NDArray[np.bool_]) -> Box:
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    left, top = window.to_picture(float(columns[0]), float(rows[0]))
    right, bottom = window.to_picture(float(columns[-1]), float(rows[-1]))
    return Box(left, top, right - left, bottom - top)
