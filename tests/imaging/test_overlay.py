"""The drawing on the upload: within its size, and where the problem is."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from backend.domain.framing import FramingRefusal, frame
from backend.domain.measurements import FaceGeometry
from backend.domain.report import Box, Crop, Finding, Report, Status, Verdict
from backend.imaging.overlay import Upload, draw_overlay
from tests.domain.judging import NOTICE, head
from tests.imaging.portraits import Pixels, opened

WALL = 200


def report(
    size: tuple[int, int], *findings: Finding, crop: Crop | None = None
) -> Report:
    return Report(
        policy=NOTICE.name,
        verdict=Verdict.FAIL,
        findings=findings,
        crop=crop,
        portrait=None,
        picture_width=size[0],
        picture_height=size[1],
    )


def drawn(
    size: tuple[int, int],
    face: FaceGeometry | None,
    *findings: Finding,
    reduced: float = 1.0,
) -> Pixels:
    small = (round(size[1] / reduced), round(size[0] / reduced), 3)
    wall = np.full(small, WALL, np.uint8)
    result = frame(face, size, NOTICE.framing, NOTICE.output) if face else None
    crop = result if isinstance(result, Crop) else None
    wanted = result.wanted if isinstance(result, FramingRefusal) else None
    jpeg = draw_overlay(
        Upload(wall, reduced, face),
        report(size, *findings, crop=crop),
        NOTICE,
        wanted=wanted,
    )
    assert Image.open(io.BytesIO(jpeg)).format == "JPEG"
    return opened(jpeg).astype(np.int16)


def orange(picture: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(picture[..., 0] - picture[..., 2] > 90)


def bluish(picture: Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(picture[..., 2] - picture[..., 0] > 25)


ROOMY = head(420, crown_y=400, eye_y=760, centre_x=1000)
SIZE = (2000, 2600)


@pytest.mark.parametrize("size", [(2000, 2600), (4000, 700), (500, 660), (120, 90)])
def test_it_is_at_most_900_px_long_and_never_enlarged(size: tuple[int, int]) -> None:
    picture = drawn(size, None)
    height, width = picture.shape[:2]
    assert max(width, height) == min(900, *([max(size)] * 2))
    assert width / height == pytest.approx(size[0] / size[1], rel=0.02)


def test_without_a_face_the_picture_is_shown_as_it_is() -> None:
    assert np.abs(drawn(SIZE, None) - WALL).max() <= 3


def test_what_is_cut_away_is_shaded_and_the_bands_are_filled() -> None:
    picture = drawn(SIZE, ROOMY)
    scale = picture.shape[0] / SIZE[1]
    crop = frame(ROOMY, SIZE, NOTICE.framing, NOTICE.output)
    assert isinstance(crop, Crop)
    outside = picture[picture.shape[0] // 2, int(crop.x * scale) // 2]
    assert outside.max() < WALL - 50
    column = int((crop.x + crop.width * 0.05) * scale)
    unit = crop.height / 640 * scale
    top = crop.y * scale
    for inside in (80, 250):
        assert bluish(picture)[int(top + inside * unit), column]
    for beside in (30, 155, 400):
        assert not bluish(picture)[int(top + beside * unit), column]


def test_a_reduced_copy_is_drawn_on_in_the_same_places() -> None:
    full, small = drawn(SIZE, ROOMY), drawn(SIZE, ROOMY, reduced=2.0)
    assert full.shape == small.shape
    assert np.abs(full - small).mean() < 2


def test_a_problem_is_boxed_where_it_is_and_a_doubt_looks_different() -> None:
    box = Box(1700, 2000, 200, 300)
    where = (slice(680, 810), slice(575, 670))
    shown = {}
    for status in (Status.FAIL, Status.WARN, Status.PASS):
        finding = Finding("background_plain", ("B4",), status, box=box)
        shown[status] = drawn(SIZE, None, finding)
    assert orange(shown[Status.FAIL])[where].any()
    assert not orange(shown[Status.FAIL])[:600].any()
    assert not orange(shown[Status.PASS]).any()
    brightness = [shown[s].mean(axis=2) for s in (Status.FAIL, Status.WARN)]
    assert np.abs(brightness[0] - brightness[1])[where].max() > 60


@pytest.mark.parametrize(
    "box", [Box(-500, -500, 100, 100), Box(1990, 0, 500, 500), Box(0, 0, 9999, 9999)]
)
def test_a_box_beyond_the_edge_is_clipped(box: Box) -> None:
    finding = Finding("roll", ("P1",), Status.FAIL, box=box)
    assert drawn(SIZE, None, finding).shape == (900, 692, 3)


@pytest.mark.parametrize(
    ("shift", "size"),
    [
        ((0, -390), (2000, 2600)),
        ((0, 0), (2000, 1100)),
        ((-750, 0), (2000, 2600)),
        ((760, 0), (2000, 2600)),
    ],
    ids=["above", "below", "left", "right"],
)
def test_room_that_is_missing_is_added_and_hatched(
    shift: tuple[int, int], size: tuple[int, int]
) -> None:
    face = ROOMY.moved(1, *shift)
    refusal = frame(face, size, NOTICE.framing, NOTICE.output)
    assert isinstance(refusal, FramingRefusal)
    assert refusal.wanted is not None
    picture = drawn(size, face)
    wanted = refusal.wanted
    left, top = min(0, wanted.x), min(0, wanted.y)
    right = max(size[0], wanted.x + wanted.width)
    bottom = max(size[1], wanted.y + wanted.height)
    height, width = picture.shape[:2]
    assert width / height == pytest.approx((right - left) / (bottom - top), rel=0.02)
    scale = width / (right - left)
    x = slice(
        *sorted(
            round((v - left) * scale)
            for v in ((wanted.x, 0) if left else (size[0], right))
        )
    )
    y = slice(
        *sorted(
            round((v - top) * scale)
            for v in ((wanted.y, 0) if top else (size[1], bottom))
        )
    )
    strip = orange(picture)[:, x] if left or right > size[0] else orange(picture)[y]
    assert strip.mean() > 0.05


def test_a_head_no_crop_can_hold_has_its_lines_dashed() -> None:
    tall = replace(ROOMY, crown_y=100)
    plain, clash = drawn((3000, 4000), ROOMY), drawn((3000, 4000), tall)
    assert not orange(plain).any()
    assert orange(clash).any()


def test_a_line_outside_its_band_is_dashed() -> None:
    bad = Finding("crown", ("F4",), Status.FAIL, value=120.0)
    assert orange(drawn(SIZE, ROOMY, bad)).any()
    refused = replace(bad, value=None)
    assert not orange(drawn(SIZE, ROOMY, refused)).any()
