"""What is worn below the neck, beside the background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.domain.colour import Lab
from backend.domain.report import Box
from backend.imaging.landmarks import Face
from backend.imaging.patches import grown, median_colour, median_of
from backend.imaging.window import FACE_PX, Window

#: Clothes start this far below the chin, in face widths: above is the neck.
_NECK: Final = 0.3
_SURELY_PERSON: Final = 0.9
_SURELY_BACKGROUND: Final = 0.1
#: The mask's edge is soft; the background starts this many pixels outside it.
_EDGE_PX: Final = 8
#: Fewer pixels are nothing to judge.
_LEAST: Final = 2000
#: Blue in OpenCV's HSV, dark navy and grey left out (vision facts).
_BLUE_LOW: Final = (95, 71, 71)
_BLUE_HIGH: Final = (130, 255, 255)
#: Bare skin below the neck: nearer to the cheeks than this; shade counts little.
_SKIN: Final = 12.0
_SHADE: Final = 0.4
#: Colour steps a pixel from which folds are a pattern, CIELAB units.
_PATTERN: Final = 6.0
#: The outlines of collar and sleeves are no pattern, so the clothes are drawn in.
_OUTLINE_PX: Final = 4


@dataclass(frozen=True, slots=True)
class Clothes:
    """What is worn, as far as the window shows it; none where it shows too little.

    Attributes:
        contrast: colour difference (CIE76) between the median clothes and background.
        colour: the median.
        blue: share of the clothes that is blue.
        pattern: share of the clothes that is edges.
        box: where the clothes are, pixels of the measured picture.
    """

    contrast: float | None = None
    colour: Lab | None = None
    blue: float | None = None
    pattern: float | None = None
    box: Box | None = None


def clothes(window: Window, face: Face, mask: NDArray[np.float32]) -> Clothes:
    """Return what the part below the neck looks like beside the background."""
    chin = window.into(face.chin)[1]
    worn = mask > _SURELY_PERSON
    worn[: max(0, int(chin + _NECK * FACE_PX))] = False
    if worn.sum() < _LEAST:
        return Clothes()
    behind = ~grown(mask >= _SURELY_BACKGROUND, _EDGE_PX)
    lab = window.lab
    colour = median_colour(lab, worn)
    contrast = None
    if behind.sum() >= _LEAST:
        contrast = float(np.linalg.norm(colour - median_colour(lab, behind)))
    lightness, a, b = (float(value) for value in colour)
    hsv = cv2.cvtColor(window.rgb, cv2.COLOR_RGB2HSV)
    blue = cv2.inRange(hsv, np.array(_BLUE_LOW), np.array(_BLUE_HIGH)) > 0
    return Clothes(
        contrast=contrast,
        colour=(lightness, a, b),
        blue=float(blue[worn].mean()),
        pattern=_pattern(window, face, worn),
        box=_extent(window, worn),
    )


def _pattern(window: Window, face: Face, worn: NDArray[np.bool_]) -> float | None:
    rows = slice(int(np.flatnonzero(worn.any(axis=1))[0]), None)
    lab = window.lab[rows]
    cheeks = window.into(face.skin_spots[:2])
    apart = (lab - median_of(window.lab, cheeks, 0.08 * FACE_PX)).astype(np.float32)
    apart[..., 0] *= _SHADE
    cloth = worn[rows] & ((apart**2).sum(axis=2) > _SKIN**2)
    inside = ~grown(~cloth, _OUTLINE_PX)
    if inside.sum() < _LEAST:
        return None
    return float((window.edges[rows][inside] > _PATTERN).mean())


def _extent(window: Window, where: NDArray[np.bool_]) -> Box:
    rows, columns = np.flatnonzero(where.any(axis=1)), np.flatnonzero(where.any(axis=0))
    left, top = window.to_picture(float(columns[0]), float(rows[0]))
    right, bottom = window.to_picture(float(columns[-1]), float(rows[-1]))
    return Box(left, top, right - left, bottom - top)
