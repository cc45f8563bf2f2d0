"""The domain verification files: an allow-list, never a folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.db import verification
from backend.db.engine import Database
from backend.domain.errors import NotFoundError
from backend.domain.verification import check_verification_file
from backend.ports import Clock
from backend.services.access import require_admin
from backend.services.audit_trail import AuditTrail
from backend.services.types import StaffUser


@dataclass(frozen=True, slots=True)
class VerificationFileView:
    """One file as it is served."""

    name: str
    content: str
    created_at: datetime


class VerificationService:
    """Keeps what administrators entered, and serves nothing else."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._trail = AuditTrail(clock)

    def content(self, name: str) -> str:
        """Return what a file holds; raises NotFoundError for any other name."""
        with self._db.reading() as session:
            row = verification.find(session, name)
        if row is None:
            raise NotFoundError("page_not_found")
        return row.content

    def list(self, actor: StaffUser) -> tuple[VerificationFileView, ...]:
        """Return every file."""
        require_admin(actor)
        with self._db.reading() as session:
            return tuple(
                VerificationFileView(row.name, row.content, row.created_at)
                for row in verification.every(session)
            )

    def put(self, actor: StaffUser, *, name: str, content: str) -> None:
        """Serve a file from now on; raises InvalidInputError."""
        require_admin(actor)
        check_verification_file(name, content)
        with self._db.transaction() as session:
            verification.put(session, name, content, at=self._clock.now())
            self._trail.record(session, actor, "verification_file.put", f"file:{name}")

    def remove(self, actor: StaffUser, name: str) -> None:
        """Serve a file no more; raises NotFoundError."""
        require_admin(actor)
        with self._db.transaction() as session:
            if not verification.remove(session, name):
                raise NotFoundError("file_not_found")
            self._trail.record(
                session, actor, "verification_file.remove", f"file:{name}"
            )
