"""How well a person was separated, without knowing the truth.

Three witnesses say where the person ends: the model's views, alpha, and the colours of
what is certain. A portrait keeps its own background where they contradict one another.
Before a plain light wall its colour settles most of that. Before any other wall nothing
does, dark ones look like the shades of hair, so the measures have other names there
(``…_strict``) and lower limits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.domain.measurements import MatteFacts
from backend.imaging.landmarks import Pixels
from backend.imaging.matting.regions import HeadRegions, Where, largest, thick
from backend.imaging.matting.wall import Wall

#: Walls whose colours stray less than this let their colour decide.
_PLAIN: Final = 0.1
#: Of 1, the mean of red, green and blue.
_LIGHT: Final = 0.4
_LIKE_WALL: Final = 0.05
_NOT_WALL: Final = 0.07
#: The mask and alpha contradict each other from this difference on.
_CONTRADICT: Final = 0.4
#: Half transparent: neither hair's edge nor the person.
_HALF: Final = (0.15, 0.85)
#: Both sides differ less than this in RGB, 0 to 1: nobody could tell them apart.
_ALIKE: Final = 0.2
#: Thinner marks than these radii are hair, pixels.
_THIN: Final = 2
_THIN_FRINGE: Final = 3
#: The person's colours are read so far inside the edge, the background's outside, pixels.
_PERSON_RING: Final = (6, 45)
_WALL_RING: Final = (25, 120)
#: What is lost hangs on the person within this, pixels.
_NEAR: Final = 35
_LEVELS: Final = 24
#: Colours met less often than this tell nothing.
_RARE: Final = 2e-5
_PERSONS_COLOUR: Final = 0.9
_MIDDLE: Final = 0.5


Depth = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Separation:
    """What a person was separated by, and the result; arrays are (H, W).

    Attributes:
        mask: mean of the model's views, 0 to 1.
        known: 1, 0, or not a number where alpha was found out.
        contrast: how far person and wall differ there, RGB 0 to 1.
    """

    rgb: Pixels = field(repr=False)
    mask: NDArray[np.float32] = field(repr=False)
    known: NDArray[np.float32] = field(repr=False)
    alpha: NDArray[np.float32] = field(repr=False)
    contrast: NDArray[np.float32] = field(repr=False)
    wall: Wall = field(repr=False)
    regions: HeadRegions = field(repr=False)


def facts_of(found: Separation) -> MatteFacts:
    """Return how well it went.

    * ``unsure``: where mask and alpha contradict, and the wall's colour settles nothing.
    * ``alike``: of the edge of head and neck, where person and plain wall are of one colour.
    * ``fringe``: half transparent and thick; before a plain wall where both sides are alike.
    * ``haze``: before a plain wall, half transparent and too thick for hair.
    * ``lost``: the largest piece taken for the wall that has the person's colours, and
      before a plain wall not the wall's.
    * ``pieces``: the largest piece taken for the person where the mask sees none, and
      before a plain wall of no colour that the person has.
    * ``holes``: the largest hole within the person that does not show a plain wall.

    All but ``alike`` are percents of the person's area.
    """
    alpha, mask, wall = found.alpha, found.mask, found.wall
    person = alpha > _MIDDLE
    area = max(int(person.sum()), 1)
    plain = wall.unevenness < _PLAIN and wall.lightness > _LIGHT
    like_wall = plain & (wall.apart < max(_LIKE_WALL, 1.2 * wall.unevenness))
    unlike_wall = plain & (wall.apart > max(_NOT_WALL, 2 * wall.unevenness))
    alike = found.contrast < _ALIKE
    half = (alpha > _HALF[0]) & (alpha < _HALF[1])
    contradiction = (np.abs(alpha - mask) > _CONTRADICT) & ~np.where(
        person, unlike_wall, like_wall
    )
    haze = int(thick(half, _THIN_FRINGE).sum())
    inside, outside = _depth(person), _depth(~person)
    persons, near = (
        _persons_colours(found, inside, outside),
        ~person & (outside < _NEAR),
    )
    measured = {
        "unsure": int(thick(contradiction, _THIN).sum()),
        "fringe": int(thick(half & alike, _THIN).sum()) if plain else haze,
        "lost": largest(thick(persons & near & ~like_wall, _THIN)),
        # Before a plain wall a lock that the mask misses is known by its colour.
        "pieces": largest(person & (mask < _MIDDLE) & ~(plain & persons)),
    }
    suffix = "" if plain else "_strict"
    shares = {f"{name}{suffix}": 100 * n / area for name, n in measured.items()}
    if plain:
        edge = np.isnan(found.known) & found.regions.above_shoulders
        shares["alike"] = 100 * float(alike[edge].mean()) if edge.any() else 0.0
        shares["haze"] = 100 * haze / area
    return MatteFacts(holes=100 * _holes(person, like_wall) / area, **shares)


def _persons_colours(found: Separation, inside: Depth, outside: Depth) -> Where:
    """Return where the colours are those of the person rather than of the wall."""
    soft = cv2.GaussianBlur(found.rgb, (0, 0), 1.0)
    levels = (soft.astype(np.float32) / 255 * _LEVELS).astype(np.int32)
    levels = np.minimum(levels, _LEVELS - 1)
    number = (levels[..., 0] * _LEVELS + levels[..., 1]) * _LEVELS + levels[..., 2]
    of_person = _frequencies(number, _between(inside, _PERSON_RING))[number] + _RARE
    of_wall = _frequencies(number, _between(outside, _WALL_RING))[number] + _RARE
    return np.asarray(of_person / (of_person + of_wall) > _PERSONS_COLOUR)


def _depth(where: Where) -> Depth:
    """Return how far each pixel of a region lies inside it, pixels."""
    depth = cv2.distanceTransform(where.astype(np.uint8), cv2.DIST_L2, 5)
    return np.asarray(depth, np.float32)


def _between(distance: Depth, ring: tuple[int, int]) -> Where:
    return np.asarray((distance > ring[0]) & (distance < ring[1]))


def _frequencies(number: NDArray[np.int32], where: Where) -> NDArray[np.float64]:
    """Return how often each colour occurs in a region, each helping its neighbours."""
    counts = np.bincount(number[where], minlength=_LEVELS**3).astype(np.float64)
    cube = counts.reshape(_LEVELS, _LEVELS, _LEVELS)
    for axis in range(3):
        cube = 0.5 * cube + 0.25 * _shifted(cube, axis)
    return cube.ravel() / max(float(cube.sum()), 1.0)


def _shifted(cube: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """Return both neighbours along an axis, added."""
    wide = np.pad(cube, [(1, 1) if each == axis else (0, 0) for each in range(3)])
    rows = np.arange(cube.shape[axis])
    return np.take(wide, rows, axis) + np.take(wide, rows + 2, axis)


def _holes(person: Where, like_wall: Where) -> int:
    _, pieces = cv2.connectedComponents((~person).astype(np.uint8))
    rim = np.concatenate([pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]])
    enclosed = ~person & ~np.isin(pieces, np.unique(rim))
    return largest(enclosed & ~like_wall)
