"""Photos brought in a folder: whose each one is, by its file name.

Photographers name files by 身份证号, 学号, 考生号 or 采集码, alone or beside the name
(``0202300000001_张测试.jpg``). A file is somebody's only when nothing in its name points
to anybody else: a photo on the wrong certificate is the one mistake that must not happen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
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


_FILE_HEADINGS: Final = frozenset({"文件名", "文件", "照片", "照片名", "照片文件名"})
_NUMBER_HEADINGS: Final = frozenset(
    {"学号", "考生号", "身份证号", "身份证号码", "证件号码", "采集码"}
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
    #: Something went wrong that is not the photo's fault; the item says with what.
    BROKEN = "broken"
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


def read_list(rows: Iterable[Sequence[str]]) -> dict[str, str]:
    """Return file name → number, as a list of a batch says.

    The columns are found by their headings (文件名, 照片; 学号 …); without headings the
    first holds the file names and the second the numbers.
    """
    named: dict[str, str] = {}
    file_at, number_at = 0, 1
    for row in rows:
        cells = [unicodedata.normalize("NFKC", cell).strip() for cell in row]
        files = [at for at, cell in enumerate(cells) if cell in _FILE_HEADINGS]
        numbers = [at for at, cell in enumerate(cells) if cell in _NUMBER_HEADINGS]
        if not named and (files or numbers):
            file_at = files[0] if files else 0
            number_at = numbers[0] if numbers else 1
        elif len(cells) > max(file_at, number_at) and cells[file_at]:
            named[cells[file_at]] = cells[number_at]
    return {file: number for file, number in named.items() if number}


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
