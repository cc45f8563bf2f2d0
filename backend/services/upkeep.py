"""Readiness, idempotent answers, and files that lost their row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from backend.db import journal, upkeep
from backend.db.engine import Database
from backend.domain.errors import DomainError, InvalidInputError, RefusedError
from backend.ports import Clock, PhotoInspector, PhotoStore
from backend.services.types import Principal

#: A file may be a day old before nothing names it: no upload takes that long, and a
#: repeated upload of the same bytes renews the file's time.
ORPHAN_AGE: Final = timedelta(days=1)
_KEY_LENGTH: Final = 100

Answer = tuple[int, dict[str, Any]]


class HealthService:
    """Says which parts can work."""

    def __init__(
        self, *, db: Database, store: PhotoStore, inspector: PhotoInspector
    ) -> None:
        self._checks: dict[str, Callable[[], None]] = {
            "database": db.check,
            "storage": store.check,
            "face_model": inspector.warm_up,
        }

    def ready(self) -> dict[str, bool]:
        """Return each part's readiness by name."""
        return {name: _works(check) for name, check in self._checks.items()}


class IdempotencyService:
    """Gives a repeated creating call the answer its first try was given."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def run(
        self,
        principal: Principal,
        key: str | None,
        request_digest: str,
        produce: Callable[[], Answer],
    ) -> Answer:
        """Return the stored answer for the key, or produce and store it.

        Two first tries at once may both produce; what they create is decided by the
        unique indexes, so they create one thing.

        Raises:
            InvalidInputError: ``idempotency_key_invalid``.
            RefusedError: ``idempotency_key_reused`` with another request.
        """
        if key is None:
            return produce()
        if not 0 < len(key) <= _KEY_LENGTH or not (key.isascii() and key.isprintable()):
            raise InvalidInputError("idempotency_key_invalid")
        with self._db.reading() as session:
            known = journal.find_answer(session, principal.id, key)
        if known is not None:
            if known.request_digest != request_digest:
                raise RefusedError("idempotency_key_reused")
            return known.status, known.body
        status, body = produce()
        with self._db.transaction() as session:
            journal.add_answer(
                session,
                principal_id=principal.id,
                key=key,
                request_digest=request_digest,
                status=status,
                body=body,
                created_at=self._clock.now(),
            )
        return status, body


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What the store and the database say of each other."""

    files: int
    orphans: tuple[str, ...]
    missing: tuple[str, ...]
    before: datetime


class ReconcileService:
    """Compares files and rows.

    A file without a row is what a crash or a withdrawal leaves, and may be removed. A
    row without a file would be a lost photo; it is only reported.
    """

    def __init__(self, *, db: Database, clock: Clock, store: PhotoStore) -> None:
        self._db = db
        self._clock = clock
        self._store = store

    def compare(self, *, age: timedelta = ORPHAN_AGE) -> Reconciliation:
        """Return orphans older than ``age`` and keys whose file is missing."""
        before = self._clock.now() - age
        # The files first: a row written meanwhile then names a file already seen.
        files = {file.key: file for file in self._store.files()}
        with self._db.reading() as session:
            named = upkeep.file_keys(session)
        return Reconciliation(
            files=len(files),
            before=before,
            orphans=tuple(
                sorted(
                    key
                    for key, file in files.items()
                    if key not in named and file.modified_at < before
                )
            ),
            missing=tuple(
                sorted(key for key in named - files.keys() if not self._exists(key))
            ),
        )

    def remove_orphans(self, found: Reconciliation) -> int:
        """Delete the orphans nothing has named or put again since; return how many.

        What a crash left half written goes as well, and is not counted.
        """
        self._store.remove_half_written(found.before)
        with self._db.reading() as session:
            named = upkeep.file_keys(session)
        # What is put again is about to be named.
        old = {f.key for f in self._store.files() if f.modified_at < found.before}
        stale = old - named
        removable = [key for key in found.orphans if key in stale]
        for key in removable:
            self._store.delete(key)
        return len(removable)

    def _exists(self, key: str) -> bool:
        try:
            self._store.get(key)
        except DomainError:
            return False
        return True


def _works(check: Callable[[], None]) -> bool:
    try:
        check()
    except Exception:  # noqa: BLE001 - whatever fails, the part is not ready
        return False
    return True
