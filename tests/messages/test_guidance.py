"""Every hint has a line short enough to be read at arm's length, in both languages."""

from __future__ import annotations

import pytest

from backend.domain.guidance import Hint
from backend.messages.findings import Language
from backend.messages.guidance import hint_line


@pytest.mark.parametrize("mirrored", [True, False])
@pytest.mark.parametrize(("language", "longest"), [("zh", 20), ("en", 55)])
def test_each_hint_has_a_line_of_its_own(
    language: Language, longest: int, *, mirrored: bool
) -> None:
    lines = [hint_line(hint, language, mirrored=mirrored) for hint in Hint]
    assert len(set(lines)) == len(Hint)
    assert [line for line in lines if not 0 < len(line) <= longest] == []


def test_left_and_right_are_those_of_whoever_reads() -> None:
    """In the mirror one's own left is on the left; behind the camera it is the lens."""
    assert "左" in hint_line(Hint.MOVE_LEFT)
    assert "右" in hint_line(Hint.MOVE_RIGHT)
    assert "镜头向左" in hint_line(Hint.MOVE_LEFT, mirrored=False)
    assert "镜头向右" in hint_line(Hint.MOVE_RIGHT, mirrored=False)
    assert hint_line(Hint.COME_CLOSER, mirrored=False) == hint_line(Hint.COME_CLOSER)
