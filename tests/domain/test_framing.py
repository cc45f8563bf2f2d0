"""Whatever crop is returned is lawful, and where none is returned none exists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backend.domain.framing import FramingRefusal, Missing, drawn_in, frame
from backend.domain.measurements import FaceGeometry
from backend.domain.policy import FramingLimits, OutputLimits
from backend.domain.report import Crop
from tests.domain.judging import NOTICE, head

LIMITS, OUTPUT = NOTICE.framing, NOTICE.output
#: The notice at a twentieth, so that every crop of a picture can be tried.
SMALL_OUTPUT = OutputLimits(width=24, height=32, dpi=300)
SMALL = FramingLimits(
    crown_min=2.5,
    crown_max=5.5,
    crown_error=0.25,
    crown_target=4,
    eye_line_min=10,
    eye_line_max=15,
    eye_line_error=0.15,
    face_width_min=9,
    face_width_max=15,
    face_width_error=0.3,
    face_width_target=10.5,
    centre_offset_max=1.2,
    centre_offset_error=0.6,
    max_upscale=1,
)
TINY = 1e-6


def lawful(
    crop: Crop,
    face: FaceGeometry,
    picture: tuple[int, int],
    limits: FramingLimits,
    output: OutputLimits,
    slack: float = TINY,
) -> bool:
    """The definition, in pixels of the portrait; shares nothing with the solver."""
    scale = output.width / crop.width
    crown = (face.crown_y - crop.y) * scale
    eyes = (face.eye_y - crop.y) * scale
    width = (face.right_x - face.left_x) * scale
    offset = ((face.left_x + face.right_x) / 2 - crop.x) * scale - output.width / 2
    return (
        crop.x >= 0
        and crop.y >= 0
        and crop.x + crop.width <= picture[0]
        and crop.y + crop.height <= picture[1]
        and crop.width * 4 == crop.height * 3
        and scale <= limits.max_upscale + slack
        and limits.crown_min - slack <= crown <= limits.crown_max + slack
        and limits.eye_line_min - slack <= eyes <= limits.eye_line_max + slack
        and limits.face_width_min - slack <= width <= limits.face_width_max + slack
        and abs(offset) <= limits.centre_offset_max + slack
    )


def all_crops(picture: tuple[int, int]) -> Iterator[Crop]:
    for k in range(1, min(picture[0] // 3, picture[1] // 4) + 1):
        for y in range(picture[1] - 4 * k + 1):
            for x in range(picture[0] - 3 * k + 1):
                yield Crop(x, y, 3 * k, 4 * k)


@st.composite
def heads(draw: st.DrawFn, largest: float) -> FaceGeometry:
    """Heads of human proportions, and beyond them."""
    width = draw(st.floats(largest / 30, largest))
    crown = draw(st.floats(0, largest))
    return head(
        width,
        crown_y=crown,
        eye_y=crown + width * draw(st.floats(0.4, 1.4)),
        centre_x=draw(st.floats(0, 2 * largest)),
    )


@given(heads(3000), st.integers(64, 6000), st.integers(64, 6000))
@settings(max_examples=400)
def test_a_crop_meets_every_limit_in_whole_pixels(
    face: FaceGeometry, width: int, height: int
) -> None:
    crop = frame(face, (width, height), LIMITS, OUTPUT)
    if isinstance(crop, Crop):
        assert lawful(crop, face, (width, height), LIMITS, OUTPUT)
    else:
        assert isinstance(crop, FramingRefusal)


@given(heads(1500), st.floats(0.3, 0.6), st.floats(0, 0.5))
@settings(max_examples=200)
def test_a_head_with_room_on_all_sides_is_framed_on_target(
    face: FaceGeometry, share: float, above: float
) -> None:
    width = face.face_width
    assume(width > 250)
    eyes_to_crown = 0.6 * width + 0.5 * share * width
    room = 3 * width
    placed = head(
        width,
        crown_y=room + above,
        eye_y=room + above + eyes_to_crown,
        centre_x=room,
    )
    crop = frame(placed, (round(2 * room), round(4 * room)), LIMITS, OUTPUT)
    assert isinstance(crop, Crop)
    assert lawful(crop, placed, (10**6, 10**6), drawn_in(LIMITS), OUTPUT)
    scale = OUTPUT.width / crop.width
    assert width * scale == pytest.approx(LIMITS.face_width_target, abs=2)
    assert (placed.crown_y - crop.y) * scale == pytest.approx(80, abs=2)


@given(heads(40), st.integers(20, 70), st.integers(28, 80))
@settings(max_examples=150, deadline=None)
def test_it_refuses_only_where_no_whole_pixel_crop_exists(
    face: FaceGeometry, width: int, height: int
) -> None:
    picture = (width, height)
    found = frame(face, picture, SMALL, SMALL_OUTPUT)
    if isinstance(found, Crop):
        assert lawful(found, face, picture, SMALL, SMALL_OUTPUT)
        return
    # Without slack: what rounding lets through the definition is not held against it.
    missed = [
        crop
        for crop in all_crops(picture)
        if lawful(crop, face, picture, SMALL, SMALL_OUTPUT, slack=0)
    ]
    assert missed == []


@given(heads(1500), st.integers(300, 3000), st.integers(300, 3000))
@settings(max_examples=300)
def test_a_refusal_shows_the_crop_that_would_do(
    face: FaceGeometry, width: int, height: int
) -> None:
    refusal = frame(face, (width, height), LIMITS, OUTPUT)
    assume(isinstance(refusal, FramingRefusal))
    assert isinstance(refusal, FramingRefusal)
    wanted = refusal.wanted
    if wanted is None:
        assert refusal.missing is Missing.PROPORTIONS
        return
    moved = replace(wanted, x=0, y=0)
    placed = face.moved(1, -wanted.x, -wanted.y)
    limits = replace(LIMITS, max_upscale=1000)
    assert lawful(moved, placed, (10**6, 10**6), limits, OUTPUT)
    fits = (
        min(wanted.x, wanted.y) >= 0
        and wanted.x + wanted.width <= width
        and wanted.y + wanted.height <= height
    )
    assert not fits or refusal.missing is Missing.PIXELS


def refused(
    face: FaceGeometry, picture: tuple[int, int], limits: FramingLimits = LIMITS
) -> Missing:
    result = frame(face, picture, limits, OUTPUT)
    assert isinstance(result, FramingRefusal)
    return result.missing


ROOMY = head(420, crown_y=400, eye_y=760, centre_x=1000)


def test_the_roomy_head_is_framed() -> None:
    assert isinstance(frame(ROOMY, (2000, 2600), LIMITS, OUTPUT), Crop)


@pytest.mark.parametrize(
    ("who", "eyes_to_crown"),
    [
        ("a bald head", 0.65),
        ("the median of 102 heads", 0.87),
        ("a child, with its high forehead", 0.98),
        ("big hair", 1.06),
        ("a bun on top", 1.35),
    ],
)
def test_heads_of_every_build_are_framed(who: str, eyes_to_crown: float) -> None:
    face = head(420, crown_y=760 - eyes_to_crown * 420, eye_y=760, centre_x=1000)
    crop = frame(face, (2000, 2600), LIMITS, OUTPUT)
    assert isinstance(crop, Crop), who
    assert lawful(crop, face, (2000, 2600), LIMITS, OUTPUT), who


def test_a_tight_picture_is_framed_as_long_as_one_lawful_crop_fits() -> None:
    """The margins shrink a pixel at a time until there is none; before, it is found."""
    tightest = None
    for below in range(600, 100, -1):
        result = frame(ROOMY, (2000, 760 + below), LIMITS, OUTPUT)
        if isinstance(result, FramingRefusal):
            break
        assert lawful(result, ROOMY, (2000, 760 + below), LIMITS, OUTPUT)
        tightest = below
    assert tightest is not None
    # The larger the head, the less is needed below. Crown at 50 px and eyes at 300 px make
    # these 360 px the portrait's 250, and leave its last 340 px below the eyes.
    assert tightest == pytest.approx(340 * 360 / 250, abs=3)


def test_too_little_above_the_head_is_named() -> None:
    assert refused(ROOMY.moved(1, 0, -390), (2000, 2600)) is Missing.CROWN


def test_a_head_cut_off_at_the_top_is_never_framed() -> None:
    assert refused(replace(ROOMY, crown_cut=True), (2000, 2600)) is Missing.CROWN


def test_too_little_below_the_face_is_named() -> None:
    assert refused(ROOMY, (2000, 1100)) is Missing.BELOW


@pytest.mark.parametrize("centre_x", [250, 1750])
def test_too_little_beside_the_face_is_named(centre_x: float) -> None:
    aside = ROOMY.moved(1, centre_x - 1000, 0)
    assert refused(aside, (2000, 2600)) is Missing.SIDES


def test_a_head_that_fills_the_picture_lacks_room_all_around() -> None:
    large = ROOMY.moved(1, -760, -370)
    assert refused(large, (480, 700)) is Missing.SEVERAL


def test_a_small_face_lacks_pixels_and_is_not_told_to_step_back() -> None:
    small = head(90, crown_y=10, eye_y=90, centre_x=300)
    assert refused(small, (2000, 2600)) is Missing.PIXELS


@pytest.mark.parametrize("crown_cut", [False, True])
def test_a_picture_smaller_than_the_portrait_lacks_pixels(*, crown_cut: bool) -> None:
    small = head(200, crown_y=10, eye_y=180, centre_x=150, crown_cut=crown_cut)
    assert refused(small, (400, 600)) is Missing.PIXELS


def test_hair_higher_than_the_notice_has_room_for_is_named() -> None:
    tall = head(420, crown_y=400, eye_y=400 + 1.5 * 420, centre_x=1000)
    assert refused(tall, (3000, 4000)) is Missing.PROPORTIONS


def test_a_policy_may_allow_enlarging() -> None:
    small = head(170, crown_y=80, eye_y=222, centre_x=300)
    assert refused(small, (600, 800)) is Missing.PIXELS
    allowed = replace(LIMITS, max_upscale=1.25)
    assert isinstance(frame(small, (600, 800), allowed, OUTPUT), Crop)
