"""The 层次 of an enrolment, under the many names rosters and codes give it.

Rosters mix 专科, 高起专, 本科, 专升本 and 高起本, and one collecting unit tells 高起本 and
专升本 students alike to pick 本科, so two values are compared by the certificate they
lead to and never letter by letter.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum


class Level(StrEnum):
    """What kind of certificate an enrolment ends in."""

    JUNIOR_COLLEGE = "junior_college"
    BACHELOR = "bachelor"
    SECOND_BACHELOR = "second_bachelor"
    MASTER = "master"
    DOCTOR = "doctor"


_NAMES: dict[Level, tuple[str, ...]] = {
    Level.JUNIOR_COLLEGE: (
        "专科",
        "大专",
        "高起专",
        "高升专",
        "高中起点专科",
        "高职",
        "高职高专",
        "高职专科",
        "专科高职",
        "高等职业教育",
    ),
    Level.BACHELOR: (
        "本科",
        "大学本科",
        "专升本",
        "专接本",
        "专续本",
        "专起本",
        "专科起点本科",
        "专科升本科",
        "高起本",
        "高升本",
        "高中起点本科",
        "职业本科",
        "本科职业教育",
    ),
    Level.SECOND_BACHELOR: ("第二学士学位", "二学位", "第二学位", "第二学士"),
    Level.MASTER: ("硕士", "硕士研究生"),
    Level.DOCTOR: ("博士", "博士研究生"),
}
_LEVELS = {name: level for level, names in _NAMES.items() for name in names}


def parse_level(text: str) -> Level | None:
    """Return the level a roster or a code means, or None when the value is not known."""
    folded = unicodedata.normalize("NFKC", text)
    return _LEVELS.get("".join(c for c in folded if c.isalnum()))


def levels_conflict(one: str | None, other: str | None) -> bool:
    """Say whether both values are known and lead to different certificates."""
    first, second = parse_level(one or ""), parse_level(other or "")
    return first is not None and second is not None and first is not second
