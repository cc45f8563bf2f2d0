"""What may be behind a person at home, made by numbers: plain, shaded, and busy.

Each maker returns (640, 480, 3) RGB from 0 to 255 as floats; the same random generator
gives the same backdrop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Backdrop = NDArray[np.float64]
Random = np.random.Generator

WIDTH, HEIGHT = 480, 640
_X = np.arange(WIDTH)[None, :, None].astype(np.float64)
_Y = np.arange(HEIGHT)[:, None, None].astype(np.float64)
_ONES = np.ones((HEIGHT, WIDTH, 1))


def _clouds(random: Random, size: float, strength: float) -> Backdrop:
    """Return soft spots of about a size, from minus to plus a strength."""
    noise = random.normal(size=(HEIGHT, WIDTH, 3)).astype(np.float32)
    soft = np.asarray(cv2.GaussianBlur(noise, (0, 0), size), np.float64)
    soft -= soft.min()
    return np.asarray((soft / soft.max() * 2 - 1) * strength)


def _soft(picture: Backdrop, by: float) -> Backdrop:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), by), np.float64)


def gradient(random: Random) -> Backdrop:
    low, high = random.integers(90, 250, (2, 3)).astype(np.float64)
    return np.asarray(low + (high - low) * (0.5 * _X / WIDTH + 0.5 * _Y / HEIGHT))


def warm_wall(random: Random) -> Backdrop:
    return np.asarray(np.array([215.0, 195, 160]) + _clouds(random, 60, 20))


def green_wall(random: Random) -> Backdrop:
    return np.array([130.0, 170, 140]) + _clouds(random, 80, 15)


def blue_wall(random: Random) -> Backdrop:
    return np.array([90.0, 120, 170]) + _clouds(random, 80, 15)


def dark_wall(random: Random) -> Backdrop:
    return np.array([70.0, 62, 60]) + _clouds(random, 80, 15)


def hard_shadow(random: Random) -> Backdrop:
    edge = 90 / (1 + np.exp(-(_X - random.integers(260, 340)) / 12))
    return np.asarray((np.array([225.0, 222, 215]) - edge) * _ONES)


def tiles(random: Random) -> Backdrop:
    wall = np.array([210.0, 220, 225]) + _clouds(random, 30, 8)
    wall[::60] = wall[:, ::60] = (150, 155, 160)
    return wall


def stripes(random: Random) -> Backdrop:
    light = (_X // 24) % 2 == 1
    red = np.array([200.0, 60, 60]) + random.normal(0, 5, 3)
    return np.where(light, np.array([240.0, 230, 210]), red) * _ONES


def shelves(random: Random) -> Backdrop:
    wall = np.full((HEIGHT, WIDTH, 3), 120.0)
    for top in range(0, HEIGHT, 108):
        left = 0
        while left < WIDTH:
            width = int(random.integers(14, 44))
            wall[top + 4 : top + 108, left : left + width] = random.integers(30, 230, 3)
            left += width
        wall[top : top + 6] = (80, 50, 30)
    return _soft(wall, 1.2)


def bricks(random: Random) -> Backdrop:
    wall = np.full((HEIGHT, WIDTH, 3), (190.0, 185, 178))
    for row, top in enumerate(range(0, HEIGHT, 28)):
        for left in range(-40 * (row % 2), WIDTH, 80):
            brick = np.array([150.0, 80, 60]) + random.normal(0, 14)
            wall[top + 2 : top + 26, max(left + 2, 0) : left + 78] = brick
    return wall


def leaves(random: Random) -> Backdrop:
    light = (_clouds(random, 5, 0.5) + 0.5)[..., :1]
    return np.asarray(light * np.array([120.0, 220, 90]) + _clouds(random, 3, 30))


def window(random: Random) -> Backdrop:
    wall = np.full((HEIGHT, WIDTH, 3), (95.0, 90, 85))
    wall[60:420, 40:210] = (250, 252, 255)
    wall[60:420, 270:440] = (245, 250, 255)
    wall[230 : 240 + int(random.integers(0, 4)), 40:440] = (95, 90, 85)
    return _soft(wall, 1)


def curtains(random: Random) -> Backdrop:
    folds = np.sin(_X / 9 + np.sin(_X / 40 + random.normal()))
    return np.array([170.0, 140, 110]) * (0.75 + 0.25 * folds) * _ONES


def door(random: Random) -> Backdrop:
    wall = np.full((HEIGHT, WIDTH, 3), (228.0, 225, 220))
    left = 330 + int(random.integers(-8, 8))
    wall[:, left : left + 140] = (120, 80, 50)
    wall[:, left - 8 : left] = (240, 240, 240)
    wall[300:330, left + 15 : left + 35] = (200, 180, 90)
    return _soft(wall, 1)


#: Plain enough that a portrait before it is to get its standard background.
PLAIN: Final = frozenset(
    {"gradient", "warm_wall", "green_wall", "blue_wall", "hard_shadow", "tiles"}
)
BACKDROPS: Final[Mapping[str, Callable[[Random], Backdrop]]] = MappingProxyType(
    {
        maker.__name__: maker
        for maker in (
            gradient,
            warm_wall,
            green_wall,
            blue_wall,
            dark_wall,
            hard_shadow,
            tiles,
            stripes,
            shelves,
            bricks,
            leaves,
            window,
            curtains,
            door,
        )
    }
)


def backdrop(name: str, seed: int) -> NDArray[np.float32]:
    """Return a backdrop as a camera sees it, 0 to 1."""
    random = np.random.default_rng(seed)
    seen = BACKDROPS[name](random) + random.normal(0, 2, (HEIGHT, WIDTH, 3))
    return np.asarray(np.clip(seen, 0, 255) / 255, np.float32)
