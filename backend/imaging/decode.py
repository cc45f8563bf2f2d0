"""Opening pictures that strangers send.

Only the formats phones make are opened. Size is checked on the header, before a pixel is
allocated; a picture that ends early, moves, or lies about itself is refused by name.
"""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from collections.abc import Callable
from typing import Final, TypeVar

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from backend.domain.errors import PhotoUnreadableError

Pixels = NDArray[np.uint8]
T = TypeVar("T")

#: Phones reach 50 megapixels; 60 of them decoded take 180 MB.
MOST_PIXELS: Final = 60_000_000
#: Below this there is no face to find.
LEAST_SIDE: Final = 64
#: Pillow opens an MPO, several JPEGs in one file, as the JPEG it begins with.
_FORMATS: Final = ("JPEG", "PNG", "WEBP", "HEIF")
_OTHERS: Final = {
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"%PDF": "PDF",
    b"<svg": "SVG",
    b"<?xml": "SVG",
}
#: Bits per sample of Pillow's modes that are wider than eight.
_WIDE_MODES: Final = frozenset({"I", "I;16", "I;16B", "I;16L", "F"})
#: Two 12-megapixel pictures at once are enough for one process.
_slots = threading.BoundedSemaphore(2)

pillow_heif.register_heif_opener(thumbnails=False)
# Our own limit is checked before any pixel is allocated.
Image.MAX_IMAGE_PIXELS = None
# Pillow's remarks on odd metadata change nothing. Set once: the standard library's way of
# doing it for a moment is not safe between threads.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


def open_header(data: bytes) -> Image.Image:
    """Return the picture with its header read and its pixels not.

    Raises:
        PhotoUnreadableError: ``not_a_picture``, ``unsupported_format``,
            ``too_many_pixels``, ``picture_too_small``, ``animated_picture``.
    """
    picture = guarded(lambda: Image.open(io.BytesIO(data), formats=_FORMATS), data)
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise PhotoUnreadableError("too_many_pixels", megapixels=MOST_PIXELS // 10**6)
    if min(width, height) < LEAST_SIDE:
        raise PhotoUnreadableError("picture_too_small", least=LEAST_SIDE)
    if picture.format in {"PNG", "WEBP"} and getattr(picture, "n_frames", 1) > 1:
        raise PhotoUnreadableError("animated_picture")
    return picture


def decode(data: bytes) -> Pixels:
    """Return the upright picture, (H, W, 3) RGB in sRGB; raises PhotoUnreadableError."""
    return decode_at_least(data, min_short_side_px=MOST_PIXELS)[0]


def decode_at_least(data: bytes, *, min_short_side_px: int) -> tuple[Pixels, float]:
    """Return the upright picture, reduced where the format allows it for free.

    A JPEG can be decoded at a half, a quarter or an eighth at a fraction of the cost. The
    second value is full-resolution pixels per pixel returned.
    """
    picture = open_header(data)
    full = picture.width
    if picture.format in {"JPEG", "MPO"}:
        short = min(picture.size)
        share = min(1.0, min_short_side_px / short)
        wanted = (int(picture.width * share), int(picture.height * share))
        guarded(lambda: picture.draft(None, wanted), data)
    with _slots:
        guarded(picture.load, data)
        scale = full / picture.width
        upright = guarded(lambda: ImageOps.exif_transpose(picture), data)
        return np.asarray(guarded(lambda: _true_colour(upright), data)), scale


def guarded(step: Callable[[], T], data: bytes) -> T:
    """Run one step of Pillow's; whatever it raises becomes one of our refusals."""
    try:
        return step()
    except UnidentifiedImageError:
        raise _unidentified(data) from None
    except (
        OSError,
        ValueError,
        SyntaxError,
        TypeError,
        KeyError,
        IndexError,
        EOFError,
        OverflowError,
        ArithmeticError,
        AttributeError,
        RuntimeError,
        struct.error,
        zlib.error,
    ):
        # The decoders raise all of these for damaged files, and say nothing more useful.
        raise PhotoUnreadableError("picture_damaged") from None


def _unidentified(data: bytes) -> PhotoUnreadableError:
    start = data[:16].lstrip()
    for magic, name in _OTHERS.items():
        if start.startswith(magic):
            return PhotoUnreadableError("unsupported_format", format=name)
    if data[:3] == b"\xff\xd8\xff" or data[:4] in {b"\x89PNG", b"RIFF"}:
        return PhotoUnreadableError("picture_damaged")
    return PhotoUnreadableError("not_a_picture")


def _true_colour(picture: Image.Image) -> Image.Image:
    """Return the picture as 8-bit RGB in sRGB, transparency on white."""
    picture = _to_srgb(picture)
    if picture.mode in _WIDE_MODES:
        # Sixteen bits become eight by dropping the lower byte.
        wide = np.asarray(picture)
        high = wide.max(initial=0) > 255  # noqa: PLR2004 - eight bits
        narrow = (wide.astype(np.uint32) >> (8 if high else 0)).clip(0, 255)
        picture = Image.fromarray(narrow.astype(np.uint8))
    if picture.has_transparency_data:
        layers = picture.convert("RGBA")
        white = Image.new("RGBA", layers.size, "white")
        picture = Image.alpha_composite(white, layers)
    return picture.convert("RGB")


def _to_srgb(picture: Image.Image) -> Image.Image:
    """Convert by the embedded profile: phones note Display P3, which looks dull as sRGB."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in {"RGB", "CMYK", "L"}:
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, source, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A damaged profile is no reason to refuse a good picture.
        return picture
    return converted if converted is not None else picture
