"""Which dates a campaign may have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backend.domain.retention import MOST_DAYS, Kind, RetentionRules
from backend.messages.retention import FIELDS, KINDS, promise

RULES = RetentionRules()
CLOSING = datetime(2026, 4, 1, tzinfo=UTC)


def wrong(**changes: int) -> set[tuple[str, str]]:
    return {(v.field, v.code) for v in replace(RULES, **changes).violations()}


@pytest.mark.parametrize("name", list(FIELDS))
def test_days_are_at_least_one_and_at_most_ten_years(name: str) -> None:
    assert (name, "retention_days") in wrong(**{name: 0})
    assert (name, "retention_days") in wrong(**{name: MOST_DAYS + 1})
    everything = dict.fromkeys(FIELDS, 1)
    assert wrong(**everything) == set()
    assert wrong(**dict.fromkeys(FIELDS, MOST_DAYS)) == set()


def test_a_portrait_outlives_its_original_and_a_name_goes_last() -> None:
    assert RULES.violations() == ()
    assert wrong(originals=366) == {("portraits", "retention_order")}
    assert wrong(messages=731) == {("identities", "retention_order")}


def test_each_kind_is_due_its_days_after_the_closing() -> None:
    days = {kind: (RULES.due_at(kind, CLOSING) - CLOSING).days for kind in Kind}
    assert days[Kind.DISCARDED] == 90
    assert days[Kind.BINDINGS] == days[Kind.IDENTITIES] == 730
    assert RULES.due_at(Kind.CARDS, CLOSING) - CLOSING == timedelta(days=180)


def test_the_promise_names_every_number_and_every_kind_has_words() -> None:
    rules = RetentionRules(11, 22, 33, 44, 55, 66)
    said = promise(rules)
    assert all(f" {days} 天" in said for days in (11, 22, 33, 55, 66))
    assert set(KINDS) == set(Kind)
