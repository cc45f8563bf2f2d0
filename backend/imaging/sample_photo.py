"""A real portrait for demonstrations and tests."""

from __future__ import annotations

import io

from PIL import Image


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
