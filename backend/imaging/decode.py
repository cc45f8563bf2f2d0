"""Opening pictures that strangers send.

Only the formats phones make are opened. Size is checked on the header, before a pixel is
allocated; a picture that ends early, moves, or lies about itself is refused by name.
"""

from __future__ import annotations

import io
import re
import struct
import threading
import warnings
import zlib
from collections.abc import Callable
from typing import Final, TypeVar

import cv2
import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from backend.domain.errors import PhotoUnreadableError
from backend.imaging import jpeg

Pixels = NDArray[np.uint8]
T = TypeVar("T")

#: Phones reach 50 megapixels; 60 of them decoded take 180 MB.
MOST_PIXELS: Final = 60_000_000
#: Below this there is no face to find.
LEAST_SIDE: Final = 64
#: A progressive JPEG has about ten scans; each costs a pass over all pixels, however few
#: bytes it has, so that a small file of a million scans would take hours.
MOST_SCANS: Final = 100
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
#: EXIF orientation to what makes it upright (Exif 3.0 §4.6.5, tag 0x0112): whether rows
#: and columns change places, and the axis turned round then, as OpenCV numbers them.
_TURNS: Final[dict[int, tuple[bool, int | None]]] = {
    2: (False, 1),
    3: (False, -1),
    4: (False, 0),
    5: (True, None),
    6: (True, 1),
    7: (True, -1),
    8: (True, 0),
}
#: Pillow takes a PNG whose last bytes are missing; the rest may be missing too.
_PNG_END: Final = re.compile(rb"\0{4}IEND\xaeB`\x82")
_PROFILED_MODES: Final = frozenset({"RGB", "L", "CMYK"})
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
            ``too_many_pixels``, ``picture_too_small``, ``animated_picture``,
            ``picture_damaged``.
    """
    picture = guarded(lambda: Image.open(io.BytesIO(data), formats=_FORMATS), data)
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise PhotoUnreadableError("too_many_pixels", megapixels=MOST_PIXELS // 10**6)
    if min(width, height) < LEAST_SIDE:
        raise PhotoUnreadableError("picture_too_small", least=LEAST_SIDE)
    is_jpeg = picture.format in {"JPEG", "MPO"}
    if is_jpeg and guarded(lambda: jpeg.scans(data), data) > MOST_SCANS:
        raise PhotoUnreadableError("picture_damaged")
    if picture.format == "PNG" and not _PNG_END.search(data):
        raise PhotoUnreadableError("picture_damaged")
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
    turn = _TURNS.get(orientation_of(notes_of(picture, data)))
    full = picture.width
    if picture.format in {"JPEG", "MPO"}:
        short = min(picture.size)
        share = min(1.0, min_short_side_px / short)
        wanted = (int(picture.width * share), int(picture.height * share))
        guarded(lambda: picture.draft(None, wanted), data)
    with _slots:
        guarded(picture.load, data)
        scale = full / picture.width
        flat = np.asarray(guarded(lambda: _true_colour(picture), data))
        return _turned(flat, *turn) if turn else flat, scale


def _turned(rgb: Pixels, transposed: bool, axis: int | None) -> Pixels:  # noqa: FBT001 - see _TURNS
    """Return the picture turned, in half the time that Pillow takes."""
    if transposed:
        rgb = np.asarray(cv2.transpose(rgb), np.uint8)
    return rgb if axis is None else np.asarray(cv2.flip(rgb, axis), np.uint8)


def notes_of(picture: Image.Image, data: bytes) -> Image.Exif:
    """Return the camera's notes that stand before the pixels, empty when damaged.

    Pillow's own reader for PNG decodes the whole picture in search of later ones.
    """
    try:
        return guarded(lambda: Image.Image.getexif(picture), data)
    except PhotoUnreadableError:
        return Image.Exif()


def orientation_of(notes: Image.Exif) -> int:
    """Return the EXIF orientation, 1 (upright) to 8."""
    value = notes.get(ExifTags.Base.Orientation)
    return value if isinstance(value, int) and value in _TURNS else 1


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
    profile = picture.info.get("icc_profile")
    if picture.mode.startswith("I"):
        # Sixteen bits become eight by dropping the lower byte.
        narrow = np.asarray(picture).astype(np.uint32) >> 8
        picture = Image.fromarray(narrow.astype(np.uint8))
    if picture.has_transparency_data:
        layers = picture.convert("RGBA")
        white = Image.new("RGBA", layers.size, "white")
        picture = Image.alpha_composite(white, layers).convert("RGB")
    if picture.mode not in _PROFILED_MODES:
        picture = picture.convert("RGB")
    if profile:
        picture = _to_srgb(picture, profile)
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _to_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    """Convert by the embedded profile: phones note Display P3, which looks dull as sRGB."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(picture, source, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A damaged profile is no reason to refuse a good picture.
        return picture
    return converted or picture
