"""What backgrounds are called, and what is said where one could not be replaced."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backend.domain.backgrounds import CHANGE_RULE, BackgroundState
from backend.domain.report import Background
from backend.messages import findings_zh

#: As lists and logs name what is behind the person in a finished portrait.
BACKGROUNDS: Final[Mapping[Background, str]] = MappingProxyType(
    {Background.KEEP: "原背景", Background.STANDARD: "标准背景"}
)
#: What the log says of staff having a background replaced, by what came of it.
CHANGED: Final[Mapping[BackgroundState, str]] = MappingProxyType(
    {
        BackgroundState.STANDARD: BACKGROUNDS[Background.STANDARD],
        BackgroundState.REFUSED: "没有换成，用的是原背景",
        BackgroundState.KEPT: "不再换，用的是原背景",
    }
)

#: What the standard background is called where its colour is not at hand.
STANDARD_COLOUR: Final = "标准颜色"
#: What to do where it could not be replaced, and nothing better is known.
PLAINER_WALL: Final = findings_zh.RULES[CHANGE_RULE].todo


def kept_because(advice: str) -> str:
    """Return why a background was not replaced, and what to do.

    Args:
        advice: of the finding on how well the person was separated.
    """
    words = findings_zh.RULES[CHANGE_RULE].chosen(advice)
    return f"{words.wrong}{words.todo}"


def agreement(background: Background) -> str:
    """Return what the log keeps of a student's agreement."""
    return f"同意使用{BACKGROUNDS[background]}"
