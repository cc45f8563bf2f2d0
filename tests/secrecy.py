"""What the tests invent about people, so that no log may hold it.

Whatever names a person or opens something is noted when it is made: names, identity
numbers, collection codes, openids, secrets, tokens, one-use codes. After each test the run looks
for all of them in what was printed and logged.
"""

from __future__ import annotations

from typing import Final

_USED: Final[set[str]] = set()
#: Shorter texts occur by chance.
_LEAST: Final = 8


def note(*values: str) -> None:
    """Remember values that belong into no log."""
    _USED.update(value for value in values if len(value) >= _LEAST)


def note_name(name: str) -> None:
    """Remember a name, as short as names are."""
    _USED.add(name)


def found_in(text: str) -> int:
    """Return how many noted values a text holds; never which."""
    return sum(value in text for value in _USED) if text else 0
