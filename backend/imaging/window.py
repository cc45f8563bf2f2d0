"""The part of a picture around a head, brought to one size.

All measures of light, colour and sharpness are taken here, so that their limits mean the
same for every camera.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.imaging.landmarks import Face, Pixels, Points
from backend.imaging.scaling import resized

#: The face's width in the window, pixels.
FACE_PX: Final = 200
#: The window around the eyes, in face widths: enough for high hair and the shoulders.
_SIDE: Final = 1.15
_ABOVE: Final = 1.75
_BELOW: Final = 1.65


@dataclass(frozen=True)
class Window:
    """A region of the picture at a face width of 200 px; ``scale`` leads into it."""

    rgb: Pixels
    left: int
    top: int
    scale: float

    @cached_property
    def grey(self) -> NDArray[np.uint8]:
        """Luma, 0 to 255."""
        return np.asarray(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY), np.uint8)

    @cached_property
    def lab(self) -> NDArray[np.float32]:
        """CIELAB, (H, W, 3)."""
        unit = self.rgb.astype(np.float32) / 255
        return np.asarray(cv2.cvtColor(unit, cv2.COLOR_RGB2LAB), np.float32)

    @cached_property
    def edges(self) -> NDArray[np.float32]:
        """How much the colour changes at each pixel, CIELAB units a pixel, (H, W)."""
        sizes = [
            cv2.magnitude(
                cv2.Sobel(channel, cv2.CV_32F, 1, 0, scale=0.25),
                cv2.Sobel(channel, cv2.CV_32F, 0, 1, scale=0.25),
            )
            for channel in cv2.split(self.lab)
        ]
        colour = cv2.magnitude(sizes[1], sizes[2])
        return np.asarray(cv2.magnitude(sizes[0], colour), np.float32)

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """Return the picture's coordinates of a point of the window."""
        return self.left + x / self.scale, self.top + y / self.scale

    def into(self, points: Points) -> Points:
        """Return the window's (x, y) of points of the picture."""
        origin = np.array([self.left, self.top], np.float64)
        return (points[..., :2] - origin) * self.scale


def window_around(rgb: Pixels, face: Face) -> Window:
    """Return the window around a face of the picture."""
    height, width = rgb.shape[:2]
    middle = (face.left_cheek[0] + face.right_cheek[0]) / 2
    eyes = (face.left_iris[1] + face.right_iris[1]) / 2
    left = max(0, int(middle - _SIDE * face.width))
    right = min(width, math.ceil(middle + _SIDE * face.width))
    top = max(0, int(eyes - _ABOVE * face.width))
    bottom = min(height, math.ceil(eyes + _BELOW * face.width))
    part = rgb[top:bottom, left:right]
    scale = FACE_PX / face.width
    size = (max(1, round(part.shape[1] * scale)), max(1, round(part.shape[0] * scale)))
    if scale < 1:
        small = resized(part, size)
    else:
        small = np.asarray(cv2.resize(part, size), np.uint8)
    # Where the size is right already it is a part of the picture, which no model takes.
    whole = np.ascontiguousarray(small)
    return Window(rgb=whole, left=left, top=top, scale=scale)
