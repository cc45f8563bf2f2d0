"""What a scanned poster leads to, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.campaigns import EntryState, entry_state

OPENS = datetime(2025, 9, 1, tzinfo=UTC)
CLOSES = datetime(2025, 10, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def state(now: datetime, *, replaced: bool = False, retired: bool = False) -> str:
    return entry_state(
        now=now, opens_at=OPENS, closes_at=CLOSES, replaced=replaced, retired=retired
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
