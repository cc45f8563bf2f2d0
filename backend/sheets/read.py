"""Sheets as colleges really have them: .xlsx, .xls and .csv, told apart by their bytes.

A file yields rows of text. Memory does not grow with the rows, except for .xls, whose
library reads the file whole: those hold at most 65,536 rows and are taken up to 16 MB.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from typing import IO, Any, Final

import xlrd

from backend.domain.errors import InvalidInputError
from backend.sheets.cells import (
    RowBuilder,
    SheetRow,
    date_cell,
    number_cell,
    written_number,
)
from backend.sheets.xlsx import xlsx_rows

#: Bytes of an upload; 100,000 rows take 5 to 15 MB.
MOST_BYTES: Final = 40 * 1024 * 1024
_MOST_XLS: Final = 16 * 1024 * 1024
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: How a compound file names the stream of an encrypted workbook.
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
#: Files that are something else, so that nobody reads of wrong characters in a picture.
_FOREIGN: Final = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"Rar!",
    b"7z\xbc\xaf",
)
_BLOCK: Final = 64 * 1024
_DELIMITERS: Final = ",;\t"
#: Beside BOM and UTF-8: what Chinese spreadsheets write, which holds GBK and GB2312.
_CHINESE: Final = "gb18030"


def sheet_rows(data: IO[bytes]) -> Iterator[SheetRow]:
    """Yield the rows with something in them.

    Args:
        data: the file; it must be able to seek.

    Raises:
        InvalidInputError: ``sheet_unknown``, ``sheet_damaged``, ``sheet_encrypted``,
            ``sheet_inflates``, ``sheet_suspicious``, ``sheet_too_large``,
            ``sheet_too_many_rows``, ``sheet_too_many_columns``.
    """
    size = data.seek(0, io.SEEK_END)
    data.seek(0)
    head = data.read(16)
    data.seek(0)
    if size > MOST_BYTES:
        raise InvalidInputError("sheet_too_large", megabytes=MOST_BYTES >> 20)
    if head.startswith(_ZIP):
        return xlsx_rows(data)
    if head.startswith(_OLE):
        return _xls_rows(data, size)
    if not size or head.startswith(_FOREIGN) or (b"\0" in head and not _utf_16(head)):
        raise InvalidInputError("sheet_unknown")
    return _csv_rows(data)


def _utf_16(head: bytes) -> bool:
    return head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _xls_rows(data: IO[bytes], size: int) -> Iterator[SheetRow]:
    if size > _MOST_XLS:
        raise InvalidInputError("sheet_too_large", megabytes=_MOST_XLS >> 20)
    content = data.read()
    if _ENCRYPTED in content:
        raise InvalidInputError("sheet_encrypted")
    book = _open_xls(content)
    del content
    visible = [sheet for sheet in book.sheets() if sheet.visibility == 0]
    if not visible:
        raise InvalidInputError("sheet_damaged")
    sheet = max(visible, key=lambda one: one.nrows)
    builder = RowBuilder()
    for at in range(sheet.nrows):
        for column, cell in enumerate(sheet.row(at)):
            _put_xls(builder, column, cell, from_1904=book.datemode == 1)
        row = builder.finish(at + 1)
        if row is not None:
            yield row


def _open_xls(content: bytes) -> Any:
    try:
        return xlrd.open_workbook(
            file_contents=content, logfile=io.StringIO(), ragged_rows=True
        )
    except xlrd.XLRDError as error:
        code = "sheet_encrypted" if "encrypted" in str(error) else "sheet_damaged"
        raise InvalidInputError(code) from None
    except Exception:  # noqa: BLE001 - of damaged files the library raises anything
        raise InvalidInputError("sheet_damaged") from None


def _put_xls(builder: RowBuilder, column: int, cell: Any, *, from_1904: bool) -> None:
    match cell.ctype:
        case xlrd.XL_CELL_NUMBER:
            builder.put(column, *number_cell(repr(cell.value)))
        case xlrd.XL_CELL_DATE:
            builder.put(column, date_cell(cell.value, from_1904=from_1904))
        case xlrd.XL_CELL_TEXT:
            builder.put(column, cell.value)
        case _:
            # Blank, yes or no, an error: nothing a roster asks for.
            return


def _csv_rows(data: IO[bytes]) -> Iterator[SheetRow]:
    stream = io.TextIOWrapper(data, encoding=_encoding(data), newline="")
    try:
        sample = stream.read(_BLOCK)
        stream.seek(0)
        delimiter = max(_DELIMITERS, key=_first_lines(sample).count)
        builder = RowBuilder()
        for number, cells in enumerate(
            csv.reader(stream, delimiter=delimiter), start=1
        ):
            for column, cell in enumerate(cells):
                text = _plain(cell)
                builder.put(column, text, written_number(text))
            row = builder.finish(number)
            if row is not None:
                yield row
    except csv.Error:
        raise InvalidInputError("sheet_damaged") from None
    finally:
        # Closing the wrapper would close the caller's file.
        stream.detach()


def _first_lines(text: str) -> str:
    return "\n".join(text.splitlines()[:20])


def _plain(cell: str) -> str:
    """Return what ``="0012"`` means: the way a CSV file keeps zeros for Excel."""
    if cell.startswith('="') and cell.endswith('"'):
        return cell[2:-1]
    return cell


def _encoding(data: IO[bytes]) -> str:
    """Return the encoding in which the whole file makes sense; raises as sheet_rows."""
    head = data.read(4)
    if _utf_16(head):
        candidates = ["utf-16"]
    elif head.startswith(codecs.BOM_UTF8):
        candidates = ["utf-8-sig"]
    else:
        candidates = ["utf-8", _CHINESE]
    for encoding in candidates:
        data.seek(0)
        if _decodes(data, encoding):
            data.seek(0)
            return encoding
    raise InvalidInputError("sheet_unknown")


def _decodes(data: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while block := data.read(_BLOCK):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
