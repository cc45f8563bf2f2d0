"""The facts of a file, from its header only."""

from __future__ import annotations

import hashlib
from typing import Final

from PIL import Image

from backend.domain.photo import FileFacts
from backend.imaging import jpeg
from backend.imaging.decode import guarded, notes_of, open_header, orientation_of
from backend.imaging.notes import camera_notes, editor, focal_35mm, taken_on

_NAMES: Final = {
    "JPEG": "JPEG",
    "MPO": "JPEG",
    "PNG": "PNG",
    "WEBP": "WEBP",
    "HEIF": "HEIC",
}
#: Pillow's mode: colour model, components, bits per sample.
_MODES: Final = {
    "1": ("grey", 1, 1),
    "L": ("grey", 1, 8),
    "LA": ("grey", 2, 8),
    "P": ("palette", 1, 8),
    "PA": ("palette", 2, 8),
    "RGB": ("rgb", 3, 8),
    "RGBA": ("rgb", 4, 8),
    "CMYK": ("cmyk", 4, 8),
    "YCbCr": ("rgb", 3, 8),
}
_WIDE: Final = ("grey", 1, 16)
#: Where a PNG says how wide its samples are: after signature, IHDR and the two sides.
_PNG_DEPTH: Final = 24


def probe(data: bytes, *, filename: str | None = None) -> FileFacts:
    """Return the facts of a picture file; no pixel is decoded.

    Raises:
        PhotoUnreadableError: see :func:`backend.imaging.decode.open_header`.
    """
    picture = open_header(data)
    colour, components, bits = _MODES.get(picture.mode, _WIDE)
    name = _NAMES[picture.format or "JPEG"]
    facts = guarded(lambda: jpeg.read_facts(data), data) if name == "JPEG" else None
    notes = notes_of(picture, data)
    camera = camera_notes(notes, data)
    return FileFacts(
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        format=name,
        width=picture.width,
        height=picture.height,
        bits_per_sample=facts.bits if facts else _bits(picture, data, bits),
        components=facts.components if facts else components,
        colour=colour,
        dpi=facts.density if facts and facts.density else _dpi(picture),
        jpeg_quality=facts.quality if facts else None,
        jpeg_quality_exact=facts.quality_exact if facts else False,
        trailing_bytes=len(data) - facts.end if facts and facts.end else 0,
        orientation=orientation_of(notes),
        frames=getattr(picture, "n_frames", 1),
        extension=_extension(filename),
        taken_on=taken_on(camera),
        focal_35mm=focal_35mm(camera, picture.size),
        editor=editor(notes, picture.info.get("xmp")),
    )


def _bits(picture: Image.Image, data: bytes, shown: int) -> int:
    """Return the bits per sample as stored, which Pillow's mode hides beyond eight."""
    if picture.format == "PNG":
        return data[_PNG_DEPTH]
    return int(picture.info.get("bit_depth", shown))


def _dpi(picture: Image.Image) -> tuple[float, float] | None:
    try:
        x, y = picture.info["dpi"]
        return float(x), float(y)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None


def _extension(filename: str | None) -> str | None:
    if not filename or "." not in filename:
        return None
    return filename.rpartition(".")[2].lower()
