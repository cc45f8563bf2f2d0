"""The store of WeChat's tokens and tickets: sealed, in the database all share."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from backend.crypto import Vault
from backend.db import credentials
from backend.db.engine import Database
from backend.domain.wechat import SharedCredential

_PURPOSE: Final = "wechat_credential"


class SharedCredentials:
    """Keeps each credential once for all processes and machines."""

    def __init__(self, *, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    def read(self, name: str) -> SharedCredential | None:
        """Return what is kept under a name."""
        with self._db.reading() as session:
            row = credentials.find(session, name)
        if row is None:
            return None
        return SharedCredential(
            value=self._opened(row.value_sealed),
            expires_at=row.expires_at,
            leased_until=row.leased_until,
        )

    def lease(self, name: str, *, now: datetime, until: datetime) -> bool:
        """Become the one who renews; false when somebody else is."""
        with self._db.transaction() as session:
            return credentials.lease(session, name, now=now, until=until)

    def save(self, name: str, value: str, *, expires_at: datetime) -> None:
        """Keep a new value and give the lease back."""
        sealed = self._vault.seal(value, purpose=_PURPOSE)
        with self._db.transaction() as session:
            credentials.save(session, name, sealed, expires_at=expires_at)

    def release(self, name: str) -> None:
        """Give the lease back without a new value."""
        with self._db.transaction() as session:
            credentials.release(session, name)

    def drop(self, name: str, value: str) -> None:
        """Forget a value, unless another has taken its place."""
        with self._db.transaction() as session:
            row = credentials.find(session, name)
            if row is None or row.value_sealed is None:
                return
            if self._opened(row.value_sealed) == value:
                credentials.drop(session, name, row.value_sealed)

    def _opened(self, sealed: bytes | None) -> str | None:
        if sealed is None:
            return None
        try:
            return self._vault.open(sealed, purpose=_PURPOSE)
        except ValueError:
            # Sealed with a key that is gone: WeChat gives another one for the asking.
            return None
