"""What a delivery's list says, and what is said of deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backend.domain.deliveries import Fault, NamingKey, Profile
from backend.domain.registry_answers import Answer

#: Headings of the list by receiver. A delivery keeps its own, so these may change.
HEADINGS: Final[Mapping[Profile, tuple[str, ...]]] = MappingProxyType(
    {
        Profile.SCHOOL: (
            "序号",
            "文件名",
            "姓名",
            "身份证号",
            "学号",
            "考生号",
            "采集码",
            "证书编号",
            "层次",
            "专业",
            "学习形式",
            "届",
            "班级",
            "函授站代码",
            "函授站",
            "码印",
            "SHA-256",
            "字节数",
            "宽",
            "高",
            "拍摄日期",
            "审核通过",
            "检查结论",
            "照片规范",
            "背景",
        ),
        Profile.COLLECTING_UNIT: (
            "序号",
            "文件名",
            "码图",
            "采集码",
            "SHA-256",
            "字节数",
            "宽",
            "高",
            "拍摄日期",
            "审核通过",
            "检查结论",
            "照片规范",
            "背景",
        ),
    }
)
#: Columns wider than most, in characters.
WIDTHS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "文件名": 36,
        "身份证号": 20,
        "采集码": 36,
        "专业": 20,
        "函授站": 24,
        "SHA-256": 66,
        "审核通过": 17,
    }
)
VERDICTS: Final[Mapping[str, str]] = MappingProxyType(
    {"pass": "合格", "warn": "合格，有提醒", "fail": "人工审核通过"}
)

PROFILES: Final[Mapping[Profile, str]] = MappingProxyType(
    {
        Profile.SCHOOL: "学校留用（含身份信息）",
        Profile.COLLECTING_UNIT: "采集单位（只有采集码，无姓名和证件号）",
    }
)
NAMINGS: Final[Mapping[NamingKey, str]] = MappingProxyType(
    {
        NamingKey.STUDENT_NO: "学号",
        NamingKey.ID_NUMBER: "身份证号",
        NamingKey.EXAM_NO: "考生号",
        NamingKey.CODE: "采集码",
        NamingKey.CERTIFICATE_NO: "证书编号",
        NamingKey.PATTERN: "自定格式",
        NamingKey.SEQUENCE: "流水号",
    }
)
FAULTS: Final[Mapping[Fault, str]] = MappingProxyType(
    {
        Fault.KEY_EMPTY: "文件名要用的一项在名册里是空的",
        Fault.NAME_TAKEN: "与另一名学生的文件名相同",
        Fault.NAME_TOO_LONG: "文件名太长",
        Fault.NO_CODE: "没有采集码",
        Fault.FILE_MISSING: "成品照或码图文件缺失、损坏",
    }
)
#: What a student is told of the registry's answer.
ANSWERS: Final[Mapping[Answer, str]] = MappingProxyType(
    {
        Answer.NOTHING_YET: "学信网还没有结果",
        Answer.ACCEPTED: "学信网已接收",
        Answer.PICTURE_WRONG: "学信网反馈：图像错误",
        Answer.PROOF_WRONG: "学信网反馈：图像校对有误",
        Answer.COMPARISON_FAILED: "学信网反馈：人像比对未通过",
        Answer.UNCERTAIN: "学信网反馈：身份核验不确定",
        Answer.ABNORMAL: "学信网反馈：身份核验异常",
    }
)
