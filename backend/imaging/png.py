"""PNG files as a row of chunks (ISO/IEC 15948), read without decoding."""

from __future__ import annotations

import zlib
from typing import Final

from backend.imaging.exif import Exif, read_exif
from backend.imaging.header import (
    MAX_PROFILE_BYTES,
    Header,
    colour_name,
    damaged,
)

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
#: Colour type → name and samples per pixel.
_COLOURS: Final = {
    0: ("grey", 1),
    2: ("rgb", 3),
    3: ("palette", 1),
    4: ("grey-alpha", 2),
    6: ("rgb-alpha", 4),
}
_DEPTHS: Final = frozenset({1, 2, 4, 8, 16})
_HEADER_BYTES: Final = 13
#: What decoding needs; the rest, compressed texts among it, is never opened.
_NEEDED: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
_ONCE: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"iCCP", b"pHYs", b"eXIf"})
_NOTES: Final = frozenset({b"iCCP", b"pHYs", b"eXIf", b"acTL"})
_METRES_PER_INCH: Final = 0.0254
# Encoders write chunks of 8 KiB or more; ten megabytes of these are 1,300.
_MAX_CHUNKS: Final = 20_000


def read_header(data: bytes) -> Header:
    """Return the header of a PNG.

    Raises:
        PhotoUnreadableError: ``picture_damaged``.
    """
    chunks, pixels, end = _split(data)
    head = chunks.get(b"IHDR", b"")
    if len(head) != _HEADER_BYTES:
        raise damaged()
    width, height = (int.from_bytes(head[i : i + 4], "big") for i in (0, 4))
    if not width or not height or head[8] not in _DEPTHS or head[9] not in _COLOURS:
        raise damaged()
    name, components = _COLOURS[head[9]]
    profile = _profile(chunks.get(b"iCCP", b""))
    exif = read_exif(chunks[b"eXIf"]) if b"eXIf" in chunks else Exif()
    return Header(
        format="PNG",
        width=width,
        height=height,
        bits_per_sample=head[8],
        components=components,
        colour=colour_name(name, profile),
        dpi=_density(chunks.get(b"pHYs", b"")) or exif.dpi,
        trailing_bytes=len(data) - end,
        exif=exif,
        frames=max(1, int.from_bytes(chunks.get(b"acTL", b"")[:4], "big")),
        profile=profile,
        pixels=pixels,
    )


def _split(data: bytes) -> tuple[dict[bytes, bytes], bytes, int]:
    """Return the notes and the header, the file with only what is needed, its end."""
    chunks: dict[bytes, bytes] = {}
    kept = [SIGNATURE]
    position = len(SIGNATURE)
    for _ in range(_MAX_CHUNKS):
        length = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4 : position + 8]
        end = position + 12 + length
        if end > len(data):
            raise damaged()
        body = data[position + 8 : end - 4]
        if kind in _NEEDED:
            checksum = int.from_bytes(data[end - 4 : end], "big")
            if zlib.crc32(body, zlib.crc32(kind)) != checksum:
                raise damaged()
            kept.append(data[position:end])
        if kind in _ONCE and kind in chunks:
            raise damaged()
        if kind in _ONCE | _NOTES:
            chunks[kind] = body
        if kind == b"IEND":
            return chunks, b"".join(kept), end
        position = end
    raise damaged()


def _density(body: bytes) -> tuple[float, float] | None:
    """Return pixels per inch; unit 1 is the metre, unit 0 none."""
    across, down = (int.from_bytes(body[i : i + 4], "big") for i in (0, 4))
    if body[8:9] != b"\x01" or not across or not down:
        return None
    return across * _METRES_PER_INCH, down * _METRES_PER_INCH


def _profile(body: bytes) -> bytes | None:
    """Return the profile, inflated no further than a profile can be long."""
    _, _, packed = body.partition(b"\0")
    try:
        profile = zlib.decompressobj().decompress(packed[1:], MAX_PROFILE_BYTES)
    except zlib.error:
        return None
    return profile or None
