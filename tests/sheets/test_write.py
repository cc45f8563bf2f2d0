"""What leaves as a sheet is text, whatever it looks like."""

from __future__ import annotations

import csv
import io
import zipfile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.sheets.write import Cell, Column, csv_lines, write_xlsx

FORMULAS = (
    "=1+1",
    "+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    '=HYPERLINK("http://example.com")',
)


def written(*rows: tuple[Cell, ...]) -> bytes:
    out = io.BytesIO()
    write_xlsx(out, [Column("甲", 10), Column("乙")], rows, title="名单")
    return out.getvalue()


@pytest.mark.parametrize("text", [*FORMULAS, "http://example.com", "mailto:a@b.c"])
def test_nothing_in_a_workbook_is_ever_run(text: str) -> None:
    data = written((text, 1))
    sheet = openpyxl.load_workbook(io.BytesIO(data))["名单"]
    assert sheet["A2"].data_type == "s"
    assert sheet["A2"].value.endswith(text.strip())
    with zipfile.ZipFile(io.BytesIO(data)) as package:
        parts = "".join(package.namelist())
        body = package.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in body
    assert "hyperlink" not in parts


def test_numbers_are_numbers_and_long_numbers_keep_their_digits() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(written(("110101199001010017", 3))))[
        "名单"
    ]
    assert [cell.value for cell in sheet[1]] == ["甲", "乙"]
    assert [cell.value for cell in sheet[2]] == ["110101199001010017", 3]
    assert sheet["A2"].number_format == "@"
    assert sheet.freeze_panes == "A2"


def test_an_empty_cell_stays_empty_and_a_long_one_is_cut() -> None:
    sheet = openpyxl.load_workbook(io.BytesIO(written((None, "x" * 40_000))))["名单"]
    assert sheet["A2"].value is None
    assert len(sheet["B2"].value) == 32_767


def test_the_same_rows_are_the_same_bytes() -> None:
    rows = [(f"row {n}", n) for n in range(100)]
    assert written(*rows) == written(*rows)


def parsed(*rows: tuple[Cell, ...]) -> list[list[str]]:
    data = b"".join(csv_lines(["甲", "乙"], rows))
    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("text", FORMULAS)
def test_nothing_in_a_csv_file_is_ever_run(text: str) -> None:
    assert parsed((text, None)) == [["甲", "乙"], [f"'{text}", ""]]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_whatever_is_written_comes_back_and_starts_no_formula(text: str) -> None:
    (_, (cell, number)) = parsed((text, 5))
    assert number == "5"
    assert cell in {text, f"'{text}"}
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
