"""Words of our own for the rule on replaced backgrounds, whatever it says otherwise."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from backend.domain.backgrounds import CHANGE_RULE
from backend.messages import findings
from backend.messages.words import Words

REASON = "头发边缘和背景分不清。"
ADVICE = "请换一面单色的墙，让光均匀。"


def give_words(patch: pytest.MonkeyPatch) -> None:
    """Let the rule say what a test looks for."""
    frame = findings._FRAMES["zh"]
    words = {**frame.rules, CHANGE_RULE: Words("背景替换", REASON, ADVICE)}
    frames = {**findings._FRAMES, "zh": replace(frame, rules=words)}
    patch.setattr(findings, "_FRAMES", MappingProxyType(frames))
