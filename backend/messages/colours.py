"""What people call a background's colour."""

from __future__ import annotations

from typing import Final

from backend.domain.policy import Colour

#: How far the parts of a grey may be apart, of 255.
_GREY: Final = 12
_WHITE: Final = 248
_LIGHT: Final = 150
#: From where on a part rules over the others.
_RULES: Final = 60


def colour_name(colour: Colour) -> str:
    """Return the word for a colour, or its figures where there is none."""
    red, green, blue = colour
    lightness = sum(colour) / 3
    if max(colour) - min(colour) <= _GREY:
        if lightness >= _WHITE:
            return "白色"
        return "浅灰色" if lightness >= _LIGHT else "灰色"
    if blue == max(colour) and blue - red > _RULES:
        return "浅蓝色" if lightness >= _LIGHT else "蓝色"
    if red == max(colour) and red - max(green, blue) > _RULES:
        return "红色"
    return f"RGB {red}、{green}、{blue} 的颜色"
