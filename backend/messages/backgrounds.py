"""What backgrounds are called."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backend.domain.report import Background

#: As lists and logs name what is behind the person in a finished portrait.
BACKGROUNDS: Final[Mapping[Background, str]] = MappingProxyType(
    {Background.KEEP: "原背景", Background.STANDARD: "标准背景"}
)


def agreement(background: Background) -> str:
    """Return what the log keeps of a student's agreement."""
    return f"同意使用{BACKGROUNDS[background]}"
