"""JPEG files as a row of segments (ITU-T T.81 Annex B), read without decoding."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from backend.imaging.exif import Exif, orientation_only, read_exif, tiff
from backend.imaging.header import (
    MAX_PROFILE_BYTES,
    Header,
    colour_name,
    damaged,
    is_srgb,
    unsupported,
)
from backend.imaging.quality import nearest_quality

SIGNATURE: Final = b"\xff\xd8\xff"
_SOI: Final = b"\xff\xd8"
_EOI: Final = b"\xff\xd9"
# Within entropy-coded data FF is followed by 00, a restart (D0 to D7) or a marker.
_MARKER: Final = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])", re.DOTALL)
_M_SOI, _M_EOI, _M_SOS, _M_DQT = 0xD8, 0xD9, 0xDA, 0xDB
_M_APP0, _M_APP1, _M_APP2, _M_APP14, _M_APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
_M_COM: Final = 0xFE
# Tables 4, 8 and C among the frame markers are DHT, JPG and DAC.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_HUFFMAN_FRAMES: Final = frozenset({0xC0, 0xC1, 0xC2})
_LOSSLESS_FRAMES: Final = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
_HIERARCHICAL_FRAMES: Final = frozenset({0xC5, 0xC6})
_COLOURS: Final = {1: "grey", 3: "rgb", 4: "cmyk"}
_ADOBE_RGB: Final = 0
# Ten megabytes of notes come in some 160 segments of 64 KiB.
_MAX_SEGMENTS: Final = 1000
# Encoders make about ten; each makes the decoder go over the whole picture once more.
_MAX_SCANS: Final = 100
_DOTS_PER_INCH: Final = {1: 1.0, 2: 2.54}
_ICC: Final = b"ICC_PROFILE\0"
_TABLE_SIZE: Final = 64
_LENGTH_BYTES: Final = 2
#: Precision, height, width, number of components; then three bytes for each of these.
_FRAME_FIXED: Final = 6
# Multi-picture format (CIPA DC-007): tag of the list of pictures, bytes of an entry.
_MPF: Final = b"MPF\0"
_MP_ENTRIES: Final = 0xB002
_MP_ENTRY_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: its marker, its payload, and, after a scan's, the coded data."""

    marker: int
    start: int
    payload: bytes
    end: int

    @property
    def is_note(self) -> bool:
        """Tell whether decoding can do without it, colour marks aside."""
        return self.marker == _M_COM or _M_APP0 <= self.marker <= _M_APP15


@dataclass(frozen=True, slots=True)
class _Frame:
    width: int
    height: int
    bits: int
    tables: tuple[int, ...]
    ids: bytes


def read_header(data: bytes) -> Header:
    """Return the header of a JPEG.

    Raises:
        PhotoUnreadableError: ``picture_damaged`` or ``unsupported_format``.
    """
    segments, end = _split(data)
    frame = _frame(segments)
    exif, profile = _exif(segments), _profile(segments)
    components = len(frame.tables)
    quality, exact = _quality(segments, frame)
    pictures, covered = _multi_picture(data, segments)
    colour = colour_name(_COLOURS[components], profile)
    dpi = _density(segments) or exif.dpi
    return Header(
        format="JPEG",
        width=frame.width,
        height=frame.height,
        bits_per_sample=frame.bits,
        components=components,
        colour=colour,
        dpi=dpi,
        jpeg_quality=quality,
        jpeg_quality_exact=exact,
        trailing_bytes=len(data) - max(end, covered),
        exif=exif,
        frames=pictures,
        profile=profile,
        pixels=_joined(data, segments, _colour_notes(segments)),
    )


def without_notes(data: bytes, *, dpi: int) -> bytes:
    """Return the same coded picture without any note that looking at it does not need.

    Kept are: pixels per inch (``dpi``, where the file says so in whichever note),
    the orientation unless upright, a colour mark the decoder depends on, and a colour
    profile other than sRGB.
    """
    segments, _ = _split(data)
    frame = _frame(segments)
    exif, profile = _exif(segments), _profile(segments)
    stated = _density(segments) or exif.dpi
    right = stated is not None and [round(v) for v in stated] == [dpi, dpi]
    notes = _colour_notes(segments)
    if right and not notes and _is_ycc(frame):
        notes = [_jfif(bytes([1]) + dpi.to_bytes(2, "big") * 2)]
    elif right and notes and notes[0].startswith(b"\xff\xe0"):
        notes[0] = _jfif(bytes([1]) + dpi.to_bytes(2, "big") * 2)
    if exif.orientation != 1:
        notes.append(_note(_M_APP1, orientation_only(exif.orientation)))
    if profile is not None and not is_srgb(profile):
        notes += [
            data[s.start : s.end]
            for s in segments
            if s.marker == _M_APP2 and s.payload.startswith(_ICC)
        ]
    return _joined(data, segments, notes)


def _split(data: bytes) -> tuple[list[Segment], int]:
    """Return the segments up to the end mark, and where the picture ends.

    Thumbnails lie inside notes, whose length leads past them.
    """
    segments: list[Segment] = []
    position = len(_SOI)
    while True:
        found = _MARKER.search(data, position)
        if found is None:
            raise damaged()
        if segments and segments[-1].marker == _M_SOS:
            last = segments[-1]
            segments[-1] = Segment(last.marker, last.start, last.payload, found.start())
        marker, start = found[1][0], found.end() - 2
        if marker == _M_EOI:
            return segments, found.end()
        if marker == _M_SOI:
            raise damaged()
        length = int.from_bytes(data[start + 2 : start + 4], "big")
        position = start + 2 + length
        if position > len(data):
            raise damaged()
        if length < _LENGTH_BYTES or len(segments) == _MAX_SEGMENTS:
            raise damaged()
        segments.append(Segment(marker, start, data[start + 4 : position], position))


def _frame(segments: Sequence[Segment]) -> _Frame:
    frames = [s for s in segments if s.marker in _FRAMES]
    scans = [s for s in segments if s.marker == _M_SOS]
    if len(frames) != 1 or not 0 < len(scans) <= _MAX_SCANS:
        raise damaged()
    marker, body = frames[0].marker, frames[0].payload
    if marker in _LOSSLESS_FRAMES:
        raise unsupported("JPEG lossless")
    if marker in _HIERARCHICAL_FRAMES:
        raise unsupported("JPEG hierarchical")
    if marker not in _HUFFMAN_FRAMES:
        raise unsupported("JPEG arithmetic")
    if len(body) < _FRAME_FIXED or len(body) != _FRAME_FIXED + 3 * body[5]:
        raise damaged()
    height, width = (int.from_bytes(body[i : i + 2], "big") for i in (1, 3))
    if body[5] not in _COLOURS or not width or not height:
        raise damaged()
    if body[0] != 8:  # noqa: PLR2004 - bits per sample
        raise unsupported(f"JPEG {body[0]} bit")
    return _Frame(width, height, body[0], tuple(body[8::3]), body[6::3])


def _density(segments: Iterable[Segment]) -> tuple[float, float] | None:
    jfif = _jfif_segment(segments)
    if jfif is None:
        return None
    factor = _DOTS_PER_INCH.get(jfif.payload[7])
    across, down = (int.from_bytes(jfif.payload[i : i + 2], "big") for i in (8, 10))
    return (across * factor, down * factor) if factor and across and down else None


def _jfif_segment(segments: Iterable[Segment]) -> Segment | None:
    for segment in segments:
        if (
            segment.marker == _M_APP0
            and segment.payload.startswith(b"JFIF\0")
            and len(segment.payload) >= 14  # noqa: PLR2004 - the fixed part of JFIF
        ):
            return segment
    return None


def _exif(segments: Iterable[Segment]) -> Exif:
    for segment in segments:
        if segment.marker == _M_APP1 and segment.payload.startswith(b"Exif\0\0"):
            return read_exif(segment.payload)
    return Exif()


def _profile(segments: Iterable[Segment]) -> bytes | None:
    """Return the colour profile, put together from its numbered pieces."""
    at = len(_ICC)
    pieces = {
        s.payload[at]: s.payload[at + 2 :]
        for s in segments
        if s.marker == _M_APP2 and s.payload.startswith(_ICC) and len(s.payload) > at
    }
    profile = b"".join(pieces[number] for number in sorted(pieces))
    return profile[:MAX_PROFILE_BYTES] or None


def _multi_picture(data: bytes, segments: Iterable[Segment]) -> tuple[int, int]:
    """Return how many pictures the file holds, and where the last of them ends.

    Phones keep a depth or brightness map, or a second view, as a further JPEG behind the
    first. Only entries that lead to a JPEG count.
    """
    count, end = 1, 0
    for segment in segments:
        if segment.marker != _M_APP2 or not segment.payload.startswith(_MPF):
            continue
        base = segment.start + 4 + len(_MPF)
        notes = tiff(segment.payload[len(_MPF) :])
        entries = notes.first_directory().get(_MP_ENTRIES, b"") if notes else b""
        for i in range(_MP_ENTRY_BYTES, len(entries), _MP_ENTRY_BYTES):
            assert notes is not None  # noqa: S101 - there are entries
            size, offset = (
                int.from_bytes(entries[i + at : i + at + 4], notes.order)
                for at in (4, 8)
            )
            start = base + offset
            if data.startswith(SIGNATURE, start):
                count += 1
                end = max(end, min(start + size, len(data)))
    return count, end


def _quality(segments: Iterable[Segment], frame: _Frame) -> tuple[int, bool]:
    """Return the quality whose standard tables lie nearest, and whether they are equal."""
    tables = _tables(segments)
    used = [tables.get(number) for number in dict.fromkeys(frame.tables)]
    found = [table for table in used if table is not None]
    if len(found) < len(used):
        raise damaged()
    return nearest_quality(found)


def _tables(segments: Iterable[Segment]) -> dict[int, list[int]]:
    """Return the quantisation tables by number, each in the order of the file."""
    tables = {}
    for segment in segments:
        body, at = segment.payload, 0
        while segment.marker == _M_DQT and at < len(body):
            width, number = (body[at] >> 4) + 1, body[at] & 15
            values = body[at + 1 : at + 1 + _TABLE_SIZE * width]
            at += 1 + _TABLE_SIZE * width
            if at > len(body):
                raise damaged()
            tables[number] = [
                int.from_bytes(values[i : i + width], "big")
                for i in range(0, len(values), width)
            ]
    return tables


def _is_ycc(frame: _Frame) -> bool:
    """Tell whether saying JFIF would leave the meaning of the colours as it is."""
    return len(frame.ids) == 1 or (len(frame.ids) == 3 and frame.ids != b"RGB")  # noqa: PLR2004


def _colour_notes(segments: Iterable[Segment]) -> list[bytes]:
    """Return the notes that say how the samples are coded: JFIF, else Adobe's.

    A decoder that finds JFIF takes three components for YCbCr, else believes Adobe; that
    mark also says whether four components are CMYK or YCCK.
    """
    segments = list(segments)
    jfif = _jfif_segment(segments)
    notes = [_jfif(jfif.payload[7:12])] if jfif is not None else []
    for segment in segments:
        if segment.marker == _M_APP14 and segment.payload.startswith(b"Adobe"):
            frames = [s for s in segments if s.marker in _FRAMES]
            four = len(frames[0].payload) == 18  # noqa: PLR2004 - 6 + 3 × 4 components
            rgb = not notes and segment.payload[11:12] == bytes([_ADOBE_RGB])
            if four or rgb:
                notes.append(_note(_M_APP14, segment.payload[:12]))
    return notes


def _jfif(density: bytes) -> bytes:
    return _note(_M_APP0, b"JFIF\0\x01\x01" + density + bytes(2))


def _note(marker: int, payload: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(payload) + 2).to_bytes(2, "big") + payload


def _joined(data: bytes, segments: Iterable[Segment], notes: Iterable[bytes]) -> bytes:
    kept = (data[s.start : s.end] for s in segments if not s.is_note)
    return b"".join((_SOI, *notes, *kept, _EOI))
