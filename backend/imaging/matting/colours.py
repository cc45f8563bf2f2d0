"""Of which colour the person's part of a mixed pixel is (Germer et al. 2020).

A pixel at the edge shows α·F + (1 − α)·B. Both colours are found together, each as smooth
as alpha lets it be, from one pixel up to the whole picture, each size doubling the last.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.imaging.landmarks import Pixels

#: The paper's weights: how smooth colours are everywhere, and more so at edges of alpha.
_SMOOTH: Final = 1e-5
_SMALL_PX: Final = 32
_STEPS_SMALL: Final = 10
_STEPS_LARGE: Final = 2
_SURE: Final = 0.9

Colours = NDArray[np.float32]


def person_colours(rgb: Pixels, alpha: NDArray[np.float32]) -> Colours:
    """Return the person's colour in each pixel, 0 to 1, (H, W, 3)."""
    picture = np.asarray(rgb / np.float32(255), np.float32)
    height, width = alpha.shape
    front = _mean(picture, alpha > _SURE)
    behind = _mean(picture, alpha < 1 - _SURE)
    doublings = math.ceil(math.log2(max(height, width)))
    for doubling in range(doublings + 1):
        share = doubling / doublings
        size = (round(width**share), round(height**share))
        seen, part = _reduced(picture, size), _reduced(alpha, size)
        front, behind = (_enlarged(each, size) for each in (front, behind))
        steps = _STEPS_SMALL if max(size) <= _SMALL_PX else _STEPS_LARGE
        front, behind = _refined(seen, part, front, behind, steps)
    return front


def _mean(picture: Colours, where: NDArray[np.bool_]) -> Colours:
    mean = picture[where].mean(axis=0) if where.any() else np.zeros(3)
    return np.asarray(mean, np.float32).reshape(1, 1, 3)


def _reduced(values: NDArray[np.float32], size: tuple[int, int]) -> Colours:
    small = cv2.resize(values, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)


def _enlarged(colours: Colours, size: tuple[int, int]) -> Colours:
    large = cv2.resize(colours, size, interpolation=cv2.INTER_NEAREST)
    return np.asarray(large, np.float32).reshape(size[1], size[0], 3)


def _refined(
    seen: Colours,
    alpha: NDArray[np.float32],
    front: Colours,
    behind: Colours,
    steps: int,
) -> tuple[Colours, Colours]:
    """Bring both colours nearer to explaining what is seen, each pixel by its four."""
    weights = [_SMOOTH + np.abs(alpha - near) for near in _neighbours(alpha)]
    total = np.sum(weights, axis=0)
    rest = 1 - alpha
    # The two equations a pixel, solved by Cramer's rule.
    a, b, c = alpha * alpha + total, alpha * rest, rest * rest + total
    scale = (1 / (a * c - b * b))[..., None]
    a, b, c = a[..., None], b[..., None], c[..., None]
    for _ in range(steps):
        to_front, to_behind = alpha[..., None] * seen, rest[..., None] * seen
        for weight, near_front, near_behind in zip(
            weights, _neighbours(front), _neighbours(behind), strict=True
        ):
            to_front += weight[..., None] * near_front
            to_behind += weight[..., None] * near_behind
        front = np.clip((c * to_front - b * to_behind) * scale, 0, 1)
        behind = np.clip((a * to_behind - b * to_front) * scale, 0, 1)
    return front, behind


def _neighbours(values: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return the value above, below, left and right of each pixel, its own at the rim."""
    wide = np.pad(values, [(1, 1), (1, 1)] + [(0, 0)] * (values.ndim - 2), mode="edge")
    return [wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:]]
