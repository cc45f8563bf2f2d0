"""Sealing everything again with the current key, so that an old one can be thrown away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from backend.crypto import Vault
from backend.db import sealed
from backend.db.engine import Database
from backend.db.sealed import SEALED, SealedColumn

BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class ColumnRotation:
    """How far one column is.

    Attributes:
        stale: values that another key has sealed; after a rotation, those that cannot
            be read with any key that is configured.
    """

    name: str
    stale: int


class KeyRotationService:
    """Re-seals in batches; what is done is not found again, so it may be interrupted."""

    def __init__(self, *, db: Database, vault: Vault, batch: int = BATCH) -> None:
        self._db = db
        self._vault = vault
        self._batch = batch

    def stale(self) -> tuple[ColumnRotation, ...]:
        """Return how many values of each column wait to be sealed again."""
        with self._db.reading() as session:
            return tuple(
                ColumnRotation(
                    column.name,
                    sealed.count_stale(session, column, self._vault.current_prefix),
                )
                for column in SEALED
            )

    def rotate(
        self, *, tell: Callable[[str, int], object]
    ) -> tuple[ColumnRotation, ...]:
        """Seal every value again; ``tell`` hears column and rows seen, batch by batch.

        Returns what no configured key can open: it stays as it is.
        """
        for column in SEALED:
            self._rotate(column, tell)
        return self.stale()

    def _rotate(self, column: SealedColumn, tell: Callable[[str, int], object]) -> None:
        last: Any = None
        seen = 0
        while True:
            with self._db.transaction() as session:
                rows = sealed.stale_rows(
                    session,
                    column,
                    self._vault.current_prefix,
                    after=last,
                    limit=self._batch,
                )
                for key, old in rows:
                    new = self._resealed(old, column.purpose)
                    if new is not None:
                        sealed.replace_value(session, column, key, old=old, new=new)
            if not rows:
                return
            last = rows[-1][0]
            seen += len(rows)
            tell(column.name, seen)

    def _resealed(self, old: bytes, purpose: str) -> bytes | None:
        try:
            text = self._vault.open(old, purpose=purpose)
        except ValueError:
            return None
        return self._vault.seal(text, purpose=purpose)
