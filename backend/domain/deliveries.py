"""What a delivery holds and how its files are named.

Two receivers: the school itself, which needs to know whose portrait it is, and an outside
collecting unit, which must not (教学服〔2022〕10号): for it the code is the only tie.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from backend.domain.errors import InvalidInputError, Violation

#: Folders of a package.
PHOTOS: Final = "photos"
CODES: Final = "codes"
#: Bytes of one part of a path: file systems take 255, and a suffix is put on.
_LONGEST_PART: Final = 200
_LONGEST_PATTERN: Final = 200
#: What Windows refuses in a name; a slash would make a folder.
_FORBIDDEN: Final = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
_FIELD: Final = re.compile(r"\{([^{}]*)\}")


class Profile(StrEnum):
    """Whom a delivery is for."""

    SCHOOL = "school"
    COLLECTING_UNIT = "collecting_unit"


class NamingKey(StrEnum):
    """What the portraits' files are called by."""

    STUDENT_NO = "student_no"
    ID_NUMBER = "id_number"
    EXAM_NO = "exam_no"
    CODE = "code"
    CERTIFICATE_NO = "certificate_no"
    PATTERN = "pattern"
    SEQUENCE = "sequence"


class Fault(StrEnum):
    """Why a portrait cannot be in a delivery."""

    KEY_EMPTY = "key_empty"
    NAME_TAKEN = "name_taken"
    NAME_TOO_LONG = "name_too_long"
    NO_CODE = "no_code"
    FILE_MISSING = "file_missing"


@dataclass(frozen=True, slots=True)
class Naming:
    """How files are named: by a key, or by a pattern; a folder a station if wanted."""

    key: NamingKey
    pattern: str = ""
    by_station: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """What the roster and the card say of one portrait's owner; never shown by repr."""

    name: str
    id_number: str
    student_no: str
    exam_no: str
    certificate_no: str
    code: str
    station_code: str
    station_name: str
    class_no: str
    level: str
    major: str
    study_form: str
    graduating_year: int
    fingerprint: str

    def __repr__(self) -> str:
        return "Person(***)"


@dataclass(frozen=True, slots=True)
class FileName:
    """The name of one portrait's file without its suffix, or why there is none."""

    name: str = ""
    fault: Fault | None = None

    def __repr__(self) -> str:
        return f"FileName(fault={self.fault})"


_KEYS: Final[Mapping[NamingKey, Callable[[Person], str]]] = MappingProxyType(
    {
        NamingKey.STUDENT_NO: lambda person: person.student_no,
        NamingKey.ID_NUMBER: lambda person: person.id_number,
        NamingKey.EXAM_NO: lambda person: person.exam_no,
        NamingKey.CODE: lambda person: person.code,
        NamingKey.CERTIFICATE_NO: lambda person: person.certificate_no,
    }
)

#: What may stand between braces in a pattern.
PATTERN_FIELDS: Final[Mapping[str, Callable[[Person], str]]] = MappingProxyType(
    {
        "姓名": lambda person: person.name,
        "身份证号": lambda person: person.id_number,
        "学号": lambda person: person.student_no,
        "考生号": lambda person: person.exam_no,
        "采集码": lambda person: person.code,
        "证书编号": lambda person: person.certificate_no,
        "函授站": lambda person: person.station_name,
        "函授站代码": lambda person: person.station_code,
        "班级": lambda person: person.class_no,
        "层次": lambda person: person.level,
        "专业": lambda person: person.major,
        "届": lambda person: str(person.graduating_year),
    }
)


def check_naming(profile: Profile, naming: Naming) -> Naming:
    """Return a naming that suits the profile.

    Raises:
        InvalidInputError: ``naming_not_allowed``: an outside unit gets numbers only;
            ``pattern_invalid``, ``pattern_unknown_field``.
    """
    outside = profile is Profile.COLLECTING_UNIT
    if outside != (naming.key is NamingKey.SEQUENCE) or (outside and naming.by_station):
        raise InvalidInputError(
            "invalid_input", violations=(Violation("naming", "naming_not_allowed"),)
        )
    if naming.key is not NamingKey.PATTERN:
        return Naming(naming.key, by_station=naming.by_station)
    pattern = naming.pattern.strip().removesuffix(".jpg").removesuffix(".JPG")
    fault = _pattern_fault(pattern)
    if fault:
        raise InvalidInputError(
            "invalid_input", violations=(Violation("pattern", fault),)
        )
    return Naming(naming.key, pattern, naming.by_station)


def _pattern_fault(pattern: str) -> str:
    fields = _FIELD.findall(pattern)
    literal = _FIELD.sub("", pattern).replace("/", "")
    parts = pattern.split("/")
    if (
        not fields
        or len(pattern) > _LONGEST_PATTERN
        or _FORBIDDEN.search(literal)
        or "{" in literal
        or "}" in literal
        or any(not part.strip(" .") for part in parts)
    ):
        return "pattern_invalid"
    return "" if set(fields) <= PATTERN_FIELDS.keys() else "pattern_unknown_field"


def name_files(people: Sequence[Person], naming: Naming) -> list[FileName]:
    """Return the name of each portrait's file, in order.

    Two that would be the same to a file system that ignores case both have none. Numbers
    count only those that have a name.
    """
    if naming.key is NamingKey.SEQUENCE:
        return _numbered(people)
    named = [_named(person, naming) for person in people]
    uses = Counter(_folded(item.name) for item in named if item.name)
    return [
        FileName(fault=Fault.NAME_TAKEN) if uses[_folded(item.name)] > 1 else item
        for item in named
    ]


def _numbered(people: Sequence[Person]) -> list[FileName]:
    names, number = [], 0
    for person in people:
        if not person.code:
            names.append(FileName(fault=Fault.NO_CODE))
            continue
        number += 1
        names.append(FileName(f"{number:06d}"))
    return names


def _named(person: Person, naming: Naming) -> FileName:
    if naming.key is NamingKey.PATTERN:
        values = {name: get(person) for name, get in PATTERN_FIELDS.items()}
        parts = naming.pattern.split("/")
        if any(not values[name].strip() for name in _FIELD.findall(naming.pattern)):
            return FileName(fault=Fault.KEY_EMPTY)
        filled = [_FIELD.sub(lambda found: values[found[1]], part) for part in parts]
    else:
        filled = [_KEYS[naming.key](person)]
    if naming.by_station:
        filled.insert(0, person.station_name)
    clean = [_FORBIDDEN.sub("_", part).strip(" .") for part in filled]
    if not all(clean):
        return FileName(fault=Fault.KEY_EMPTY)
    if any(len(part.encode()) > _LONGEST_PART for part in clean):
        return FileName(fault=Fault.NAME_TOO_LONG)
    return FileName("/".join(clean))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
