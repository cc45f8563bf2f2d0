"""Sheets as they come, and sheets made to do harm: each refused with its own code."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

import pytest
import xlsxwriter

from backend.domain.errors import InvalidInputError
from backend.sheets import cells, read, xlsx
from backend.sheets.read import sheet_rows
from backend.sheets.write import Column, csv_lines, write_xlsx

HEADINGS = ("姓名", "学号", "备注")
ROW = ("张测试", "00123456", "=1+1")


def rows(data: bytes) -> list[tuple[str, ...]]:
    return [row.cells for row in sheet_rows(io.BytesIO(data))]


def book(fill: Callable[[xlsxwriter.Workbook], None], **options: object) -> bytes:
    out = io.BytesIO()
    made = xlsxwriter.Workbook(out, options)
    fill(made)
    made.close()
    return out.getvalue()


def changed(data: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    """Return the workbook with one part rewritten."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.infolist():
            content = old.read(item)
            if item.filename == name:
                content = change(content)
            new.writestr(item.filename, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def plain() -> bytes:
    out = io.BytesIO()
    write_xlsx(out, [Column(h) for h in HEADINGS], [ROW])
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def refused(data: bytes) -> str:
    with pytest.raises(InvalidInputError) as caught:
        rows(data)
    return caught.value.code


def test_what_we_write_we_read() -> None:
    assert rows(plain()) == [HEADINGS, ROW]
    assert rows(b"".join(csv_lines(HEADINGS, [ROW[:2]]))) == [HEADINGS, ROW[:2]]


def test_cells_of_every_kind_become_text_with_their_rows() -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        day = made.add_format({"num_format": "yyyy-mm-dd"})
        notes = made.add_worksheet("说明")
        notes.write_string(0, 0, "小表")
        sheet = made.add_worksheet("名册")
        for n in range(60):
            sheet.write_string(n + 10, 9, f"r{n}")
        sheet.merge_range(0, 0, 0, 5, "题目")
        sheet.write_number(4, 0, 20230001)
        sheet.write_number(4, 1, 110101199001010001)
        sheet.write_number(4, 2, 2.5)
        sheet.write_number(4, 3, 32874, day)
        sheet.write_formula(4, 4, "=A1", value="算出的")
        sheet.write_boolean(4, 6, True)
        sheet.write_rich_string(4, 7, "张", made.add_format({"bold": True}), "测试")
        sheet.write_number(4, 8, -1, day)

    found = list(sheet_rows(io.BytesIO(book(fill))))
    assert (found[0].number, found[0].cells) == (1, ("题目",))
    row = found[1]
    assert row.number == 5
    whole = str(int(float(110101199001010001)))
    assert row.cells == (
        "20230001", whole, "2.5", "19900101", "算出的", "", "1", "张测试", "-1",
    )  # fmt: skip
    assert row.notes == {1: cells.Note.LOST_TAIL}
    assert "20230001" not in repr(row)


def test_a_formula_nobody_computed_is_noted_and_an_error_too() -> None:
    data = changed(
        plain(),
        SHEET,
        lambda xml: xml.replace(
            b'<c r="A2" s="2" t="inlineStr"><is><t>'
            + ROW[0].encode()
            + b"</t></is></c>",
            b'<c r="A2"><f>B1</f><v></v></c>',
        ).replace(
            b'<c r="C2" s="2" t="inlineStr"><is><t>=1+1</t></is></c>',
            b'<c r="C2" t="e"><v>#REF!</v></c><c t="d"><v>2026-06-30T00:00:00</v></c>',
        ),
    )
    found = list(sheet_rows(io.BytesIO(data)))[1]
    assert found.cells == ("", ROW[1], "#REF!", "20260630")
    assert set(found.notes) == {0, 2}


def test_dates_count_from_1904_where_the_file_says_so() -> None:
    def fill(made: xlsxwriter.Workbook) -> None:
        day = made.add_format({"num_format": 14})
        made.add_worksheet().write_number(0, 0, 0, day)

    assert rows(book(fill, date_1904=True)) == [("19040101",)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_text_files_are_read_in_each_encoding_and_with_each_delimiter(
    encoding: str, delimiter: str
) -> None:
    text = "\r\n".join(
        [delimiter.join(HEADINGS), "", delimiter.join(('="0012"', "1.1E+17", "a\0b"))]
    )
    found = list(sheet_rows(io.BytesIO(text.encode(encoding))))
    assert [row.number for row in found] == [1, 3]
    assert found[1].cells == ("0012", "1.1E+17", "a\0b")
    assert found[1].notes == {1: cells.Note.LOST_TAIL}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "sheet_unknown"),
        (b"%PDF-1.7", "sheet_unknown"),
        (b"a\0b,c", "sheet_unknown"),
        (b"\xff\xff\xff,", "sheet_unknown"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and no more", "sheet_damaged"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
            + "EncryptedPackage".encode("utf-16-le"),
            "sheet_encrypted",
        ),
        (b'"' + b"x" * 200_000 + b'"', "sheet_damaged"),
        (b"PK\x03\x04 and no more", "sheet_damaged"),
    ],
)
def test_what_is_no_sheet_is_refused(data: bytes, code: str) -> None:
    assert refused(data) == code


def test_a_zip_of_something_else_is_no_sheet() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("readme.txt", "hello")
    assert refused(out.getvalue()) == "sheet_unknown"


DTD = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/styles.xml"])
def test_entities_are_refused_wherever_they_stand(part: str) -> None:
    def declare(xml: bytes) -> bytes:
        at = xml.index(b"?>") + 2
        return xml[:at] + DTD + xml[at:]

    assert refused(changed(plain(), part, declare)) == "sheet_suspicious"


def many_rows(count: int, row: bytes) -> Callable[[bytes], bytes]:
    def fill(xml: bytes) -> bytes:
        begin = xml.index(b"<sheetData>") + len(b"<sheetData>")
        end = xml.index(b"</sheetData>")
        return xml[:begin] + row * count + xml[end:]

    return fill


@pytest.mark.parametrize(
    ("row", "count", "code"),
    [
        # Ten million rows that say where they are, and a bomb of one repeated row.
        (b'<row r="10000000"/>', 1, "sheet_too_many_rows"),
        (b"<row/>", 1_100_000, "sheet_inflates"),
        (b'<row><c t="str"><v>x</v></c></row>', 30, "sheet_too_many_rows"),
        (b'<row><c r="ZZ1" t="str"><v>x</v></c></row>', 1, "sheet_too_many_columns"),
        (b'<row><c r="ZZZZ1" t="str"><v>x</v></c></row>', 1, "sheet_damaged"),
        (b'<row><c r="7" t="str"><v>x</v></c></row>', 1, "sheet_damaged"),
        (b'<row><c t="s"><v>7</v></c></row>', 1, "sheet_damaged"),
        (b'<row><c t="n"><v>no number</v></c></row>', 1, "sheet_damaged"),
        (b'<row r="x"/>', 1, "sheet_damaged"),
        (b"<row><c>", 1, "sheet_damaged"),
        (
            b'<row><c t="str"><v>' + b"x" * 40_000 + b"</v></c></row>",
            1,
            "sheet_suspicious",
        ),
    ],
)
def test_hostile_rows_are_refused(
    monkeypatch: pytest.MonkeyPatch, row: bytes, count: int, code: str
) -> None:
    monkeypatch.setattr(cells, "MOST_ROWS", 20)
    assert refused(changed(plain(), SHEET, many_rows(count, row))) == code


def test_a_tag_without_an_end_is_not_held_in_memory() -> None:
    tag = b'<row a="' + b"ab" * 1_500_000 + b'"/>'
    # Noise, so that the ratio does not give it away.
    data = changed(plain(), SHEET, many_rows(1, tag))
    stored = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(stored, "w") as new:
        for item in old.infolist():
            new.writestr(item.filename, old.read(item), zipfile.ZIP_STORED)
    assert refused(stored.getvalue()) == "sheet_suspicious"


def test_shared_strings_are_bounded_and_their_readings_skipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = book(lambda made: made.add_worksheet().write_string(0, 0, "张测试"))
    part = "xl/sharedStrings.xml"
    spoken = changed(
        data,
        part,
        lambda xml: xml.replace(
            b"</si>", b'<rPh sb="0" eb="1"><t>zhang</t></rPh></si>'
        ),
    )
    assert rows(spoken) == [("张测试",)]
    monkeypatch.setattr(xlsx, "_MOST_SHARED", 5)
    assert refused(data) == "sheet_inflates"


def test_odd_parts_are_refused() -> None:
    hidden = book(lambda made: made.add_worksheet("a"))
    hidden = changed(
        hidden,
        "xl/workbook.xml",
        lambda xml: xml.replace(b"<sheet ", b'<sheet state="hidden" '),
    )
    assert refused(hidden) == "sheet_damaged"
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(plain())) as old, zipfile.ZipFile(out, "w") as new:
        for item in old.infolist():
            new.writestr(item.filename, old.read(item), zipfile.ZIP_BZIP2)
    assert refused(out.getvalue()) == "sheet_suspicious"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for n in range(2001):
            new.writestr(f"{n}", b"")
    assert refused(out.getvalue()) == "sheet_suspicious"


def test_files_too_large_are_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "MOST_BYTES", 10)
    assert refused(plain()) == "sheet_too_large"
    monkeypatch.setattr(read, "MOST_BYTES", 10**6)
    monkeypatch.setattr(read, "_MOST_XLS", 10)
    assert refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 3) == "sheet_too_large"


def test_old_excel_files_are_read() -> None:
    data = old_book(
        [
            [(1, "姓名"), (1, "学号"), (1, "身份证号"), (1, "出生")],
            [],
            [(1, "张测试"), (2, 20230001.0), (2, 1.1010119900101e17), (3, 32874.0)],
        ]
    )
    found = [(row.number, row.cells) for row in data]
    assert found[0] == (1, ("姓名", "学号", "身份证号", "出生"))
    assert found[1][0] == 3
    assert found[1][1][:2] == ("张测试", "20230001")
    assert found[1][1][3] == "19900101"
    assert re.fullmatch(r"\d{18}", found[1][1][2])


def old_book(lines: list[list[tuple[int, object]]]) -> list[cells.SheetRow]:
    """Return what becomes of cells as xlrd gives them; nothing here can write .xls."""
    builder = cells.RowBuilder()
    found = []
    for number, line in enumerate(lines, start=1):
        for column, (kind, value) in enumerate(line):
            read._put_xls(builder, column, _Old(kind, value), from_1904=False)
        row = builder.finish(number)
        if row is not None:
            found.append(row)
    return found


class _Old:
    def __init__(self, ctype: int, value: object) -> None:
        self.ctype, self.value = ctype, value
