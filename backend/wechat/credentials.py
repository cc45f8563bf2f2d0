"""Access tokens and tickets: one for all threads and processes, renewed by one of them.

Who finds none takes a lease in the shared store and asks WeChat, holding no lock and no
transaction meanwhile; the others look again until it is there. The lease of a process
that died runs out by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from backend.domain.errors import UpstreamError
from backend.domain.wechat import SharedCredential

#: Renewed so long before its end; WeChat's next token is good from five minutes before.
_EARLY: Final = timedelta(minutes=2)
#: An old one is still used while somebody renews it, unless it ends this soon.
_LEAST: Final = timedelta(seconds=10)
#: Longer than one question with all its timeouts can take.
_LEASE: Final = timedelta(seconds=20)
#: Seconds.
_PATIENCE: Final = 25.0
_PAUSE: Final = 0.1


class CredentialStore(Protocol):
    """Where all processes keep them."""

    def read(self, name: str) -> SharedCredential | None:
        """Return what is kept under a name."""

    def lease(self, name: str, *, now: datetime, until: datetime) -> bool:
        """Become the one who renews; false when somebody else is."""

    def save(self, name: str, value: str, *, expires_at: datetime) -> None:
        """Keep a new value and give the lease back."""

    def release(self, name: str) -> None:
        """Give the lease back without a new value."""

    def drop(self, name: str, value: str) -> None:
        """Forget a value, unless another has taken its place."""


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present instant, aware."""


class Credentials:
    """Hands credentials out."""

    def __init__(self, store: CredentialStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def get(self, name: str, ask: Callable[[], tuple[str, int]]) -> str:
        """Return the credential, asking for it when there is none.

        Args:
            name: what it is kept under.
            ask: returns a new one and its life in seconds; may raise.

        Raises:
            UpstreamError: whoever is renewing it does not come to an end.
        """
        end = time.monotonic() + _PATIENCE
        while True:
            now = self._clock.now()
            kept = self._store.read(name)
            if kept and kept.good_until(now + _EARLY) and kept.value:
                return kept.value
            leased = bool(kept and kept.leased_until and kept.leased_until > now)
            if not leased and self._store.lease(name, now=now, until=now + _LEASE):
                return self._renew(name, ask)
            if kept and kept.good_until(now + _LEAST) and kept.value:
                return kept.value
            if time.monotonic() > end:
                raise UpstreamError("wechat_unreachable")
            time.sleep(_PAUSE)

    def drop(self, name: str, value: str) -> None:
        """Forget a value that WeChat refused, unless it was renewed meanwhile."""
        self._store.drop(name, value)

    def _renew(self, name: str, ask: Callable[[], tuple[str, int]]) -> str:
        # Between looking and taking the lease somebody may have finished.
        kept = self._store.read(name)
        now = self._clock.now()
        if kept and kept.good_until(now + _EARLY) and kept.value:
            self._store.release(name)
            return kept.value
        try:
            value, seconds = ask()
        except BaseException:
            self._store.release(name)
            raise
        self._store.save(name, value, expires_at=now + timedelta(seconds=seconds))
        return value
