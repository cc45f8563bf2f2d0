"""Attempt limits with growing delays, shared by all workers through the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from backend.crypto import Vault
from backend.db import journal
from backend.db.engine import Session
from backend.db.models import Attempt
from backend.domain.errors import TooManyAttemptsError

#: A key with no failure for this long starts again from nothing.
_FORGET: Final = timedelta(hours=24)
_LONGEST: Final = timedelta(hours=1)
_FIRST_DELAY_SECONDS: Final = 30


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing whose failures are counted, and how many are free of delay."""

    kind: str
    value: str
    free: int


class AttemptLimiter:
    """Counts failures under keyed hashes, so that the table names nobody."""

    def __init__(self, *, vault: Vault) -> None:
        self._vault = vault

    def ensure_allowed(self, session: Session, *limits: Limit, now: datetime) -> None:
        """Raise TooManyAttemptsError while any of the limits is blocked."""
        rows = journal.attempts_of(session, [self._key(limit) for limit in limits])
        until = max((r.blocked_until for r in rows if r.blocked_until), default=None)
        if until is not None and until > now:
            seconds = int((until - now).total_seconds()) + 1
            raise TooManyAttemptsError("too_many_attempts", retry_after=seconds)

    def record_failure(self, session: Session, *limits: Limit, now: datetime) -> None:
        """Count a failure; past the free ones each doubles the delay, up to an hour."""
        keys = {self._key(limit): limit for limit in limits}
        rows = {row.key_hash: row for row in journal.attempts_of(session, list(keys))}
        for key, limit in keys.items():
            row = rows.get(key) or Attempt(key_hash=key, failures=0, last_at=now)
            if now - row.last_at > _FORGET:
                row.failures = 0
            row.failures += 1
            row.last_at = now
            over = row.failures - limit.free
            if over >= 0:
                # Past 2**7 the hour is reached anyway; a larger power would overflow.
                delay = timedelta(seconds=_FIRST_DELAY_SECONDS * 2 ** min(over, 7))
                row.blocked_until = now + min(delay, _LONGEST)
            journal.save_attempt(session, row)

    def forget(self, session: Session, *limits: Limit) -> None:
        """Start again from nothing after a success."""
        journal.forget_attempts(session, [self._key(limit) for limit in limits])

    def _key(self, limit: Limit) -> str:
        return self._vault.hash(limit.value, purpose=f"attempt:{limit.kind}")
