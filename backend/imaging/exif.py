"""The few camera notes that matter, read without trusting a single offset.

Pillow's reader warns about damaged notes through a global that threads share, and reads
far more than is needed; this one reads four entries and never raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

Order: TypeAlias = Literal["little", "big"]

_ORDERS: Final[Mapping[bytes, Order]] = MappingProxyType(
    {b"II*\0": "little", b"MM\0*": "big"}
)
# TIFF 6.0 §2: bytes per value of each type.
_TYPE_BYTES: Final = MappingProxyType({1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1})
_ENTRY_BYTES: Final = 12
_INLINE_BYTES: Final = 4

# Exif 3.0 §4.6: tags.
_ORIENTATION: Final = 0x0112
_X_RESOLUTION: Final = 0x011A
_Y_RESOLUTION: Final = 0x011B
_RESOLUTION_UNIT: Final = 0x0128
_EXIF_IFD: Final = 0x8769
_DATE_TIME_ORIGINAL: Final = 0x9003
#: Resolution unit → how many of them make an inch.
_UNITS_PER_INCH: Final = MappingProxyType({2: 1.0, 3: 2.54})
_UPRIGHT: Final = 1
_LAST_ORIENTATION: Final = 8


@dataclass(frozen=True, slots=True)
class Exif:
    """What the camera noted."""

    orientation: int = _UPRIGHT
    dpi: tuple[float, float] | None = None
    taken_on: date | None = None


@dataclass(frozen=True, slots=True)
class Tiff:
    """A TIFF structure: the form of EXIF and of multi-picture notes."""

    data: bytes
    order: Order

    def number(self, start: int, size: int) -> int:
        """Return an unsigned number; what lies outside counts as nothing."""
        return int.from_bytes(self.data[start : start + size], self.order)

    def first_directory(self) -> dict[int, bytes]:
        """Return the first directory's entries."""
        return self.directory(self.number(4, 4))

    def directory(self, start: int) -> dict[int, bytes]:
        """Return tag → raw value of one directory; damaged entries are left out."""
        count = self.number(start, 2)
        room = (len(self.data) - start - 2) // _ENTRY_BYTES
        return {
            self.number(entry, 2): self._value(entry)
            for entry in range(
                start + 2, start + 2 + _ENTRY_BYTES * min(count, room), _ENTRY_BYTES
            )
        }

    def _value(self, entry: int) -> bytes:
        size = _TYPE_BYTES.get(self.number(entry + 2, 2), 0) * self.number(entry + 4, 4)
        start = entry + 8
        if size > _INLINE_BYTES:
            start = self.number(start, 4)
        return self.data[start : start + size]


def tiff(data: bytes) -> Tiff | None:
    """Return the structure, or nothing when the bytes do not start one."""
    order = _ORDERS.get(data[:4])
    return Tiff(data, order) if order else None


def read_exif(data: bytes) -> Exif:
    """Return the notes in an EXIF block, its ``Exif`` mark optional; never raises."""
    notes = tiff(data.removeprefix(b"Exif\0\0"))
    if notes is None:
        return Exif()
    main = notes.first_directory()
    orientation = int.from_bytes(main.get(_ORIENTATION, b"")[:2], notes.order)
    camera = notes.directory(
        int.from_bytes(main.get(_EXIF_IFD, b""), notes.order) or len(notes.data)
    )
    return Exif(
        orientation=orientation
        if _UPRIGHT <= orientation <= _LAST_ORIENTATION
        else _UPRIGHT,
        dpi=_dpi(main, notes.order),
        taken_on=_day(camera.get(_DATE_TIME_ORIGINAL, b"")),
    )


def orientation_only(orientation: int) -> bytes:
    """Return an EXIF block, with its mark, that says nothing but the orientation."""
    entry = b"".join(
        value.to_bytes(size, "big")
        for value, size in (
            (_ORIENTATION, 2),
            (3, 2),
            (1, 4),
            (orientation, 2),
            (0, 2),
        )
    )
    return b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + entry + bytes(4)


def _dpi(main: Mapping[int, bytes], order: Order) -> tuple[float, float] | None:
    unit = int.from_bytes(main.get(_RESOLUTION_UNIT, b"")[:2], order) or 2
    factor = _UNITS_PER_INCH.get(unit)
    across = _ratio(main.get(_X_RESOLUTION, b""), order)
    down = _ratio(main.get(_Y_RESOLUTION, b""), order)
    if factor is None or not across or not down:
        return None
    return across * factor, down * factor


def _ratio(value: bytes, order: Order) -> float:
    over = int.from_bytes(value[:4], order)
    under = int.from_bytes(value[4:8], order)
    return over / under if under else 0.0


def _day(value: bytes) -> date | None:
    """Return the day of ``YYYY:MM:DD HH:MM:SS``."""
    try:
        year, month, day = (int(part) for part in value[:10].decode("ascii").split(":"))
        return date(year, month, day)
    except ValueError:
        return None
