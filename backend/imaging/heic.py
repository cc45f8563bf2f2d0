"""HEIC files (ISO/IEC 23008-12): what iPhones and many others make."""

from __future__ import annotations

from typing import Any, Final

import pillow_heif
from PIL import Image

from backend.imaging.exif import Exif, read_exif
from backend.imaging.header import (
    MAX_PIXELS,
    MAX_PROFILE_BYTES,
    Header,
    colour_name,
    damaged,
    unsupported,
)

_HEVC_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
)
_AVIF_BRANDS: Final = frozenset({b"avif", b"avis"})
_GENERAL_BRANDS: Final = frozenset({b"mif1", b"msf1", b"mif2"})
#: What libheif's binding raises; all of it means the bytes are at fault.
ERRORS: Final = (ValueError, EOFError, SyntaxError, RuntimeError, OSError, MemoryError)
_SIZE_BYTES: Final = 4
_BOX_HEAD: Final = 8
_LARGE_BOX_HEAD: Final = 16
_MAX_BOXES: Final = 1000
_COLOURS: Final = {"L": ("grey", 1), "LA": ("grey-alpha", 2), "RGBA": ("rgb-alpha", 4)}


def is_box_file(data: bytes) -> bool:
    """Tell whether the bytes begin as a file of boxes does: HEIC, AVIF, MP4 and others."""
    return data[4:8] == b"ftyp"


def read_header(data: bytes) -> Header:
    """Return the header of a HEIC's primary picture.

    Its sizes are upright already: turning is part of the format, and an EXIF orientation
    beside it is to be ignored (ISO/IEC 23008-12 §A.2.2).

    Raises:
        PhotoUnreadableError: ``picture_damaged`` or ``unsupported_format``.
    """
    _check_brands(data)
    end = _end_of_boxes(data)
    try:
        container = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
        picture = container[container.primary_index]
    except ERRORS:
        raise damaged() from None
    width, height = picture.size
    colour, components = _COLOURS.get(picture.mode, ("rgb", 3))
    info: dict[str, Any] = picture.info
    profile: bytes | None = info.get("icc_profile") or None
    if profile is not None and len(profile) > MAX_PROFILE_BYTES:
        profile = None
    notes = read_exif(info.get("exif") or b"")
    return Header(
        format="HEIC",
        width=width,
        height=height,
        bits_per_sample=int(info["bit_depth"]),
        components=components,
        colour=colour_name(colour, profile),
        dpi=notes.dpi,
        trailing_bytes=len(data) - end,
        exif=Exif(dpi=notes.dpi, taken_on=notes.taken_on),
        frames=len(container),
        profile=profile,
        pixels=data,
    )


def decode(data: bytes) -> Image.Image:
    """Return the primary picture, upright."""
    container = pillow_heif.open_heif(data, convert_hdr_to_8bit=True)
    picture = container[container.primary_index]
    if picture.size[0] * picture.size[1] > MAX_PIXELS:
        raise damaged()
    image: Image.Image = picture.to_pillow()
    return image


def _check_brands(data: bytes) -> None:
    size = int.from_bytes(data[:4], "big")
    brands = {data[8:12], *(data[i : i + 4] for i in range(16, min(size, 256), 4))}
    if brands & _AVIF_BRANDS:
        raise unsupported("AVIF")
    if not brands & (_HEVC_BRANDS | _GENERAL_BRANDS):
        raise unsupported("MP4")


def _end_of_boxes(data: bytes) -> int:
    """Return where the last box ends."""
    position = 0
    for _ in range(_MAX_BOXES):
        if position + _BOX_HEAD > len(data):
            return position
        size = int.from_bytes(data[position : position + _SIZE_BYTES], "big")
        kind = data[position + _SIZE_BYTES : position + _BOX_HEAD]
        if not kind.isalnum():
            return position
        if size == 1:
            size = int.from_bytes(data[position + 8 : position + 16], "big")
            if size < _LARGE_BOX_HEAD:
                raise damaged()
        elif size == 0:
            return len(data)
        elif size < _BOX_HEAD:
            raise damaged()
        position += size
        if position > len(data):
            raise damaged()
    raise damaged()
