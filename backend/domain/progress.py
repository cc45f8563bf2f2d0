"""How far each student of a campaign has come, and every number made of that.

A student is in exactly one stage, so the stages of a campaign add up to its roster, and
every other number is the sum of some stages. The query that tells the stage of a row is
``backend.db.progress``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final
from zoneinfo import ZoneInfo

#: Days begin and end where the school is.
_LOCAL: Final = ZoneInfo("Asia/Shanghai")
_DAY: Final = timedelta(days=1)


class Stage(StrEnum):
    """Where a student stands; the first that applies, from the top.

    ``EXEMPT``: needs no photo, whatever was done before.
    ``PENDING`` to ``SENT_BACK``: the status of the photo that is handed in.
    ``DRAFT``: a photo was judged and not confirmed.
    ``STARTED``: bound now, or bound once and released.
    ``NEVER_SCANNED``: no binding and so no visit is known.
    """

    EXEMPT = "exempt"
    PENDING = "pending"
    RETURNED = "returned"
    APPROVED = "approved"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    SENT_BACK = "sent_back"
    DRAFT = "draft"
    STARTED = "started"
    NEVER_SCANNED = "never_scanned"


class Group(StrEnum):
    """Several stages that are counted and listed together.

    ``ENROLLED``: the roster. ``EXPECTED``: those a photo is expected of. ``BOUND``: they
    came at least once. ``SUBMITTED``: handed in, whatever became of it. ``PASSED``:
    approved, and whatever followed well. ``MISSING``: they still have something to do;
    the three kinds of missing are ``NOT_HANDED_IN``, ``TO_REDO`` and the stage
    ``never_scanned``.
    """

    ENROLLED = "enrolled"
    EXPECTED = "expected"
    BOUND = "bound"
    SUBMITTED = "submitted"
    PASSED = "passed"
    MISSING = "missing"
    NOT_HANDED_IN = "not_handed_in"
    TO_REDO = "to_redo"


_ALL: Final = frozenset(Stage)
_NOT_HANDED_IN: Final = frozenset({Stage.STARTED, Stage.DRAFT})
_TO_REDO: Final = frozenset({Stage.RETURNED, Stage.SENT_BACK})
_EXPECTED: Final = _ALL - {Stage.EXEMPT}
_BOUND: Final = _EXPECTED - {Stage.NEVER_SCANNED}

GROUPS: Final[Mapping[Group, frozenset[Stage]]] = MappingProxyType(
    {
        Group.ENROLLED: _ALL,
        Group.EXPECTED: _EXPECTED,
        Group.BOUND: _BOUND,
        Group.SUBMITTED: _BOUND - _NOT_HANDED_IN,
        Group.PASSED: frozenset({Stage.APPROVED, Stage.DELIVERED, Stage.ACCEPTED}),
        Group.MISSING: frozenset({Stage.NEVER_SCANNED}) | _NOT_HANDED_IN | _TO_REDO,
        Group.NOT_HANDED_IN: _NOT_HANDED_IN,
        Group.TO_REDO: _TO_REDO,
    }
)


def stages_of(part: Stage | Group) -> frozenset[Stage]:
    """Return the stages a number counts."""
    return GROUPS[part] if isinstance(part, Group) else frozenset({part})


def part_named(name: str) -> Stage | Group | None:
    """Return the stage or group of a name; none for a name nobody bears."""
    if name in set(Group):
        return Group(name)
    return Stage(name) if name in set(Stage) else None


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many students are in each stage; stages nobody is in may be left out."""

    by_stage: Mapping[Stage, int] = field(default_factory=dict)

    def __getitem__(self, part: Stage | Group | str) -> int:
        """Return how many students a stage or group holds; KeyError for other names."""
        named = part_named(part)
        if named is None:
            raise KeyError(part)
        return sum(self.by_stage.get(stage, 0) for stage in stages_of(named))

    @property
    def passed_percent(self) -> int:
        """How many of those expected have passed; 100 only when all of them have."""
        expected = self[Group.EXPECTED]
        return self[Group.PASSED] * 100 // expected if expected else 0


def total(parts: Iterable[Numbers]) -> Numbers:
    """Return the sum of several counts."""
    counted = dict.fromkeys(Stage, 0)
    for numbers in parts:
        for stage, count in numbers.by_stage.items():
            counted[stage] += count
    return Numbers(counted)


@dataclass(frozen=True, slots=True)
class Day:
    """How many students handed in, and passed, on one day.

    By the photo that counts now: a student who handed in again is counted on the last
    day only, so that the days add up to the numbers ``submitted`` and ``passed``.
    """

    date: date
    submitted: int
    passed: int


def local_day(at: datetime) -> date:
    """Return the day of an instant where the school is."""
    return at.astimezone(_LOCAL).date()


def start_of_day(at: datetime) -> datetime:
    """Return the instant at which the day of an instant began where the school is."""
    return at.astimezone(_LOCAL).replace(hour=0, minute=0, second=0, microsecond=0)


def days_left(now: datetime, closes_at: datetime) -> int:
    """Return the days until the end, the begun one counted; 0 when it is over."""
    return max(0, -((now - closes_at) // _DAY))


def every_day(
    counted: Mapping[date, tuple[int, int]], first: date, last: date
) -> tuple[Day, ...]:
    """Return (submitted, passed) by day without gaps, at least from first to last."""
    first, last = min({first, *counted}), max({first, last, *counted})
    return tuple(
        Day(day, *counted.get(day, (0, 0)))
        for day in (first + _DAY * n for n in range((last - first).days + 1))
    )
