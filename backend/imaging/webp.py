"""WebP files as a row of chunks (RFC 9649), read without decoding."""

from __future__ import annotations

from typing import Final

from backend.imaging.exif import Exif, read_exif
from backend.imaging.header import (
    MAX_PROFILE_BYTES,
    Header,
    colour_name,
    damaged,
)

_RIFF_HEADER: Final = 12
_ANIMATED: Final = 0x02
_ALPHA: Final = 0x10
_LOSSY_MARK: Final = b"\x9d\x01\x2a"
_LOSSLESS_MARK: Final = 0x2F
_SIDE_BITS: Final = 0x3FFF
_MAX_CHUNKS: Final = 1000


def is_webp(data: bytes) -> bool:
    """Tell whether the bytes begin as a WebP file does."""
    return data[:4] == b"RIFF" and data[8:12] == b"WEBP"


def read_header(data: bytes) -> Header:
    """Return the header of a WebP.

    Raises:
        PhotoUnreadableError: ``picture_damaged``.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise damaged()
    chunks = _chunks(data, end)
    extended = chunks.get(b"VP8X", b"")
    flags = extended[0] if extended else 0
    width, height, alpha = _size(chunks, extended)
    if not width or not height:
        raise damaged()
    alpha = alpha or bool(flags & _ALPHA)
    profile = chunks.get(b"ICCP", b"")[:MAX_PROFILE_BYTES] or None
    exif = read_exif(chunks[b"EXIF"]) if b"EXIF" in chunks else Exif()
    return Header(
        format="WEBP",
        width=width,
        height=height,
        bits_per_sample=8,
        components=4 if alpha else 3,
        colour=colour_name("rgb-alpha" if alpha else "rgb", profile),
        dpi=exif.dpi,
        trailing_bytes=len(data) - end,
        exif=exif,
        frames=2 if flags & _ANIMATED or b"ANMF" in chunks else 1,
        profile=profile,
        pixels=data[:end],
    )


def _chunks(data: bytes, end: int) -> dict[bytes, bytes]:
    """Return the first chunk of each kind."""
    chunks: dict[bytes, bytes] = {}
    position = _RIFF_HEADER
    for _ in range(_MAX_CHUNKS):
        if position >= end:
            return chunks
        kind = data[position : position + 4]
        start = position + 8
        size = int.from_bytes(data[position + 4 : start], "little")
        if start + size > end:
            raise damaged()
        chunks.setdefault(kind, data[start : start + size])
        position = start + size + size % 2
    raise damaged()


def _size(chunks: dict[bytes, bytes], extended: bytes) -> tuple[int, int, bool]:
    """Return width, height and whether the lossless coding carries alpha."""
    if extended:
        width, height = (int.from_bytes(extended[i : i + 3], "little") for i in (4, 7))
        return width + 1, height + 1, False
    lossy, lossless = chunks.get(b"VP8 ", b""), chunks.get(b"VP8L", b"")
    if lossy[3:6] == _LOSSY_MARK:
        width, height = (int.from_bytes(lossy[i : i + 2], "little") for i in (6, 8))
        return width & _SIDE_BITS, height & _SIDE_BITS, False
    if len(lossless) >= 5 and lossless[0] == _LOSSLESS_MARK:  # noqa: PLR2004 - mark and sides
        packed = int.from_bytes(lossless[1:5], "little")
        width, height = packed & _SIDE_BITS, packed >> 14 & _SIDE_BITS
        return width + 1, height + 1, bool(packed >> 28 & 1)
    raise damaged()
