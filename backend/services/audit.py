"""Who did what to which record, when and from where; a removed row shows."""

from __future__ import annotations

from contextlib import closing

from backend.db import journal
from backend.db.engine import Database
from backend.services.access import require_admin
from backend.services.types import AuditRow, ChainCheck, Page, StaffUser

_PAGE = 100


class AuditService:
    """Reads and verifies the audit chain."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def verify(self) -> ChainCheck:
        """Walk the whole chain and say whether it is unbroken."""
        previous = journal.CHAIN_START
        rows = 0
        with (
            self._db.reading() as session,
            closing(journal.audit_rows(session)) as chain,
        ):
            for row in chain:
                if row.previous_hash != previous or row.hash != journal.audit_hash(row):
                    return ChainCheck(ok=False, rows=rows, broken_at=row.id)
                previous = row.hash
                rows += 1
        return ChainCheck(ok=True, rows=rows, broken_at=None)

    def page(self, actor: StaffUser, cursor: str | None = None) -> Page[AuditRow]:
        """Return a page of the chain, newest first; administrators only."""
        require_admin(actor)
        before = int(cursor) if cursor and cursor.isdecimal() else None
        with self._db.reading() as session:
            found = journal.page_audit(session, before=before, limit=_PAGE + 1)
        items = tuple(
            AuditRow(
                id=row.id,
                at=row.at,
                actor=row.actor,
                action=row.action,
                target=row.target,
                detail=row.detail,
                address=row.address,
            )
            for row in found[:_PAGE]
        )
        more = len(found) > _PAGE
        return Page(items=items, next_cursor=str(items[-1].id) if more else None)
