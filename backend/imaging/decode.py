"""From a stranger's bytes to upright RGB pixels, or a refusal.

The decoders are given the coded picture only: notes were read by our own readers, sizes
were checked before anything is allocated, and animated, oversized or cut files never get
here. Nothing global is touched, so any number of threads may decode at once.
"""

from __future__ import annotations

import io
import struct
import threading
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from backend.imaging import heic
from backend.imaging.header import Header, damaged, is_srgb
from backend.imaging.probe import read_header

Pixels: TypeAlias = NDArray[np.uint8]

#: What Pillow's decoders raise; all of it means the bytes are at fault.
_ERRORS: Final = (
    *heic.ERRORS,
    LookupError,
    TypeError,
    ArithmeticError,
    struct.error,
    zlib.error,
)
# One class per format instead of ``Image.open``: it offers no other format, and does not
# warn about notes through a global that threads share.
_OPENERS: Final[Mapping[str, Callable[[bytes], Image.Image]]] = MappingProxyType(
    {
        "JPEG": lambda data: JpegImageFile(io.BytesIO(data)),
        "PNG": lambda data: PngImageFile(io.BytesIO(data)),
        "WEBP": lambda data: WebPImageFile(io.BytesIO(data)),
        "HEIC": heic.decode,
    }
)
#: JPEG decodes to these fractions of its size for less than the price of the whole.
_FACTORS: Final = (8, 4, 2)
# A picture at the limit takes half a gigabyte while it is turned and converted.
_slots: Final = threading.BoundedSemaphore(2)
_WHITE: Final = (255, 255, 255, 255)
_PROFILE_SPACES: Final = MappingProxyType({"RGB": "RGB", "CMYK": "CMYK", "L": "GRAY"})

# EXIF orientation → how the stored rows and columns become upright: whether they are
# swapped first, then whether rows and columns are reversed (Exif 3.0 §4.6.5.1.6).
_TURNS: Final[Mapping[int, tuple[bool, int, int]]] = MappingProxyType(
    {
        1: (False, 1, 1),
        2: (False, 1, -1),
        3: (False, -1, -1),
        4: (False, -1, 1),
        5: (True, 1, 1),
        6: (True, 1, -1),
        7: (True, -1, -1),
        8: (True, -1, 1),
    }
)


def decode(data: bytes) -> Pixels:
    """Return the whole picture, upright: height×width×3, RGB, 8 bits.

    Grey and CMYK become RGB, an embedded profile (phones: Display P3) becomes sRGB,
    transparent parts become white. Of 16 bits the upper eight are kept: the picture looks
    the same, and refusing it would help nobody.

    Raises:
        PhotoUnreadableError: as ``probe`` does, or ``picture_damaged``.
    """
    return _decoded(read_header(data), 1)


def decode_at_least(data: bytes, *, min_short_side_px: int) -> tuple[Pixels, float]:
    """Return the upright picture reduced by 2, 4 or 8 if its short side allows it.

    Returns:
        The pixels, and how many full-resolution pixels one of them stands for.

    Raises:
        PhotoUnreadableError: as ``decode`` does.
    """
    header = read_header(data)
    room = min(header.width, header.height) // max(1, min_short_side_px)
    factor = next((f for f in _FACTORS if f <= room), 1)
    return _decoded(header, factor), float(factor)


def _decoded(header: Header, factor: int) -> Pixels:
    try:
        with _slots, _OPENERS[header.format](header.pixels) as image:
            if image.size != (header.width, header.height):
                raise damaged()
            if isinstance(image, JpegImageFile):
                image.draft(None, (header.width // factor, header.height // factor))
            image.load()
            stored = np.asarray(_rgb(image, header, factor))
            return _upright(stored, header.exif.orientation)
    except _ERRORS:
        raise damaged() from None


def _rgb(image: Image.Image, header: Header, factor: int) -> Image.Image:
    """Return an RGB picture on white, reduced and in sRGB."""
    if image.mode.startswith("I"):
        deep = np.asarray(image).astype(np.uint16) >> 8
        image = Image.fromarray(deep.astype(np.uint8))
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        image = Image.new("RGBA", clear.size, _WHITE)
        image.alpha_composite(clear)
        image = image.convert("RGB")
    if image.mode not in _PROFILE_SPACES:
        image = image.convert("RGB")
    if factor > 1 and header.format != "JPEG":
        image = image.reduce(factor)
    if header.profile is not None and not is_srgb(header.profile):
        image = _srgb(image, header.profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def _srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return the picture in sRGB; a profile that does not fit or parse is ignored.

    Viewers ignore such profiles too, so this is what the sender saw.
    """
    try:
        given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if given.profile.xcolor_space.strip() != _PROFILE_SPACES[image.mode]:
            return image
        transform = ImageCms.buildTransform(
            given, ImageCms.createProfile("sRGB"), image.mode, "RGB"
        )
        return transform.apply(image)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image


def _upright(stored: Pixels, orientation: int) -> Pixels:
    swapped, down, across = _TURNS[orientation]
    rows = stored.transpose(1, 0, 2) if swapped else stored
    return np.ascontiguousarray(rows[::down, ::across])
