"""From pixels to numbers: one pass over one upload.

All measures of light, sharpness and background are taken on the same window around the
head, brought to a face width of 200 px, so that their limits mean the same for every
camera. Points are given in pixels of the full-resolution upright picture.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.domain.measurements import FaceGeometry, Measurements
from backend.domain.photo import FileFacts
from backend.domain.report import Box
from backend.imaging import appearance
from backend.imaging.faces import Face, FaceModel, Pixels, Points
from backend.imaging.window import FACE_PX, Window, window_around

#: Iris centres lie this much of the face width below hand-marked pupils (vision facts).
_PUPIL_BIAS: Final = 0.008
#: The crown is sought this far to either side of the face's middle (vision facts).
_CROWN_REACH: Final = 0.35
#: Upright frontal faces measure a pitch of +3° with this model (vision facts).
_PITCH_BIAS_DEG: Final = 3.0
_BLACK, _WHITE = 25, 247
_PERSON: Final = 0.5
_BACKGROUND: Final = 0.1
#: The mask's edge is soft; background starts this share of the face width outside it.
_EDGE_SHARE: Final = 0.08
#: Fewer pixels than this are no background to judge.
_LEAST_BACKGROUND: Final = 2000


def measure(
    rgb: Pixels, file: FileFacts, *, scale: float, model: FaceModel
) -> Measurements:
    """Measure an upright (H, W, 3) RGB picture.

    Args:
        rgb: the picture, possibly reduced.
        file: the facts of its file.
        scale: full-resolution pixels per pixel of ``rgb``, 1 or more.
        model: the face model.
    """
    height, width = rgb.shape[:2]
    sighting = model.look(rgb)
    chroma = _chroma(rgb)
    turned = sighting.turned_deg
    size = (round(width * scale), round(height * scale))
    face = sighting.face
    if face is None or face.width < 1:
        return Measurements(
            file=file,
            picture_width=size[0],
            picture_height=size[1],
            face_count=sighting.face_count,
            turned_deg=turned,
            chroma=chroma,
        )
    second = sighting.second
    window = window_around(rgb, face)
    mask = model.person_mask(window.rgb)
    under, over = _exposure(window, face)
    edges, spread, where = _background(window, face, mask)
    clothes = appearance.clothes(window, face, mask)
    return Measurements(
        file=file,
        picture_width=size[0],
        picture_height=size[1],
        face_count=sighting.face_count,
        turned_deg=0,
        geometry=_geometry(face, window, mask, scale),
        roll_deg=_roll(face),
        yaw_deg=_yaw(face),
        pitch_deg=_pitch(face),
        eye_openness=min(_openness(face.left_eye), _openness(face.right_eye)),
        mouth_gap=_mouth_gap(face),
        sharpness=_sharpness(window, face),
        underexposed=under,
        overexposed=over,
        chroma=chroma,
        background_edges=edges,
        background_spread=spread,
        second_face_box=(
            _scaled(Box(second.x, second.y, second.width, second.height), scale)
            if second
            else None
        ),
        cheek_balance=appearance.cheek_balance(window, face),
        skin_cast=appearance.skin_cast(window, face),
        lens_light=appearance.lens_light(window, face),
        clothes_contrast=clothes.contrast,
        clothes_blue=clothes.blue,
        clothes_box=_scaled(clothes.box, scale),
        eyes_box=_box(face.eyes, scale, grow=0.15 * face.width),
        mouth_box=_box(face.mouth, scale, grow=0.08 * face.width),
        background_box=_scaled(where, scale),
    )


def locate(rgb: Pixels, *, model: FaceModel) -> FaceGeometry | None:
    """Return only where the head is, in pixels of ``rgb``; none without a face."""
    face = model.look(rgb).face
    if face is None or face.width < 1:
        return None
    window = window_around(rgb, face)
    return _geometry(face, window, model.person_mask(window.rgb), 1.0)


def _geometry(
    face: Face, window: Window, mask: NDArray[np.float32], scale: float
) -> FaceGeometry:
    eye_y = (face.left_iris[1] + face.right_iris[1]) / 2 - _PUPIL_BIAS * face.width
    row, cut = _crown_row(face, window, mask)
    crown_y = window.to_picture(0, row)[1]
    return FaceGeometry(
        crown_y=crown_y,
        crown_cut=cut,
        eye_y=float(eye_y),
        left_x=float(face.left_cheek[0]),
        right_x=float(face.right_cheek[0]),
        chin_y=float(face.chin[1]),
        left_pupil=_pupil(face.left_iris, face),
        right_pupil=_pupil(face.right_iris, face),
    ).moved(scale, 0, 0)


def _pupil(iris: Points, face: Face) -> tuple[float, float]:
    return float(iris[0]), float(iris[1]) - _PUPIL_BIAS * face.width


def _crown_row(
    face: Face, window: Window, mask: NDArray[np.float32]
) -> tuple[float, bool]:
    """Return the top row of the person near the middle, and whether it is cut off.

    The forehead's landmark is no crown: it lies half a face width below (vision facts).
    """
    middle = float(window.into((face.left_cheek + face.right_cheek) / 2)[0])
    reach = _CROWN_REACH * FACE_PX
    columns = mask[:, max(0, int(middle - reach)) : int(middle + reach) + 1]
    rows = np.flatnonzero((columns > _PERSON).any(axis=1))
    if rows.size == 0:
        return float(window.into(face.forehead)[1]), False
    # At the picture's edge the mask fades, so a row or two may stay empty.
    cut = window.top == 0 and int(rows[0]) <= 2  # noqa: PLR2004 - see above
    return float(rows[0]), cut


def _roll(face: Face) -> float:
    across = face.right_iris - face.left_iris
    return math.degrees(math.atan2(across[1], across[0]))


def _yaw(face: Face) -> float:
    across = face.right_cheek - face.left_cheek
    return math.degrees(math.atan2(across[2], across[0]))


def _pitch(face: Face) -> float:
    down = face.chin - face.forehead
    return math.degrees(math.atan2(down[2], down[1])) - _PITCH_BIAS_DEG


def _openness(eye: Points) -> float:
    """Return the eye aspect ratio: mean lid distance over eye width."""
    outer, top1, top2, inner, bottom2, bottom1 = eye[:, :2]
    lids = np.linalg.norm(top1 - bottom1) + np.linalg.norm(top2 - bottom2)
    return float(lids / (2 * np.linalg.norm(outer - inner)))


def _mouth_gap(face: Face) -> float:
    """Return the largest inner lip distance over the distance from eyes to chin."""
    gaps = np.linalg.norm(face.lips[:, 0, :2] - face.lips[:, 1, :2], axis=1)
    eyes = (face.left_iris + face.right_iris)[:2] / 2
    return float(gaps.max() / np.linalg.norm(eyes - face.chin[:2]))


def _face_part(window: Window, face: Face) -> tuple[slice, slice]:
    points = window.into(face.outline)
    low = np.maximum(points.min(axis=0), 0).astype(int)
    high = np.ceil(points.max(axis=0)).astype(int)
    return slice(low[1], high[1] + 1), slice(low[0], high[0] + 1)


def _sharpness(window: Window, face: Face) -> float:
    """Return the variance of the Laplacian over the face at a width of 200 px."""
    grey = window.grey[_face_part(window, face)]
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def _exposure(window: Window, face: Face) -> tuple[float, float]:
    """Return the shares of the face that are black and white, 0 to 1."""
    inside = np.zeros(window.rgb.shape[:2], np.uint8)
    cv2.fillConvexPoly(inside, window.into(face.outline).astype(np.int32), 1)
    luma = window.grey[inside == 1]
    if luma.size == 0:
        return 0.0, 0.0
    return float((luma <= _BLACK).mean()), float((luma >= _WHITE).mean())


def _chroma(rgb: Pixels) -> float:
    """Return the 95th percentile of Lab chroma over the whole picture."""
    # Averaging every pixel of a large picture costs more than it tells.
    step = max(1, min(rgb.shape[:2]) // 480)
    some = np.ascontiguousarray(rgb[::step, ::step])
    small = cv2.resize(some, (160, 160), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return float(np.percentile(np.hypot(lab[..., 1], lab[..., 2]), 95))


def _background(
    window: Window, face: Face, mask: NDArray[np.float32]
) -> tuple[float | None, float | None, Box | None]:
    """Return mean edge strength and colour spread behind the head, and the worst place.

    Only what is above the chin counts: below it shoulders and hair mix with the wall.
    """
    chin = int(window.into(face.chin)[1])
    reach = max(1, round(_EDGE_SHARE * FACE_PX))
    person = (mask >= _BACKGROUND).astype(np.uint8)
    behind = cv2.dilate(person, np.ones((reach, reach), np.uint8)) == 0
    behind[max(chin, 0) :] = False
    if behind.sum() < _LEAST_BACKGROUND:
        return None, None, None
    grey = window.grey.astype(np.float32)
    strength = cv2.magnitude(
        cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    )
    lab = window.lab
    apart = np.linalg.norm(lab - np.median(lab[behind], axis=0), axis=2)
    spread = float(np.percentile(apart[behind], 95))
    return (
        float(strength[behind].mean()),
        spread,
        _worst(window, strength + apart, behind),
    )


def _worst(
    window: Window, amount: NDArray[np.float32], behind: NDArray[np.bool_]
) -> Box:
    """Return the picture's box around the worst place, half a face wide."""
    side = FACE_PX // 2
    mean = cv2.blur(np.where(behind, amount, 0).astype(np.float32), (side, side))
    row, column = np.unravel_index(int(np.argmax(mean)), mean.shape)
    height, width = behind.shape
    left = min(max(int(column) - side // 2, 0), max(width - side, 0))
    top = min(max(int(row) - side // 2, 0), max(height - side, 0))
    x, y = window.to_picture(left, top)
    return Box(x, y, side / window.scale, side / window.scale)


def _box(points: Points, scale: float, *, grow: float) -> Box:
    low = points[:, :2].min(axis=0) - grow
    size = points[:, :2].max(axis=0) + grow - low
    return Box(*(float(v) * scale for v in (*low, *size)))


def _scaled(box: Box | None, scale: float) -> Box | None:
    if box is None:
        return None
    return Box(box.x * scale, box.y * scale, box.width * scale, box.height * scale)
