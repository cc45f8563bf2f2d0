"""CIELAB of sRGB colours, and how far two are apart."""

from __future__ import annotations

import pytest

from backend.domain.colour import difference, lab_of


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((255, 255, 255), (100.0, 0.0, 0.0)),
        ((0, 0, 0), (0.0, 0.0, 0.0)),
        # Published values of the sRGB primaries under D65.
        ((255, 0, 0), (53.24, 80.09, 67.20)),
        ((0, 255, 0), (87.73, -86.18, 83.18)),
        ((0, 0, 255), (32.30, 79.19, -107.86)),
        ((1, 2, 3), (0.5, -0.1, -0.5)),
    ],
)
def test_known_colours(
    rgb: tuple[int, int, int], lab: tuple[float, float, float]
) -> None:
    assert lab_of(rgb) == pytest.approx(lab, abs=0.15)


def test_the_difference_is_the_distance() -> None:
    assert difference((50, 3, 0), (50, 0, 4)) == 5
    assert difference((1, 2, 3), (1, 2, 3)) == 0
