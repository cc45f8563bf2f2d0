"""Identity numbers and names, as people and files write them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from backend.domain.errors import InvalidInputError, Violation

# GB 11643-1999: weights of the first 17 digits, and the check character for each
# remainder of their sum by 11.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"
_RESIDENT = re.compile(r"[0-9]{17}[0-9X]")
_OLD_RESIDENT = re.compile(r"[0-9]{15}")
_OTHER = re.compile(r"[0-9A-Z]{6,18}")
_LAST6 = re.compile(r"[0-9A-Z]{6}")
_RESIDENT_LENGTH = 18
_OLDEST_BIRTH_YEAR = 1900
# Shorter numbers of other papers would be nearly whole behind three and four.
_LONG_ENOUGH_FOR_WIDE_MASK = 14

_FULL_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_MIDDLE_DOT = "·"
# Everything keyboards and files put between the parts of a 少数民族 name.
_MIDDLE_DOTS = str.maketrans(dict.fromkeys(".•‧・･∙⋅·˙", _MIDDLE_DOT))
_WILDCARD = "*"
_WILDCARDS = str.maketrans(dict.fromkeys("＊×✕∗⁎﹡✱", _WILDCARD))
_HAN = re.compile(r"[⺀-⿕々〇㐀-䶿一-鿿豈-﫿𠀀-𳑿]")


class IdType(StrEnum):
    """The paper a number is printed on."""

    RESIDENT = "resident"
    OTHER = "other"


@dataclass(frozen=True, slots=True, repr=False)
class IdentityNumber:
    """A checked identity number; never shown by repr.

    Numbers of other papers (港澳台 permits, passports, residence permits) have no common
    checksum: they are six to eighteen letters and digits, kept without blanks, brackets
    and hyphens, and tell neither birth date nor sex.
    """

    value: str
    id_type: IdType = IdType.RESIDENT

    def __repr__(self) -> str:
        return "IdentityNumber(***)"

    @classmethod
    def parse(
        cls, text: str, *, id_type: IdType = IdType.RESIDENT, field: str = "id_number"
    ) -> Self:
        """Return the number in its one spelling.

        Full-width characters are folded, blanks and a leading apostrophe (Excel) dropped
        and the final x written X.

        Raises:
            InvalidInputError: with one violation of ``field`` for each fault:
                ``id_number_length``, ``id_number_fifteen_digits`` (the form abolished in
                2013), ``id_number_characters``, ``id_number_birth_date``,
                ``id_number_checksum``; for other papers ``id_number_other_paper``.
        """
        value = _folded(text).removeprefix("'")
        if id_type is IdType.OTHER:
            value = re.sub(r"[()\[\]-]", "", value)
            faults = [] if _OTHER.fullmatch(value) else ["id_number_other_paper"]
        else:
            faults = _resident_faults(value)
        if faults:
            raise InvalidInputError(
                "invalid_input",
                violations=tuple(Violation(field, fault) for fault in faults),
            )
        return cls(value, id_type)

    @property
    def last6(self) -> str:
        """The last six characters."""
        return self.value[-6:]

    @property
    def last4(self) -> str:
        """The last four characters."""
        return self.value[-4:]

    @property
    def masked(self) -> str:
        """The first three and last four characters; one and two of a short number."""
        wide = len(self.value) >= _LONG_ENOUGH_FOR_WIDE_MASK
        head, tail = (3, 4) if wide else (1, 2)
        hidden = _WILDCARD * (len(self.value) - head - tail)
        return f"{self.value[:head]}{hidden}{self.value[-tail:]}"

    @property
    def birth_date(self) -> date | None:
        """The date of birth; none for papers that do not carry it."""
        return None if self.id_type is IdType.OTHER else _birth_date(self.value)

    @property
    def male(self) -> bool | None:
        """Whether the number is a man's (odd serial); none for other papers."""
        return None if self.id_type is IdType.OTHER else int(self.value[16]) % 2 == 1


def check_character(first17: str) -> str:
    """Return the eighteenth character for the first seventeen digits."""
    total = sum(w * int(d) for w, d in zip(_WEIGHTS, first17, strict=True))
    return _CHECK_CHARACTERS[total % 11]


def parse_last6(text: str, *, field: str = "id_last6") -> str:
    """Return the last six of an identity number in one spelling.

    Letters are allowed anywhere, because other papers have them; blanks, brackets and
    hyphens are dropped.

    Raises:
        InvalidInputError: with the violation ``id_last6_format`` of ``field``.
    """
    value = re.sub(r"[()\[\]-]", "", _folded(text))
    if not _LAST6.fullmatch(value):
        raise InvalidInputError(
            "invalid_input", violations=(Violation(field, "id_last6_format"),)
        )
    return value


def normalise_name(text: str) -> str:
    """Return a name in the one spelling in which names are kept and compared.

    NFC; full-width letters folded; every kind of middle dot written ·; blanks dropped in
    a name with Han characters (张 三), else runs of them made one.
    """
    visible = "".join(
        c for c in text if unicodedata.category(c) not in {"Cf", "Cc"} or c in "\t\r\n"
    )
    folded = unicodedata.normalize("NFC", visible).translate(_FULL_WIDTH)
    dotted = folded.translate(_MIDDLE_DOTS)
    words = dotted.split()
    if _HAN.search(dotted):
        return "".join(words)
    return " ".join(words)


def name_matches_mask(name: str, masked: str) -> bool:
    """Say whether a name fits a masked one, each ``*`` standing for one character."""
    full = normalise_name(name).casefold()
    mask = normalise_name(masked.translate(_WILDCARDS)).casefold()
    return len(full) == len(mask) and all(
        m in (_WILDCARD, c) for c, m in zip(full, mask, strict=True)
    )


def shows_anything(masked: str) -> bool:
    """Say whether a masked name shows at least one letter or character."""
    return any(c.isalpha() for c in masked.translate(_WILDCARDS))


def _folded(text: str) -> str:
    if not text.isprintable():
        text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return "".join(text.translate(_FULL_WIDTH).split()).upper()


def _resident_faults(value: str) -> list[str]:
    if _OLD_RESIDENT.fullmatch(value):
        return ["id_number_fifteen_digits"]
    if len(value) != _RESIDENT_LENGTH:
        return ["id_number_length"]
    if not _RESIDENT.fullmatch(value):
        return ["id_number_characters"]
    faults = []
    if _birth_date(value) is None:
        faults.append("id_number_birth_date")
    if check_character(value[:17]) != value[17]:
        faults.append("id_number_checksum")
    return faults


def _birth_date(value: str) -> date | None:
    try:
        born = date(int(value[6:10]), int(value[10:12]), int(value[12:14]))
    except ValueError:
        return None
    return born if born.year >= _OLDEST_BIRTH_YEAR else None
