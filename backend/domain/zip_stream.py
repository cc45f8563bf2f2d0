"""A ZIP file as it is sent: stored, never compressed, the same bytes for the same files.

Portraits are compressed already. Each file is whole in memory when its turn comes, so
its size and checksum stand before it and nothing has to be corrected afterwards. The
64-bit records are written only where the numbers need them: old readers know only the
others (PKWARE's APPNOTE, 4.3 and 4.5.3).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import Final

_STORED: Final = 0
_UTF8: Final = 1 << 11
#: 1 January 1980, the first day a ZIP can tell: a package says nothing of its making.
_DAY: Final = (1 << 5) | 1
#: A plain file that its owner may write and others may read.
_MODE: Final = 0o100644 << 16
_UNIX: Final = 3 << 8
_VERSION: Final = 20
_VERSION_64: Final = 45
_MOST_32: Final = 0xFFFF_FFFF
_MOST_16: Final = 0xFFFF
_LOCAL: Final = struct.Struct("<4s5H3I2H")
_CENTRAL: Final = struct.Struct("<4s6H3I5H2I")
_OFFSET_64: Final = struct.Struct("<2HQ")
_END: Final = struct.Struct("<4s4H2IH")
_END_64: Final = struct.Struct("<4sQ2H2I4Q")
_LOCATOR_64: Final = struct.Struct("<4sIQI")


def zip_stream(files: Iterable[tuple[str, bytes]]) -> Iterator[bytes]:
    """Yield a ZIP of (name, content) in the order given; only its directory is kept.

    What reading the files raises ends the stream before the directory, so that what was
    sent until then opens nowhere as a whole package.
    """
    directory = bytearray()
    count = offset = 0
    for name, data in files:
        encoded, crc = name.encode(), zlib.crc32(data)
        head = _local_header(encoded, crc, len(data))
        directory += _directory_entry(encoded, crc, len(data), offset)
        yield head
        yield data
        offset += len(head) + len(data)
        count += 1
    yield bytes(directory)
    yield _end(count, len(directory), offset)


def zip_size(files: Iterable[tuple[str, int]]) -> int:
    """Return how many bytes the ZIP of (name, size) will have."""
    count = offset = directory = 0
    for name, size in files:
        length = len(name.encode())
        directory += _CENTRAL.size + length + (_OFFSET_64.size * (offset > _MOST_32))
        offset += _LOCAL.size + length + size
        count += 1
    return offset + directory + len(_end(count, directory, offset))


def _local_header(name: bytes, crc: int, size: int) -> bytes:
    return (
        _LOCAL.pack(
            b"PK\3\4",
            _VERSION,
            _UTF8,
            _STORED,
            0,
            _DAY,
            crc,
            size,
            size,
            len(name),
            0,
        )
        + name
    )


def _directory_entry(name: bytes, crc: int, size: int, offset: int) -> bytes:
    extra, version = b"", _VERSION
    if offset > _MOST_32:
        extra, version = _OFFSET_64.pack(1, 8, offset), _VERSION_64
    return (
        _CENTRAL.pack(
            b"PK\1\2",
            _UNIX | version,
            version,
            _UTF8,
            _STORED,
            0,
            _DAY,
            crc,
            size,
            size,
            len(name),
            len(extra),
            0,
            0,
            0,
            _MODE,
            min(offset, _MOST_32),
        )
        + name
        + extra
    )


def _end(count: int, directory: int, offset: int) -> bytes:
    """Return what stands after the directory."""
    end = _END.pack(
        b"PK\5\6",
        0,
        0,
        min(count, _MOST_16),
        min(count, _MOST_16),
        min(directory, _MOST_32),
        min(offset, _MOST_32),
        0,
    )
    # The largest number of each field means: look at the 64-bit record.
    if count < _MOST_16 and directory < _MOST_32 and offset < _MOST_32:
        return end
    whole = _END_64.pack(
        b"PK\6\6",
        _END_64.size - 12,
        _UNIX | _VERSION_64,
        _VERSION_64,
        0,
        0,
        count,
        count,
        directory,
        offset,
    )
    return whole + _LOCATOR_64.pack(b"PK\6\7", 0, offset + directory, 1) + end
