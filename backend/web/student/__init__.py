"""The pages a student sees after scanning a poster."""

from __future__ import annotations

from backend.web.student import (
    backgrounds,
    codes,
    entry,
    mine,
    own_data,
    photos,
    submissions,
)
from backend.web.student.blueprint import bp

__all__ = [
    "backgrounds",
    "bp",
    "codes",
    "entry",
    "mine",
    "own_data",
    "photos",
    "submissions",
]
