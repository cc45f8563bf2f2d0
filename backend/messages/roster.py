"""What is said of a roster's columns and of what is wrong in its rows."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backend.domain.roster import Column
from backend.messages.errors import VIOLATIONS

#: What each column of a roster is called on screen.
FIELD_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        Column.NAME: "姓名",
        Column.STUDENT_NO: "学号",
        Column.ID_NUMBER: "身份证号",
        Column.LEVEL: "层次",
        Column.MAJOR: "专业",
        Column.STATION: "函授站",
        Column.GRADUATING_YEAR: "毕业届",
        Column.EXAM_NO: "考生号",
        Column.CERTIFICATE_NO: "证书编号",
        Column.STUDY_FORM: "学习形式",
        Column.CLASS_NO: "班级",
        Column.SEX: "性别",
        Column.BIRTH_DATE: "出生日期",
        Column.ID_TYPE: "证件类型",
        Column.CODE: "采集码",
        Column.EXEMPT_REASON: "免采原因",
        "station_id": "函授站",
    }
)

PROBLEMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "missing": "没有填",
        "too_long": "太长了",
        "lost_tail": "数字单元格只保存前 15 位，后面的已经丢了：请把这一列设为文本，重新填写",
        "no_value": "公式没有计算结果：请在表格软件里打开、保存一次，或粘贴为数值",
        "number_characters": "只能有字母、数字和短横线",
        "station_unknown": "没有这个函授站：请核对代码或名称，或先建立函授站",
        "year_unreadable": "看不出是哪一届",
        "year_of_other_campaign": "不是本批次的毕业届",
        "code_invalid": "不是学信网采集码",
        "birth_differs": "与身份证号里的出生日期不一致",
        "sex_differs": "与身份证号里的性别不一致",
        "level_unknown": "不认识的层次，采集码上的层次将无法核对",
        "certificate_pattern": "不像 18 位证书编号，请核对",
        "tidied": "已去掉多余的空格、全角字符或符号",
        "duplicate_in_file": "与第 {other} 行重复",
        "person_on_roster": "名册里已有同一身份证号、同一层次的学生，学号不同",
        "certificate_taken": "证书编号已属于名册里的另一名学生",
        "code_on_roster": "采集码已属于名册里的另一名学生",
        "code_differs": "与名册里登记的采集码不同，不会覆盖",
    }
)


def problem_text(code: str, other_row: int | None = None) -> str:
    """Return one sentence on a problem."""
    said = PROBLEMS.get(code) or VIOLATIONS.get(code, code)
    return said.format(other=other_row)
