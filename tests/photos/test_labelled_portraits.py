"""Real portraits of real people: what is fine passes, whoever is in the picture."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from PIL import Image

from backend.domain.framing import Missing
from backend.domain.report import Finding, Status, Verdict
from backend.domain.rules import REFUSAL_RULE
from backend.imaging.measure import locate
from backend.imaging.probe import probe
from backend.messages.findings import describe
from tests.defects import Defect, Portrait, defects
from tests.domain.judging import NOTICE
from tests.imaging.portraits import model, person
from tests.photos.labelled import (
    LABELS,
    TOOTHY,
    WHY_ABSENT,
    Labelled,
    inspected,
    inspector,
    portraits,
)

pytestmark = pytest.mark.skipif(not LABELS.exists(), reason=WHY_ABSENT)

NEUTRAL, SMILING, CANADA = "london_neutral", "london_smiling", "canada"
PERSON = ("face_count", "upright", "roll", "yaw", "pitch", "eyes_open", "mouth_closed")


def finding(portrait: Labelled, rule: str) -> Finding:
    (found,) = [f for f in inspected(portrait).report.findings if f.rule == rule]
    return found


def framed(*sets: str) -> list[Labelled]:
    return [
        p for name in sets for p in portraits(name) if inspected(p).portrait is not None
    ]


def test_nearly_all_neutral_portraits_become_a_portrait() -> None:
    assert len(framed(NEUTRAL)) >= 0.96 * len(portraits(NEUTRAL))


def test_whoever_gets_no_portrait_is_told_what_is_missing() -> None:
    for name in (NEUTRAL, SMILING, CANADA):
        for portrait in portraits(name):
            report = inspected(portrait).report
            reasons = [
                f
                for f in report.findings
                if f.status is Status.FAIL and f.value is None
            ]
            assert len(reasons) == (0 if report.crop else 1), portrait.file
            for reason in reasons:
                assert reason.rule in REFUSAL_RULE.values()
                assert reason.advice in list(Missing)
                assert report.verdict is Verdict.FAIL
                assert describe(reason).todo


@pytest.mark.parametrize("rule", PERSON)
def test_nothing_is_wrong_with_a_neutral_face(rule: str) -> None:
    wrong = [
        p.file for p in portraits(NEUTRAL) if finding(p, rule).status is not Status.PASS
    ]
    # One pair of lips stands a hair apart: a doubt, not a fault.
    assert len(wrong) <= 1, wrong
    failed = [
        p.file for p in portraits(NEUTRAL) if finding(p, rule).status is Status.FAIL
    ]
    assert failed == []


@pytest.mark.parametrize(
    "rule",
    [
        "sharpness",
        "exposure",
        "background_plain",
        "colour_photo",
        "lighting_even",
        "natural_colour",
        "sunglasses",
    ],
)
@pytest.mark.parametrize("name", [NEUTRAL, SMILING, CANADA])
def test_studio_light_and_walls_fail_nobody(name: str, rule: str) -> None:
    failed = [p.file for p in portraits(name) if finding(p, rule).status is Status.FAIL]
    assert failed == []


def test_every_finished_portrait_meets_the_file_and_framing_clauses() -> None:
    for portrait in framed(NEUTRAL, SMILING, CANADA):
        seen = inspected(portrait)
        assert seen.portrait is not None
        facts = seen.report.portrait
        assert facts is not None
        file = probe(seen.portrait, filename="portrait.jpg")
        assert (file.width, file.height, file.dpi) == (480, 640, (300, 300))  # F1
        assert (file.bits_per_sample, file.components) == (8, 3)
        assert file.format == "JPEG"  # F2
        assert file.jpeg_quality is not None
        assert file.jpeg_quality >= 60
        assert 20 * 1024 <= file.size_bytes <= 40 * 1024
        assert file.trailing_bytes == 0
        assert abs(facts.centre_offset_px) <= 24, portrait.file  # F3
        assert 50 <= facts.crown_px <= 110, portrait.file  # F4
        assert 200 <= facts.eye_line_px <= 300, portrait.file  # F5
        assert 180 <= facts.face_width_px <= 300, portrait.file  # F6


def test_what_a_report_says_of_a_portrait_passes_and_is_what_measuring_it_says() -> (
    None
):
    for portrait in framed(NEUTRAL, SMILING, CANADA):
        seen = inspected(portrait)
        assert seen.portrait is not None
        assert seen.report.portrait is not None
        formal = [
            f for f in seen.report.findings if f.clauses and f.clauses[0][0] == "F"
        ]
        assert {f.status for f in formal} <= {Status.PASS, Status.WARN}, portrait.file
        again = inspector().inspect(seen.portrait, filename="a.jpg", policy=NOTICE)
        assert again.portrait == seen.portrait, portrait.file


def test_the_eye_line_is_where_people_marked_the_pupils() -> None:
    apart = []
    for portrait in framed(NEUTRAL, SMILING, CANADA):
        report = inspected(portrait).report
        if portrait.pupils_y is None or not report.crop or not report.portrait:
            continue
        unit = NOTICE.output.width / report.crop.width
        marked = (portrait.pupils_y - report.crop.y) * unit
        apart.append(abs(marked - report.portrait.eye_line_px))
    assert len(apart) >= 45
    assert np.percentile(apart, 95) <= 2


def test_open_mouths_are_noticed_in_smiles_only() -> None:
    def share(name: str) -> float:
        everyone = portraits(name)
        failed = [finding(p, "mouth_closed").status is Status.FAIL for p in everyone]
        return sum(failed) / len(everyone)

    assert share(SMILING) >= 0.3
    assert share(NEUTRAL) == share(CANADA) == 0


@pytest.mark.parametrize("trait", ["gender", "ethnicity"])
def test_who_somebody_is_decides_nothing(trait: str) -> None:
    """Failures of good faces by group: there are none in any."""
    groups: dict[str, list[str]] = {}
    for portrait in portraits(NEUTRAL):
        failures = groups.setdefault(getattr(portrait, trait), [])
        failures += [
            f"{portrait.file} {f.rule}"
            for f in inspected(portrait).report.findings
            # A crop is refused for want of room, whoever it is.
            if f.status is Status.FAIL and f.value is not None
        ]
    assert len(groups) >= 2
    assert {name: found for name, found in groups.items() if found} == {}


def test_a_white_shirt_on_light_grey_is_at_most_a_doubt() -> None:
    statuses = {finding(p, "clothes_contrast").status for p in portraits(NEUTRAL)}
    assert Status.WARN in statuses
    assert Status.FAIL not in statuses


# Defects made from good portraits; every twelfth person is enough.

SOME = portraits(NEUTRAL)[1::12] if LABELS.exists() else ()


@cache
def good(portrait: Labelled) -> Portrait:
    rgb = np.asarray(Image.open(portrait.path).convert("RGB"))
    head = locate(rgb, model=model())
    assert head is not None
    return Portrait(rgb, head)


@pytest.mark.parametrize("defect", defects(person), ids=lambda d: d.name)
def test_a_defect_is_noticed_on_everybody(defect: Defect) -> None:
    for portrait in SOME:
        data = defect.file(good(portrait))
        report = inspector().inspect(data, filename="x.jpg", policy=NOTICE).report
        spoken = {
            f.rule for f in report.findings if f.status in {Status.FAIL, Status.WARN}
        }
        assert spoken & {defect.rule, defect.also}, portrait.file


def test_every_smile_that_shows_teeth_is_noticed() -> None:
    """Who shows teeth was noted by looking at each of them."""
    for portrait in portraits(SMILING):
        if portrait.person not in TOOTHY:
            continue
        statuses = {
            finding(portrait, "mouth_closed").status,
            finding(portrait, "expression_natural").status,
        }
        assert statuses & {Status.FAIL, Status.WARN}, portrait.file
