"""The points of one face, by name.

MediaPipe's landmark numbers stop here. Another model takes its place by filling
:class:`Face` and :class:`backend.imaging.faces.Sighting`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]

_CHEEKS: Final = (234, 454)
_NOSE: Final = (197, 4, 2)
_BROWS: Final = ((70, 63, 105, 66), (300, 293, 334, 296))
_BROW_OUTLINES: Final = (
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
)
_EYE_OUTLINES: Final = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
)
#: Forehead, temples, cheeks and nose, above where beards grow.
_UPPER_FACE: Final = (
    67, 109, 10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 435, 426, 2, 206, 215,
    132, 93, 234, 127, 162, 21, 54, 103,
)  # fmt: skip
_SKIN_SPOTS: Final = (50, 280, 4, 197)
_UPPER_SPOTS: Final = (151, 9, 6, 108, 337)
_LOWER_SPOTS: Final = (2, 164, 200, 199, 205, 425, 187, 411)
_LIP_SPOTS: Final = (0, 17, 37, 267, 84, 314, 13, 14, 82, 312)
_ROUND_LIPS: Final = (164, 18, 200, 186, 410)
_MOUTH_CORNERS: Final = (61, 291)
_IRISES: Final = (468, 473)
_FOREHEAD_CHIN: Final = (10, 152)
_EYES: Final = ((33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380))
_LOWER_LIDS: Final = (145, 374)
_CHEEK_MIDDLES: Final = (50, 280)
_LIPS: Final = ((13, 14), (82, 87), (312, 317))
_OUTLINE: Final = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400,
    377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67,
    109,
)  # fmt: skip
_EYE_OUTLINE: Final = (33, 133, 362, 263, 159, 145, 386, 374)
_MOUTH_OUTLINE: Final = (61, 291, 0, 17)


@dataclass(frozen=True, slots=True)
class Face:
    """One face's points, (x, y, z) in pixels of the picture; z towards the camera.

    Of pairs the first is on the left of the picture.

    Attributes:
        nose: bridge, tip, and where it meets the lip.
        brows: the upper edge of each brow, from outside to inside.
        upper_part: outline of forehead, temples, cheeks and nose, without beard's ground.
        skin_spots: both cheeks, tip and bridge of the nose.
        upper_spots: skin of forehead and bridge; ``lower_spots`` of cheeks and chin.
        lip_spots: points on the lips; ``round_lips`` on the skin around them.
    """

    left_cheek: Points
    right_cheek: Points
    left_iris: Points
    right_iris: Points
    forehead: Points
    chin: Points
    left_eye: Points
    right_eye: Points
    left_lid: Points
    right_lid: Points
    left_cheek_middle: Points
    right_cheek_middle: Points
    lips: Points
    outline: Points
    eyes: Points
    mouth: Points
    mouth_corners: Points
    nose: Points
    brows: tuple[Points, Points]
    brow_outlines: tuple[Points, Points]
    eye_outlines: tuple[Points, Points]
    upper_part: Points
    skin_spots: Points
    upper_spots: Points
    lower_spots: Points
    lip_spots: Points
    round_lips: Points

    @property
    def eyes_apart(self) -> float:
        """Distance between the pupils, pixels."""
        return float(np.linalg.norm((self.right_iris - self.left_iris)[:2]))

    @property
    def width(self) -> float:
        """Width between the cheeks, pixels."""
        return float(self.right_cheek[0] - self.left_cheek[0])


def _both(
    points: Points, numbers: tuple[tuple[int, ...], tuple[int, ...]]
) -> tuple[Points, Points]:
    left, right = numbers
    return points[list(left)], points[list(right)]


def named(points: Points) -> Face:
    """Return a face by MediaPipe's 478 points, (478, 3) in pixels of the picture."""
    return Face(
        left_cheek=points[_CHEEKS[0]],
        right_cheek=points[_CHEEKS[1]],
        left_iris=points[_IRISES[0]],
        right_iris=points[_IRISES[1]],
        forehead=points[_FOREHEAD_CHIN[0]],
        chin=points[_FOREHEAD_CHIN[1]],
        left_eye=points[list(_EYES[0])],
        right_eye=points[list(_EYES[1])],
        left_lid=points[_LOWER_LIDS[0]],
        right_lid=points[_LOWER_LIDS[1]],
        left_cheek_middle=points[_CHEEK_MIDDLES[0]],
        right_cheek_middle=points[_CHEEK_MIDDLES[1]],
        lips=points[np.array(_LIPS)],
        outline=points[list(_OUTLINE)],
        eyes=points[list(_EYE_OUTLINE)],
        mouth=points[list(_MOUTH_OUTLINE)],
        mouth_corners=points[list(_MOUTH_CORNERS)],
        nose=points[list(_NOSE)],
        brows=_both(points, _BROWS),
        brow_outlines=_both(points, _BROW_OUTLINES),
        eye_outlines=_both(points, _EYE_OUTLINES),
        upper_part=points[list(_UPPER_FACE)],
        skin_spots=points[list(_SKIN_SPOTS)],
        upper_spots=points[list(_UPPER_SPOTS)],
        lower_spots=points[list(_LOWER_SPOTS)],
        lip_spots=points[list(_LIP_SPOTS)],
        round_lips=points[list(_ROUND_LIPS)],
    )
