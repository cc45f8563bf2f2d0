"""The passwords that are tried first everywhere, from a list on this machine."""

from __future__ import annotations

from typing import Final

from zxcvbn.frequency_lists import FREQUENCY_LISTS

_WORDS: Final = frozenset(word for words in FREQUENCY_LISTS.values() for word in words)


def is_common(text: str) -> bool:
    """Tell whether a text in lower case is among the most used passwords or words."""
    return text in _WORDS
