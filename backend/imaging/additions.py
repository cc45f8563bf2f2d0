"""What was added to a picture: a frame around it, writing on it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.domain.report import Box
from backend.imaging.faces import Face, Pixels
from backend.imaging.patches import grown
from backend.imaging.window import FACE_PX, Window

#: A frame is sought on the picture reduced to this many pixels, up to a quarter inwards.
_FRAME_PX: Final = 640
_DEEPEST: Final = 0.25
#: A frame is one colour within this much, and what it frames differs by more, CIELAB.
_EVEN: Final = 5.0
_APART: Final = 10.0
#: Along this share of its length.
_ALONG: Final = 0.85
#: Opposite sides of a frame have the same colour within this much.
_SAME: Final = 8.0
#: Luma steps a pixel that a stroke of writing makes.
_STROKE: Final = 12.0
#: Heights of writing, pixels with the face 200 px wide.
_LOWEST, _HIGHEST = 6, 60
#: What belongs to the head: likely person, above a little below the chin, and hair.
_HEAD: Final = 0.3
_CHIN_PX: Final = FACE_PX // 20
_HAIR_PX: Final = FACE_PX // 20
#: A line of writing is at least so many times as wide as high, and fills its box so far.
_LONG: Final = 2.2
_FULL: Final = 0.6


def border(rgb: Pixels) -> tuple[float, Box | None]:
    """Return the width of a frame as a share of the picture's, and one side of it.

    A frame is an even strip along two opposite sides in one colour: one side alone may be
    a door, and a wall behind the person never ends in a straight line.
    """
    height, width = rgb.shape[:2]
    shrink = min(1.0, _FRAME_PX / max(height, width))
    size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)
    lab = np.asarray(
        cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32
    )
    widest, box = 0.0, None
    for sides in (lab, np.swapaxes(lab, 0, 1)):
        first, last = _strip(sides), _strip(sides[::-1])
        if not first or not last:
            continue
        if np.linalg.norm(sides[0].mean(axis=0) - sides[-1].mean(axis=0)) > _SAME:
            continue
        share = min(first, last) / len(sides)
        if share > widest:
            deep = first / shrink
            widest = share
            box = Box(
                0,
                0,
                *((width, deep) if sides is lab else (deep, height)),
            )
    return widest, box


def _strip(lab: NDArray[np.float32]) -> int:
    """Return how many first rows are one even strip that ends in a straight line."""
    colour = np.median(lab[0], axis=0)
    deepest = int(len(lab) * _DEEPEST)
    apart = np.sqrt(((lab[: deepest + 2] - colour) ** 2).sum(axis=2))
    even = np.percentile(apart, 95, axis=1) < _EVEN
    deep = int(np.argmin(even)) if not even.all() else len(even)
    if not 0 < deep <= deepest:
        return 0
    # The row in which the strip ends may hold a mixture of both.
    beyond = apart[min(deep + 1, len(apart) - 1)]
    return deep if float((beyond > _APART).mean()) > _ALONG else 0


def letters(
    window: Window, face: Face, mask: NDArray[np.float32]
) -> tuple[float, Box | None]:
    """Return the most strokes side by side in a line of writing, and where it is.

    Writing is a compact, level band in which dark and light alternate quickly. The head
    is left out: hair looks much the same.
    """
    head = mask > _HEAD
    head[max(0, int(window.into(face.chin)[1]) + _CHIN_PX) :] = False
    grey = window.grey.astype(np.float32)
    across = np.asarray(cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.25), np.float32)
    strokes = (np.abs(across) > _STROKE) & ~grown(head, _HAIR_PX)
    bands = cv2.morphologyEx(
        strokes.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 13), np.uint8)
    )
    bands = cv2.morphologyEx(bands, cv2.MORPH_OPEN, np.ones((5, 9), np.uint8))
    _, _, found, _ = cv2.connectedComponentsWithStats(bands, connectivity=4)
    most, box = 0.0, None
    for x, y, width, height, area in found[1:]:
        lines = _LOWEST <= height <= _HIGHEST and width >= _LONG * height
        if not lines or area < _FULL * width * height:
            continue
        count = _alternations(across[y : y + height, x : x + width])
        if count * height >= width and count > most:
            left, top = window.to_picture(x, y)
            most = count
            box = Box(left, top, width / window.scale, height / window.scale)
    return most, box


def _alternations(across: NDArray[np.float32]) -> float:
    """Return how often light and dark change along the middle rows, their median."""
    margin = len(across) // 5
    counts = []
    for row in across[margin : len(across) - margin]:
        signs = np.sign(row[np.abs(row) > _STROKE])
        counts.append(np.count_nonzero(np.diff(signs)))
    return float(np.median(counts))
