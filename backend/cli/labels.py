"""The list of labelled photos that ``bizhao evaluate`` reads."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from backend.domain.evaluation import Label

FILE: Final = "file"
DEFECTS: Final = "defects"
#: Stands for "nobody knows what is wrong with this photo".
NOBODY_KNOWS: Final = frozenset({"?", "？"})
#: Split by these where the list has them, without being asked.
USUAL_GROUPS: Final = ("gender", "age", "ethnicity")
#: Excel writes the first as "CSV UTF-8", and the second as plain "CSV" on Chinese systems.
_ENCODINGS: Final = ("utf-8-sig", "gb18030")


class LabelsError(ValueError):
    """All that is wrong with a list, a line each."""


@dataclass(frozen=True, slots=True)
class Labels:
    """The photos of a list.

    Attributes:
        by: columns to split by.
        has_defects: whether the list says anything about defects.
    """

    folder: Path
    photos: tuple[Label, ...]
    by: tuple[str, ...]
    has_defects: bool


def read_labels(path: Path, *, rules: Collection[str], by: Sequence[str]) -> Labels:
    """Return a list's photos.

    Raises:
        LabelsError: lists unknown rules, missing files and missing columns, all at once.
    """
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    try:
        rows = [
            (reader.line_num, {k: v or "" for k, v in row.items() if k})
            for row in reader
        ]
    except csv.Error as error:
        raise LabelsError(f"line {reader.line_num}: {error}") from None
    columns = [name for name in reader.fieldnames or () if name]
    problems = [
        f"there is no column {name}" for name in (FILE, *by) if name not in columns
    ]
    if FILE in columns:
        problems += _problems(rows, path.parent, rules)
    if not rows:
        problems.append("there is no photo in the list")
    if problems:
        raise LabelsError("\n".join(problems))
    usual = (name for name in USUAL_GROUPS if name in columns)
    groups = tuple(dict.fromkeys((*usual, *by)))
    return Labels(
        folder=path.parent,
        photos=tuple(
            Label(
                file=row[FILE].strip(),
                defects=_defects(row.get(DEFECTS, "")),
                groups={name: row.get(name, "") for name in groups},
            )
            for _, row in rows
        ),
        by=groups,
        has_defects=DEFECTS in columns,
    )


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LabelsError(error.strerror or "cannot be read") from None
    for encoding in _ENCODINGS:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise LabelsError("is not a text in UTF-8 or GB 18030")


def _problems(
    rows: Sequence[tuple[int, dict[str, str]]], folder: Path, rules: Collection[str]
) -> Iterator[str]:
    seen: dict[str, int] = {}
    for line, row in rows:
        file = row[FILE].strip()
        if not file:
            yield f"line {line}: no file is named"
        elif file in seen:
            yield f"line {line}: {file} is already in line {seen[file]}"
        elif not _is_there(folder / file):
            yield f"line {line}: there is no file {file}"
        seen.setdefault(file, line)
        for rule in sorted((_defects(row.get(DEFECTS, "")) or set()) - set(rules)):
            near = difflib.get_close_matches(rule, rules, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            yield f"line {line}: there is no rule {rule}{hint}"


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _defects(text: str) -> frozenset[str] | None:
    words = frozenset(word for word in re.split(r"[\s;,；，、]+", text) if word)
    return None if words & NOBODY_KNOWS else words
