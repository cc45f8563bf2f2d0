"""Head, eyes and mouth, from the face's points alone."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from backend.domain.photo import FileFacts
from backend.imaging.landmarks import Face, Points

#: Upright frontal faces measure a pitch of +3° with this model (vision facts).
_PITCH_BIAS_DEG: Final = 3.0
#: Long side of the film that a focal length is given for, and an adult's mean face width.
_FILM_MM: Final = 36.0
_FACE_M: Final = 0.14


def roll(face: Face) -> float:
    """Return how far the line of the eyes slopes, degrees; positive is clockwise."""
    across = face.right_iris - face.left_iris
    return math.degrees(math.atan2(across[1], across[0]))


def yaw(face: Face) -> float:
    """Return how far the head is turned to a side, degrees."""
    across = face.right_cheek - face.left_cheek
    return math.degrees(math.atan2(across[2], across[0]))


def pitch(face: Face) -> float:
    """Return how far the head is raised or lowered, degrees."""
    down = face.chin - face.forehead
    return math.degrees(math.atan2(down[2], down[1])) - _PITCH_BIAS_DEG


def slope(ends: tuple[Points, Points] | None) -> float | None:
    """Return how far the line between the shoulders slopes, degrees."""
    if ends is None:
        return None
    across = ends[1] - ends[0]
    return math.degrees(math.atan2(across[1], abs(across[0])))


def openness(face: Face) -> float:
    """Return the eye aspect ratio of the eye less open: lid distance over width."""
    return min(_openness(face.left_eye), _openness(face.right_eye))


def gaze(face: Face) -> tuple[float, float]:
    """Return how far the irises stand aside of and below the middle of the eyes.

    Both in widths of an eye, the mean of both eyes, so that a squint cancels out. Aside
    is to the right of the picture; the lids cover more of the iris above, so that level
    eyes measure about −0.07 in height.
    """
    offsets = [
        _offset(iris, eye)
        for iris, eye in (
            (face.left_iris, face.left_eye),
            (face.right_iris, face.right_eye),
        )
    ]
    aside, height = np.mean(offsets, axis=0)
    return float(aside), float(height)


def mouth_gap(face: Face) -> float:
    """Return the largest inner lip distance over the distance from eyes to chin."""
    gaps = np.linalg.norm(face.lips[:, 0, :2] - face.lips[:, 1, :2], axis=1)
    eyes = (face.left_iris + face.right_iris)[:2] / 2
    return float(gaps.max() / np.linalg.norm(eyes - face.chin[:2]))


def mouth_width(face: Face) -> float:
    """Return the width of the mouth over the distance between the pupils."""
    left, right = face.mouth_corners[:, :2]
    return float(np.linalg.norm(right - left)) / face.eyes_apart


def mouth_lift(face: Face) -> float:
    """Return how far the corners of the mouth lie above its middle, as its width is."""
    middle = face.lips[0, :, 1].mean()
    return float(middle - face.mouth_corners[:, 1].mean()) / face.eyes_apart


def eye_distance(face: Face) -> float:
    """Return the distance between the pupils over the width of the face.

    A very near camera enlarges what is nearest, the middle of the face.
    """
    return face.eyes_apart / face.width


def camera_distance(face: Face, scale: float, file: FileFacts) -> float | None:
    """Return how far away the camera was, metres, where it noted its focal length.

    By similar triangles: what the long side of the picture spans at that distance, over
    the face's width in it, is as the film's long side over the focal length.
    """
    if file.focal_35mm is None:
        return None
    faces_across = max(file.width, file.height) / (face.width * scale)
    return file.focal_35mm / _FILM_MM * faces_across * _FACE_M


def _openness(eye: Points) -> float:
    outer, top1, top2, inner, bottom2, bottom1 = eye[:, :2]
    lids = np.linalg.norm(top1 - bottom1) + np.linalg.norm(top2 - bottom2)
    return float(lids / (2 * np.linalg.norm(outer - inner)))


def _offset(iris: Points, eye: Points) -> Points:
    """Return an iris's place along and across its eye's axis, in widths of the eye."""
    left, right = eye[0, :2], eye[3, :2]
    axis = (right - left) / np.linalg.norm(right - left)
    width = float(np.linalg.norm(right - left))
    from_middle = iris[:2] - (left + right) / 2
    across = np.array([-axis[1], axis[0]])
    return np.array([from_middle @ axis, from_middle @ across]) / width
