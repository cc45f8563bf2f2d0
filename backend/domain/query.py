"""What staff may mean by one line of text, and the orders a list of records comes in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from backend.domain.codes import parse_collection_code, parse_fingerprint
from backend.domain.errors import DomainError
from backend.domain.identity import (
    IdentityNumber,
    IdType,
    normalise_name,
    parse_last6,
)

LONGEST_QUERY = 2000
_LONGEST_NAME = 80
_LONGEST_NUMBER = 30
#: 学号, 考生号 and 证书编号: digits, of some schools letters, hyphens or strokes among them.
_NUMBER = re.compile(rf"(?=.*[0-9])[0-9A-Za-z/_-]{{1,{_LONGEST_NUMBER}}}")
_T = TypeVar("_T")


class RecordOrder(StrEnum):
    """What records are sorted by; equal ones come in the order they were bound."""

    CHANGED = "changed"
    SUBMITTED = "submitted"
    NAME = "name"
    STUDENT_NO = "student_no"
    CLASS = "class"

    @property
    def latest_first(self) -> bool:
        """Whether people expect it to start at the end."""
        return self in {RecordOrder.CHANGED, RecordOrder.SUBMITTED}


@dataclass(frozen=True, slots=True, repr=False)
class Query:
    """Everything a text may be; several at once, empty where it cannot be that.

    Attributes:
        name: the beginning of a name, in the spelling names are kept in.
        number: a whole 学号, 考生号 or 证书编号.
        id_number: a whole 身份证号 or number of another paper.
        id_last6: the last six of one.
        code: the token of a collection code.
        fingerprint: a 码印 in its one spelling.
    """

    name: str = ""
    number: str = ""
    id_number: str = ""
    id_last6: str = ""
    code: str = ""
    fingerprint: str = ""

    def __repr__(self) -> str:
        return "Query(***)"

    def __bool__(self) -> bool:
        return bool(
            self.name
            or self.number
            or self.id_number
            or self.id_last6
            or self.code
            or self.fingerprint
        )


def read_query(text: str) -> Query:
    """Return what a typed or pasted text may mean; an empty query when nothing.

    Never raises: whoever types half a number shall not be told about checksums. A card's
    payload is that and nothing else.
    """
    if len(text) > LONGEST_QUERY or not text.strip() or "\0" in text:
        return Query()
    code = _unless_refused(lambda: parse_collection_code(text))
    if code and code.claims is not None:
        return Query(code=code.token)
    compact = "".join(unicodedata.normalize("NFKC", text).split())
    return Query(
        name=_name(text),
        number=compact if _NUMBER.fullmatch(compact) else "",
        id_number=_id_number(compact),
        id_last6=_unless_refused(lambda: parse_last6(compact)) or "",
        code=code.token if code else "",
        fingerprint=parse_fingerprint(text) or "",
    )


def _name(text: str) -> str:
    """Return the text as a name: letters and what stands between them, no digits."""
    name = normalise_name(text)
    fits = 0 < len(name) <= _LONGEST_NAME and any(map(str.isalpha, name))
    return name if fits and all(c.isalpha() or c in "·-' " for c in name) else ""


def _id_number(compact: str) -> str:
    for kind in IdType:
        number = _unless_refused(
            lambda kind=kind: IdentityNumber.parse(compact, id_type=kind)  # type: ignore[misc] # bound now
        )
        if number:
            return number.value
    return ""


def _unless_refused(read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except DomainError:
        return None
