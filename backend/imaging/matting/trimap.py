"""Who is certain: the person, the wall, and between them what is to be found out."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.imaging.landmarks import Pixels
from backend.imaging.matting.masks import Mask
from backend.imaging.matting.regions import (
    HeadRegions,
    Where,
    joined_to,
    shrunk,
    spread,
    thick,
)
from backend.imaging.matting.wall import continued, wall_behind

_PERSON: Final = 0.9
_WALL: Final = 0.1
#: The mask is off by so many pixels at most, but for hair.
_INSIDE_PX: Final = 6
_OUTSIDE_PX: Final = 10
#: Hair strays so far from the mask.
_STRAY_PX: Final = 45
#: A wall more uneven than this does not tell hair from itself.
PLAIN: Final = 0.05
#: Colours further from the wall than this are not the wall; nearer than that, they are.
_NOT_WALL: Final = 0.07
_LIKE_WALL: Final = 0.04
#: Only where person and wall are this far apart does likeness say anything, and only of
#: a wall that is lighter: hair has dark places of its own.
_APART: Final = 0.3
_LIGHTER: Final = 0.15
#: What differs from a plain wall by this much, and is thicker than a hair, is no mixture.
_UNLIKE: Final = 0.5
_THICK_PX: Final = 2
#: Looking again with what was learnt about the wall.
_ROUNDS: Final = 2


def trimap(rgb: Pixels, mask: Mask, regions: HeadRegions) -> NDArray[np.float32]:
    """Return 1 for the person, 0 for the wall, not a number in the band between.

    The mask decides. Before a plain wall its colour helps: what differs from the wall and
    hangs on the person is hair, thick locks of it the person, and what shows the wall's colour beside the face, or
    through hair below the eyes, is the wall.
    """
    known = np.full(mask.shape, np.nan, np.float32)
    known[shrunk(mask > _PERSON, _INSIDE_PX)] = 1
    known[shrunk(mask < _WALL, _OUTSIDE_PX)] = 0
    for _ in range(_ROUNDS):
        wall = wall_behind(rgb, known == 0)
        if wall.unevenness > PLAIN:
            break
        _open_to_hair(known, wall.apart > max(_NOT_WALL, 2 * wall.unevenness))
        step = wall.colours - continued(rgb, known == 1)
        differs = np.linalg.norm(step, axis=2) > _APART
        differs &= step.mean(axis=2) > _LIGHTER
        like = wall.apart < max(_LIKE_WALL, 1.1 * wall.unevenness)
        _see_through(known, like & differs, regions)
        # A lock beside the neck is as dark as no skin near it, so colours could not tell.
        unlike = np.isnan(known) & (wall.apart > _UNLIKE) & regions.beside_face
        known[shrunk(unlike & differs, _THICK_PX)] = 1
    return known


def _open_to_hair(known: NDArray[np.float32], unlike: Where) -> None:
    """Open what differs from the wall and is joined to the person or the band."""
    wall = known == 0
    strands = unlike & wall & spread(~wall, _STRAY_PX)
    known[spread(joined_to(strands, ~wall), 3) & wall] = np.nan


def _see_through(known: NDArray[np.float32], like: Where, regions: HeadRegions) -> None:
    """Take for the wall what looks like it, and open what is around it."""
    person = known == 1
    near = spread(~person, _STRAY_PX)
    shown = thick(like & near & regions.beside_face & (~person | regions.below_eyes), 1)
    known[spread(shown & person, 5) & person] = np.nan
    known[shown] = 0
