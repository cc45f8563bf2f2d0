"""What the columns and rows of a college's roster mean.

Files come with title rows, under many headings, from people who typed them: the heading
row is found, its columns are guessed, each row is tidied and everything wrong with it is
named at once. Problems carry what stood in the cell only masked where it is personal.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from backend.domain.codes import parse_collection_code
from backend.domain.errors import DomainError, InvalidInputError
from backend.domain.identity import IdentityNumber, IdType, normalise_name
from backend.domain.levels import parse_level


class Column(StrEnum):
    """What a column of a roster holds."""

    NAME = "name"
    STUDENT_NO = "student_no"
    ID_NUMBER = "id_number"
    LEVEL = "level"
    MAJOR = "major"
    STATION = "station"
    GRADUATING_YEAR = "graduating_year"
    EXAM_NO = "exam_no"
    CERTIFICATE_NO = "certificate_no"
    STUDY_FORM = "study_form"
    CLASS_NO = "class_no"
    SEX = "sex"
    BIRTH_DATE = "birth_date"
    ID_TYPE = "id_type"
    CODE = "code"
    EXEMPT_REASON = "exempt_reason"


#: A file without one of these cannot be imported.
REQUIRED: Final = (
    Column.NAME,
    Column.STUDENT_NO,
    Column.ID_NUMBER,
    Column.LEVEL,
    Column.MAJOR,
)

#: The headings of each column, the surest first: names people use, and the register's.
HEADINGS: Final[Mapping[Column, tuple[str, ...]]] = {
    Column.NAME: ("姓名", "XM", "学生姓名", "考生姓名", "NAME"),
    Column.STUDENT_NO: ("学号", "XH", "学籍号", "学生学号", "注册学号"),
    Column.ID_NUMBER: (
        "身份证号", "身份证号码", "SFZH", "身份证", "公民身份号码", "证件号码",
        "证件号", "居民身份证号", "居民身份证号码", "ZJHM", "身份证件号",
    ),
    Column.LEVEL: ("层次", "CC", "学历层次", "培养层次", "办学层次", "学历"),
    Column.MAJOR: ("专业名称", "ZYMC", "专业", "所学专业", "毕业专业", "录取专业"),
    Column.STATION: (
        "函授站", "函授站点", "函授站(点)", "站点", "站点代码", "函授站代码",
        "函授站名称", "教学点", "校外教学点", "教学站", "教学站点", "学习中心",
        "系所函授站", "系所函", "XSH", "FY", "分院",
    ),
    Column.GRADUATING_YEAR: (
        "毕业届", "届", "届别", "毕业年份", "毕业年度", "毕业届别", "毕业学年",
        "预计毕业日期", "YJBYRQ", "预计毕业时间", "毕业日期", "毕业时间", "BYRQ",
    ),
    Column.EXAM_NO: ("考生号", "KSH", "准考证号", "考籍号"),
    Column.CERTIFICATE_NO: (
        "证书编号", "ZSBH", "毕业证书编号", "毕业证书注册编码", "毕业证书号",
        "毕业证号", "学历证书编号", "电子注册号", "毕业证编号",
    ),
    Column.STUDY_FORM: ("学习形式", "XXXS", "学习方式", "办学形式"),
    Column.CLASS_NO: ("班级", "BH", "班号", "班级名称", "所在班级", "行政班"),
    Column.SEX: ("性别", "XB"),
    Column.BIRTH_DATE: ("出生日期", "CSRQ", "出生年月日", "生日", "出生年月"),
    Column.ID_TYPE: ("证件类型", "身份证件类型", "SFZJLX", "ZJLX"),
    Column.CODE: ("采集码", "图像采集码", "CJM", "学信网采集码"),
    Column.EXEMPT_REASON: ("免采原因", "免采", "免采集原因", "免采集"),
}  # fmt: skip

#: What fits the table of students; the identity number is kept sealed.
WIDTHS: Final[Mapping[Column, int]] = {
    Column.NAME: 80,
    Column.STUDENT_NO: 30,
    Column.EXAM_NO: 30,
    Column.CERTIFICATE_NO: 30,
    Column.LEVEL: 20,
    Column.MAJOR: 100,
    Column.STUDY_FORM: 20,
    Column.CLASS_NO: 50,
    Column.EXEMPT_REASON: 100,
}
#: The heading row stands among the first rows, below titles and remarks.
HEAD_ROWS: Final = 30
_LEAST_HEADINGS: Final = 3
_NUMBERS: Final = frozenset(
    {Column.STUDENT_NO, Column.EXAM_NO, Column.CERTIFICATE_NO, Column.ID_NUMBER}
)
_PERSONAL: Final = _NUMBERS | {Column.NAME, Column.BIRTH_DATE, Column.CODE}
_LONGEST_SHOWN: Final = 40
_WIDTH: Final = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {
    0x3000: 0x20,
    0xA0: 0x20,
}
_REMARK: Final = re.compile(r"[(（\[【].*?[)）\]】]")
_HEADING_NOISE: Final = re.compile(r"[\s*:：_/、.\-]+")
_NUMBER: Final = re.compile(r"[0-9A-Za-z-]+")
_CERTIFICATE: Final = re.compile(r"\d{5}[1567]\d{4}0[1-6]\d{6}")
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d")
_BIRTH: Final = re.compile(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})\D*(?:00:00.*)?")
_STATION_TAIL: Final = re.compile(
    r"(函授站点?|校外教学点|教学站点?|教学点|学习中心|站点?)$"
)
_RESIDENT_PAPERS: Final = frozenset({"", "居民身份证", "身份证", "1", "01"})
_NO: Final = frozenset({"", "否", "0", "无", "N", "NO"})
_YES: Final = frozenset({"是", "1", "Y", "YES", "免采", "免采集"})


class Severity(StrEnum):
    """Whether a problem keeps the row out."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, repr=False)
class Problem:
    """One thing wrong with one cell; ``shown`` is masked where it is personal."""

    code: str
    column: Column | None = None
    severity: Severity = Severity.ERROR
    shown: str = ""

    def __repr__(self) -> str:
        return f"Problem({self.code}, {self.column})"


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """One row of a sheet: its number there, its text, notes of the reader by column."""

    number: int
    cells: Sequence[str]
    notes: Mapping[int, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Line({self.number})"


@dataclass(frozen=True, slots=True)
class Head:
    """The heading row and what its columns are taken for."""

    row: int
    headings: tuple[str, ...]
    mapping: Mapping[Column, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What rows are held against.

    Attributes:
        mapping: where each column stands, from 0.
        years: the campaign's graduating years.
        stations: ids by code and by name, as :func:`station_names` gives them.
        station_id: of rows whose station is in no column.
        year: of rows whose graduating year is in no column.
    """

    mapping: Mapping[Column, int]
    years: frozenset[int]
    stations: Mapping[str, int]
    station_id: int | None = None
    year: int | None = None

    @property
    def missing(self) -> tuple[Column, ...]:
        """The columns without which nothing can be imported."""
        gone = [column for column in REQUIRED if column not in self.mapping]
        if Column.STATION not in self.mapping and self.station_id is None:
            gone.append(Column.STATION)
        if Column.GRADUATING_YEAR not in self.mapping and self.year is None:
            gone.append(Column.GRADUATING_YEAR)
        return tuple(gone)


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class RosterRow:
    """One student as a roster says; empty where the roster says nothing."""

    station_id: int
    name: str
    student_no: str
    id_number: str
    level: str
    major: str
    graduating_year: int
    exam_no: str = ""
    certificate_no: str = ""
    study_form: str = ""
    class_no: str = ""
    exempt_reason: str = ""
    code_token: str = ""

    def __repr__(self) -> str:
        return "RosterRow(***)"


def find_head(lines: Sequence[Line]) -> Head | None:
    """Return the heading row among the first rows: the one most headings are known of.

    Where nothing is known it is the fullest row, for a person to say what its columns
    are; there is none without rows.
    """
    heads = [
        Head(
            line.number,
            tuple(tidy(cell)[:_LONGEST_SHOWN] for cell in line.cells),
            match_headings(line.cells),
        )
        for line in lines
    ]
    best = max(heads, key=lambda head: len(head.mapping), default=None)
    if best is not None and len(best.mapping) < _LEAST_HEADINGS:
        return max(heads, key=lambda head: len([h for h in head.headings if h]))
    return best


def match_headings(cells: Sequence[str]) -> dict[Column, int]:
    """Return which column each heading means; of two for one, the surer heading wins."""
    names = [_heading(cell) for cell in cells]
    found = {}
    for column, headings in HEADINGS.items():
        places = [names.index(h) for h in map(_heading, headings) if h in names]
        if places:
            found[column] = places[0]
    return found


def _heading(cell: str) -> str:
    bare = _REMARK.sub("", cell) or cell
    return _HEADING_NOISE.sub("", tidy(bare)).upper()


def tidy(text: str) -> str:
    """Return text without full-width forms, marks nobody sees, and stray blanks."""
    # What can be printed holds no such marks; most cells can.
    if not text.isprintable():
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    if not text.isascii():
        text = text.translate(_WIDTH)
    return " ".join(text.split())


def tidy_number(text: str) -> str:
    """Return a number as it is kept: no blanks, no apostrophe, capital letters."""
    return tidy(text).replace(" ", "").removeprefix("'").upper()


def station_names(stations: Iterable[tuple[int, str, str]]) -> dict[str, int]:
    """Return ids by every spelling that names one station only: code, name, short name.

    Args:
        stations: (id, code, name).
    """
    found: dict[str, int] = {}
    ambiguous = set()
    for station_id, code, name in stations:
        short = _STATION_TAIL.sub("", _station(name))
        for spelling in {_station(code), _station(name), short} - {""}:
            if found.setdefault(spelling, station_id) != station_id:
                ambiguous.add(spelling)
    return {key: value for key, value in found.items() if key not in ambiguous}


def _station(text: str) -> str:
    return tidy(text).replace(" ", "").upper()


def parse_year(text: str) -> int | None:
    """Return the graduating year in ``2026``, ``2026届``, ``20260630`` or a date."""
    found = _YEAR.search(tidy(text))
    return int(found[0]) if found else None


def mask(column: Column | None, text: str) -> str:
    """Return a cell's text as it may be shown beside its problem."""
    if column not in _PERSONAL:
        return text[:_LONGEST_SHOWN]
    if column is Column.NAME:
        return text[:1] + "*" * min(len(text) - 1, 3)
    keep = min(3, len(text) // 4)
    middle = "*" * min(len(text) - 2 * keep, 12)
    return text[:keep] + middle + text[len(text) - keep :]


def understand(line: Line, setting: Setting) -> tuple[RosterRow | None, list[Problem]]:
    """Return the student a row tells of, and everything wrong with it.

    There is no student when any of the problems is an error.
    """
    reader = _Reader(line, setting)
    values = {column: reader.text(column) for column in WIDTHS}
    number = reader.id_number()
    station_id, year = reader.station(), reader.year()
    token = reader.code()
    reader.check_certificate(values[Column.CERTIFICATE_NO])
    reader.check_level(values[Column.LEVEL])
    if number is not None:
        reader.check_against(number)
    problems = reader.problems
    failed = any(problem.severity is Severity.ERROR for problem in problems)
    if failed or number is None or station_id is None or year is None:
        return None, problems
    return (
        RosterRow(
            station_id=station_id,
            name=values[Column.NAME],
            student_no=values[Column.STUDENT_NO],
            id_number=number.value,
            level=values[Column.LEVEL],
            major=values[Column.MAJOR],
            graduating_year=year,
            exam_no=values[Column.EXAM_NO],
            certificate_no=values[Column.CERTIFICATE_NO],
            study_form=values[Column.STUDY_FORM],
            class_no=values[Column.CLASS_NO],
            exempt_reason=_reason(values[Column.EXEMPT_REASON]),
            code_token=token,
        ),
        problems,
    )


def _reason(text: str) -> str:
    """Return the reason of an exemption; colleges also write just yes and no."""
    if text.upper() in _NO:
        return ""
    return "名册标注免采" if text.upper() in _YES else text


class _Reader:
    """Reads the cells of one row and gathers what is wrong with them."""

    def __init__(self, line: Line, setting: Setting) -> None:
        self.problems: list[Problem] = []
        self._line = line
        self._setting = setting

    def text(self, column: Column) -> str:
        """Return a tidied cell, noting what is missing, too long or untidy."""
        raw = self._raw(column)
        value = self._tidied(column, raw)
        if column in _NUMBERS and value and not _NUMBER.fullmatch(value):
            self._error("number_characters", column, value)
        if len(value) > WIDTHS.get(column, len(value)):
            self._error("too_long", column, value)
        return value

    def id_number(self) -> IdentityNumber | None:
        """Return the identity number, or none with the reason noted."""
        column = Column.ID_NUMBER
        value = self._tidied(column, self._raw(column))
        if not value or self._setting.mapping.get(column) in self._line.notes:
            return None
        paper = tidy(self._raw(Column.ID_TYPE))
        resident = paper.replace(" ", "") in _RESIDENT_PAPERS
        id_type = IdType.RESIDENT if resident else IdType.OTHER
        try:
            return IdentityNumber.parse(value, id_type=id_type)
        except InvalidInputError as error:
            for violation in error.violations:
                self._error(violation.code, column, value)
            return None

    def station(self) -> int | None:
        """Return the station's id, or none with the reason noted."""
        if Column.STATION not in self._setting.mapping:
            return self._setting.station_id
        value = self._tidied(Column.STATION, self._raw(Column.STATION))
        if not value:
            self._error("missing", Column.STATION, "")
            return None
        key = _station(value)
        stations = self._setting.stations
        found = stations.get(key) or stations.get(_STATION_TAIL.sub("", key))
        if found is None:
            self._error("station_unknown", Column.STATION, value)
        return found

    def year(self) -> int | None:
        """Return the graduating year, or none with the reason noted."""
        column = Column.GRADUATING_YEAR
        if column not in self._setting.mapping:
            return self._setting.year
        value = tidy(self._raw(column))
        found = parse_year(value)
        if not value:
            self._error("missing", column, "")
        elif found is None:
            self._error("year_unreadable", column, value)
        elif found not in self._setting.years:
            self._error("year_of_other_campaign", column, value)
        return found

    def code(self) -> str:
        """Return the token of the collection code, empty without one."""
        value = self._raw(Column.CODE).strip()
        if not value:
            return ""
        try:
            return parse_collection_code(value).token
        except DomainError:
            self._error("code_invalid", Column.CODE, value)
            return ""

    def check_certificate(self, value: str) -> None:
        """Warn of a certificate number that is not built like one."""
        if value and not _CERTIFICATE.fullmatch(value):
            self._warn("certificate_pattern", Column.CERTIFICATE_NO, value)

    def check_level(self, value: str) -> None:
        """Warn of a level nothing is known of: codes cannot be compared with it."""
        if value and parse_level(value) is None:
            self._warn("level_unknown", Column.LEVEL, value)

    def check_against(self, number: IdentityNumber) -> None:
        """Warn where birth date or sex contradict the identity number."""
        born = tidy(self._raw(Column.BIRTH_DATE))
        stated = _BIRTH.fullmatch(born)
        if stated and number.birth_date:
            date = tuple(int(part) for part in stated.groups())
            actual = number.birth_date
            if date != (actual.year, actual.month, actual.day):
                self._warn("birth_differs", Column.BIRTH_DATE, born)
        sex = tidy(self._raw(Column.SEX))
        male = {"男": True, "男性": True, "女": False, "女性": False}.get(sex)
        if None not in {male, number.male} and male != number.male:
            self._warn("sex_differs", Column.SEX, sex)

    def _raw(self, column: Column) -> str:
        at = self._setting.mapping.get(column)
        if at is None or at >= len(self._line.cells):
            return ""
        return self._line.cells[at]

    def _tidied(self, column: Column, raw: str) -> str:
        note = self._line.notes.get(self._setting.mapping.get(column, -1))
        if note is not None:
            self._error(note, column, raw)
        elif not raw.strip() and column in REQUIRED:
            self._error("missing", column, "")
        value = _TIDY.get(column, tidy)(raw)
        # What only lost blanks at its ends is not worth a line.
        if value != raw.strip() and column in _NUMBERS | {Column.NAME}:
            self._warn("tidied", column, raw)
        return value

    def _error(self, code: str, column: Column, value: str) -> None:
        self.problems.append(Problem(code, column, Severity.ERROR, mask(column, value)))

    def _warn(self, code: str, column: Column, value: str) -> None:
        shown = mask(column, value)
        self.problems.append(Problem(code, column, Severity.WARNING, shown))


_TIDY: Final = {
    Column.NAME: normalise_name,
    **dict.fromkeys(_NUMBERS, tidy_number),
}
