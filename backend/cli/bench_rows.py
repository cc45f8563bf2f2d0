"""What every family of ``bizhao bench`` is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """What the command was asked for.

    Attributes:
        roster_rows: of the roster that is imported.
        postgresql: where the bench may make databases; none for SQLite only.
    """

    photos: tuple[Path, ...]
    megapixels: tuple[float, ...]
    rounds: int
    policy: str
    roster_rows: int
    postgresql: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One line for the screen and the same as a row of a table."""

    line: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """Rows that belong together; ``name`` marks their section of the record."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[Options], Iterator[Row]]
