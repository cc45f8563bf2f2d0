"""Reading .xlsx as a stream: a part is never unpacked whole, and nothing in it is trusted.

openpyxl takes 0.4 ms a row of fourteen cells and does not tell a formula without a
result from an empty cell; the parser below takes a tenth of that. What formats mean a
date is still asked of openpyxl, and the small parts go through defusedxml.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Final
from xml.etree.ElementTree import Element, ParseError
from xml.parsers import expat

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format

from backend.domain.errors import InvalidInputError
from backend.sheets.cells import (
    LONGEST_CELL,
    Note,
    RowBuilder,
    SheetRow,
    date_cell,
    number_cell,
)

#: Bytes of one part as it says of itself, and as is really unpacked.
MOST_UNPACKED: Final = 400 * 1024 * 1024
#: Deflate reaches 1032; sheets of people reach 30, sheets of one repeated row 150.
MOST_RATIO: Final = 300
#: Below this a ratio says nothing.
_SMALL: Final = 1024 * 1024
#: The parts that are read whole: names of sheets, relations, formats.
_MOST_WHOLE: Final = 8 * 1024 * 1024
_MOST_PARTS: Final = 2000
#: Text of the shared strings, which are kept while the sheet is read.
_MOST_SHARED: Final = 96 * 1024 * 1024
_BLOCK: Final = 64 * 1024
#: One tag longer than this is an attack on memory: a parser must hold it whole.
_LONGEST_TAG: Final = 1024 * 1024
#: Different tags of a part; spreadsheets know a hundred.
_MOST_TAGS: Final = 1000
#: Office's own last row; a sheet that goes further was not written by a spreadsheet.
_LAST_ROW: Final = 1_048_576
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_RELATION: Final = re.compile(r"\{.*relationships\}id")
_DAMAGED: Final = (
    zipfile.BadZipFile,
    expat.ExpatError,
    ParseError,
    KeyError,
    ValueError,
    OverflowError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
)


def xlsx_rows(data: IO[bytes]) -> Iterator[SheetRow]:
    """Yield the rows with something in them, of the largest visible sheet.

    Instructions and code tables stand in sheets of their own and are smaller.

    Raises:
        InvalidInputError: ``sheet_damaged``, ``sheet_inflates``, ``sheet_suspicious``,
            ``sheet_unknown`` (a ZIP of something else), ``sheet_too_many_rows``,
            ``sheet_too_many_columns``.
    """
    try:
        with zipfile.ZipFile(data) as book:
            yield from _rows(book)
    except DefusedXmlException:
        raise InvalidInputError("sheet_suspicious") from None
    except _DAMAGED:
        # The library's words may quote a cell.
        raise InvalidInputError("sheet_damaged") from None


def _rows(book: zipfile.ZipFile) -> Iterator[SheetRow]:
    if len(book.infolist()) > _MOST_PARTS:
        raise InvalidInputError("sheet_suspicious")
    names = set(book.namelist())
    if "xl/workbook.xml" not in names:
        raise InvalidInputError("sheet_unknown")
    workbook = _whole(book, "xl/workbook.xml")
    sheet = _largest_sheet(book, workbook)
    settings = next(_named(workbook, "workbookPr"), None)
    reader = _SheetReader(
        shared=_shared_strings(book) if "xl/sharedStrings.xml" in names else None,
        dates=_date_styles(book) if "xl/styles.xml" in names else frozenset(),
        from_1904=settings is not None and settings.get("date1904") in {"1", "true"},
    )
    for _ in _parse(book, sheet, reader.start, reader.end, reader.text):
        yield from reader.rows
        reader.rows.clear()


def _named(root: Element, name: str) -> Iterator[Element]:
    return (part for part in root.iter() if part.tag.rpartition("}")[2] == name)


def _largest_sheet(book: zipfile.ZipFile, workbook: Element) -> str:
    """Return the part of the largest sheet that is not hidden."""
    relations = {
        part.get("Id"): str(part.get("Target"))
        for part in _named(_whole(book, "xl/_rels/workbook.xml.rels"), "Relationship")
        if str(part.get("Type")).endswith("/worksheet")
    }
    found = []
    for sheet in _named(workbook, "sheet"):
        key = next((v for k, v in sheet.attrib.items() if _RELATION.match(k)), None)
        if key in relations and sheet.get("state", "visible") == "visible":
            part = posixpath.normpath(posixpath.join("/xl", relations[key]))
            found.append(part.lstrip("/"))
    if not found:
        raise InvalidInputError("sheet_damaged")
    return max(found, key=lambda part: book.getinfo(part).file_size)


def _open(book: zipfile.ZipFile, name: str, most: int) -> IO[bytes]:
    """Open a part; zipfile never yields more than the size that is checked here."""
    info = book.getinfo(name)
    if info.compress_type not in _METHODS:
        raise InvalidInputError("sheet_suspicious")
    ratio = info.file_size / max(info.compress_size, 1)
    if info.file_size > most or (info.file_size > _SMALL and ratio > MOST_RATIO):
        raise InvalidInputError("sheet_inflates")
    return book.open(info)


def _whole(book: zipfile.ZipFile, name: str) -> Element:
    with _open(book, name, _MOST_WHOLE) as part:
        root: Element = fromstring(part.read(_MOST_WHOLE + 1), forbid_dtd=True)
    return root


def _date_styles(book: zipfile.ZipFile) -> frozenset[str]:
    """Return the numbers of the styles that show a number as a date."""
    root = _whole(book, "xl/styles.xml")
    formats: dict[str, str] = {str(k): v for k, v in BUILTIN_FORMATS.items()}
    # Built in for Chinese Office: dates, though the file does not spell them out.
    formats |= {str(n): "yyyy-mm-dd" for n in (*range(27, 37), *range(50, 59))}
    formats |= {
        str(f.get("numFmtId")): str(f.get("formatCode")) for f in _named(root, "numFmt")
    }
    styles = next(_named(root, "cellXfs"), None)
    return frozenset(
        str(n)
        for n, style in enumerate(styles if styles is not None else ())
        if is_date_format(formats.get(str(style.get("numFmtId")), ""))
    )


Start = Callable[[str, dict[str, str]], None]


def _parse(
    book: zipfile.ZipFile,
    name: str,
    start: Start,
    end: Callable[[str], None],
    text: Callable[[str], None],
) -> Iterator[None]:
    """Feed a part to the handlers, pausing after each block."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    # Some writers put a prefix before every tag; strict files differ in nothing else.
    local = _LocalNames()
    parser.StartElementHandler = lambda tag, given: start(local[tag], given)
    parser.EndElementHandler = lambda tag: end(local[tag])
    parser.CharacterDataHandler = text
    # Entities need a document type, and no spreadsheet writes one.
    parser.StartDoctypeDeclHandler = _refuse
    fed = 0
    with _open(book, name, MOST_UNPACKED) as part:
        while block := part.read(_BLOCK):
            fed += len(block)
            parser.Parse(block, False)
            if fed - parser.CurrentByteIndex > _LONGEST_TAG:
                raise InvalidInputError("sheet_suspicious")
            yield
    parser.Parse(b"", True)
    yield


class _LocalNames(dict[str, str]):
    """Tags without their prefix, each worked out once."""

    def __missing__(self, tag: str) -> str:
        if len(self) >= _MOST_TAGS:
            raise InvalidInputError("sheet_suspicious")
        name = self[tag] = tag.rpartition(":")[2]
        return name


def _refuse(*_: Any) -> None:
    raise InvalidInputError("sheet_suspicious")


class _SharedStrings:
    """All strings of a workbook, end to end, so that a million take megabytes."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q")
        self._phonetic = False
        self._inside = False

    def __getitem__(self, at: int) -> str:
        if not 0 <= at < len(self._ends):
            raise InvalidInputError("sheet_damaged")
        begin = self._ends[at - 1] if at else 0
        return self._bytes[begin : self._ends[at]].decode()

    def start(self, tag: str, given: dict[str, str]) -> None:
        del given
        self._phonetic |= tag == "rPh"
        self._inside = tag == "t" and not self._phonetic

    def end(self, tag: str) -> None:
        self._inside = False
        if tag == "rPh":
            self._phonetic = False
        elif tag == "si":
            self._ends.append(len(self._bytes))

    def text(self, text: str) -> None:
        if self._inside:
            self._bytes += text.encode()
            if len(self._bytes) > _MOST_SHARED:
                raise InvalidInputError("sheet_inflates")


def _shared_strings(book: zipfile.ZipFile) -> _SharedStrings:
    shared = _SharedStrings()
    for _ in _parse(
        book, "xl/sharedStrings.xml", shared.start, shared.end, shared.text
    ):
        pass
    return shared


@dataclass(slots=True)
class _Cell:
    """The cell that is being read."""

    column: int = -1
    kind: str = "n"
    style: str = ""
    formula: bool = False


class _SheetReader:
    """Gathers rows from the events of a sheet's XML."""

    def __init__(
        self, *, shared: _SharedStrings | None, dates: frozenset[str], from_1904: bool
    ) -> None:
        self.rows: list[SheetRow] = []
        self._shared = shared
        self._dates = dates
        self._from_1904 = from_1904
        self._columns: dict[str, int] = {}
        self._builder = RowBuilder()
        self._cell = _Cell()
        self._row = 0
        self._text: list[str] = []
        self._length = 0
        self._inside = False
        self._phonetic = False

    def start(self, tag: str, given: dict[str, str]) -> None:
        if tag == "c":
            self._start_cell(given)
        elif tag in {"v", "t"}:
            self._inside = not self._phonetic
        elif tag == "f":
            self._cell.formula = True
        elif tag == "row":
            self._start_row(given)
        elif tag == "rPh":
            self._phonetic = True

    def text(self, text: str) -> None:
        if self._inside:
            self._length += len(text)
            if self._length > LONGEST_CELL:
                raise InvalidInputError("sheet_suspicious")
            self._text.append(text)

    def end(self, tag: str) -> None:
        if tag in {"v", "t"}:
            self._inside = False
        elif tag == "c":
            self._end_cell()
        elif tag == "row":
            row = self._builder.finish(self._row)
            if row is not None:
                self.rows.append(row)
        elif tag == "rPh":
            self._phonetic = False

    def _start_row(self, given: dict[str, str]) -> None:
        self._row = int(given["r"]) if "r" in given else self._row + 1
        self._cell = _Cell()
        if self._row > _LAST_ROW:
            raise InvalidInputError("sheet_too_many_rows")

    def _start_cell(self, given: dict[str, str]) -> None:
        address = given.get("r")
        column = self._cell.column + 1 if address is None else self._column(address)
        self._cell = _Cell(column, given.get("t", "n"), given.get("s", ""))
        self._text.clear()
        self._length = 0

    def _column(self, address: str) -> int:
        letters = address.rstrip("0123456789")
        column = self._columns.get(letters)
        if column is None:
            column = 0
            for letter in letters:
                column = column * 26 + ord(letter) - ord("A") + 1
            if not 0 < column <= 2**14:  # Office's own last column, XFD
                raise InvalidInputError("sheet_damaged")
            column = self._columns[letters] = column - 1
        return column

    def _end_cell(self) -> None:
        cell, text = self._cell, "".join(self._text)
        if not text:
            # An empty text may well be what a formula gives; an empty number may not.
            if cell.formula and cell.kind != "str":
                self._builder.put(cell.column, "", Note.NO_VALUE)
            return
        value, note = self._value(cell, text)
        self._builder.put(cell.column, value, note)

    def _value(self, cell: _Cell, text: str) -> tuple[str, Note | None]:
        match cell.kind:
            case "s":
                if self._shared is None:
                    raise InvalidInputError("sheet_damaged")
                return self._shared[int(text)], None
            case "n":
                if cell.style in self._dates:
                    return date_cell(float(text), from_1904=self._from_1904), None
                return number_cell(text)
            case "d":
                return text[:10].replace("-", ""), None
            case "e":
                return text, Note.NO_VALUE
            case _:
                return text, None
