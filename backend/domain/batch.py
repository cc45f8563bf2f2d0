"""Photos brought in a folder: whose each one is, by its file name.

Photographers name files by 身份证号, 学号, 考生号 or 采集码, alone or beside the name
(``0202300000001_张测试.jpg``). A file is somebody's only when nothing in its name points
to anybody else: a photo on the wrong certificate is the one mistake that must not happen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

#: Shorter runs of letters and digits are counters and dates of cameras.
_SHORTEST_KEY: Final = 6
_KEY: Final = re.compile(r"[0-9A-Za-z]+")
_HAN: Final = re.compile(r"[\u3400-\u9fff·]+")
#: A person's name in Chinese characters has this many.
_NAME_LENGTHS: Final = range(2, 5)
#: Words of file names that are nobody's name.
_WORDS: Final = frozenset(
    {
        "学号",
        "姓名",
        "照片",
        "相片",
        "证件照",
        "考生号",
        "采集码",
        "身份证",
        "身份证号",
        "电子照",
        "毕业照",
        "副本",
    }
)


class ItemState(StrEnum):
    """What became of one file of a batch."""

    WAITING = "waiting"
    #: Handed in, and on its way to the reviewers.
    HANDED_IN = "handed_in"
    #: The rules refuse the photo; it is kept as a draft.
    REFUSED = "refused"
    #: The very same photo was handed in before.
    ALREADY_THERE = "already_there"
    #: Another photo of the student waits, or is settled; it was not replaced.
    HAS_PHOTO = "has_photo"
    NO_MATCH = "no_match"
    #: The file's name fits several students.
    AMBIGUOUS = "ambiguous"
    #: The number is one student's, and the name beside it another's.
    NAME_DIFFERS = "name_differs"
    #: Several files of the batch are the same student's.
    SEVERAL_FILES = "several_files"
    EXEMPT = "exempt"
    NOT_A_PHOTO = "not_a_photo"
    #: Anything else; the item says why.
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Label:
    """What a file's name says.

    Attributes:
        keys: what may be a number or a code, the whole name first.
        names: what may be the name of a person.
    """

    keys: tuple[str, ...] = field(repr=False)
    names: tuple[str, ...] = field(repr=False)


def read_label(file_name: str) -> Label:
    """Return what a file's name says; folders and the extension say nothing."""
    base = re.split(r"[\\/]", unicodedata.normalize("NFKC", file_name))[-1]
    stem = (base.rpartition(".")[0] or base).strip()
    runs = [run for run in _KEY.findall(stem) if len(run) >= _SHORTEST_KEY]
    keys = dict.fromkeys(key for key in [stem, *runs] if key)
    names = [
        run
        for run in _HAN.findall(stem)
        if len(run) in _NAME_LENGTHS and run not in _WORDS
    ]
    return Label(tuple(keys), tuple(names))


def match(
    label: Label,
    hits: Sequence[Collection[int]],
    names: Mapping[int, str],
) -> int | ItemState:
    """Return the one student a file belongs to, or why there is none.

    Args:
        label: what the file's name says.
        hits: for each of its keys the students who have it as one of their numbers.
        names: the students' names.
    """
    found = [set(students) for students in hits if students]
    if not found:
        return ItemState.NO_MATCH
    common = set.intersection(*found)
    if len(common) != 1:
        return ItemState.AMBIGUOUS
    (student,) = common
    if label.names and names[student] not in label.names:
        return ItemState.NAME_DIFFERS
    return student


def without_rivals(matches: Sequence[int | ItemState]) -> list[int | ItemState]:
    """Return the matches with each student who has several files left to a person."""
    seen: dict[int, int] = {}
    for found in matches:
        if not isinstance(found, ItemState):
            seen[found] = seen.get(found, 0) + 1
    return [
        found
        if isinstance(found, ItemState) or seen[found] == 1
        else ItemState.SEVERAL_FILES
        for found in matches
    ]
