"""Real faces for tests: the portrait that scikit-image brings, and variants of it."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data


@cache
def astronaut() -> NDArray[np.uint8]:
    """Return NASA's portrait of Eileen Collins, (512, 512, 3) RGB."""
    pixels: NDArray[np.uint8] = np.asarray(data.astronaut(), np.uint8)  # type: ignore[no-untyped-call] # no types
    return pixels


def as_jpeg(rgb: NDArray[np.uint8], **options: Any) -> bytes:
    """Return pixels as a JPEG."""
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", **{"quality": 90, **options})
    return out.getvalue()


def unlike(jpeg: bytes, number: int) -> bytes:
    """Return the same picture as another file: only a comment differs."""
    comment = f"copy {number}".encode()
    segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment
    return jpeg[:2] + segment + jpeg[2:]
