"""How the face is lit, and whether its colours are those of skin."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from backend.imaging.landmarks import Face, Pixels, Points
from backend.imaging.patches import filled, mean_of
from backend.imaging.window import FACE_PX, Window

#: Side of a cheek's patch, in face widths: a third of the distance between the eyes.
CHEEK_SIDE: Final = 0.14
_BLACK, _WHITE = 25, 247
#: Skin this light or lighter shows differences in full; none is darker than the other.
_LIGHT_ENOUGH: Final = 45.0
_DARKEST: Final = 15.0
#: Natural skin in CIELAB (ISO/IEC 29794-5): a* 5 to 25, b* 5 to 35.
_SKIN_A: Final = (5.0, 25.0)
_SKIN_B: Final = (5.0, 35.0)


def exposure(window: Window, face: Face) -> tuple[float, float]:
    """Return the shares of the face that are black and white, 0 to 1."""
    luma = window.grey[filled(window.rgb.shape, window.into(face.outline))]
    if luma.size == 0:
        return 0.0, 0.0
    return float((luma <= _BLACK).mean()), float((luma >= _WHITE).mean())


def chroma(rgb: Pixels) -> float:
    """Return the 95th percentile of Lab chroma over a picture, reduced or whole."""
    small = cv2.resize(rgb, (160, 160), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return float(np.percentile(np.hypot(lab[..., 1], lab[..., 2]), 95))


def cheek_balance(window: Window, face: Face) -> float | None:
    """Return the darker cheek's mean luma over the brighter one's, 0 to 1."""
    side = CHEEK_SIDE * FACE_PX
    means = [float(mean_of(window.grey, c, side)) for c in cheeks(window, face)]
    darker, brighter = sorted(means)
    return darker / brighter if brighter > 0 else None


def skin_cast(window: Window, face: Face) -> float:
    """Return how far the cheeks' mean colour lies outside natural skin, CIELAB units.

    Dark skin shows the same cast in smaller numbers, so its colour is brought to a
    lightness of 45 first.
    """
    side = CHEEK_SIDE * FACE_PX
    patches = [mean_of(window.lab, c, side) for c in cheeks(window, face)]
    light, a, b = np.mean(patches, axis=0)
    a, b = a * dark_gain(light), b * dark_gain(light)
    beyond = (
        max(low - value, value - high, 0.0)
        for value, (low, high) in ((a, _SKIN_A), (b, _SKIN_B))
    )
    return float(np.hypot(*beyond))


def dark_gain(light: float) -> float:
    """Return by how much dark skin's colour differences count for more than light skin's.

    Colours of one hue differ in proportion to their lightness: black hair is 45 CIELAB
    units from light skin and 15 from dark. Without this the same fringe, hat or cast
    would be noticed on some people and not on others.
    """
    return max(1.0, _LIGHT_ENOUGH / max(light, _DARKEST))


def cheeks(window: Window, face: Face) -> tuple[Points, Points]:
    """Return the middles of both cheeks in the window."""
    return window.into(face.left_cheek_middle), window.into(face.right_cheek_middle)
