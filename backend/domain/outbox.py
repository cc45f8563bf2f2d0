"""When a message is tried again, and how its words fit the fields WeChat has.

The limits are those of WeChat's subscribe messages: a field's name begins with its kind
(``thing1``), and a text that is too long or empty refuses the whole message (47003).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class MessageState(StrEnum):
    """Where a message stands.

    ``NO_CONSENT``: the student takes no messages, and sees the result on the page.
    ``CANCELLED``: what it would have told is not so any more.
    ``DEAD``: nobody will try again by themselves; an administrator sees why.
    """

    WAITING = "waiting"
    SENT = "sent"
    NO_CONSENT = "no_consent"
    CANCELLED = "cancelled"
    DEAD = "dead"


#: About six hours of trying.
MOST_ATTEMPTS: Final = 10
_FIRST_DELAY: Final = timedelta(seconds=30)
_LONGEST_DELAY: Final = timedelta(hours=1)

#: Characters; what is not named takes 20, the least of the texts.
_LENGTHS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "thing": 20,
        "phrase": 5,
        "name": 10,
        "character_string": 32,
        "letter": 32,
        "number": 32,
        "symbol": 5,
        "time": 40,
        "date": 40,
    }
)
_SHORTEST: Final = 20
_MORE: Final = "…"
#: A field of only Chinese characters.
_HAN: Final = re.compile(r"[^\u4e00-\u9fff]")
#: A field of letters, digits and signs.
_ASCII: Final = re.compile(r"[^!-~]")
#: What stands in a field that nothing is left for.
_NOTHING: Final = "无"


def delay_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts; each doubles it."""
    doubled: int = 2 ** min(attempts - 1, 10)
    return min(_FIRST_DELAY * doubled, _LONGEST_DELAY)


def fit(field: str, text: str) -> str:
    """Return a text as a field of this name may hold it, never empty."""
    kind = re.sub(r"\d+$", "", field)
    if kind == "phrase":
        text = _HAN.sub("", text)
    elif kind in {"character_string", "letter", "number", "symbol"}:
        text = _ASCII.sub("", text) or "-"
    text = " ".join(text.split()) or _NOTHING
    most = _LENGTHS.get(kind, _SHORTEST)
    if len(text) <= most:
        return text
    return text[:most] if kind == "phrase" else text[: most - 1] + _MORE
