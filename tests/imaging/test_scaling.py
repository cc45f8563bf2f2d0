from __future__ import annotations

import cv2
import numpy as np
import pytest

from backend.imaging.scaling import resized, shrunk
from tests.imaging.pictures import gradient, noise
from tests.pictures import astronaut


@pytest.mark.parametrize(
    ("size", "longest", "expected"),
    [
        ((480, 640), 640, (480, 640)),
        ((480, 640), 2000, (480, 640)),
        ((480, 640), 320, (240, 320)),
        ((2000, 1500), 720, (720, 540)),
        ((1001, 667), 100, (100, 67)),
        ((5000, 3), 100, (100, 1)),
    ],
)
def test_the_longest_side_is_at_most_so_long(
    size: tuple[int, int], longest: int, expected: tuple[int, int]
) -> None:
    small = shrunk(np.zeros((size[1], size[0], 3), np.uint8), longest)
    assert small.shape == (expected[1], expected[0], 3)


@pytest.mark.parametrize("side", [500, 300, 200, 128, 100])
@pytest.mark.parametrize("to_look_at", [False, True])
def test_in_steps_it_comes_out_as_in_one(side: int, *, to_look_at: bool) -> None:
    whole = astronaut()[:511]
    small = resized(whole, (side, side), to_look_at=to_look_at).astype(np.int16)
    direct = cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA)
    assert np.abs(small - direct).mean() < 6
    assert abs(small.mean() - direct.mean()) < 1


def test_fine_noise_is_averaged_away_and_leaves_no_pattern() -> None:
    grain = noise(1600, 1600)
    assert resized(grain, (160, 160)).std() < 14
    plain = gradient(1600, 1600)
    np.testing.assert_allclose(resized(plain, (160, 160)), gradient(160, 160), atol=2)
