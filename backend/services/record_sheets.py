"""The records of a search as a file for spreadsheet programs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from tempfile import TemporaryFile
from typing import Final, Literal
from zoneinfo import ZoneInfo

from backend.messages import records as words
from backend.services.types import ExportedRecord, RecordExport, StreamedFile
from backend.sheets.write import Cell, Column, csv_lines, write_xlsx

SheetKind = Literal["xlsx", "csv"]

_ZONE: Final = ZoneInfo("Asia/Shanghai")
_STEP: Final = 64 * 1024
_TYPES: Final[dict[SheetKind, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


def record_sheet(export: RecordExport, kind: SheetKind) -> StreamedFile:
    """Return the file in pieces; memory does not grow with the records.

    A CSV begins to flow at once; the other kind is whole on the disk first, in a file
    without a name, because its parts are packed together at the end.
    """
    rows = map(_cells, export.rows)
    if kind == "csv":
        chunks = csv_lines([heading for heading, _ in words.COLUMNS], rows)
    else:
        chunks = _packed([Column(*column) for column in words.COLUMNS], rows)
    return StreamedFile(chunks, _TYPES[kind], f"records.{kind}")


def _packed(columns: list[Column], rows: Iterator[list[Cell]]) -> Iterator[bytes]:
    with TemporaryFile() as out:
        write_xlsx(out, columns, rows, title="查找结果")
        out.seek(0)
        while piece := out.read(_STEP):
            yield piece


def _cells(record: ExportedRecord) -> list[Cell]:
    row = record.row
    status = row.submission_status
    return [
        row.student_name,
        row.student_no,
        record.id_number,
        row.level,
        row.major,
        row.study_form,
        row.class_no,
        row.graduating_year,
        row.station_name,
        row.fingerprint,
        words.BINDINGS[row.binding_status.value],
        words.STATUSES[status.value] if status else words.NO_PHOTO,
        words.VERDICTS.get(row.verdict or "", ""),
        words.SOURCES.get(row.source or "", ""),
        words.YES if row.human_review_requested else "",
        words.YES if row.quarantined else "",
        _minute(row.submitted_at),
        _minute(row.changed_at),
    ]


def _minute(at: datetime | None) -> str:
    return f"{at.astimezone(_ZONE):%Y-%m-%d %H:%M}" if at else ""
