"""From a frame's measurements to the one thing to do next."""

from __future__ import annotations

import itertools
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.framing import FramingRefusal, frame
from backend.domain.guidance import (
    LEAST_FACE_PX,
    LEFT_TO_THE_PICTURE,
    RULE_HINTS,
    Hint,
    hint_for,
)
from backend.domain.measurements import FaceGeometry, Measurements
from backend.domain.person_rules import PERSON_RULES
from backend.domain.report import Severity, Status
from backend.domain.rules import judge_person
from tests.domain.judging import NOTICE, good, good_file, head

#: A phone's picture; the frame that is sent shows it a third as large.
WIDTH, HEIGHT = 1080, 1440


def seen(**changes: Any) -> Measurements:
    """What a good frame of a phone measures, spoilt by the changes."""
    values = {
        "file": good_file(width=360, height=480),
        "picture_width": WIDTH,
        "picture_height": HEIGHT,
        "geometry": phone_head(),
    }
    return good(**values | changes)


def phone_head(
    width: float = 400, *, x: float = WIDTH / 2, crown_y: float = 300, **changes: Any
) -> FaceGeometry:
    eyes = crown_y + 0.87 * width
    return head(width, crown_y=crown_y, eye_y=eyes, centre_x=x, **changes)


def hint(**changes: Any) -> Hint:
    return hint_for(seen(**changes), NOTICE)


def test_a_good_frame_may_be_taken() -> None:
    assert hint() is Hint.READY


def test_nobody_and_a_crowd_come_before_everything() -> None:
    gone = {"geometry": None, "turned_deg": None, "mouth_gap": None}
    assert hint(face_count=0, **gone) is Hint.NOBODY
    assert hint(face_count=1, **gone) is Hint.NOBODY
    assert hint(face_count=2, mouth_gap=0.4) is Hint.SEVERAL
    assert hint(geometry=None, turned_deg=90) is Hint.UPRIGHT


@pytest.mark.parametrize(
    ("good_value", "bad_value", "field", "wanted"),
    [
        (8, 8.1, "roll_deg", Hint.HEAD_STRAIGHT),
        (-8, -8.1, "roll_deg", Hint.HEAD_STRAIGHT),
        (12, -12.1, "yaw_deg", Hint.FACE_CAMERA),
        (18, 18.1, "pitch_deg", Hint.EYE_LEVEL),
        (0.15, 0.151, "underexposed", Hint.TOO_DARK),
        (0.05, 0.051, "overexposed", Hint.TOO_BRIGHT),
        (0.65, 0.649, "cheek_balance", Hint.ONE_SIDED_LIGHT),
        (10, 10.1, "skin_cast", Hint.COLOUR_CAST),
        (4, 3.9, "chroma", Hint.NO_COLOUR),
        (0.25, 0.249, "lens_light", Hint.DARK_GLASSES),
        (14.0, 14.1, "covered_mouth", Hint.UNCOVER_FACE),
        (0.14, 0.139, "eye_openness", Hint.OPEN_EYES),
        (0.045, 0.046, "mouth_gap", Hint.CLOSE_MOUTH),
        (16, 16.1, "background_edges", Hint.PLAIN_BACKGROUND),
        (25, 25.1, "background_spread", Hint.PLAIN_BACKGROUND),
    ],
)
def test_each_limit_of_the_policy_is_the_limit_of_its_hint(
    good_value: float, bad_value: float, field: str, wanted: Hint
) -> None:
    assert hint(**{field: good_value}) is Hint.READY
    assert hint(**{field: bad_value}) is wanted


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        (phone_head(crown_y=20), Hint.RAISE_CAMERA),
        (phone_head(crown_y=-30, crown_cut=True), Hint.RAISE_CAMERA),
        (phone_head(crown_y=640), Hint.LOWER_CAMERA),
        # The left edge of the picture is the person's own right.
        (phone_head(x=300), Hint.MOVE_LEFT),
        (phone_head(x=WIDTH - 300), Hint.MOVE_RIGHT),
        (phone_head(760, crown_y=200), Hint.STEP_BACK),
        (phone_head(900, crown_y=-100, crown_cut=True), Hint.STEP_BACK),
        (phone_head(170), Hint.COME_CLOSER),
    ],
)
def test_a_head_without_room_is_sent_where_the_room_is(
    place: FaceGeometry, wanted: Hint
) -> None:
    assert hint(geometry=place) is wanted


@pytest.mark.parametrize(
    "camera", [(1080, 1440), (1080, 1920), (1280, 720), (480, 640)]
)
def test_whoever_moves_as_told_ends_up_well(camera: tuple[int, int]) -> None:
    """Following the hints in small steps leads to a good frame, from anywhere."""
    width, height = camera
    short = min(camera)
    frame_file = good_file(width=width * 360 // short, height=height * 360 // short)
    moves = {
        Hint.MOVE_LEFT: (0.1, 0, 1.0),
        Hint.MOVE_RIGHT: (-0.1, 0, 1.0),
        Hint.RAISE_CAMERA: (0, 0.1, 1.0),
        Hint.LOWER_CAMERA: (0, -0.1, 1.0),
        Hint.STEP_BACK: (0, 0, 0.95),
        Hint.COME_CLOSER: (0, 0, 1.05),
    }
    for face, across, crown in itertools.product(
        (0.1, 0.16, 0.37, 0.55, 0.83), (0.25, 0.5, 0.8), (-0.1, 0, 0.3, 0.6)
    ):
        place = phone_head(face * short, x=across * width, crown_y=crown * height)
        said = None
        for _ in range(200):
            cut = replace(place, crown_cut=place.crown_y <= 0)
            said = hint(
                file=frame_file,
                picture_width=width,
                picture_height=height,
                geometry=cut,
            )
            if said is Hint.READY:
                break
            right, down, scale = moves[said]
            # In faces, and closer or back about the middle of the picture.
            place = place.moved(
                scale,
                right * place.face_width + (1 - scale) * width / 2,
                down * place.face_width + (1 - scale) * height / 2,
            )
        assert said is Hint.READY, (face, across, crown, said)


def test_hair_too_high_for_the_limits_is_told_only_to_a_head_held_straight() -> None:
    tall = head(400, crown_y=100, eye_y=100 + 1.4 * 400, centre_x=WIDTH / 2)
    assert hint(geometry=tall) is Hint.FLATTEN_HAIR
    assert hint(geometry=tall, yaw_deg=30.0) is Hint.FACE_CAMERA


@pytest.mark.parametrize(
    ("camera", "wanted"),
    [
        ((480, 640), Hint.READY),
        ((479, 640), Hint.CAMERA_TOO_SMALL),
        ((480, 639), Hint.CAMERA_TOO_SMALL),
        ((640, 480), Hint.CAMERA_TOO_SMALL),
    ],
)
def test_pixels_are_counted_on_the_picture_that_will_be_taken(
    camera: tuple[int, int], wanted: Hint
) -> None:
    small = {"picture_width": camera[0], "picture_height": camera[1]}
    assert hint(geometry=head(), **small) is wanted


def test_a_face_too_small_to_be_measured_in_the_frame_is_called_closer() -> None:
    """A large camera has the pixels; the frame, a ninth as large, shows too little."""
    large = {
        "picture_width": 3240,
        "picture_height": 4320,
        "file": good_file(width=360, height=480),
    }
    enough = phone_head(9 * LEAST_FACE_PX, x=1620, crown_y=1500)
    assert hint(geometry=enough, **large) is Hint.READY
    less = phone_head(9 * LEAST_FACE_PX - 1, x=1620, crown_y=1500)
    assert hint(geometry=less, **large) is Hint.COME_CLOSER


def test_what_only_the_picture_can_show_is_left_to_it() -> None:
    assert hint(sharpness=1.0) is Hint.READY
    assert hint(sharpness=None) is Hint.READY


@pytest.mark.parametrize("field", ["background_edges", "cheek_balance", "eye_openness"])
def test_what_a_frame_should_have_shown_and_did_not_is_not_good(field: str) -> None:
    assert hint(**{field: None}) is Hint.ADJUST


def test_advice_does_not_keep_a_frame_from_being_good() -> None:
    assert hint(clothes_contrast=1.0, clothes_blue=0.9, yaw_deg=11.0) is Hint.READY


def test_a_blocking_rule_without_a_hint_of_its_own_is_not_overlooked() -> None:
    strict = replace(NOTICE.rules["clothes_not_blue"], severity=Severity.BLOCK)
    strict = replace(strict, fail_above=0.4)
    rules = MappingProxyType({**NOTICE.rules, "clothes_not_blue": strict})
    policy = replace(NOTICE, rules=rules)
    assert hint_for(seen(clothes_blue=0.41), policy) is Hint.ADJUST
    # A frame too hasty to measure it says nothing against it.
    assert hint_for(seen(clothes_blue=None), policy) is Hint.READY


def test_a_rule_that_does_not_block_gives_no_hint() -> None:
    mild = replace(NOTICE.rules["mouth_closed"], severity=Severity.WARN)
    rules = MappingProxyType({**NOTICE.rules, "mouth_closed": mild})
    assert hint_for(seen(mouth_gap=0.5), replace(NOTICE, rules=rules)) is Hint.READY


def test_hints_belong_to_rules_that_exist() -> None:
    assert RULE_HINTS.keys() <= PERSON_RULES.keys()
    assert PERSON_RULES.keys() >= LEFT_TO_THE_PICTURE


_MEASURED = {
    "roll_deg": st.floats(-20, 20),
    "yaw_deg": st.floats(-30, 30),
    "pitch_deg": st.floats(-30, 30),
    "eye_openness": st.floats(0, 0.4),
    "mouth_gap": st.floats(0, 0.1),
    "underexposed": st.floats(0, 0.3),
    "overexposed": st.floats(0, 0.1),
    "chroma": st.floats(0, 20),
    "background_edges": st.floats(0, 30),
    "background_spread": st.floats(0, 50),
    "cheek_balance": st.floats(0.4, 1),
    "skin_cast": st.floats(0, 20),
    "lens_light": st.floats(0, 1),
    "covered_mouth": st.floats(0, 30),
    "covered_face": st.floats(0, 1),
    "border_width": st.floats(0, 0.1),
    "clothes_contrast": st.floats(0, 40),
    "clothes_blue": st.floats(0, 1),
}


@st.composite
def frames(draw: st.DrawFn) -> Measurements:
    """Frames with one or a few things wrong or missing, and good ones."""
    spoilt = draw(st.sets(st.sampled_from(sorted(_MEASURED)), max_size=3))
    changes: dict[str, Any] = {
        name: draw(st.none() | _MEASURED[name]) for name in spoilt
    }
    if draw(st.booleans()):
        changes["geometry"] = phone_head(
            draw(st.floats(60, 900)),
            x=draw(st.floats(0, WIDTH)),
            crown_y=draw(st.floats(-200, HEIGHT)),
            crown_cut=draw(st.booleans()),
        )
    changes["face_count"] = draw(st.sampled_from([1, 1, 1, 0, 2]))
    return seen(**changes)


@given(frames())
@settings(max_examples=500)
def test_ready_is_never_said_while_a_blocking_rule_is_broken(m: Measurements) -> None:
    if hint_for(m, NOTICE) is not Hint.READY:
        return
    for finding in judge_person(m, NOTICE):
        if finding.rule in LEFT_TO_THE_PICTURE:
            continue
        if NOTICE.severities[finding.rule] is Severity.BLOCK:
            # A mask or a border that was not seen may still be found by a person.
            good = {Status.PASS, Status.WARN, Status.HUMAN}
            assert finding.status in good, finding
    assert m.geometry is not None
    size = (m.picture_width, m.picture_height)
    crop = frame(m.geometry, size, NOTICE.framing, NOTICE.output)
    assert not isinstance(crop, FramingRefusal)


@given(frames())
def test_what_is_not_ready_has_a_reason(m: Measurements) -> None:
    """The other way round: whoever does all that is asked is not kept waiting."""
    if hint_for(m, NOTICE) is Hint.READY:
        return
    blocking = [
        finding
        for finding in judge_person(m, NOTICE)
        if NOTICE.severities[finding.rule] is Severity.BLOCK
        and finding.status in {Status.FAIL, Status.SKIP}
        and finding.rule not in LEFT_TO_THE_PICTURE
    ]
    assert m.geometry is not None
    size = (m.picture_width, m.picture_height)
    crop = frame(m.geometry, size, NOTICE.framing, NOTICE.output)
    narrow = m.geometry.face_width / 3 < LEAST_FACE_PX
    assert blocking or narrow or isinstance(crop, FramingRefusal)
