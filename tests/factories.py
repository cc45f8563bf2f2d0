"""Invented people for tests: valid check characters, obviously fictional, always the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from backend.domain.codes import Claims, encode_claims
from backend.domain.identity import check_character
from tests import secrecy

SCHOOL_CODE = "99999"
SCHOOL_NAME = "样例大学"

_SURNAMES = "张李王赵钱孙周吴郑陈"
_GIVEN = ("测试", "样例", "示范", "虚构", "演", "仿", "假设", "模拟")
_LEVELS = ("专升本", "高起专", "高起本")


def make_id_number(
    region: str = "110101", birth: str | date = "19900101", serial: int = 1
) -> str:
    """Return an 18-character identity number with a valid check character."""
    day = birth if isinstance(birth, str) else birth.strftime("%Y%m%d")
    first17 = f"{region}{day}{serial:03d}"
    return first17 + check_character(first17)


@dataclass(frozen=True, slots=True)
class InventedStudent:
    """One student who does not exist."""

    number: int
    name: str
    id_number: str
    student_no: str
    level: str
    token: str
    branch: str
    class_no: str

    @property
    def masked_name(self) -> str:
        """The name as a card shows it: only the first and, of three, the last."""
        hidden = "*" if len(self.name) == 2 else f"*{self.name[2:]}"
        return self.name[0] + hidden

    @property
    def claims(self) -> Claims:
        """What the student's card claims."""
        return Claims(
            school_code=SCHOOL_CODE,
            student_no=self.student_no,
            level=self.level,
            study_type="成人",
            masked_name=self.masked_name,
            id_last4=self.id_number[-4:],
            branch=self.branch,
            class_no=self.class_no,
            issued_at=datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=self.number),
        )

    @property
    def payload(self) -> str:
        """What the QR on the student's card holds."""
        return encode_claims(self.token, self.claims)


def make_student(n: int) -> InventedStudent:
    """Return the n-th invented student; numbers and tokens differ, names recur after 80."""
    name = _SURNAMES[n % len(_SURNAMES)] + _GIVEN[n // len(_SURNAMES) % len(_GIVEN)]
    birth = date(1985, 1, 1) + timedelta(days=n * 37)
    student = InventedStudent(
        number=n,
        name=name,
        id_number=make_id_number("110101", birth, n % 999 + 1),
        student_no=f"0{2023_00_000_000 + n}",
        level=_LEVELS[n % len(_LEVELS)],
        token=f"{(n + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}",
        branch="继续教育学院样例函授站",
        class_no=f"样例{n % 9 + 1}班",
    )
    secrecy.note_name(student.name)
    secrecy.note(student.id_number, student.student_no, student.token, student.payload)
    return student
