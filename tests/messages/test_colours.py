"""What people call a background's colour."""

from __future__ import annotations

import pytest

from backend import policies
from backend.domain.policy import Colour
from backend.messages.colours import colour_name


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((100, 197, 255), "浅蓝色"),
        ((67, 142, 219), "蓝色"),
        ((255, 255, 255), "白色"),
        ((240, 240, 240), "浅灰色"),
        ((120, 121, 125), "灰色"),
        ((200, 30, 40), "红色"),
        ((120, 200, 130), "RGB 120、200、130 的颜色"),
    ],
)
def test_a_colour_is_called_what_people_call_it(colour: Colour, name: str) -> None:
    assert colour_name(colour) == name


@pytest.mark.parametrize("name", policies.names())
def test_the_colours_of_our_policies_have_words(name: str) -> None:
    assert "RGB" not in colour_name(policies.load(name).background.colour)
