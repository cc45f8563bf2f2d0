"""A real portrait for demonstrations, tests and benchmarks."""

from __future__ import annotations

import io
from typing import Final

import cv2
import numpy as np
from PIL import Image

#: The part of the portrait that is photographed, with more wall above: 3:4, and close
#: enough for a portrait from one megapixel.
_LEFT: Final = 34
_WIDTH: Final = 402
_HEIGHT: Final = 536
_WALL_ABOVE: Final = 60
#: A phone's grain and coding: together 0.27 MB a megapixel, in the middle of what
#: phones write. Enlarging alone leaves soft areas, which code into a fraction of that.
_GRAIN: Final = 14.0
_QUALITY: Final = 92


def sample_portrait() -> bytes:
    """Return NASA's portrait of Eileen Collins as PNG, 512×512 px.

    Raises:
        ImportError: scikit-image, a development dependency, is not installed.
    """
    from skimage import data  # noqa: PLC0415 - see above

    out = io.BytesIO()
    pixels = data.astronaut()  # type: ignore[no-untyped-call] # no types
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def phone_photo(megapixels: float) -> bytes:
    """Return that portrait as a phone's JPEG of so many megapixels, 3:4, with grain.

    The same bytes for the same number. Raises ImportError as ``sample_portrait`` does.
    """
    portrait = np.asarray(Image.open(io.BytesIO(sample_portrait())))
    wall = cv2.copyMakeBorder(portrait, _WALL_ABOVE, 0, 0, 0, cv2.BORDER_REPLICATE)
    part = wall[:_HEIGHT, _LEFT : _LEFT + _WIDTH]
    width = round((megapixels * 1e6 * 3 / 4) ** 0.5)
    size = (width, round(width * 4 / 3))
    large = cv2.resize(part, size, interpolation=cv2.INTER_LANCZOS4)
    random = np.random.default_rng(0)
    noise = np.asarray(random.standard_normal(large.shape, np.float32))
    # Sensors see one colour a place; what is made up in between smooths the grain.
    grain = cv2.GaussianBlur(noise, (0, 0), 0.6)
    noisy = np.clip(large + _GRAIN * grain, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(noisy).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
