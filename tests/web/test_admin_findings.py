import pytest

from backend.domain.report import Finding, Report, Status, Verdict
from backend.web.admin.findings import report_lines


def report(*findings: Finding) -> Report:
    return Report(
        policy="notice-2025",
        verdict=Verdict.FAIL,
        findings=findings,
        crop=None,
        portrait=None,
        picture_width=600,
        picture_height=800,
    )


def test_findings_are_sorted_by_what_a_reviewer_does_with_them() -> None:
    lines = report_lines(
        report(
            Finding("face_count", ("B1",), Status.PASS),
            Finding("jewellery", ("P3",), Status.HUMAN),
            Finding("headwear", ("P3", "B1"), Status.HUMAN),
            Finding("sharpness", ("B3",), Status.WARN),
            Finding("roll", ("P1",), Status.FAIL, 9.0, (-3.0, 3.0), "deg"),
            Finding("eyes_open", ("P1",), Status.SKIP),
        )
    )
    assert [line.rule for line in lines.problems] == ["roll", "sharpness"]
    assert [check.rules for check in lines.checklist] == [("jewellery", "headwear")]
    assert lines.checklist[0].clause == "通知三.3"
    assert [line.rule for line in lines.others] == ["eyes_open", "face_count"]
    assert lines.problems[0].clause == "依据：通知三.1"


@pytest.mark.parametrize(
    ("value", "limit", "unit", "measured", "allowed"),
    [
        (212.5, (180.0, 300.0), "px", "212.5 px", "180–300 px"),
        (2.0, (1.0, 1.0), "", "2", "1"),
        (0.0912345, (0.15, None), "", "0.091", "≥ 0.15"),
        (0.2, (None, 0.08), "", "0.2", "≤ 0.08"),
        ("HEIC", (None, None), "", "HEIC", ""),
        (None, None, "px", "", ""),
    ],
)
def test_figures_are_written_with_their_limits(
    value: float | str | None,
    limit: tuple[float | None, float | None] | None,
    unit: str,
    measured: str,
    allowed: str,
) -> None:
    finding = Finding("face_count", ("B1",), Status.PASS, value, limit, unit)
    (line,) = report_lines(report(finding)).others
    assert (line.measured, line.allowed) == (measured, allowed)
