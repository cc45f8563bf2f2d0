"""Sheets for spreadsheet programs, a row at a time and the same bytes each time.

A cell is written as the text it is: what looks like a formula stays text, so that a name
typed by a stranger never runs on the desk of whoever opens the export.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Final

import xlsxwriter

Cell = str | int | float | None

#: Office takes a cell that starts so for a formula or for part of one (OWASP, "CSV
#: Injection").
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")
#: Spreadsheets hold no more characters in a cell.
_LONGEST_CELL: Final = 32_767
#: Any constant: a file shall not tell when it was written, only what it holds.
_WRITTEN_AT: Final = datetime(2000, 1, 1, tzinfo=UTC).replace(tzinfo=None)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, and its width in characters of the default font."""

    heading: str
    width: int = 14


def write_xlsx(
    out: IO[bytes],
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    title: str = "Sheet1",
) -> None:
    """Write a sheet with a heading row that stays in view; memory does not grow.

    Args:
        out: where to; it must be able to seek.
        columns: the headings.
        rows: as many cells each as there are columns; text stays text, numbers are
            numbers. Identity numbers and the like must come as text.
        title: the sheet's name, at most 31 characters.
    """
    book = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"created": _WRITTEN_AT})
    sheet = book.add_worksheet(title)
    bold = book.add_format({"bold": True, "bg_color": "#EEF1F4", "bottom": 1})
    # Cells of text, so that a number somebody corrects in the sheet keeps its digits.
    text = book.add_format({"num_format": "@"})
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(columns):
        sheet.set_column(at, at, column.width, text)
    for at, column in enumerate(columns):
        sheet.write_string(0, at, column.heading, bold)
    for number, row in enumerate(rows, start=1):
        for at, cell in enumerate(row):
            if isinstance(cell, str):
                sheet.write_string(number, at, cell[:_LONGEST_CELL], text)
            elif cell is not None:
                sheet.write_number(number, at, cell)
    book.close()


def csv_lines(
    headings: Sequence[str], rows: Iterable[Sequence[Cell]]
) -> Iterator[bytes]:
    """Yield a CSV file line by line: UTF-8 with a mark, as Excel expects it (RFC 4180)."""
    yield b"\xef\xbb\xbf" + _line(headings)
    for row in rows:
        yield _line(row)


def _line(cells: Sequence[Cell]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow([_harmless(cell) for cell in cells])
    return line.getvalue().encode()


def _harmless(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return cell
