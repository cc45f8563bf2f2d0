"""What a scanned poster leads to."""

from __future__ import annotations

from typing import NoReturn

from backend.db import entries
from backend.db.engine import Database
from backend.domain.campaigns import EntryState
from backend.domain.errors import ConflictError, GoneError
from backend.ports import Clock
from backend.services.types import EntryView
from backend.services.views import entry_view


class EntryService:
    """Opens entries."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def open(self, token: str) -> EntryView:
        """Return the entry in whatever state it is; raises NotFoundError."""
        with self._db.reading() as session:
            return entry_view(entries.get_entry(session, token), self._clock.now())

    def ensure_open(self, token: str) -> EntryView:
        """Return the entry if photos are taken there now.

        Raises:
            NotFoundError: ``entry_not_found``.
            GoneError: ``entry_replaced``, ``entry_retired`` or ``campaign_closed``.
            ConflictError: ``campaign_not_open``.
        """
        view = self.open(token)
        if view.state is not EntryState.OPEN:
            refuse_state(view.state)
        return view


def refuse_state(state: EntryState) -> NoReturn:
    """Raise the error that goes with a state other than open."""
    match state:
        case EntryState.REPLACED:
            raise GoneError("entry_replaced")
        case EntryState.RETIRED:
            raise GoneError("entry_retired")
        case EntryState.NOT_YET_OPEN:
            raise ConflictError("campaign_not_open")
        case _:
            raise GoneError("campaign_closed")
