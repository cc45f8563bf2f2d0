"""Uploads whose background is replaced, with a real face before walls of ours."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from functools import cache
from types import MappingProxyType

import cv2
import numpy as np
import pytest

from backend.domain.backgrounds import CHANGE_RULE, promised
from backend.domain.policy import Limits, Policy, RulePolicy
from backend.domain.report import Background, Severity, Status, Verdict
from backend.imaging import inspector as inspecting
from backend.imaging.background import background
from backend.imaging.decode import decode
from backend.imaging.encode import encode
from backend.imaging.inspector import PhotoInspection
from backend.imaging.landmarks import Pixels
from backend.imaging.window import window_around
from tests.defects import Portrait
from tests.domain.judging import NOTICE, head
from tests.imaging.portraits import (
    findings,
    inspector,
    level_graduate,
    model,
    person,
)
from tests.pictures import as_jpeg

BLUE = np.array(NOTICE.background.colour)


def before(wall: object) -> bytes:
    """The graduate before another wall, cut out a little within her edge."""
    rgb = level_graduate()
    mask = person(Portrait(rgb, head()))
    edge = np.clip((cv2.GaussianBlur(mask, (0, 0), 3) - 0.6) * 4, 0, 1)[..., None]
    mixed = edge * rgb + (1 - edge) * np.asarray(wall, np.float32)
    return as_jpeg(np.clip(np.rint(mixed), 0, 255).astype(np.uint8))


def inspected(
    data: bytes, policy: Policy = NOTICE, how: Background = Background.STANDARD
) -> PhotoInspection:
    return inspector().inspect(
        data, filename="photo.jpg", policy=policy, background=how
    )


PLAIN = before((214, 216, 220))
_X = np.arange(level_graduate().shape[1])[None, :, None]
BUSY = before(
    np.where(_X // 40 % 2, (200, 60, 60), (240, 230, 210)) * np.ones((960, 1, 1))
)


@cache
def changed() -> PhotoInspection:
    return inspected(PLAIN)


def test_a_portrait_before_a_plain_wall_gets_the_policys_colour() -> None:
    seen, found = changed(), findings(changed())
    assert seen.report.background is Background.STANDARD
    assert found[CHANGE_RULE].status is Status.PASS
    assert seen.portrait is not None
    corner = decode(seen.portrait)[10:120, 10:90].reshape(-1, 3)
    assert np.abs(corner - BLUE).max() <= 4
    for rule in ("background_plain", "background_colour"):
        assert found[rule].status is Status.PASS
    assert found["background_colour"].value < 5  # type: ignore[operator] # a number


def test_what_is_finished_passes_the_rules_again() -> None:
    again = inspected(changed().portrait or b"", how=Background.KEEP)
    found = findings(again)
    rules = ("background_plain", "background_colour", "crown", "eye_line", "face_width")
    for rule in (*rules, "centring", "file_size", "file_quality", "file_dimensions"):
        assert found[rule].status is Status.PASS, rule
    # Left to a person where it keeps its limits.
    assert found["border_or_text"].status is Status.HUMAN


def test_the_photo_with_its_own_background_is_kept_beside() -> None:
    own, alone = changed().own_background, inspected(PLAIN, how=Background.KEEP)
    assert own is not None
    assert own.portrait == alone.portrait
    assert own.report == alone.report
    assert alone.own_background is None
    # The same picture under another name is found by what it looks like.
    assert changed().likeness == alone.likeness


def test_clothes_are_judged_against_the_new_colour() -> None:
    own = changed().own_background
    assert own is not None
    contrasts = [
        next(f.value for f in report.findings if f.rule == "clothes_contrast")
        for report in (changed().report, own.report)
    ]
    assert contrasts[0] != contrasts[1]
    advised = inspected(PLAIN, promised(NOTICE), Background.KEEP)
    assert findings(advised)["clothes_contrast"].value == contrasts[0]


def test_a_busy_wall_keeps_its_background_and_the_report_says_why() -> None:
    seen, alone = inspected(BUSY), inspected(BUSY, how=Background.KEEP)
    finding = findings(seen)[CHANGE_RULE]
    assert (finding.status, finding.unit) == (Status.WARN, "%")
    assert str(finding.advice).endswith("_strict")
    assert seen.report.background is Background.KEEP
    assert seen.own_background is None
    assert seen.portrait == alone.portrait
    assert seen.report.findings[:-1] == alone.report.findings
    # As advice alone the wall would not have mattered.
    assert seen.report.verdict is Verdict.FAIL
    advised = inspected(BUSY, promised(NOTICE), Background.KEEP)
    assert advised.report.verdict is not Verdict.FAIL


def with_rule(**changes: object) -> Policy:
    rule = replace(NOTICE.rules[CHANGE_RULE], **changes)  # type: ignore[arg-type] # of the field's type
    rules: dict[str, RulePolicy] = {**NOTICE.rules, CHANGE_RULE: rule}
    return replace(NOTICE, rules=MappingProxyType(rules))


def test_a_person_may_be_asked_to_confirm_every_change() -> None:
    seen = inspected(PLAIN, with_rule(confirm=True))
    assert seen.report.background is Background.STANDARD
    assert findings(seen)[CHANGE_RULE].status is Status.HUMAN


def test_a_policy_may_refuse_what_cannot_be_changed() -> None:
    variants = dict.fromkeys(NOTICE.rules[CHANGE_RULE].variants, Limits(fail_above=-1))
    seen = inspected(PLAIN, with_rule(severity=Severity.BLOCK, variants=variants))
    assert findings(seen)[CHANGE_RULE].status is Status.FAIL
    assert seen.report.verdict is Verdict.FAIL


@pytest.mark.parametrize("error", [cv2.error("no"), ValueError("no"), MemoryError()])
def test_whatever_breaks_leaves_the_photo_as_it_was(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(inspecting, "change_background", broken)
    seen = inspected(PLAIN)
    assert seen.report.background is Background.KEEP
    assert findings(seen)[CHANGE_RULE].status is Status.WARN
    assert seen.portrait == inspected(PLAIN, how=Background.KEEP).portrait


def test_a_portrait_that_would_become_worse_is_not_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def tiny(rgb: Pixels, **options: object) -> object:
        flat = (rgb[:60] == BLUE).all()
        limits = NOTICE.encoding
        return encode(np.full_like(rgb, 200) if flat else rgb, limits=limits)

    monkeypatch.setattr(inspecting, "encode", tiny)
    seen = inspected(PLAIN)
    assert seen.report.background is Background.KEEP
    assert findings(seen)[CHANGE_RULE].status is Status.WARN


def test_a_photo_without_a_portrait_has_no_background_to_change() -> None:
    seen = inspected(as_jpeg(np.full((960, 720, 3), 214, np.uint8)))
    assert seen.portrait is None
    assert CHANGE_RULE not in findings(seen)


def test_the_finished_background_is_measured_and_not_assumed() -> None:
    assert changed().portrait is not None
    rgb = decode(changed().portrait or b"")
    face = model().look(rgb, upright=True).face
    assert face is not None
    window = window_around(rgb, face)
    seen = background(window, face, model().person_mask(window.rgb))
    assert seen.spread is not None
    assert seen.spread < 3


def test_nothing_of_it_is_loaded_before_it_is_needed() -> None:
    program = "import sys, backend.app; print('scipy' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "False\n"
