"""Reading colours from small parts of a picture."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.imaging.landmarks import Points

#: Of so many pixels, evenly spread, the median is that of all within 0.1.
_ENOUGH: Final = 10_000


def square(picture: NDArray[Any], centre: Points, side: float) -> NDArray[Any]:
    """Return the square around a point as far as it lies inside; one pixel at least."""
    height, width = picture.shape[:2]
    left = min(max(int(centre[0] - side / 2), 0), width - 1)
    top = min(max(int(centre[1] - side / 2), 0), height - 1)
    right = max(left + 1, int(centre[0] + side / 2))
    bottom = max(top + 1, int(centre[1] + side / 2))
    return picture[top:bottom, left:right]


def mean_of(picture: NDArray[Any], centre: Points, side: float) -> NDArray[np.float64]:
    """Return the mean over a square."""
    return np.asarray(square(picture, centre, side).mean(axis=(0, 1)), np.float64)


def median_of(
    picture: NDArray[Any], centres: Iterable[Points], side: float
) -> NDArray[np.float64]:
    """Return the middle of the median colours of several squares, (3,)."""
    colours = [
        np.median(square(picture, c, side).reshape(-1, 3), axis=0) for c in centres
    ]
    return np.asarray(np.median(colours, axis=0), np.float64)


def median_colour(
    lab: NDArray[np.float32], where: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return the median of each channel over the pixels chosen, or over enough of them."""
    chosen = np.flatnonzero(where)
    some = lab.reshape(-1, 3)[chosen[:: max(1, chosen.size // _ENOUGH)]]
    # A channel in one piece is sorted in half the time.
    return np.asarray(np.median(np.ascontiguousarray(some.T), axis=1), np.float32)


def distance(
    lab: NDArray[np.float32], colour: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Return each pixel's difference from a colour (CIE76), (H, W)."""
    light, a, b = cv2.split(lab - colour.astype(np.float32))
    return np.asarray(cv2.magnitude(cv2.magnitude(light, a), b), np.float32)


def filled(shape: tuple[int, ...], *outlines: Points) -> NDArray[np.bool_]:
    """Return (H, W) with true inside any of the outlines, given as (N, 2) points."""
    inside = np.zeros(shape[:2], np.uint8)
    for outline in outlines:
        cv2.fillPoly(inside, [np.round(outline).astype(np.int32)], 1)
    return inside.astype(np.bool_)


def grown(where: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """Return a region grown by so many pixels to every side."""
    kernel = np.ones((2 * by + 1, 2 * by + 1), np.uint8)
    return cv2.dilate(where.astype(np.uint8), kernel).astype(np.bool_)


def largest_piece(where: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the largest connected piece of a region."""
    # Pieces are told apart as well on a quarter of the pixels.
    some = np.ascontiguousarray(where[::2, ::2]).astype(np.uint8)
    _, pieces, facts, _ = cv2.connectedComponentsWithStats(some)
    # Number 0 is what is outside all pieces.
    sizes = facts[1:, cv2.CC_STAT_AREA]
    if len(sizes) == 0:
        return where
    largest = (pieces == 1 + int(np.argmax(sizes))).astype(np.uint8)
    whole = cv2.resize(largest, where.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(where & whole.astype(np.bool_))
