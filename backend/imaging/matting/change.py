"""A portrait before one colour: only what is behind the person changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from backend.domain.measurements import FaceGeometry, MatteFacts
from backend.domain.policy import Colour
from backend.imaging.landmarks import Pixels
from backend.imaging.matting.alpha import solve
from backend.imaging.matting.colours import person_colours
from backend.imaging.matting.facts import Separation, facts_of
from backend.imaging.matting.masks import Mask, person_mask
from backend.imaging.matting.regions import head_regions
from backend.imaging.matting.trimap import trimap
from backend.imaging.matting.wall import continued, wall_behind

#: Where both sides differ less than about this, in RGB from 0 to 1, the mask counts more.
_ALIKE: Final = 0.15
_LEAN: Final = 0.05
#: The mask's own edge is softer than the person's.
_SHARPEN: Final = 1.5
#: Less than this of either side is noise, not a mixture.
_TRACE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Changed:
    """A portrait with another background.

    Attributes:
        rgb: (H, W, 3); where alpha is 1 the pixels are those of the portrait it was made of.
        alpha: how much of each pixel is the person, 0 to 1, (H, W).
        facts: how well it went.
    """

    rgb: Pixels = field(repr=False)
    alpha: NDArray[np.float32] = field(repr=False)
    facts: MatteFacts


def change_background(
    rgb: Pixels,
    head: FaceGeometry,
    colour: Colour,
    mask_of: Callable[[Pixels], Mask],
) -> Changed:
    """Return a portrait before a plain colour.

    Args:
        rgb: the portrait, (H, W, 3), upright.
        head: where the head is in it.
        colour: of the new background, sRGB.
        mask_of: the model that says where the person is.
    """
    mask = person_mask(rgb, head, mask_of)
    regions = head_regions(head, mask.shape)
    known = trimap(rgb, mask, regions)
    wall = wall_behind(rgb, known == 0)
    contrast = np.linalg.norm(continued(rgb, known == 1) - wall.colours, axis=2)
    alpha = solve(
        rgb,
        known,
        prior=_sharpened(mask),
        weight=np.asarray(_LEAN * np.exp(-((contrast / _ALIKE) ** 2)), np.float32),
    )
    alpha = np.clip((alpha - _TRACE) / (1 - 2 * _TRACE), 0, 1)
    return Changed(
        rgb=_before(colour, rgb, alpha),
        alpha=alpha,
        facts=facts_of(Separation(rgb, mask, known, alpha, contrast, wall, regions)),
    )


def _sharpened(mask: Mask) -> NDArray[np.float32]:
    soft = cv2.GaussianBlur(mask, (0, 0), 1.0)
    return np.asarray(np.clip((soft - 0.5) * _SHARPEN + 0.5, 0, 1), np.float32)


def _before(colour: Colour, rgb: Pixels, alpha: NDArray[np.float32]) -> Pixels:
    """Return the person before a colour; what is all person stays as it is."""
    part = alpha[..., None]
    behind = np.array(colour, np.float32)
    mixed = part * person_colours(rgb, alpha) * 255 + (1 - part) * behind
    return np.where(part >= 1, rgb, np.clip(np.rint(mixed), 0, 255)).astype(np.uint8)
