"""One frame of an open camera, measured and nothing more."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backend.domain.errors import PhotoUnreadableError
from backend.domain.guidance import Hint, hint_for
from backend.domain.measurements import Measurements
from backend.domain.report import Status
from backend.domain.rules import judge_person
from backend.imaging import encode, inspector, overlay
from backend.imaging.inspector import MediaPipeInspector
from tests.domain.judging import NOTICE
from tests.imaging import portraits
from tests.imaging.pictures import jpeg, noise_image, saved, with_notes
from tests.imaging.portraits import Pixels, graduate, lit, measured, scaled, tilted
from tests.pictures import as_jpeg, astronaut


def glanced(picture: Pixels, share: float = 0.5) -> Measurements:
    """Measure a picture by a frame of it, as the page sends it."""
    size = (picture.shape[1], picture.shape[0])
    frame = as_jpeg(scaled(picture, share), quality=70)
    return portraits.inspector().glance(frame, picture=size)


def test_a_frame_measures_what_the_whole_picture_measures() -> None:
    whole, frame = measured(graduate()), glanced(graduate())
    size = (frame.picture_width, frame.picture_height)
    assert size == (whole.picture_width, whole.picture_height) == (720, 960)
    assert (frame.file.width, frame.file.height) == (360, 480)
    # Half the warning zone of each rule, or of what a crop allows for measuring errors.
    assert frame.roll_deg == pytest.approx(whole.roll_deg, abs=1.5)
    assert frame.yaw_deg == pytest.approx(whole.yaw_deg, abs=2)
    assert frame.pitch_deg == pytest.approx(whole.pitch_deg, abs=2)
    assert frame.eye_openness == pytest.approx(whole.eye_openness, abs=0.03)
    assert frame.mouth_gap == pytest.approx(whole.mouth_gap, abs=0.02)
    assert frame.cheek_balance == pytest.approx(whole.cheek_balance, abs=0.05)
    assert frame.geometry is not None
    assert whole.geometry is not None
    assert frame.geometry.crown_y == pytest.approx(whole.geometry.crown_y, abs=8)
    assert frame.geometry.eye_y == pytest.approx(whole.geometry.eye_y, abs=4)
    assert frame.geometry.face_width == pytest.approx(
        whole.geometry.face_width, rel=0.03
    )


@pytest.mark.parametrize(
    ("picture", "wanted"),
    [
        (graduate(), Hint.READY),
        (lit(graduate(), 0.1), Hint.TOO_DARK),
        (lit(graduate(), 1.8, 60), Hint.TOO_BRIGHT),
        (tilted(graduate(), 14), Hint.HEAD_STRAIGHT),
        (np.rot90(graduate()), Hint.UPRIGHT),
        (graduate()[160:800, 90:570], Hint.STEP_BACK),
        (graduate()[110:], Hint.RAISE_CAMERA),
    ],
    ids=lambda value: value.value if isinstance(value, Hint) else "",
)
def test_a_real_face_gets_the_hint_it_needs(picture: Pixels, wanted: Hint) -> None:
    share = 360 / min(picture.shape[:2])
    assert hint_for(glanced(picture, share), NOTICE) is wanted


def test_only_her_laugh_keeps_the_astronaut_from_being_taken() -> None:
    picture = scaled(portraits.bordered(astronaut(), top=60)[30:350, 103:343], 3)
    m = glanced(picture)
    assert hint_for(m, NOTICE) is Hint.CLOSE_MOUTH
    failed = [f.rule for f in judge_person(m, NOTICE) if f.status is Status.FAIL]
    assert failed == ["mouth_closed"]


def test_nobody_is_seen_where_nobody_is() -> None:
    frame = jpeg(noise_image().resize((360, 480)))
    seen = portraits.inspector().glance(frame, picture=(1080, 1440))
    assert hint_for(seen, NOTICE) is Hint.NOBODY


def test_nothing_is_framed_encoded_or_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a frame takes the light path")

    for module, name in (
        (inspector, "frame"),
        (inspector, "encode"),
        (inspector, "draw_overlay"),
        (inspector, "decode_at_least"),
        (encode, "encode"),
        (overlay, "draw_overlay"),
    ):
        monkeypatch.setattr(module, name, never)
    assert glanced(graduate()).face_count == 1


@pytest.mark.parametrize(
    ("data", "picture", "code"),
    [
        (b"no picture", (1080, 1440), "not_a_picture"),
        (saved(noise_image(), "PNG"), (960, 1280), "frame_not_jpeg"),
        (jpeg(noise_image().resize((1281, 700))), (1281, 700), "frame_too_large"),
        (jpeg(), (95, 127), "frame_of_other_shape"),
        (jpeg(), (1280, 960), "frame_of_other_shape"),
        (jpeg(exif=with_notes(orientation=6)), (960, 1280), "frame_of_other_shape"),
    ],
)
def test_what_is_no_frame_of_such_a_camera_is_refused(
    data: bytes, picture: tuple[int, int], code: str
) -> None:
    with pytest.raises(PhotoUnreadableError) as refused:
        MediaPipeInspector().glance(data, picture=picture)
    assert refused.value.code == code


def test_a_frame_reduced_to_whole_pixels_is_still_of_its_camera() -> None:
    frame = jpeg(noise_image().resize((270, 481)))
    seen = portraits.inspector().glance(frame, picture=(1080, 1920))
    assert seen.picture_width == 1080
