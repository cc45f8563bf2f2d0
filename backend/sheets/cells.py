"""What a sheet's cells become: text, with a note where the sheet no longer knows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from backend.domain.errors import InvalidInputError

#: Rows with something in them, and columns; a college's largest roster has a tenth.
MOST_ROWS: Final = 300_000
MOST_COLUMNS: Final = 200
#: Spreadsheets hold no more characters in a cell.
LONGEST_CELL: Final = 32_767
#: Digits a number cell holds; what was typed beyond them is gone.
_EXACT_DIGITS: Final = 15
_DIGITS: Final = re.compile(r"[0-9]{1,15}")
_SCIENTIFIC: Final = re.compile(r"[0-9](\.[0-9]+)?E\+?[0-9]{2}", re.IGNORECASE)
#: Day 0 of Excel's calendar, which counts a 29 February 1900 that never was.
_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a calendar date, no instant
_EPOCH_1904: Final = datetime(1904, 1, 1)  # noqa: DTZ001
_LAST_DAY: Final = 2_958_465  # 9999-12-31


class Note(StrEnum):
    """Why a cell cannot be taken as it stands."""

    LOST_TAIL = "lost_tail"
    NO_VALUE = "no_value"


@dataclass(frozen=True, slots=True, repr=False)
class SheetRow:
    """One row with something in it.

    Attributes:
        number: as the spreadsheet counts, from 1.
        cells: text, without trailing empty cells.
        notes: by column, from 0.
    """

    number: int
    cells: tuple[str, ...]
    notes: dict[int, Note]

    def __repr__(self) -> str:
        return f"SheetRow({self.number}, {len(self.cells)} cells)"


class RowBuilder:
    """Gathers the cells of one row after another and counts the rows."""

    def __init__(self) -> None:
        self._cells: list[str] = []
        self._notes: dict[int, Note] = {}
        self._count = 0

    def put(self, column: int, text: str, note: Note | None = None) -> None:
        """Keep a cell; raises InvalidInputError ``sheet_too_many_columns``."""
        if not text.strip() and note is None:
            return
        if column >= MOST_COLUMNS:
            raise InvalidInputError("sheet_too_many_columns", columns=MOST_COLUMNS)
        if column >= len(self._cells):
            self._cells.extend([""] * (column + 1 - len(self._cells)))
        self._cells[column] = text
        if note is not None:
            self._notes[column] = note

    def finish(self, number: int) -> SheetRow | None:
        """Return the row, none when it is empty, and begin the next.

        Raises:
            InvalidInputError: ``sheet_too_many_rows``.
        """
        if not self._cells:
            return None
        self._count += 1
        if self._count > MOST_ROWS:
            raise InvalidInputError("sheet_too_many_rows", rows=MOST_ROWS)
        row = SheetRow(number, tuple(self._cells), self._notes)
        self._cells, self._notes = [], {}
        return row


def number_cell(text: str) -> tuple[str, Note | None]:
    """Return the text of a number cell, without ``.0``; raises ValueError."""
    if _DIGITS.fullmatch(text):
        return text, None
    value = float(text)
    if not value.is_integer():
        return text if "E" not in text.upper() else repr(value), None
    whole = str(int(value))
    return whole, Note.LOST_TAIL if len(whole.lstrip("-")) > _EXACT_DIGITS else None


def written_number(text: str) -> Note | None:
    """Tell of text from a CSV file whether a spreadsheet had cut a number short."""
    return Note.LOST_TAIL if _SCIENTIFIC.fullmatch(text.strip()) else None


def date_cell(days: float, *, from_1904: bool) -> str:
    """Return YYYYMMDD for a date cell; a number no calendar has stays a number."""
    if not 0 <= days <= _LAST_DAY:
        return number_cell(repr(days))[0]
    epoch = _EPOCH_1904 if from_1904 else _EPOCH
    return f"{epoch + timedelta(days=days):%Y%m%d}"
