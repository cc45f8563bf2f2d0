"""What hides parts of the head: hair, glasses, masks, hats.

No model at hand tells these apart, so each measure looks at colours and edges where bare
skin is expected. They point out what is doubtful; a person decides.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.imaging.landmarks import Face, Points
from backend.imaging.light import CHEEK_SIDE, cheeks, dark_gain
from backend.imaging.patches import filled, grown, mean_of, median_of
from backend.imaging.window import FACE_PX, Window

#: A lens is looked at this far below the lower lid, in distances between the eyes.
_LENS_BELOW: Final = 0.10
_LENS_SIDE: Final = 0.10
#: Side of the square that a colour of skin is read from, pixels of the window.
_SPOT: Final = 0.07 * FACE_PX
#: Shade changes lightness more than hue, so lightness counts for less.
_SHADE: Final = np.array([0.5, 1.0, 1.0])
#: The nose is looked at with the eyes level and this far apart.
_EYES_APART: Final = 100.0
#: Above this a frame seems to cross the nose, so lenses may shine.
_FRAME_SEEN: Final = 48.0
#: Lips are redder than the skin around them by at least so much a*.
_RED: Final = 3.0
#: Colours of hair in CIELAB: greyish, or from reddish brown over blond to yellow.
_GREYISH: Final = 12.0
_HAIR_HUES: Final = (15.0, 105.0)
_MOST_COLOURFUL: Final = 48.0
#: Of 255: a reflection is nearly white, or a bright tint such as a coating's blue.
_WHITE: Final = 225
_TINT: Final = 60
_OTHER_HUE: Final = 14.0
_SHADOW: Final = 0.55
#: Corners of the forehead: across from the middle of the eyes, and above them.
_FOREHEAD: Final = ((-0.2, 0.24), (0.2, 0.24), (0.2, 0.44), (-0.2, 0.44))
#: CIELAB units from the skin, lightness counted by half.
_LIKE_SKIN: Final = 20.0
_THIN: Final = 8
_SURELY_PERSON: Final = 0.9
_EAR: Final = 0.12
_EAR_LIKE: Final = 16.0


def lens_light(window: Window, face: Face) -> float | None:
    """Return the luma just below the eyes over the cheek's, of the darker eye.

    Dark lenses measured 0.05 to 0.17, bare eyes and clear glasses 0.29 and more.
    """
    grey = window.grey
    apart = face.eyes_apart * window.scale
    shares = []
    for lid, cheek in zip(
        (face.left_lid, face.right_lid), cheeks(window, face), strict=True
    ):
        below = window.into(lid) + np.array([0.0, _LENS_BELOW * apart])
        skin = float(mean_of(grey, cheek, CHEEK_SIDE * FACE_PX))
        if skin > 0:
            shares.append(float(mean_of(grey, below, _LENS_SIDE * apart)) / skin)
    return min(shares, default=None)


def nose_bridge_edge(window: Window, face: Face) -> float:
    """Return how strong a line crosses the bridge of the nose from eye to eye.

    With the eyes level and 100 px apart: the strongest vertical luma step (Sobel) in each
    column between the eyes, their mean. The idea is from the vision facts; the mean over
    the columns leaves out wrinkles and brows, which do not reach from eye to eye.
    """
    left, right = window.into(face.left_iris), window.into(face.right_iris)
    across = right - left
    turn = math.degrees(math.atan2(across[1], across[0]))
    zoom = _EYES_APART / float(np.linalg.norm(across))
    middle = (left + right) / 2
    to_part = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), turn, zoom)
    # The part is 26 px wide and from 15 px above the eyes to 26 below, a border around.
    to_part[0, 2] += 14.0 - middle[0]
    to_part[1, 2] += 17.0 - middle[1]
    part = cv2.warpAffine(
        window.grey, to_part, (28, 45), borderMode=cv2.BORDER_REPLICATE
    )
    steps = np.abs(cv2.Sobel(part.astype(np.float32), cv2.CV_32F, 0, 1))
    return float(steps[2:43, 2:27].max(axis=0).mean())


def lens_glare(window: Window, face: Face, bridge_edge: float) -> float | None:
    """Return the share of white around the eyes; none where no glasses seem to be."""
    if bridge_edge <= _FRAME_SEEN:
        return None
    apart = face.eyes_apart * window.scale
    lenses = np.zeros(window.rgb.shape[:2], np.uint8)
    for iris in (face.left_iris, face.right_iris):
        x, y = window.into(iris)
        size = (round(0.36 * apart), round(0.28 * apart))
        cv2.ellipse(lenses, (round(x), round(y)), size, 0, 0, 360, 1, -1)
    eyes = filled(window.rgb.shape, *(window.into(e) for e in face.eye_outlines))
    looked_at = lenses.astype(np.bool_) & ~eyes
    part = window.rgb[looked_at].astype(np.int16)
    if len(part) == 0:
        return None
    white = (part.min(axis=1) > _WHITE) | (
        (part.max(axis=1) > _WHITE) & (part.max(axis=1) - part.min(axis=1) > _TINT)
    )
    return float(white.mean())


def covered_face(window: Window, face: Face) -> float:
    """Return the share of cheeks, nose and forehead that is not of the skin's colour.

    Brows, eyes and their surroundings are left out; what is half as light as the rest, or
    14 CIELAB units of hue away from its median, is not skin.
    """
    whole = filled(window.rgb.shape, window.into(face.upper_part))
    features = filled(
        window.rgb.shape,
        *(_hull(window.into(p)) for p in (*face.brow_outlines, *face.eye_outlines)),
    )
    part = window.lab[whole & ~grown(features, round(0.03 * FACE_PX))]
    if len(part) == 0:
        return 0.0
    middle = np.median(part, axis=0)
    hue = np.hypot(part[:, 1] - middle[1], part[:, 2] - middle[2])
    return float(((hue > _OTHER_HUE) | (part[:, 0] < _SHADOW * middle[0])).mean())


def covered_mouth(window: Window, face: Face) -> float:
    """Return how far the lower face's hue is from the upper face's, CIELAB units.

    Zero where the lips are redder than the skin around them: then nothing covers them.
    """
    lab = window.lab
    lips = median_of(lab, window.into(face.lip_spots), 1)
    around = median_of(lab, window.into(face.round_lips), _SPOT)
    if lips[1] - around[1] >= _RED:
        return 0.0
    upper = median_of(lab, window.into(face.upper_spots), _SPOT)
    lower = median_of(lab, window.into(face.lower_spots), _SPOT)
    return float(np.hypot(*(upper - lower)[1:]))


def clear_forehead(window: Window, face: Face) -> float:
    """Return the share of the forehead that is of the colour of cheeks and nose.

    The forehead is where it is on nearly every face, a quarter to not quite half a face
    width above the eyes: the face's points move down with a hat's rim.
    """
    left, right = window.into(face.left_iris), window.into(face.right_iris)
    along = (right - left) / np.linalg.norm(right - left)
    up = np.array([along[1], -along[0]])
    corners = [
        (left + right) / 2 + (across * along + above * up) * FACE_PX
        for across, above in _FOREHEAD
    ]
    part = window.lab[filled(window.rgb.shape, np.array(corners))]
    if len(part) == 0:
        return 0.0
    skin = _skin(window, face)
    apart = np.linalg.norm((part - skin) * _SHADE, axis=1) * dark_gain(skin[0])
    return float((apart < _LIKE_SKIN).mean())


def crown_colour(
    window: Window, face: Face, mask: NDArray[np.float32], crown_row: float
) -> float | None:
    """Return the share of what is above the forehead in colours that hair has not.

    None where next to nothing is above: a head cut off.
    """
    middle = float(window.into((face.left_cheek + face.right_cheek) / 2)[0])
    top, bottom = int(crown_row) + 4, int(window.into(face.forehead)[1]) - 4
    if bottom - top < _THIN:
        return None
    columns = slice(max(0, int(middle - 0.3 * FACE_PX)), int(middle + 0.3 * FACE_PX))
    part = window.lab[top:bottom, columns][mask[top:bottom, columns] > _SURELY_PERSON]
    if len(part) == 0:
        return None
    colourful = np.hypot(part[:, 1], part[:, 2])
    hue = np.degrees(np.arctan2(part[:, 2], part[:, 1]))
    low, high = _HAIR_HUES
    foreign = (colourful > _GREYISH) & ((hue < low) | (hue > high))
    return float((foreign | (colourful > _MOST_COLOURFUL)).mean())


def over_brows(window: Window, face: Face) -> float:
    """Return how far the strip above the brows is from skin, of the worse side.

    CIELAB units; the median of four places a side, so that single hairs do not count.
    """
    skin = _skin(window, face)
    sides = []
    for brow in face.brows:
        above = window.into(brow) - np.array([0.0, 0.075 * FACE_PX])
        colours = [median_of(window.lab, [point], 0.045 * FACE_PX) for point in above]
        apart = [float(np.linalg.norm((c - skin) * _SHADE)) for c in colours]
        sides.append(float(np.median(apart)))
    return max(sides) * dark_gain(skin[0])


def ear_skin(window: Window, face: Face, mask: NDArray[np.float32]) -> float:
    """Return the share of skin where an ear is expected, of the side with less.

    That is outside the cheek, an eighth of the face wide, from the eyes to the nose.
    """
    lab = window.lab
    top = (window.into(face.left_iris)[1] + window.into(face.right_iris)[1]) / 2
    rows = slice(max(0, int(top)), int(window.into(face.nose[2])[1] + 0.05 * FACE_PX))
    reach = _EAR * FACE_PX
    left, right = window.into(face.left_cheek)[0], window.into(face.right_cheek)[0]
    shares = []
    for cheek, (start, end) in zip(
        cheeks(window, face),
        ((left - reach, left), (right, right + reach)),
        strict=True,
    ):
        columns = slice(max(0, int(start)), max(0, int(end)))
        skin = median_of(lab, [cheek], 0.08 * FACE_PX)
        apart = (lab[rows, columns] - skin) * _SHADE * dark_gain(skin[0])
        ear = (np.linalg.norm(apart, axis=2) < _EAR_LIKE) & (mask[rows, columns] > 0.5)  # noqa: PLR2004 - half
        shares.append(float(ear.sum()) / max(reach * (rows.stop - rows.start), 1))
    return min(shares)


def _skin(window: Window, face: Face) -> NDArray[np.float64]:
    """Return the median colour of cheeks and nose."""
    return median_of(window.lab, window.into(face.skin_spots), _SPOT)


def _hull(points: Points) -> Points:
    hull = cv2.convexHull(points.astype(np.float32))
    return np.asarray(hull[:, 0], np.float64)
