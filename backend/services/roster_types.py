"""What roster imports and the pages of students return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from backend.domain.roster import Column, Severity

T = TypeVar("T")


class ImportState(StrEnum):
    """How far an import is."""

    CHECKING = "checking"
    READY = "ready"
    APPLYING = "applying"
    APPLIED = "applied"
    FAILED = "failed"
    DISCARDED = "discarded"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a file by what would become of them.

    Attributes:
        bad: rows with at least one error, which are left out.
        missing: students of the file's stations who are not in it; nothing happens to
            them.
        flagged: changes of name or identity number where a record is bound.
        unlisted: problems beyond those kept.
    """

    rows: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: int = 0
    errors: int = 0
    warnings: int = 0
    missing: int = 0
    flagged: int = 0
    unlisted: int = 0

    @property
    def importable(self) -> int:
        """How many rows would be written."""
        return self.new + self.changed


@dataclass(frozen=True, slots=True)
class ImportView:
    """One import.

    Attributes:
        mapping: in which column of the file (from 0) each of ours stands.
        lacking: what no column is taken for and nothing may be imported without.
        samples: the first rows below the headings, as they stand in the file.
    """

    id: int
    campaign_id: int
    campaign_name: str
    state: ImportState
    file_name: str
    created_by: str
    created_at: datetime
    applied_at: datetime | None
    expires_at: datetime | None
    head_row: int | None
    headings: tuple[str, ...]
    mapping: Mapping[Column, int]
    station_id: int | None
    graduating_year: int | None
    years: tuple[int, ...]
    lacking: tuple[Column, ...]
    samples: tuple[tuple[str, ...], ...] = field(repr=False)
    rows_done: int
    counts: Counts
    error_code: str
    error_data: Mapping[str, str | float]

    @property
    def busy(self) -> bool:
        """Whether it is being worked on."""
        return self.state in {ImportState.CHECKING, ImportState.APPLYING}

    @property
    def can_apply(self) -> bool:
        """Whether there is something to import now."""
        ready = self.state is ImportState.READY and not self.lacking
        return ready and self.counts.importable > 0


@dataclass(frozen=True, slots=True)
class ProblemView:
    """Something wrong with a cell; ``shown`` is masked where it is personal."""

    sheet_row: int
    column: str
    heading: str
    about: str
    code: str
    severity: Severity
    other_row: int | None
    shown: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A correction: fields with their old and new values, personal ones masked."""

    sheet_row: int
    flagged: bool
    name: str = field(repr=False)
    student_no: str = field(repr=False)
    fields: Mapping[str, tuple[str, str]] = field(repr=False)


@dataclass(frozen=True, slots=True)
class StudentLine:
    """A student in a list."""

    id: int
    name: str = field(repr=False)
    student_no: str = field(repr=False)
    level: str
    major: str
    class_no: str
    graduating_year: int
    station_name: str
    exempt_reason: str | None
    grace_until: datetime | None


@dataclass(frozen=True, slots=True)
class ListPage(Generic[T]):
    """Some lines of a list; ``next_after`` begins the next page."""

    items: tuple[T, ...]
    next_after: str | None
