"""Whether the face is in focus, and what enlarging and compressing have left of it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.imaging.landmarks import Face, Pixels
from backend.imaging.window import FACE_PX, Window

#: The second difference along a row.
_SECOND: Final = np.array([[1, -2, 1]], np.float32)
#: JPEG codes squares of so many pixels.
_BLOCK: Final = 8
#: Steps this large are features of the face, not of its coding.
_FEATURE: Final = 24
#: Steps of a perfectly smooth face, of 255; keeps the ratio finite.
_NOISE: Final = 0.5
_NONE: Final = 1.0


def sharpness(window: Window, face: Face) -> float:
    """Return the variance of the Laplacian over the face at a width of 200 px.

    Taken along rows and columns apart, and four times the lesser: a shaken camera blurs
    one way only, and of even blur both are about a quarter of the whole.
    """
    points = window.into(face.outline)
    low = np.maximum(points.min(axis=0), 0).astype(int)
    high = np.ceil(points.max(axis=0)).astype(int)
    grey = window.grey[low[1] : high[1] + 1, low[0] : high[0] + 1].astype(np.float32)
    bends = (cv2.filter2D(grey, -1, _SECOND), cv2.filter2D(grey, -1, _SECOND.T))
    return 4 * min(float(bend.var()) for bend in bends)


def blockiness(rgb: Pixels, face: Face, scale: float) -> float:
    """Return the steps across the borders of an 8 px grid over those inside it.

    1 without blocks. The grid may lie anywhere, since pictures are cropped after they
    were coded. What exceeds 1 is lessened as the portrait will reduce the face; a picture
    that was reduced already to be decoded shows no blocks.
    """
    if scale > 1:
        return _NONE
    low = np.maximum(face.outline[:, :2].min(axis=0), 0).astype(int)
    high = np.ceil(face.outline[:, :2].max(axis=0)).astype(int)
    part = rgb[low[1] : high[1] + 1, low[0] : high[0] + 1]
    if min(part.shape[:2]) < 8 * _BLOCK:
        return _NONE
    grey = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY).astype(
        np.float32
    )
    seen = min(1.0, FACE_PX / face.width)
    return 1 + (min(_grid(grey), _grid(grey.T)) - 1) * seen


def _grid(grey: NDArray[np.float32]) -> float:
    """Return the ratio for vertical borders."""
    steps = np.abs(np.diff(grey, axis=1))
    steps = np.minimum(steps, _FEATURE).mean(axis=0)
    whole = steps[: len(steps) // _BLOCK * _BLOCK].reshape(-1, _BLOCK).mean(axis=0)
    border = int(np.argmax(whole))
    inside = np.delete(whole, border)
    return float((whole[border] + _NOISE) / (inside.mean() + _NOISE))
