"""A picture is known again however it was coded, scaled or cut; another face is not it."""

from __future__ import annotations

import numpy as np

from backend.domain.likeness import BITS, MOST_APART, distance
from tests.imaging.portraits import inspected, roomy, scaled
from tests.pictures import as_jpeg

SEEN = inspected(roomy()).likeness


def test_copies_of_a_picture_look_alike() -> None:
    assert SEEN is not None
    assert len(SEEN) * 4 == BITS
    picture = roomy()
    height, width = picture.shape[:2]
    copies = {
        "coded again": as_jpeg(picture, quality=60),
        "smaller": as_jpeg(scaled(picture, 0.85)),
        "cut": as_jpeg(picture[height // 50 :, width // 40 : -width // 40].copy()),
    }
    for what, data in copies.items():
        likeness = inspected(data).likeness
        assert likeness is not None, what
        assert distance(SEEN, likeness) <= MOST_APART, what


def test_a_face_turned_round_does_not_look_alike() -> None:
    mirrored = inspected(as_jpeg(np.ascontiguousarray(roomy()[:, ::-1]))).likeness
    assert SEEN is not None
    assert mirrored is not None
    assert distance(SEEN, mirrored) > 2 * MOST_APART


def test_without_a_portrait_there_is_no_likeness() -> None:
    assert inspected(np.full((800, 600, 3), 200, np.uint8)).likeness is None
