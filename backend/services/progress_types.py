"""What the services of progress take and return."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import IO

from backend.domain.progress import Day, Group, Numbers, Stage
from backend.services.types import CampaignView, StationView


class StudentOrder(StrEnum):
    """By what a list of students is in order."""

    STATION = "station"
    CLASS = "class"
    STUDENT_NO = "student_no"


class SheetKind(StrEnum):
    """What file an export is."""

    XLSX = "xlsx"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class StudentFilter:
    """Which students; none does not narrow, an empty class means those without one."""

    station_id: int | None = None
    class_no: str | None = None
    level: str | None = None
    graduating_year: int | None = None
    part: Stage | Group | None = None


@dataclass(frozen=True, slots=True)
class StudentRow:
    """A student in a list; ``binding_id`` is none while there is nothing to look at."""

    name: str = field(repr=False)
    student_no: str = field(repr=False)
    class_no: str
    level: str
    major: str
    study_form: str
    graduating_year: int
    station: StationView
    stage: Stage
    exempt_reason: str
    return_reasons: tuple[str, ...]
    binding_id: str | None
    submitted_at: datetime | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class StudentChoices:
    """What a list of students can be narrowed to."""

    levels: tuple[str, ...]
    graduating_years: tuple[int, ...]
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StationProgress:
    """One station's numbers in a campaign."""

    station: StationView
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class ClassProgress:
    """One class's numbers at one station."""

    class_no: str
    numbers: Numbers


@dataclass(frozen=True, slots=True)
class CampaignProgress:
    """A campaign's numbers, of all stations or of the caller's own.

    Attributes:
        stations: those with students, the one that misses most first.
        days: from the opening to today.
        waiting: bindings of people who are not on the roster; in no other number.
        entries: stations students can come in by.
    """

    campaign: CampaignView
    begun: bool
    closes_at: datetime
    days_left: int
    numbers: Numbers
    stations: tuple[StationProgress, ...]
    days: tuple[Day, ...]
    waiting: int
    entries: int


@dataclass(frozen=True, slots=True)
class ClassText:
    """What to paste into the chat of one class."""

    class_no: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Export:
    """A file to hand out, open at its beginning; whoever takes it closes it."""

    file: IO[bytes]
    content_type: str
    filename: str


@dataclass(frozen=True, slots=True)
class Reach:
    """How many of the missing a reminder in WeChat gets to.

    ``missing`` is the sum of the other three.
    """

    missing: int
    reachable: int
    reminded: int
    unreachable: int
