"""An .xls file of texts and numbers, by hand: nothing installed writes any."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

_SECTOR: Final = 512
_FREE, _END, _FAT, _NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF


def old_excel(*sheets: tuple[str, int, Sequence[Sequence[str | float]]]) -> bytes:
    """Return a workbook of sheets, each with its name, visibility (0 shown) and rows."""
    head = _record(0x0809, struct.pack("<HHHHII", 0x0600, 5, 0, 0, 0, 0))
    head += _record(0x0042, struct.pack("<H", 1200))
    bodies = [_sheet(rows) for _, _, rows in sheets]
    at = len(head) + sum(12 + 2 * len(name) for name, _, _ in sheets) + 4
    bounds = b""
    for (name, hidden, _), body in zip(sheets, bodies, strict=True):
        text = name.encode("utf-16-le")
        bounds += _record(
            0x0085, struct.pack("<IBBBB", at, hidden, 0, len(name), 1) + text
        )
        at += len(body)
    return _compound(head + bounds + _record(0x000A, b"") + b"".join(bodies))


def _sheet(rows: Sequence[Sequence[str | float]]) -> bytes:
    body = _record(0x0809, struct.pack("<HHHHII", 0x0600, 0x10, 0, 0, 0, 0))
    for row, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            place = struct.pack("<HHH", row, column, 0)
            if isinstance(cell, str):
                text = struct.pack("<HB", len(cell), 1) + cell.encode("utf-16-le")
                body += _record(0x0204, place + text)
            else:
                body += _record(0x0203, place + struct.pack("<d", cell))
    return body + _record(0x000A, b"")


def _record(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def _compound(stream: bytes) -> bytes:
    """Return a compound file with one stream; longer than 4096 bytes it is plain."""
    stream = stream.ljust(max(4096, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    count = len(stream) // _SECTOR
    fat = [_FAT, _END, *range(3, 2 + count), _END]
    header = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(16)
    header += struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, _END, 0, _END, 0)
    header += struct.pack("<109I", 0, *[_FREE] * 108)
    table = struct.pack("<128I", *fat, *[_FREE] * (128 - len(fat)))
    directory = _entry("Root Entry", 5, 1, _END, 0)
    directory += _entry("Workbook", 2, _NONE, 2, len(stream)) + bytes(256)
    return header + table + directory + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    return (
        text.ljust(64, b"\0")
        + struct.pack("<HBBIII", len(text) + 2, kind, 1, _NONE, _NONE, child)
        + bytes(36)
        + struct.pack("<IQ", start, size)
    )
