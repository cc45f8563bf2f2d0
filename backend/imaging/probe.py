"""What a file is, told from its bytes without decoding a pixel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final

from backend.domain.errors import PhotoUnreadableError
from backend.domain.photo import FileFacts
from backend.imaging import heic, jpeg, png, webp
from backend.imaging.header import MAX_PIXELS, MIN_SIDE, Header, unsupported

#: Formats that people do send and that are refused by name.
_NAMED: Final[Mapping[bytes, str]] = MappingProxyType(
    {
        b"GIF8": "GIF",
        b"BM": "BMP",
        b"II*\0": "TIFF",
        b"MM\0*": "TIFF",
        b"%PDF-": "PDF",
        b"\0\0\0\x0cjP  ": "JPEG 2000",
        b"\0\0\0\x0cJXL ": "JPEG XL",
        b"\xff\x0a": "JPEG XL",
        b"8BPS": "PSD",
    }
)
_TEXT_HEAD: Final = 1024
# ZIP 4.3.16: the directory's end record, 22 bytes and a comment of at most 64 KiB.
_ZIP_END: Final = b"PK\5\6"
_ZIP_END_BYTES: Final = 22
_ZIP_TAIL: Final = _ZIP_END_BYTES + 0xFFFF
_MAX_EXTENSION: Final = 10


def probe(data: bytes, *, filename: str | None = None) -> FileFacts:
    """Return the facts of a picture file; the name serves for its extension only.

    Raises:
        PhotoUnreadableError: ``not_a_picture``, ``unsupported_format``,
            ``picture_damaged`` (cut short, too), ``too_many_pixels``,
            ``picture_too_small``, ``animated_picture`` or ``picture_polyglot``.
    """
    header = read_header(data)
    return FileFacts(
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        format=header.format,
        width=header.width,
        height=header.height,
        bits_per_sample=header.bits_per_sample,
        components=header.components,
        colour=header.colour,
        dpi=header.dpi,
        jpeg_quality=header.jpeg_quality,
        jpeg_quality_exact=header.jpeg_quality_exact,
        trailing_bytes=header.trailing_bytes,
        orientation=header.exif.orientation,
        frames=header.frames,
        extension=_extension(filename),
        taken_on=header.exif.taken_on,
    )


def read_header(data: bytes) -> Header:
    """Return the header of a picture that may be decoded; raises as ``probe`` does."""
    header = _reader(data)(data)
    if header.width * header.height > MAX_PIXELS:
        raise PhotoUnreadableError("too_many_pixels", megapixels=MAX_PIXELS // 10**6)
    if min(header.width, header.height) < MIN_SIDE:
        raise PhotoUnreadableError("picture_too_small", least=MIN_SIDE)
    if header.format in {"PNG", "WEBP"} and header.frames > 1:
        raise PhotoUnreadableError("animated_picture")
    if _is_also_something_else(data):
        raise PhotoUnreadableError("picture_polyglot")
    return header


def _reader(data: bytes) -> Callable[[bytes], Header]:
    if data.startswith(jpeg.SIGNATURE):
        return jpeg.read_header
    if data.startswith(png.SIGNATURE):
        return png.read_header
    if webp.is_webp(data):
        return webp.read_header
    if heic.is_box_file(data):
        return heic.read_header
    for signature, name in _NAMED.items():
        if data.startswith(signature):
            raise unsupported(name)
    if b"<svg" in data[:_TEXT_HEAD].lower():
        raise unsupported("SVG")
    raise PhotoUnreadableError("not_a_picture")


def _is_also_something_else(data: bytes) -> bool:
    """Tell whether other programs would take the file for a ZIP or a PDF.

    Films and further pictures behind a photo are what phones make and are no harm.
    """
    tail = data[-_ZIP_TAIL:]
    found = tail.rfind(_ZIP_END)
    if 0 <= found <= len(tail) - _ZIP_END_BYTES:
        comment = int.from_bytes(tail[found + 20 : found + 22], "little")
        if comment == len(tail) - found - _ZIP_END_BYTES:
            return True
    return b"%PDF-" in data[:_TEXT_HEAD]


def _extension(filename: str | None) -> str | None:
    if filename is None:
        return None
    suffix = PurePosixPath(filename.replace("\\", "/")).suffix[1:].lower()
    return suffix if suffix.isascii() and 0 < len(suffix) <= _MAX_EXTENSION else None
