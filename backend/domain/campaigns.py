"""When a campaign takes photos, from whom, and what its entries answer.

A campaign has one span of time. Windows change it for a graduating year, a level, a
station, or any of these together. For one student the most specific window that matches
decides, and the campaign's own span where none does: the more it names the more specific
it is; of as many, the one naming the station, then the level, then the year. Grace lets
one student hand in until later. A span is open in ``[opens_at, closes_at)``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

#: Whoever is told to take the photo again has at least this long, also after the end:
#: photos are still reviewed then, and the registry answers weeks later.
REDO_TIME: Final = timedelta(days=7)


class EntryState(StrEnum):
    """What a scanned poster leads to."""

    OPEN = "open"
    NOT_YET_OPEN = "not_yet_open"
    CLOSED = "closed"
    REPLACED = "replaced"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Span:
    """From an instant to another, without it."""

    opens_at: datetime
    closes_at: datetime

    def state(self, now: datetime) -> EntryState:
        """Return whether it is open, not yet, or no more."""
        return spans_state(now, (self,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span for those it names; none names everybody."""

    span: Span
    year: int | None = None
    level: str | None = None
    station_id: int | None = None

    def matches(self, whom: Whom) -> bool:
        """Tell whether the window is meant for a student."""
        return (
            self.year in {None, whom.year}
            and self.station_id in {None, whom.station_id}
            and (self.level is None or level_key(self.level) == level_key(whom.level))
        )

    @property
    def weight(self) -> tuple[int, bool, bool, bool]:
        """How specific it is, to be compared."""
        named = (
            self.station_id is not None,
            self.level is not None,
            self.year is not None,
        )
        return (sum(named), *named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """What of a student decides on their window."""

    year: int
    level: str
    station_id: int
    grace_until: datetime | None = None


def level_key(text: str) -> str:
    """Return a level so that two spellings of it are equal; 专升本 and 高起本 are not."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(c for c in folded if c.isalnum())


def span_for(whom: Whom, span: Span, windows: Iterable[Window]) -> Span:
    """Return the span in which one student may hand in.

    Args:
        whom: the student.
        span: the campaign's own.
        windows: the campaign's windows, in any order.
    """
    matching = [window for window in windows if window.matches(whom)]
    decides = max(matching, key=lambda window: window.weight, default=None)
    own = decides.span if decides else span
    if whom.grace_until is None or whom.grace_until <= own.closes_at:
        return own
    return Span(own.opens_at, whom.grace_until)


def grace_for_redo(span: Span, now: datetime) -> datetime | None:
    """Return until when a student may hand in again, where their span ends before that.

    Args:
        span: in which the student may hand in as it is.
        now: when the photo is returned or sent back.
    """
    until = now + REDO_TIME
    return until if span.closes_at < until else None


def spans_state(now: datetime, spans: Sequence[Span]) -> EntryState:
    """Return the state of what is open while any of the spans is."""
    if any(span.opens_at <= now < span.closes_at for span in spans):
        return EntryState.OPEN
    if any(now < span.opens_at for span in spans):
        return EntryState.NOT_YET_OPEN
    return EntryState.CLOSED


def entry_state(
    *, now: datetime, spans: Sequence[Span], replaced: bool, retired: bool
) -> EntryState:
    """Return the state of an entry: it stays open for whoever may still hand in."""
    if replaced:
        return EntryState.REPLACED
    if retired:
        return EntryState.RETIRED
    return spans_state(now, spans)
