"""The notice's demands on the file, for uploads and for what is handed out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend import policies
from backend.domain.file_rules import FILE_RULES, check_file
from backend.domain.photo import FileFacts
from backend.domain.policy import Policy
from backend.domain.report import Status

POLICY = policies.load("notice-2025")
GOOD = FileFacts(
    sha256="0" * 64,
    size_bytes=35_000,
    format="JPEG",
    width=480,
    height=640,
    bits_per_sample=8,
    components=3,
    colour="rgb",
    dpi=(300.0, 300.0),
    jpeg_quality=80,
    jpeg_quality_exact=True,
    trailing_bytes=0,
    orientation=1,
    frames=1,
    extension="jpg",
    taken_on=None,
)


def statuses(
    *, finished: bool, policy: Policy = POLICY, **changes: Any
) -> dict[str, Status]:
    """Return what does not pass, by rule."""
    findings = check_file(replace(GOOD, **changes), policy, finished=finished)
    return {f.rule: f.status for f in findings if f.status is not Status.PASS}


def test_every_file_rule_of_the_policy_is_answered_once() -> None:
    findings = check_file(GOOD, POLICY, finished=True)
    assert sorted(f.rule for f in findings) == sorted(FILE_RULES)
    assert all(f.status is Status.PASS for f in findings)
    assert all(f.clauses for f in findings)


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        ({"format": "PNG"}, {"file_format": Status.FAIL}),
        (
            {"width": 479},
            {"file_dimensions": Status.FAIL, "resolution": Status.FAIL},
        ),
        ({"height": 641}, {"file_dimensions": Status.FAIL}),
        ({"orientation": 3}, {"file_dimensions": Status.FAIL}),
        ({"dpi": None}, {"file_dpi": Status.FAIL}),
        ({"dpi": (72.0, 72.0)}, {"file_dpi": Status.FAIL}),
        ({"dpi": (300.0, 299.0)}, {"file_dpi": Status.FAIL}),
        ({"components": 1, "colour": "grey"}, {"file_depth": Status.FAIL}),
        ({"components": 4, "colour": "cmyk"}, {"file_depth": Status.FAIL}),
        ({"bits_per_sample": 16}, {"file_depth": Status.FAIL}),
        ({"jpeg_quality": 59}, {"file_quality": Status.FAIL}),
        ({"jpeg_quality": None}, {"file_quality": Status.SKIP}),
        ({"size_bytes": 20_479}, {"file_size": Status.WARN}),
        ({"size_bytes": 40_961}, {"file_size": Status.WARN}),
        ({"extension": "jpeg"}, {"file_extension": Status.FAIL}),
        ({"extension": None}, {"file_extension": Status.FAIL}),
        ({"trailing_bytes": 1}, {"file_trailing_data": Status.FAIL}),
    ],
)
def test_a_finished_portrait_must_meet_each_demand(
    changes: dict[str, Any], broken: dict[str, Status]
) -> None:
    assert statuses(finished=True, **changes) == broken


@pytest.mark.parametrize(
    "changes",
    [
        {"size_bytes": 20_480},
        {"size_bytes": 40_960},
        {"jpeg_quality": 60},
        {"jpeg_quality": 100},
        {"taken_on": date(2020, 1, 1)},
        # 118 dots per centimetre, which is as near as whole numbers come.
        {"dpi": (118 * 2.54, 118 * 2.54)},
    ],
)
def test_the_limits_themselves_are_allowed(changes: dict[str, Any]) -> None:
    assert statuses(finished=True, **changes) == {}


def test_an_estimated_quality_warns_and_never_fails() -> None:
    changes: dict[str, Any] = {"jpeg_quality": 40, "jpeg_quality_exact": False}
    assert statuses(finished=True, **changes) == {"file_quality": Status.WARN}
    assert statuses(finished=True, jpeg_quality_exact=False) == {}


def test_of_an_upload_what_will_be_made_anew_passes() -> None:
    changes: dict[str, Any] = {
        "format": "PNG",
        "width": 3000,
        "height": 4000,
        "dpi": None,
        "colour": "rgb-alpha",
        "components": 4,
        "jpeg_quality": 20,
        "size_bytes": 9_000_000,
        "extension": "png",
        "trailing_bytes": 4_000_000,
        "orientation": 6,
    }
    assert statuses(finished=False, **changes) == {}
    findings = check_file(replace(GOOD, **changes), POLICY, finished=False)
    assert all(f.limit is None for f in findings)


@pytest.mark.parametrize(
    ("width", "height", "orientation", "enough"),
    [
        (480, 640, 1, True),
        (479, 640, 1, False),
        (480, 639, 1, False),
        (640, 480, 6, True),
        (640, 480, 1, False),
        (480, 640, 8, False),
        (480, 640, 3, True),
    ],
)
@pytest.mark.parametrize("finished", [True, False])
def test_missing_pixels_cannot_be_put_right(
    width: int, height: int, orientation: int, *, enough: bool, finished: bool
) -> None:
    found = statuses(
        finished=finished, width=width, height=height, orientation=orientation
    )
    assert ("resolution" not in found) == enough


def test_limits_are_the_policys() -> None:
    other = replace(
        POLICY,
        output=replace(POLICY.output, width=300, height=400, dpi=350),
        framing=replace(POLICY.framing, max_upscale=1.5),
        rules={
            **POLICY.rules,
            "file_quality": replace(POLICY.rules["file_quality"], fail_below=90),
            "file_size": replace(
                POLICY.rules["file_size"], warn_below=1, warn_above=999_999
            ),
        },
    )
    small: dict[str, Any] = {
        "width": 300,
        "height": 400,
        "dpi": (350.0, 350.0),
        "size_bytes": 900_000,
    }
    assert statuses(finished=True, policy=other, jpeg_quality=90, **small) == {}
    assert statuses(finished=True, policy=other, **small) == {
        "file_quality": Status.FAIL
    }
    assert statuses(finished=False, policy=other, width=200, height=267) == {}
    assert statuses(finished=False, policy=other, width=199, height=266) == {
        "resolution": Status.FAIL
    }


@given(
    width=st.integers(1, 10_000),
    height=st.integers(1, 10_000),
    size=st.integers(1, 10**8),
    quality=st.none() | st.integers(1, 100),
    trailing=st.integers(0, 10**7),
)
def test_only_resolution_can_speak_against_an_upload(
    width: int, height: int, size: int, quality: int | None, trailing: int
) -> None:
    found = statuses(
        finished=False,
        width=width,
        height=height,
        size_bytes=size,
        jpeg_quality=quality,
        trailing_bytes=trailing,
    )
    assert found.keys() <= {"resolution"}
