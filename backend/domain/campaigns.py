"""When a campaign takes photos, and what its entries answer."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class EntryState(StrEnum):
    """What a scanned poster leads to."""

    OPEN = "open"
    NOT_YET_OPEN = "not_yet_open"
    CLOSED = "closed"
    REPLACED = "replaced"
    RETIRED = "retired"


def entry_state(
    *,
    now: datetime,
    opens_at: datetime,
    closes_at: datetime,
    replaced: bool,
    retired: bool,
) -> EntryState:
    """Return the state of an entry; the campaign is open in ``[opens_at, closes_at)``."""
    if replaced:
        return EntryState.REPLACED
    if retired:
        return EntryState.RETIRED
    if now < opens_at:
        return EntryState.NOT_YET_OPEN
    if now >= closes_at:
        return EntryState.CLOSED
    return EntryState.OPEN
