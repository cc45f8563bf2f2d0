"""Shapes on a portrait that several steps speak of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.domain.measurements import FaceGeometry

Where = NDArray[np.bool_]

#: Shoulders begin this far below the chin, in face widths.
_SHOULDERS: Final = 0.25
#: An ellipse around eyes, ears and chin, in face widths.
_FACE_ACROSS: Final = 0.62
_FACE_ALONG: Final = 0.85


@dataclass(frozen=True, slots=True)
class HeadRegions:
    """Where what is on a portrait, (H, W) each.

    Attributes:
        above_shoulders: the rows of head and neck, where hair may stray.
        beside_face: of these what lies around the face: hair, or the wall.
        below_eyes: the rows where hair hangs free, so that the wall shows through it.
    """

    above_shoulders: Where
    beside_face: Where
    below_eyes: Where


def head_regions(head: FaceGeometry, shape: tuple[int, ...]) -> HeadRegions:
    """Return the regions around a head of a picture of this shape."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    unit = head.face_width
    above = y < head.chin_y + _SHOULDERS * unit
    middle = (head.eye_y + head.chin_y) / 2 - 0.1 * unit
    across = (x - head.centre_x) / (_FACE_ACROSS * unit)
    along = (y - middle) / (_FACE_ALONG * unit)
    return HeadRegions(
        above_shoulders=above,
        beside_face=above & (across**2 + along**2 > 1),
        below_eyes=y > head.eye_y,
    )


def shrunk(where: Where, by: int) -> Where:
    """Return a region drawn in by so many pixels, not from the picture's rim."""
    return cv2.erode(where.astype(np.uint8), _disk(by), borderValue=1).astype(np.bool_)


def spread(where: Where, by: int) -> Where:
    """Return a region grown by so many pixels."""
    return cv2.dilate(where.astype(np.uint8), _disk(by)).astype(np.bool_)


def thick(where: Where, by: int) -> Where:
    """Return the parts of a region that a disk of this radius fits into."""
    opened = cv2.morphologyEx(where.astype(np.uint8), cv2.MORPH_OPEN, _disk(by))
    return opened.astype(np.bool_)


def joined_to(where: Where, other: Where) -> Where:
    """Return the pieces of a region that touch another region."""
    _, pieces = cv2.connectedComponents((spread(where, 1) | other).astype(np.uint8))
    touching = np.unique(pieces[other])
    return where & np.isin(pieces, touching[touching > 0])


def largest(where: Where) -> int:
    """Return the pixels of the largest piece of a region."""
    _, _, facts, _ = cv2.connectedComponentsWithStats(where.astype(np.uint8))
    return int(facts[1:, cv2.CC_STAT_AREA].max(initial=0))


def _disk(radius: int) -> NDArray[np.uint8]:
    side = 2 * radius + 1
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(disk, np.uint8)
