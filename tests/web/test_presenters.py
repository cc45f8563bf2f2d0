"""A report in words: what is said first, what is folded, what is only named."""

from __future__ import annotations

from dataclasses import replace

from backend.domain.report import Finding, Status
from backend.web.presenters import report_summary
from tests.web.student_support import make_report


def test_what_could_not_be_checked_is_told_by_name_only() -> None:
    findings = (
        Finding("roll", ("P1",), Status.FAIL, 9.0, (None, 8.0), "deg"),
        *(Finding(r, ("P1",), Status.WARN) for r in ("yaw", "pitch", "sharpness")),
        Finding("eyes_open", ("P1",), Status.SKIP),
        Finding("jewellery", ("P3",), Status.HUMAN),
        Finding("face_count", ("B1",), Status.PASS),
    )
    summary = report_summary(replace(make_report("fail"), findings=findings))
    assert [line.rule for line in summary.first] == ["roll", "yaw", "pitch"]
    assert [line.rule for line in summary.rest] == ["sharpness", "face_count"]
    assert summary.skipped == ("眼睛睁开",)
    assert summary.for_people == ("不戴饰品",)
    assert summary.folded == 4
