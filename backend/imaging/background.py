"""What is behind the person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.domain.colour import Lab
from backend.domain.report import Box
from backend.imaging.landmarks import Face
from backend.imaging.patches import distance, grown, largest_piece, median_colour
from backend.imaging.window import FACE_PX, Window

_BACKGROUND: Final = 0.1
#: The mask's edge is soft; background starts this share of the face width outside it.
_EDGE_SHARE: Final = 0.04
#: Hair strays further, so single marks are sought this far outside.
_STRAY_SHARE: Final = 0.07
#: Fewer pixels than this are no background to judge.
_LEAST: Final = 2000
#: A colour step a pixel that no shadow makes, CIELAB units.
_HARD_EDGE: Final = 8.0
#: Edges nearer to one another than this belong to one thing.
_JOIN_PX: Final = 5


@dataclass(frozen=True, slots=True)
class Background:
    """What is behind the person; none where too little of it shows.

    Attributes:
        edges: mean edge strength of luma (Sobel).
        spread: 95th percentile of the colour difference to the median.
        marks: share that is a hard edge, of things apart from the person.
        colour: the median.
        box: around the worst place, half a face wide, pixels of the measured picture.
    """

    edges: float | None = None
    spread: float | None = None
    marks: float | None = None
    colour: Lab | None = None
    box: Box | None = None


def background(window: Window, face: Face, mask: NDArray[np.float32]) -> Background:
    """Return what the part that is not the person looks like.

    Evenness counts above the chin only: below it shoulders and hair mix with the wall.
    Hard edges count everywhere.
    """
    person = largest_piece(mask >= _BACKGROUND)
    behind = ~grown(person, round(_EDGE_SHARE * FACE_PX))
    behind[max(int(window.into(face.chin)[1]), 0) :] = False
    if behind.sum() < _LEAST:
        return Background()
    clear = ~grown(person, round(_STRAY_SHARE * FACE_PX))
    grey = window.grey.astype(np.float32)
    strength = cv2.magnitude(
        cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    )
    # Colours change slowly over a wall: every fourth pixel tells as much as all do.
    lab, some = np.ascontiguousarray(window.lab[::2, ::2]), behind[::2, ::2]
    middle = median_colour(lab, some)
    apart = distance(lab, middle)
    lightness, a, b = (float(value) for value in middle)
    return Background(
        edges=float(strength[behind].mean()),
        spread=float(np.percentile(apart[some], 95)),
        marks=_marks(window.edges, clear),
        colour=(lightness, a, b),
        box=_worst(window, strength[::2, ::2] + apart, some),
    )


def _marks(edges: NDArray[np.float32], clear: NDArray[np.bool_]) -> float:
    """Return the share of hard edges that do not reach the person, as hair would."""
    hard = (edges > _HARD_EDGE).astype(np.uint8)
    whole = cv2.dilate(hard, np.ones((_JOIN_PX, _JOIN_PX), np.uint8))
    count, pieces = cv2.connectedComponents(whole)
    attached = np.zeros(count, np.bool_)
    attached[pieces[~clear]] = True
    loose = (hard > 0) & clear & ~attached[pieces]
    return float(loose.sum() / max(int(clear.sum()), 1))


def _worst(
    window: Window, amount: NDArray[np.float32], behind: NDArray[np.bool_]
) -> Box:
    """Return the picture's box around the worst place, half a face wide.

    ``amount`` and ``behind`` are of every second row and column of the window.
    """
    side = FACE_PX // 2
    half = side // 2
    mean = cv2.blur(np.where(behind, amount, 0).astype(np.float32), (half, half))
    row, column = (2 * int(at) for at in np.unravel_index(np.argmax(mean), mean.shape))
    height, width = window.rgb.shape[:2]
    left = min(max(column - half, 0), max(width - side, 0))
    top = min(max(row - half, 0), max(height - side, 0))
    x, y = window.to_picture(left, top)
    return Box(x, y, side / window.scale, side / window.scale)
