"""What a scanned poster leads to, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.campaigns import (
    EntryState,
    Span,
    Whom,
    Window,
    entry_state,
    grace_for_redo,
    span_for,
    spans_state,
)

NOW = datetime(2025, 9, 15, tzinfo=UTC)
OPENS = datetime(2025, 9, 1, tzinfo=UTC)
CLOSES = datetime(2025, 10, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def state(now: datetime, *, replaced: bool = False, retired: bool = False) -> str:
    return entry_state(
        now=now, spans=[Span(OPENS, CLOSES)], replaced=replaced, retired=retired
    )


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (OPENS - TICK, EntryState.NOT_YET_OPEN),
        (OPENS, EntryState.OPEN),
        (CLOSES - TICK, EntryState.OPEN),
        (CLOSES, EntryState.CLOSED),
    ],
)
def test_the_first_moment_counts_and_the_last_does_not(
    now: datetime, expected: EntryState
) -> None:
    assert state(now) == expected


INSTANTS = st.datetimes(
    datetime(2025, 1, 1),  # noqa: DTZ001 # hypothesis adds the zone
    datetime(2026, 1, 1),  # noqa: DTZ001 # as above
    timezones=st.just(UTC),
)


@given(INSTANTS, st.booleans())
def test_a_replaced_entry_says_so_whatever_else_is_true(
    now: datetime,
    retired: bool,  # noqa: FBT001 # hypothesis passes it by name
) -> None:
    assert state(now, replaced=True, retired=retired) == EntryState.REPLACED


@given(INSTANTS)
def test_a_retired_entry_never_opens(now: datetime) -> None:
    assert state(now, retired=True) == EntryState.RETIRED


@given(INSTANTS, st.integers(-12, 14))
def test_the_zone_in_which_an_instant_is_written_does_not_matter(
    now: datetime, hours: int
) -> None:
    elsewhere = now.astimezone(timezone(timedelta(hours=hours)))
    assert state(elsewhere) == state(now)


def day(n: int) -> datetime:
    return OPENS + timedelta(days=n)


OWN = Span(OPENS, CLOSES)
WHOM = Whom(year=2026, level="专升本", station_id=1)


def window(n: int, **named: object) -> Window:
    return Window(span=Span(day(n), day(n + 1)), **named)  # type: ignore[arg-type] # any of its fields


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([], OWN),
        ([window(1)], window(1).span),
        ([window(1), window(2, year=2026)], window(2).span),
        ([window(1, year=2025)], OWN),
        ([window(1, level="高起专")], OWN),
        ([window(1, level="专 升本")], window(1).span),
        ([window(1, level="高起本")], OWN),
        ([window(1, station_id=2)], OWN),
        # One each: the station decides, then the level, then the year.
        ([window(1, year=2026), window(2, level="专升本")], window(2).span),
        ([window(1, station_id=1), window(2, level="专升本")], window(1).span),
        # More named decide over fewer, whichever they are.
        (
            [window(1, station_id=1), window(2, year=2026, level="专升本")],
            window(2).span,
        ),
        (
            [
                window(1, year=2026, level="专升本"),
                window(2, year=2026, station_id=1),
                window(3, year=2026, station_id=2, level="专升本"),
            ],
            window(2).span,
        ),
    ],
)
def test_the_most_specific_window_that_matches_decides(
    windows: list[Window], expected: Span
) -> None:
    assert span_for(WHOM, OWN, windows) == expected
    assert span_for(WHOM, OWN, reversed(windows)) == expected


def test_grace_prolongs_and_never_shortens() -> None:
    def end(grace: datetime) -> datetime:
        whom = Whom(year=2026, level="专升本", station_id=1, grace_until=grace)
        return span_for(whom, OWN, [window(3)]).closes_at

    assert end(day(2)) == day(4)
    assert end(day(9)) == day(9)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (day(0), EntryState.NOT_YET_OPEN),
        (day(1), EntryState.OPEN),
        (day(2), EntryState.NOT_YET_OPEN),
        (day(3), EntryState.OPEN),
        (day(4), EntryState.CLOSED),
    ],
)
def test_an_entry_is_open_while_any_window_is(
    now: datetime, expected: EntryState
) -> None:
    assert spans_state(now, [window(3).span, window(1).span]) == expected


@pytest.mark.parametrize(
    ("days_left", "grace"), [(-30, 7), (0, 7), (6.9, 7), (7, None), (30, None)]
)
def test_whoever_shall_take_it_again_has_a_week(
    days_left: float, grace: int | None
) -> None:
    span = Span(NOW - timedelta(days=90), NOW + timedelta(days=days_left))
    until = grace_for_redo(span, NOW)
    assert until == (None if grace is None else NOW + timedelta(days=grace))
