"""One language's words for one rule."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words for one rule; ``%`` values are shown as whole percents."""

    name: str
    wrong: str
    todo: str
    percent: bool = False
