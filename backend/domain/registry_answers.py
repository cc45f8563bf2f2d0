"""What the registry's platform says of a portrait, read from the words of its list.

The words differ between exports and years, so they are looked for inside the cell, the
refusals first: 不一致 holds 一致, 未通过 holds 通过.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Answer(StrEnum):
    """What became of a portrait at the registry."""

    NOTHING_YET = "nothing_yet"
    ACCEPTED = "accepted"
    PICTURE_WRONG = "picture_wrong"
    PROOF_WRONG = "proof_wrong"
    COMPARISON_FAILED = "comparison_failed"
    UNCERTAIN = "uncertain"
    ABNORMAL = "abnormal"

    @property
    def sends_back(self) -> bool:
        """Whether the portrait has to be made again."""
        return self not in {Answer.ACCEPTED, Answer.NOTHING_YET}


#: 教电〔2021〕128号 names the three outcomes of the comparison; the others are the
#: platform's words for 图像校对.
_WORDS: Final = (
    (Answer.NOTHING_YET, ("未校对", "未显示", "未采集", "未核验", "未比对", "待")),
    (Answer.PICTURE_WRONG, ("图像错误", "图像有误", "照片错误", "照片有误")),
    (Answer.PROOF_WRONG, ("校对有误", "信息有误", "有误")),
    (Answer.COMPARISON_FAILED, ("未通过", "不通过", "不一致", "比对失败")),
    (Answer.UNCERTAIN, ("不确定",)),
    (Answer.ABNORMAL, ("异常",)),
    (Answer.ACCEPTED, ("已显示", "无误", "正确", "通过", "一致")),
)


def read_answer(text: str) -> Answer | None:
    """Return what the words of a cell mean; none for words nobody told us of."""
    words = "".join(unicodedata.normalize("NFKC", text).split())
    if not words:
        return Answer.NOTHING_YET
    for answer, known in _WORDS:
        if any(word in words for word in known):
            return answer
    return None


#: Headings by which a column is known, in one spelling.
_HEADINGS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "id_number": frozenset(
            {"身份证号", "身份证号码", "证件号码", "证件号", "sfzh", "sfzjh", "zjhm"}
        ),
        "student_no": frozenset({"学号", "xh"}),
        "exam_no": frozenset({"考生号", "ksh"}),
        "answer": frozenset(
            {
                "bz",
                "备注",
                "校对结果",
                "校对状态",
                "图像校对",
                "图像校对结果",
                "图像校对状态",
                "图像状态",
                "比对结果",
                "核验结果",
                "身份核验",
                "身份核验结果",
                "结果",
                "状态",
            }
        ),
    }
)


@dataclass(frozen=True, slots=True, repr=False)
class AnsweredRow:
    """One row of the platform's list; what it does not say is empty.

    Attributes:
        number: of the row in the sheet.
    """

    number: int
    id_number: str
    student_no: str
    exam_no: str
    words: str

    def __repr__(self) -> str:
        return f"AnsweredRow({self.number})"


def find_columns(cells: Sequence[str]) -> dict[str, int] | None:
    """Return where what is needed stands; none unless the cells are such headings.

    Needed are the answer and one of the numbers that tell whose it is.
    """
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        heading = "".join(unicodedata.normalize("NFKC", cell).split()).casefold()
        for name, known in _HEADINGS.items():
            if heading.lstrip("\ufeff") in known:
                found.setdefault(name, at)
    return found if "answer" in found and len(found) > 1 else None
