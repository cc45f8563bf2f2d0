"""Reading a JPEG's segments without decoding it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

_SOI, _EOI, _SOS, _DQT, _APP0, _COM = 0xD8, 0xD9, 0xDA, 0xDB, 0xE0, 0xFE
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
#: Start of frame, all codings; C4, C8 and CC are other markers (ITU-T T.81, table B.1).
_SOF: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_APP15: Final = 0xEF
#: In coded data 0xFF is followed by 0x00, a restart marker or another 0xFF (T.81, B.1.1).
_BETWEEN_SCANS: Final = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
_COLOUR_MARKS: Final = frozenset({b"JFIF\0", b"Adobe"})

#: The luminance table of ITU-T T.81, table K.1, in zigzag order, quality 50.
_LUMINANCE: Final[NDArray[np.float64]] = np.array(
    [
        16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40,
        26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
        56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87,
        95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
    ],
    np.float64,
)  # fmt: skip


def _scaled(quality: int) -> NDArray[np.float64]:
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality  # noqa: PLR2004
    return np.clip(np.floor((_LUMINANCE * percent + 50) / 100), 1, 255)


#: A row for each quality from 1 to 100.
_STANDARD: Final = np.stack([_scaled(quality) for quality in range(1, 101)])


@dataclass(frozen=True, slots=True)
class Segment:
    """One marker segment: ``start`` to ``end`` with its marker and length bytes."""

    marker: int
    start: int
    end: int
    body: bytes


@dataclass(frozen=True, slots=True)
class JpegFacts:
    """What the segments say."""

    bits: int
    components: int
    density: tuple[float, float] | None
    quality: int | None
    quality_exact: bool
    end: int | None


def segments(data: bytes) -> Iterator[Segment]:
    """Yield the segments up to the first scan; raises ValueError for a broken chain."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:  # noqa: PLR2004 - every marker starts so
            raise ValueError("marker expected")
        marker = data[at + 1]
        if marker == 0xFF:  # noqa: PLR2004 - fill byte before a marker
            at += 1
            continue
        if marker in _STANDALONE:
            at += 2
            continue
        if marker == _EOI:
            return
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if end > len(data) or end < at + 4:
            raise ValueError("segment runs over the end")
        yield Segment(marker, at, end, data[at + 4 : end])
        if marker == _SOS:
            return
        at = end


def read_facts(data: bytes) -> JpegFacts:
    """Return the facts of a JPEG; raises ValueError when it has no frame."""
    frame, density, table, scan = None, None, None, None
    for segment in segments(data):
        if segment.marker in _SOF and frame is None:
            frame = segment.body
        elif segment.marker == _APP0 and density is None:
            density = _density(segment.body)
        elif segment.marker == _DQT and table is None:
            table = _table(segment.body)
        elif segment.marker == _SOS:
            scan = segment.end
    if frame is None or len(frame) < 6:  # noqa: PLR2004 - precision, size, components
        raise ValueError("no frame")
    quality, exact = estimate_quality(table) if table is not None else (None, False)
    return JpegFacts(
        bits=frame[0],
        components=frame[5],
        density=density,
        quality=quality,
        quality_exact=exact,
        end=_end(data, scan) if scan is not None else None,
    )


def scans(data: bytes) -> int:
    """Return how many scans the picture is coded in: each is a pass over all its pixels."""
    first = next((s for s in segments(data) if s.marker == _SOS), None)
    if first is None:
        return 0
    return 1 + sum(m == _SOS for m, _ in _markers_after(data, first.end))


def estimate_quality(table: NDArray[np.float64]) -> tuple[int, bool]:
    """Return the quality whose standard table is nearest, and whether it is equal.

    The Independent JPEG Group scales table K.1 by 5000/Q below 50 and 200 − 2Q above, in
    percent; cameras and Photoshop use tables of their own, for which it is an estimate.
    """
    apart = np.square(_STANDARD - table).sum(axis=1)
    best = int(apart.argmin())
    return best + 1, bool(apart[best] == 0)


def without_metadata(data: bytes) -> bytes:
    """Return the file less every application and comment segment but JFIF's and Adobe's.

    Nothing is coded again: the frame, the tables and the scan stay byte for byte. Adobe's
    mark stays since it says how the samples are coded, and nothing else.
    Whatever follows the end of the picture goes as well. Raises ValueError.
    """
    kept = [data[:2]]
    scan = 0
    for segment in segments(data):
        if segment.marker == _SOS:
            scan = segment.start
            break
        private = _APP0 <= segment.marker <= _APP15 or segment.marker == _COM
        if not private or segment.body[:5] in _COLOUR_MARKS:
            kept.append(data[segment.start : segment.end])
    end = read_facts(data).end
    if not scan or end is None:
        raise ValueError("no whole picture")
    return b"".join([*kept, data[scan:end]])


def _table(body: bytes) -> NDArray[np.float64] | None:
    """Return table 0 of a DQT segment, 8 or 16 bits a value."""
    at = 0
    while at < len(body):
        wide, number = body[at] >> 4, body[at] & 15
        size = 128 if wide else 64
        values = body[at + 1 : at + 1 + size]
        if len(values) < size:
            return None
        if number == 0:
            kind = ">u2" if wide else "u1"
            return np.frombuffer(values, kind).astype(np.float64)
        at += 1 + size
    return None


def _density(body: bytes) -> tuple[float, float] | None:
    """Return pixels per inch from JFIF; unit 1 is per inch, 2 per centimetre."""
    if body[:5] != b"JFIF\0" or len(body) < 12:  # noqa: PLR2004 - up to the density
        return None
    unit = body[7]
    x, y = int.from_bytes(body[8:10]), int.from_bytes(body[10:12])
    if unit == 1:
        return float(x), float(y)
    return (x * 2.54, y * 2.54) if unit == 2 else None  # noqa: PLR2004 - see above


def _end(data: bytes, scan: int) -> int | None:
    """Return the offset after the picture's end marker; ``scan`` is where coded data starts."""
    for marker, at in _markers_after(data, scan):
        if marker == _EOI:
            return at + 2
    return None


def _markers_after(data: bytes, scan: int) -> Iterator[tuple[int, int]]:
    """Yield the markers from the first coded data on, to the end marker, and their offsets.

    A marker that is not part of the coded data begins a segment between two scans, or is
    the end of the picture.
    """
    at = scan
    while found := _BETWEEN_SCANS.search(data, at):
        at = found.start()
        marker = data[at + 1]
        yield marker, at
        if marker == _EOI or at + 4 > len(data):
            return
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
