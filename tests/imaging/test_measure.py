"""One real face and its defects: each measure moves with what it measures."""

from __future__ import annotations

import sys
from dataclasses import astuple, replace
from typing import Any

import cv2
import numpy as np
import pytest

from backend.domain.errors import UnavailableError
from backend.domain.measurements import FaceGeometry, Measurements
from backend.imaging.faces import FaceModel
from backend.imaging.measure import measure, see
from backend.imaging.window import window_around
from tests.defects import Portrait, in_glasses
from tests.domain.judging import good_file
from tests.imaging.portraits import (
    Pixels,
    blurred,
    bordered,
    grey,
    lit,
    measured,
    model,
    opened,
    roomy,
    scaled,
    tilted,
)
from tests.pictures import as_jpeg, astronaut

GOOD = measured(roomy())


def head(found: Measurements) -> FaceGeometry:
    assert found.geometry is not None
    return found.geometry


def number(value: float | None) -> float:
    assert value is not None
    return value


def test_the_face_of_a_good_picture_is_where_it_is() -> None:
    face = head(GOOD)
    assert (GOOD.face_count, GOOD.turned_deg) == (1, 0)
    # Read off the picture by eye, 2.4 px for one of the original.
    assert face.eye_y == pytest.approx(388, abs=8)
    assert face.centre_x == pytest.approx(541, abs=8)
    assert face.face_width == pytest.approx(218, abs=12)
    assert face.crown_y == pytest.approx(180, abs=10)
    assert face.left_pupil[0] < face.centre_x < face.right_pupil[0]
    assert not face.crown_cut


def test_a_reduced_copy_gives_the_same_points_of_the_full_picture() -> None:
    small = measured(scaled(roomy(), 0.5), scale=2.0)
    assert (small.picture_width, small.picture_height) == (1228, 1372)
    full, half = head(GOOD), head(small)
    for name in ("crown_y", "eye_y", "left_x", "right_x", "chin_y"):
        assert getattr(half, name) == pytest.approx(getattr(full, name), abs=5)


def test_a_face_that_is_as_wide_as_the_window_wants_it_is_measured_too() -> None:
    """Nothing is left to reduce then, and what is cut out must still be whole."""
    face = model().look(roomy()).face
    assert face is not None
    for width in (199.9, 200.0, 200.1):
        right = face.left_cheek + np.array([width, 0.0, 0.0])
        exact = replace(face, right_cheek=right)
        window = window_around(roomy(), exact)
        assert window.rgb.flags.c_contiguous
        assert model().person_mask(window.rgb).shape == window.rgb.shape[:2]


def test_where_the_head_is_in_the_picture_does_not_matter() -> None:
    moved = head(measured(bordered(roomy(), top=200, side=150)))
    expected = head(GOOD).moved(1, 150, 200)
    assert moved.eye_y == pytest.approx(expected.eye_y, abs=4)
    assert moved.centre_x == pytest.approx(expected.centre_x, abs=4)
    assert moved.crown_y == pytest.approx(expected.crown_y, abs=6)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_a_head_that_is_not_up_is_told_by_how_much(quarters: int) -> None:
    found = measured(np.rot90(roomy(), quarters))
    assert found.face_count == 1
    assert found.turned_deg == 360 - 90 * quarters
    assert found.geometry is None
    assert found.roll_deg is None


@pytest.mark.parametrize("degrees", [-12, -6, 6, 12])
def test_tilting_the_head_shows_in_the_roll(degrees: int) -> None:
    found = measured(tilted(roomy(), degrees))
    expected = number(GOOD.roll_deg) - degrees
    assert number(found.roll_deg) == pytest.approx(expected, abs=2)


def test_mirroring_turns_roll_and_yaw_around() -> None:
    found = measured(roomy()[:, ::-1])
    assert number(found.roll_deg) == pytest.approx(-number(GOOD.roll_deg), abs=1.5)
    assert number(found.yaw_deg) == pytest.approx(-number(GOOD.yaw_deg), abs=3)


def test_a_laughing_mouth_is_open_and_her_eyes_too() -> None:
    assert number(GOOD.mouth_gap) > 0.045
    assert number(GOOD.eye_openness) > 0.19


def test_blur_costs_sharpness_and_so_does_enlarging() -> None:
    sharp = number(GOOD.sharpness)
    soft = [number(measured(blurred(roomy(), s)).sharpness) for s in (1, 2, 4)]
    assert sharp > soft[0] > soft[1] > soft[2]
    assert soft[2] < 25
    enlarged = scaled(scaled(roomy(), 0.2), 5)
    assert number(measured(enlarged).sharpness) < 25


def test_darkness_and_glare_are_shares_of_the_face() -> None:
    assert number(GOOD.underexposed) < 0.05
    assert number(GOOD.overexposed) < 0.01
    assert number(measured(lit(roomy(), 0.2)).underexposed) > 0.15
    assert number(measured(lit(roomy(), 1.8)).overexposed) > 0.05


def test_grey_pictures_have_no_colour() -> None:
    assert number(GOOD.chroma) > 10
    assert number(measured(grey(roomy())).chroma) < 1


def behind(pattern: Pixels) -> Pixels:
    """Put a pattern to both sides of the head, clear of it."""
    rgb = roomy().copy()
    for columns in (slice(270, 370), slice(720, 830)):
        rgb[:450, columns] = pattern[:450, columns]
    return rgb


def test_stripes_behind_the_head_are_edges() -> None:
    stripes = np.zeros_like(roomy())
    stripes[:, ::8] = stripes[:, 1::8] = stripes[:, 2::8] = 255
    found = measured(behind(stripes))
    assert number(found.background_edges) > 2 * number(GOOD.background_edges)
    assert number(found.background_edges) > 16
    box = found.background_box
    assert box is not None
    middle = box.x + box.width / 2
    assert middle < head(GOOD).left_x or middle > head(GOOD).right_x


def test_a_coloured_thing_behind_the_head_strays_from_the_wall() -> None:
    red = np.full_like(roomy(), (190, 30, 30))
    assert number(measured(behind(red)).background_spread) > 25


def test_a_head_that_fills_the_picture_leaves_no_background_to_judge() -> None:
    face = head(GOOD)
    tight = roomy()[int(face.crown_y) + 40 :, int(face.left_x) : int(face.right_x)]
    found = measured(tight)
    assert found.face_count == 1
    assert found.background_edges is None
    assert found.background_spread is None
    assert found.background_box is None


def test_a_head_cut_off_by_the_upper_edge_is_known() -> None:
    cut = measured(roomy()[int(head(GOOD).crown_y) + 25 :])
    assert head(cut).crown_cut


def test_a_second_person_is_counted_and_found() -> None:
    found = measured(np.hstack([roomy(), roomy()[:, ::-1]]))
    assert found.face_count == 2
    box, face = found.second_face_box, head(found)
    assert box is not None
    assert abs(box.x + box.width / 2 - face.centre_x) > 2 * face.face_width


def test_a_person_far_away_is_still_found() -> None:
    canvas = np.full((3000, 4000, 3), 120, np.uint8)
    canvas[900 : 900 + roomy().shape[0], 1200 : 1200 + roomy().shape[1]] = roomy()
    found = measured(canvas)
    assert found.face_count == 1
    expected = head(GOOD).moved(1, 1200, 900)
    assert head(found).eye_y == pytest.approx(expected.eye_y, abs=6)
    assert head(found).centre_x == pytest.approx(expected.centre_x, abs=6)


@pytest.mark.parametrize(
    "picture",
    [
        np.full((300, 300, 3), 128, np.uint8),
        np.ascontiguousarray(astronaut()[380:]),
        np.random.default_rng(1).integers(0, 256, (240, 240, 3), np.uint8),
    ],
    ids=["plain", "clothes", "noise"],
)
def test_where_nobody_is_nothing_is_measured(picture: Pixels) -> None:
    found = measured(picture)
    assert (found.face_count, found.turned_deg, found.geometry) == (0, None, None)
    assert found.sharpness is None
    assert found.chroma is not None


def test_measuring_twice_gives_the_same() -> None:
    assert astuple(measured(roomy())) == astuple(GOOD)


def test_a_missing_model_is_our_own_error(monkeypatch: pytest.MonkeyPatch) -> None:
    broken: Any = None
    monkeypatch.setitem(sys.modules, "mediapipe.python.solutions", broken)
    with pytest.raises(UnavailableError, match="face_model_unavailable"):
        FaceModel().warm_up()


def test_light_from_one_side_darkens_the_other_cheek() -> None:
    middle = int(head(GOOD).centre_x)
    shaded = roomy().copy()
    shaded[:, :middle] = lit(shaded[:, :middle], 0.45)
    assert number(GOOD.cheek_balance) > 0.75
    assert number(measured(shaded).cheek_balance) < 0.65


@pytest.mark.parametrize(
    "cast", [(-60, 0, 60), (-50, 20, 0), (20, 20, -90)], ids=["blue", "green", "yellow"]
)
def test_a_colour_cast_shows_on_the_skin(cast: tuple[int, int, int]) -> None:
    tinted = np.clip(roomy().astype(int) + cast, 0, 255).astype(np.uint8)
    assert number(GOOD.skin_cast) < 4
    assert number(measured(tinted).skin_cast) > 4


def test_dark_lenses_are_darker_than_the_cheek_below_them() -> None:
    worn = roomy().copy()
    face = head(GOOD)
    for x, y in (face.left_pupil, face.right_pupil):
        lens = (slice(int(y) - 24, int(y) + 26), slice(int(x) - 38, int(x) + 38))
        worn[lens] = lit(worn[lens], 0.08)
    assert number(GOOD.lens_light) > 0.5
    assert number(measured(worn).lens_light) < 0.25


def dressed(colour: tuple[int, int, int]) -> Pixels:
    """Paint everything below the neck, clothes and wall alike."""
    rgb = roomy().copy()
    rgb[int(head(GOOD).chin_y) + 20 :] = colour
    return rgb


def test_blue_clothes_are_blue_and_the_suit_is_not() -> None:
    assert number(GOOD.clothes_blue) < 0.1
    assert number(measured(dressed((40, 80, 190))).clothes_blue) > 0.4


def test_clothes_of_the_walls_colour_do_not_stand_out() -> None:
    assert number(GOOD.clothes_contrast) > 12
    wall = tuple(int(v) for v in np.median(roomy()[:150], axis=(0, 1)))
    alike = measured(dressed((wall[0], wall[1], wall[2])))
    assert number(alike.clothes_contrast) < number(GOOD.clothes_contrast)


def test_a_picture_that_ends_at_the_chin_shows_no_clothes() -> None:
    found = measured(roomy()[: int(head(GOOD).chin_y) + 20])
    assert found.face_count == 1
    assert found.clothes_contrast is None
    assert found.clothes_blue is None
    assert found.clothes_box is None


def test_a_shaken_camera_costs_sharpness_whichever_way_it_moved() -> None:
    for size in ((12, 1), (1, 12)):
        shaken = np.asarray(cv2.blur(roomy(), size), np.uint8)
        assert number(measured(shaken).sharpness) < 25


def test_blocks_show_the_more_the_harder_a_picture_was_compressed() -> None:
    seen = [
        number(measured(opened(as_jpeg(roomy(), quality=q))).blockiness)
        for q in (95, 60, 30, 10)
    ]
    assert seen == sorted(seen)
    assert seen[0] < 1.2
    assert seen[-1] > 2
    # The grid is found wherever a crop has put it.
    cropped = opened(as_jpeg(roomy(), quality=10))[3:, 5:]
    assert number(measured(cropped).blockiness) == pytest.approx(seen[-1], abs=0.3)


def test_a_picture_reduced_while_it_was_decoded_has_lost_its_blocks() -> None:
    bad = opened(as_jpeg(roomy(), quality=10))
    assert measured(bad, scale=2.0).blockiness == 1


def test_mirroring_turns_the_gaze_and_the_shoulders_around() -> None:
    found = measured(roomy()[:, ::-1])
    assert number(found.gaze_aside) == pytest.approx(-number(GOOD.gaze_aside), abs=0.02)
    assert number(GOOD.shoulder_slope_deg) > 5
    assert number(found.shoulder_slope_deg) == pytest.approx(
        -number(GOOD.shoulder_slope_deg), abs=6
    )


def test_without_the_body_model_the_shoulders_stay_unknown() -> None:
    seen = see(roomy(), scale=1.0, model=FaceModel(), shoulders=False)
    light = measure(seen, good_file())
    assert light.shoulder_slope_deg is None
    assert light.roll_deg == GOOD.roll_deg


def test_glare_is_sought_only_where_glasses_seem_to_be() -> None:
    assert GOOD.lens_glare is None
    worn = in_glasses((24, 24, 27), 0.02)(Portrait(roomy(), head(GOOD)))
    assert not isinstance(worn, bytes)
    assert number(measured(worn).lens_glare) < 0.05


def test_where_to_look_lies_where_it_is_named() -> None:
    face = head(GOOD)
    for box in (GOOD.eyes_box, GOOD.brows_box, GOOD.ears_box, GOOD.mouth_box):
        assert box is not None
        assert box.x < face.centre_x < box.x + box.width
    assert GOOD.hair_box is not None
    assert GOOD.neck_box is not None
    assert GOOD.hair_box.y < face.eye_y < GOOD.neck_box.y


def test_an_even_strip_on_one_side_alone_is_no_frame() -> None:
    door = roomy().copy()
    door[:, :40] = (40, 30, 20)
    assert measured(door).border_width == 0
    door[:, -40:] = (40, 30, 20)
    assert number(measured(door).border_width) > 0.02


def test_a_plain_picture_has_no_frame() -> None:
    assert measured(np.full((300, 300, 3), 128, np.uint8)).border_width == 0
