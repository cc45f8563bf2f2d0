"""Steps that are taken again when another request came first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from backend.db.bindings import LostRaceError
from backend.db.engine import Database, Session
from backend.domain.errors import ConflictError

T = TypeVar("T")

_MOST_RACES: Final = 20


def until_won(db: Database, step: Callable[[Session], T]) -> T:
    """Run a step in a transaction, again when another request came first.

    Raises:
        ConflictError: ``stale_decision``: others came first every time.
    """
    for _ in range(_MOST_RACES):
        try:
            with db.transaction() as session:
                return step(session)
        except LostRaceError:
            continue
    raise ConflictError("stale_decision")
