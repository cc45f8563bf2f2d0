"""Which passwords are refused: NIST SP 800-63B-4 §3.1.1.2, nothing more.

Length decides. There are no rules of composition and no dates on which a password must
change; what is refused is what would be tried first: common ones, the person's own name
and the school's, and texts that are only as long as a short one repeated.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

#: NIST asks for 15 where a password is all there is and 8 beside a second factor;
#: administrators have one, the others are slowed down after five failures.
MIN_PASSWORD: Final = 12
#: Far above any passphrase; hashing time must not be the caller's to choose.
MAX_PASSWORD: Final = 200
#: A shorter word happens to be part of others.
_SHORTEST_WORD: Final = 2
_ROWS: Final = (
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./",
)


class PasswordFault(StrEnum):
    """Why a password is refused."""

    LENGTH = "password_length"
    REPEATED = "password_repeated"
    PERSONAL = "password_personal"
    COMMON = "password_common"


def password_fault(
    password: str, *, personal: Iterable[str], is_common: Callable[[str], bool]
) -> PasswordFault | None:
    """Return why a password is refused, none when it may be used.

    Args:
        password: as it was typed.
        personal: the person's names, the school's, the product's.
        is_common: tells whether a text in lower case is on the list of common ones.
    """
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        return PasswordFault.LENGTH
    text = _plain(password)
    unit = _unit(text)
    # A common word said twice is common; the list does not know it.
    if any(is_common(word) for word in {text, unit, _core(text), _core(unit)}):
        return PasswordFault.COMMON
    if len(unit) < MIN_PASSWORD <= len(text) or _is_row(text):
        return PasswordFault.REPEATED
    if _says_only(text, personal):
        return PasswordFault.PERSONAL
    return None


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _unit(text: str) -> str:
    """Return the shortest text that, repeated at least twice, makes this one."""
    for size in range(1, len(text) // 2 + 1):
        if (text[:size] * (len(text) // size + 1))[: len(text)] == text:
            return text[:size]
    return text


def _core(text: str) -> str:
    """Return what digits and signs around it hide, where they are the smaller part."""
    start, end = 0, len(text)
    while start < end and not text[start].isalpha():
        start += 1
    while end > start and not text[end - 1].isalpha():
        end -= 1
    return text[start:end] if (end - start) * 2 >= len(text) else text


def _is_row(text: str) -> bool:
    return any(
        text in run * 3 for row in _ROWS for run in (row, "".join(reversed(row)))
    )


def _says_only(text: str, personal: Iterable[str]) -> bool:
    """Tell whether no letter is left without the names."""
    rest = text
    for word in sorted(map(_plain, personal), key=len, reverse=True):
        if len(word) >= _SHORTEST_WORD:
            rest = rest.replace(word, "")
    return rest != text and not any(character.isalpha() for character in rest)
