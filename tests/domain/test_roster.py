"""Heading rows of real files, and what is said of each thing that can be wrong."""

from __future__ import annotations

import pytest

from backend.domain.roster import (
    HEADINGS,
    REQUIRED,
    Column,
    Line,
    Setting,
    Severity,
    find_head,
    mask,
    match_headings,
    parse_year,
    station_names,
    tidy,
    tidy_number,
    understand,
)
from backend.messages.roster import FIELD_NAMES, PROBLEMS, problem_text
from tests.factories import make_id_number, make_student

STATIONS = [
    (1, "CS01", "长沙样例函授站"),
    (2, "ZZ02", "株洲示范教学点"),
    (3, "ZZ03", "株洲示范函授站"),
]
ORDER = tuple(Column)
GOOD = {
    Column.NAME: make_student(1).name,
    Column.STUDENT_NO: make_student(1).student_no,
    Column.ID_NUMBER: make_id_number("110101", "19900101", 1),
    Column.LEVEL: "专升本",
    Column.MAJOR: "会计学",
    Column.STATION: "CS01",
    Column.GRADUATING_YEAR: "2026届",
}
SETTING = Setting(
    mapping={column: at for at, column in enumerate(ORDER)},
    years=frozenset({2025, 2026}),
    stations=station_names(STATIONS),
)


def line(**changes: str) -> Line:
    cells = GOOD | {Column(name): value for name, value in changes.items()}
    return Line(7, [cells.get(column, "") for column in ORDER])


def codes(**changes: str) -> set[tuple[str, str]]:
    _, problems = understand(line(**changes), SETTING)
    return {(problem.code, problem.severity.value) for problem in problems}


def test_the_heading_row_is_found_below_titles_and_remarks() -> None:
    head = find_head(
        [
            Line(1, ["样例大学2026届毕业生名册"]),
            Line(2, ["姓名、学号必填"]),
            Line(
                4, ["序号", "KSH", "XH", "XM（必填）", "＊ＳＦＺＨ", "CC", "XSH", "FY"]
            ),
            Line(5, ["1", "00", "00", "张测试", "", "", "", ""]),
        ]
    )
    assert head is not None
    assert head.row == 4
    assert head.mapping == {
        Column.EXAM_NO: 1,
        Column.STUDENT_NO: 2,
        Column.NAME: 3,
        Column.ID_NUMBER: 4,
        Column.LEVEL: 5,
        Column.STATION: 6,
    }
    assert "张测试" not in repr(Line(5, ["张测试"]))


def test_without_known_headings_the_fullest_row_is_offered() -> None:
    head = find_head([Line(1, ["名单"]), Line(2, ["甲", "乙", "丙"]), Line(3, ["1"])])
    assert head is not None
    assert (head.row, dict(head.mapping)) == (2, {})
    assert find_head([]) is None


def test_the_surer_of_two_headings_wins_and_every_heading_is_known() -> None:
    assert match_headings(["分院", "班号", "函授站"])[Column.STATION] == 2
    for column, headings in HEADINGS.items():
        for heading in headings:
            assert match_headings([heading]) == {column: 0}, heading


def test_a_good_row_is_understood() -> None:
    row, problems = understand(
        line(
            certificate_no="999995202606000001",
            exam_no="26110101000001",
            sex="男",
            birth_date="1990-01-01",
            exempt_reason="是",
        ),
        SETTING,
    )
    assert not problems
    assert row is not None
    assert (row.station_id, row.graduating_year) == (1, 2026)
    assert row.exempt_reason == "名册标注免采"
    assert GOOD[Column.NAME] not in repr(row)


@pytest.mark.parametrize(
    ("changes", "code", "severity"),
    [
        ({"name": " "}, "missing", "error"),
        ({"student_no": ""}, "missing", "error"),
        ({"id_number": ""}, "missing", "error"),
        ({"station": ""}, "missing", "error"),
        ({"graduating_year": ""}, "missing", "error"),
        ({"name": "长" * 81}, "too_long", "error"),
        ({"student_no": "学号1"}, "number_characters", "error"),
        ({"id_number": "110101199001010000"}, "id_number_checksum", "error"),
        ({"id_number": "110101900101001"}, "id_number_fifteen_digits", "error"),
        ({"station": "XX"}, "station_unknown", "error"),
        ({"station": "株洲示范"}, "station_unknown", "error"),
        ({"graduating_year": "下一届"}, "year_unreadable", "error"),
        ({"graduating_year": "2024"}, "year_of_other_campaign", "error"),
        ({"code": "?"}, "code_invalid", "error"),
        ({"level": "大四"}, "level_unknown", "warning"),
        ({"sex": "女"}, "sex_differs", "warning"),
        ({"birth_date": "19900102"}, "birth_differs", "warning"),
        ({"certificate_no": "123"}, "certificate_pattern", "warning"),
        ({"student_no": "００ １２"}, "tidied", "warning"),
    ],
)
def test_each_fault_is_named(changes: dict[str, str], code: str, severity: str) -> None:
    assert codes(**changes) == {(code, severity)}
    row, _ = understand(line(**changes), SETTING)
    assert (row is None) == (severity == "error")
    assert problem_text(code) != code


@pytest.mark.parametrize(
    ("changes", "field", "value"),
    [
        ({"station": "长沙样例 函授站"}, "station_id", 1),
        ({"station": "长沙样例"}, "station_id", 1),
        ({"station": "zz02"}, "station_id", 2),
        ({"graduating_year": "20250630"}, "graduating_year", 2025),
        ({"id_type": "护照", "id_number": "E1234567"}, "id_number", "E1234567"),
        ({"exempt_reason": "无"}, "exempt_reason", ""),
        ({"exempt_reason": "已有学历照片"}, "exempt_reason", "已有学历照片"),
        ({"code": make_student(3).payload}, "code_token", make_student(3).token),
        ({"student_no": "'0012x"}, "student_no", "0012X"),
    ],
)
def test_what_is_written_otherwise_is_understood(
    changes: dict[str, str], field: str, value: object
) -> None:
    row, _ = understand(line(**changes), SETTING)
    assert row is not None
    assert getattr(row, field) == value


def test_a_cell_the_sheet_no_longer_knows_is_an_error_and_not_two() -> None:
    at = SETTING.mapping[Column.ID_NUMBER]
    cut = Line(7, line(id_number="110101199001010000").cells, {at: "lost_tail"})
    row, problems = understand(cut, SETTING)
    assert row is None
    assert [problem.code for problem in problems] == ["lost_tail"]


def test_columns_that_are_not_there_come_from_the_import() -> None:
    mapping = {column: at for at, column in enumerate(REQUIRED)}
    bare = Setting(mapping=mapping, years=frozenset({2026}), stations={})
    assert bare.missing == (Column.STATION, Column.GRADUATING_YEAR)
    whole = Setting(
        mapping=mapping,
        years=frozenset({2026}),
        stations={},
        station_id=2,
        year=2026,
    )
    assert whole.missing == ()
    row, problems = understand(Line(2, [GOOD[c] for c in REQUIRED]), whole)
    assert not problems
    assert row is not None
    assert (row.station_id, row.graduating_year) == (2, 2026)


def test_personal_values_are_shown_masked() -> None:
    _, problems = understand(line(id_number="110101199001010000"), SETTING)
    assert problems[0].shown == "110************000"
    assert "110" not in repr(problems[0])
    assert mask(Column.NAME, "张测试") == "张**"
    assert mask(Column.STUDENT_NO, "12") == "**"
    assert mask(Column.MAJOR, "会" * 50) == "会" * 40


def test_text_is_tidied() -> None:
    assert tidy("　Ａ\u200b１ \n b") == "A1 b"
    assert tidy_number(" '１２ ３x") == "123X"
    assert parse_year("120260101") is None


def test_everything_has_words() -> None:
    assert set(FIELD_NAMES) >= {column.value for column in Column}
    assert problem_text("duplicate_in_file", 9) == "与第 9 行重复"
    assert all(text for text in PROBLEMS.values())
    assert set(Severity) == {Severity.ERROR, Severity.WARNING}
