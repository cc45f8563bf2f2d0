"""What was added to a picture: a frame around it, writing on it."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.domain.report import Box
from backend.imaging.landmarks import Face, Pixels
from backend.imaging.patches import grown
from backend.imaging.window import FACE_PX, Window

#: A frame is sought up to a quarter inwards.
_DEEPEST: Final = 0.25
#: A frame is one colour within this much, and what it frames differs by more, CIELAB.
_EVEN: Final = 5.0
_NEARLY_ALL: Final = 0.95
_APART: Final = 10.0
#: Along this share of its length: the picture may have the frame's colour in places.
_ALONG: Final = 0.5
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

    The picture may be a reduced one.

    A frame is an even strip along two opposite sides in one colour: one side alone may be
    a door, and a wall behind the person never ends in a straight line.
    """
    height, width = rgb.shape[:2]
    widest, box = 0.0, None
    for lying, rows in ((True, rgb), (False, np.swapaxes(rgb, 0, 1))):
        one, other = _lab(rows[:1]), _lab(rows[-1:])
        if np.linalg.norm(one.mean(axis=1) - other.mean(axis=1)) > _SAME:
            continue
        deep = min(_strip(rows), _strip(rows[::-1]))
        share = deep / len(rows)
        if share > widest:
            sides = (width, deep) if lying else (deep, height)
            widest, box = share, Box(0, 0, *sides)
    return widest, box


def _strip(rows: Pixels) -> int:
    """Return how many first rows are one even strip that ends in a straight line."""
    colour = np.median(_lab(rows[:1]), axis=(0, 1))
    deepest = int(len(rows) * _DEEPEST)
    ends = (_lab(rows[:1]), _lab(rows[deepest : deepest + 1]))
    if not _even(ends[0], colour)[0] or _even(ends[1], colour)[0]:
        return 0
    lab = _lab(rows[: deepest + 2])
    deep = int(np.argmin(_even(lab[: deepest + 1], colour)))
    # The row in which the strip ends may hold a mixture of both.
    beyond = _apart(lab[deep + 1], colour)
    return deep if float((beyond > _APART).mean()) > _ALONG else 0


def _lab(rgb: Pixels) -> NDArray[np.float32]:
    unit = np.ascontiguousarray(rgb, np.float32) / 255
    return np.asarray(cv2.cvtColor(unit, cv2.COLOR_RGB2LAB), np.float32)


def _apart(
    lab: NDArray[np.float32], colour: NDArray[np.float32]
) -> NDArray[np.float32]:
    return np.asarray(np.sqrt(((lab - colour) ** 2).sum(axis=-1)), np.float32)


def _even(lab: NDArray[np.float32], colour: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Tell of each row whether nearly all of it has the colour."""
    share = (_apart(lab, colour) < _EVEN).mean(axis=1)
    return np.asarray(share > _NEARLY_ALL)


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
