import pytest

from backend import policies
from backend.domain.report import Box, Finding, Report, Status, Verdict
from backend.web.admin.checklist import rules_to_check
from backend.web.admin.findings import report_lines
from backend.web.admin.regions import NO_REGION, region_name

NOTICE = policies.load("notice-2025")
EYES, HEAD = Box(100, 200, 300, 60), Box(80, 80, 340, 500)


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


def boxed(rule: str, status: Status, box: Box | None) -> Finding:
    return Finding(rule, ("P2",), status, box=box)


def test_findings_are_sorted_by_what_a_reviewer_does_with_them() -> None:
    lines = report_lines(
        report(
            Finding("face_count", ("B1",), Status.PASS),
            Finding("jewellery", ("P3",), Status.HUMAN),
            Finding("headwear", ("P3", "B1"), Status.HUMAN),
            Finding("sharpness", ("B3",), Status.WARN),
            Finding("roll", ("P1",), Status.FAIL, 9.0, (-3.0, 3.0), "deg"),
            Finding("eyes_open", ("P1",), Status.SKIP),
        ),
        NOTICE,
    )
    (region,) = lines.regions
    assert (region.name, region.close_up) == (NO_REGION, "")
    assert [line.rule for line in region.problems] == ["roll", "sharpness"]
    assert [check.rules for check in region.checks] == [("jewellery", "headwear")]
    assert [line.rule for line in lines.others] == ["eyes_open", "face_count"]
    assert region.problems[0].clause == "通知三.1"
    assert lines.ticks == 1


def test_rules_that_mean_one_region_share_its_close_up() -> None:
    nearly = Box(EYES.x + 4, EYES.y, EYES.width, EYES.height + 5)
    lines = report_lines(
        report(
            boxed("true_likeness", Status.HUMAN, HEAD),
            boxed("coloured_lenses", Status.HUMAN, EYES),
            boxed("lens_glare", Status.HUMAN, nearly),
            boxed("eyes_open", Status.WARN, EYES),
            boxed("glasses", Status.WARN, EYES),
            boxed("recency", Status.HUMAN, None),
            boxed("make_up", Status.HUMAN, HEAD),
        ),
        NOTICE,
    )
    # The gravest first, what has no region last.
    assert [region.name for region in lines.regions] == ["眼睛", "整个头部", NO_REGION]
    eyes, head, _ = lines.regions
    assert eyes.close_up == "eyes_open"
    assert [line.rule for line in eyes.problems] == ["eyes_open"]
    assert [(check.doubt, check.rules) for check in eyes.checks] == [
        (True, ("glasses",)),
        (False, ("coloured_lenses", "lens_glare")),
    ]
    assert [check.rules for check in head.checks] == [("true_likeness", "make_up")]


def test_a_region_that_was_not_found_is_called_what_it_shows() -> None:
    def named(*rules: str, advice: str | None = None) -> str:
        return region_name(
            Finding(rule, ("P3",), Status.HUMAN, box=HEAD, advice=advice)
            for rule in rules
        )

    assert named("coloured_lenses", "true_likeness") == "整个头部"
    assert named("coloured_lenses", "glasses") == "眼睛"
    assert named("face_occluded", "mouth_closed", advice="mouth") == "嘴"
    assert named("face_occluded", advice="mouth") == "嘴"
    assert named("face_occluded", advice="face") == "整个头部"


@pytest.mark.parametrize("status", [Status.WARN, Status.FAIL, Status.HUMAN])
def test_what_the_policy_has_confirmed_is_checked_whatever_was_seen(
    status: Status,
) -> None:
    seen = report(
        boxed("glasses", status, EYES),
        boxed("roll", Status.FAIL, HEAD),
        boxed("ears_visible", Status.PASS, HEAD),
        boxed("jewellery", Status.HUMAN, HEAD),
    )
    assert rules_to_check(seen, NOTICE) == ("glasses", "jewellery")


def test_without_the_policy_only_what_is_left_to_people_is_checked() -> None:
    seen = report(
        boxed("glasses", Status.WARN, EYES),
        boxed("of_old", Status.WARN, EYES),
        boxed("jewellery", Status.HUMAN, HEAD),
    )
    assert rules_to_check(seen, None) == ("jewellery",)
    assert rules_to_check(seen, NOTICE) == ("glasses", "jewellery")


def test_the_reviewer_is_asked_and_not_told_that_a_teacher_looks() -> None:
    lines = report_lines(
        report(
            boxed("glasses", Status.WARN, EYES), boxed("make_up", Status.HUMAN, EYES)
        ),
        NOTICE,
    )
    doubt, plain = lines.regions[0].checks
    assert doubt.lines[0].what == "好像戴着眼镜，请确认。"
    assert plain.lines[0].what == "请看有没有化浓妆。"
    assert plain.lines[0].todo == ""


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
    (line,) = report_lines(report(finding), NOTICE).others
    assert (line.measured, line.allowed) == (measured, allowed)
