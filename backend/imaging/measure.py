"""From pixels to numbers: one pass over one upload.

All measures of light, sharpness and background are taken on the same window around the
head, brought to a face width of 200 px, so that their limits mean the same for every
camera. Points are given in pixels of the full-resolution upright picture.
"""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backend.domain.measurements import FaceGeometry, Measurements
from backend.domain.photo import FileFacts
from backend.domain.report import Box
from backend.imaging import additions, clarity, coverings, light, posture
from backend.imaging.background import background
from backend.imaging.clothes import clothes
from backend.imaging.faces import Ends, FaceModel, Sighting
from backend.imaging.landmarks import Face, Pixels, Points
from backend.imaging.window import FACE_PX, Window, window_around

#: Iris centres lie this much of the face width below hand-marked pupils (vision facts).
_PUPIL_BIAS: Final = 0.008
#: The crown is sought this far to either side of the face's middle (vision facts).
_CROWN_REACH: Final = 0.35
_PERSON: Final = 0.5


@dataclass(frozen=True, slots=True)
class Seen:
    """What the models saw in one picture, and all else is measured by.

    Attributes:
        rgb: the upright picture, (H, W, 3), possibly reduced.
        scale: full-resolution pixels per pixel of ``rgb``, 1 or more.
        head: where it is, full-resolution pixels; none without an upright face.
        person: none where the head is none.
    """

    rgb: Pixels = field(repr=False)
    scale: float
    sighting: Sighting
    head: FaceGeometry | None = None
    person: _Person | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Full-resolution width and height."""
        height, width = self.rgb.shape[:2]
        return round(width * self.scale), round(height * self.scale)


@dataclass(frozen=True, slots=True)
class _Person:
    """The window around the head, the person in it, and shoulders that may follow."""

    face: Face
    window: Window = field(repr=False)
    mask: NDArray[np.float32] = field(repr=False)
    crown_row: float
    shoulders: Future[Ends | None] | None


def see(rgb: Pixels, *, scale: float, model: FaceModel, shoulders: bool = True) -> Seen:
    """Ask the models about an upright (H, W, 3) RGB picture.

    Args:
        rgb: the picture, possibly reduced.
        scale: full-resolution pixels per pixel of ``rgb``, 1 or more.
        model: the face model.
        shoulders: whether to ask the model of the body, which costs most.
    """
    sighting = model.look(rgb)
    face = sighting.face
    if face is None or face.width < 1:
        return Seen(rgb, scale, sighting)
    window = window_around(rgb, face)
    ends = model.shoulders(_to_look_at(rgb, sighting)) if shoulders else None
    mask = model.person_mask(window.rgb)
    crown = _crown_row(face, window, mask)
    return Seen(
        rgb,
        scale,
        sighting,
        head=_geometry(face, window, crown, scale),
        person=_Person(face, window, mask, crown[0], ends),
    )


def measure(seen: Seen, file: FileFacts, *, today: date | None = None) -> Measurements:
    """Measure what was seen.

    Args:
        seen: the picture and what the models saw in it.
        file: the facts of its file.
        today: the day that the picture's age is counted to; none leaves it open.
    """
    sighting, scale = seen.sighting, seen.scale
    # Frames and colourfulness need no more than the points do.
    small = _to_look_at(seen.rgb, sighting)
    frame, frame_box = additions.border(small)
    second = sighting.second
    whole = Measurements(
        file=file,
        picture_width=seen.size[0],
        picture_height=seen.size[1],
        face_count=sighting.face_count,
        turned_deg=sighting.turned_deg,
        chroma=light.chroma(small),
        border_width=frame,
        border_box=_scaled(frame_box, seen.size[0] / small.shape[1]),
        days_since_taken=_days(file.taken_on, today),
        second_face_box=(
            _scaled(Box(second.x, second.y, second.width, second.height), scale)
            if second
            else None
        ),
    )
    person, head = seen.person, seen.head
    if person is None or head is None:
        return whole
    face, window, mask = person.face, person.window, person.mask
    found = {
        **_posture(face),
        **_surface(window, face),
        **_hidden(window, face, mask, person.crown_row),
        **_surroundings(window, face, mask, scale),
        **_regions(face, head, scale),
    }
    ends = person.shoulders.result() if person.shoulders else None
    return replace(
        whole,
        turned_deg=0,
        geometry=head,
        shoulder_slope_deg=posture.slope(ends),
        camera_distance_m=posture.camera_distance(face, scale, file),
        blockiness=clarity.blockiness(seen.rgb, face, scale),
        **found,
    )


#: Measurements by the name of their attribute.
_Found = dict[str, Any]


def _posture(face: Face) -> _Found:
    aside, height = posture.gaze(face)
    return {
        "roll_deg": posture.roll(face),
        "yaw_deg": posture.yaw(face),
        "pitch_deg": posture.pitch(face),
        "eye_openness": posture.openness(face),
        "gaze_aside": aside,
        "gaze_height": height,
        "mouth_gap": posture.mouth_gap(face),
        "mouth_width": posture.mouth_width(face),
        "mouth_lift": posture.mouth_lift(face),
        "eye_distance": posture.eye_distance(face),
    }


def _surface(window: Window, face: Face) -> _Found:
    under, over = light.exposure(window, face)
    return {
        "sharpness": clarity.sharpness(window, face),
        "underexposed": under,
        "overexposed": over,
        "cheek_balance": light.cheek_balance(window, face),
        "skin_cast": light.skin_cast(window, face),
    }


def _hidden(
    window: Window, face: Face, mask: NDArray[np.float32], crown_row: float
) -> _Found:
    bridge = coverings.nose_bridge_edge(window, face)
    return {
        "lens_light": coverings.lens_light(window, face),
        "nose_bridge_edge": bridge,
        "lens_glare": coverings.lens_glare(window, face, bridge),
        "covered_face": coverings.covered_face(window, face),
        "covered_mouth": coverings.covered_mouth(window, face),
        "clear_forehead": coverings.clear_forehead(window, face),
        "crown_colour": coverings.crown_colour(window, face, mask, crown_row),
        "over_brows": coverings.over_brows(window, face),
        "ear_skin": coverings.ear_skin(window, face, mask),
    }


def _surroundings(
    window: Window, face: Face, mask: NDArray[np.float32], scale: float
) -> _Found:
    behind = background(window, face, mask)
    worn = clothes(window, face, mask)
    strokes, strokes_box = additions.letters(window, face, mask)
    return {
        "background_edges": behind.edges,
        "background_spread": behind.spread,
        "background_marks": behind.marks,
        "background_lab": behind.colour,
        "background_box": _scaled(behind.box, scale),
        "clothes_contrast": worn.contrast,
        "clothes_lab": worn.colour,
        "clothes_blue": worn.blue,
        "clothes_pattern": worn.pattern,
        "clothes_box": _scaled(worn.box, scale),
        "letters": strokes,
        "letters_box": _scaled(strokes_box, scale),
    }


def locate(rgb: Pixels, *, model: FaceModel) -> FaceGeometry | None:
    """Return only where the head of a portrait is, in pixels of it; none without a face.

    What was cut out upright is upright, so which way is up is not asked.
    """
    face = model.look(rgb, upright=True).face
    if face is None or face.width < 1:
        return None
    window = window_around(rgb, face)
    crown = _crown_row(face, window, model.person_mask(window.rgb))
    return _geometry(face, window, crown, 1.0)


def _to_look_at(rgb: Pixels, sighting: Sighting) -> Pixels:
    """Return the picture as small as the models looked at it."""
    return rgb if sighting.small is None else sighting.small


def _days(taken: date | None, today: date | None) -> int | None:
    return None if taken is None or today is None else (today - taken).days


def _geometry(
    face: Face, window: Window, crown: tuple[float, bool], scale: float
) -> FaceGeometry:
    eye_y = (face.left_iris[1] + face.right_iris[1]) / 2 - _PUPIL_BIAS * face.width
    return FaceGeometry(
        crown_y=window.to_picture(0, crown[0])[1],
        crown_cut=crown[1],
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


def _regions(face: Face, head: FaceGeometry, scale: float) -> _Found:
    """Return where to look for what, by the name of its measurement."""
    width = head.face_width
    wide, high = 1.5 * width, head.chin_y - head.crown_y
    left = head.centre_x - wide / 2
    brows = np.concatenate(face.brow_outlines)
    return {
        "eyes_box": _box(face.eyes, scale, grow=0.15 * face.width),
        "brows_box": _box(brows, scale, grow=0.08 * face.width),
        "mouth_box": _box(face.mouth, scale, grow=0.08 * face.width),
        "hair_box": Box(
            left, head.crown_y, wide, max(head.eye_y - head.crown_y, width / 4)
        ),
        "ears_box": Box(left, head.eye_y - 0.1 * width, wide, 0.6 * width),
        "neck_box": Box(left, head.chin_y - 0.1 * width, wide, 0.7 * width),
        "shoulders_box": Box(
            head.centre_x - 1.2 * width, head.chin_y, 2.4 * width, 0.6 * high
        ),
    }


def _box(points: Points, scale: float, *, grow: float) -> Box:
    low = points[:, :2].min(axis=0) - grow
    size = points[:, :2].max(axis=0) + grow - low
    return Box(*(float(v) * scale for v in (*low, *size)))


def _scaled(box: Box | None, scale: float) -> Box | None:
    if box is None:
        return None
    return Box(box.x * scale, box.y * scale, box.width * scale, box.height * scale)
