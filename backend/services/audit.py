"""Who did what to which record, when and from where; a removed row shows."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from typing import Final, Literal

from backend.crypto import Vault
from backend.db import journal
from backend.db.engine import Database, Session
from backend.db.models import AuditEvent
from backend.domain.audit import AuditFilter
from backend.domain.errors import RefusedError
from backend.ports import Clock
from backend.services.access import require_admin
from backend.services.types import (
    AuditRow,
    ChainCheck,
    ChainHead,
    HeadState,
    Media,
    Page,
    StaffUser,
)
from backend.sheets.write import Cell, Column, csv_lines, write_xlsx

_PAGE: Final = 100
#: A sheet is made in memory; more than this nobody reads, and a period narrows it.
_MOST_EXPORTED: Final = 100_000
_COLUMNS: Final = (
    Column("编号", 8),
    Column("时间（UTC）", 22),
    Column("谁", 16),
    Column("动作", 28),
    Column("对象", 34),
    Column("说明", 40),
    Column("来自", 18),
)
_TYPES: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_EVERYTHING: Final = AuditFilter()
SheetKind = Literal["csv", "xlsx"]


class AuditService:
    """Reads, exports and verifies the audit chain."""

    def __init__(self, *, db: Database, clock: Clock, vault: Vault) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        db.sign_audit_with(self._sign)

    def verify(self) -> ChainCheck:
        """Walk the whole chain to its signed end and say whether it is unbroken."""
        previous = journal.CHAIN_START
        rows = 0
        with self._db.reading() as session:
            journal.freeze(session)
            head = self._head(session)
            with closing(journal.audit_rows(session)) as chain:
                for row in chain:
                    if row.previous_hash != previous or row.hash != journal.audit_hash(
                        row
                    ):
                        return ChainCheck(
                            ok=False, rows=rows, broken_at=row.id, head=head
                        )
                    previous = row.hash
                    rows += 1
        if head.state is HeadState.SIGNED and head.rows != rows:
            head = ChainHead(HeadState.CUT_OFF, head.rows, head.signed_from)
        ok = head.state in {HeadState.SIGNED, HeadState.NONE}
        return ChainCheck(ok=ok, rows=rows, broken_at=None, head=head)

    def head(self, actor: StaffUser) -> ChainHead:
        """Return the signed end of the chain, held against its last row only."""
        require_admin(actor)
        with self._db.reading() as session:
            journal.freeze(session)
            return self._head(session)

    def page(
        self,
        actor: StaffUser,
        cursor: str | None = None,
        wanted: AuditFilter = _EVERYTHING,
    ) -> Page[AuditRow]:
        """Return a page of the chain, newest first; administrators only."""
        require_admin(actor)
        before = int(cursor) if cursor and cursor.isdecimal() else None
        with self._db.reading() as session:
            found = journal.page_audit(session, wanted, before=before, limit=_PAGE + 1)
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

    def export(
        self, actor: StaffUser, wanted: AuditFilter, kind: SheetKind, *, address: str
    ) -> Media:
        """Return what a filter finds as a sheet, newest first; this is audited too.

        Raises:
            PermissionDeniedError: the actor is not an administrator.
            RefusedError: ``audit_export_too_large``.
        """
        require_admin(actor)
        with self._db.reading() as session:
            found = journal.page_audit(
                session, wanted, before=None, limit=_MOST_EXPORTED + 1
            )
        if len(found) > _MOST_EXPORTED:
            raise RefusedError("audit_export_too_large", most=_MOST_EXPORTED)
        data = _sheet(kind, _cells(found))
        now = self._clock.now()
        with self._db.transaction() as session:
            journal.append_audit(
                session,
                at=now,
                actor=actor.username,
                action="audit.export",
                target="audit",
                detail=f"{kind} {len(found)}",
                address=address,
            )
        return Media(data, _TYPES[kind], f"audit-{now:%Y%m%d}.{kind}")

    def _sign(self, content: str) -> str:
        return self._vault.hash(content, purpose="audit-head")

    def _head(self, session: Session) -> ChainHead:
        row = journal.audit_head(session)
        if row is None:
            return ChainHead(HeadState.NONE)
        if row.signature != self._sign(journal.head_content(row)):
            state = HeadState.FORGED
        elif row.last_hash != journal.last_audit_hash(session):
            state = HeadState.CUT_OFF
        else:
            state = HeadState.SIGNED
        return ChainHead(state, row.rows, row.signed_from)


def _cells(rows: list[AuditEvent]) -> Iterator[tuple[Cell, ...]]:
    for row in rows:
        yield (
            row.id,
            f"{row.at:%Y-%m-%d %H:%M:%S}",
            row.actor,
            row.action,
            row.target,
            row.detail,
            row.address,
        )


def _sheet(kind: SheetKind, rows: Iterator[tuple[Cell, ...]]) -> bytes:
    if kind == "csv":
        return b"".join(csv_lines([column.heading for column in _COLUMNS], rows))
    out = io.BytesIO()
    write_xlsx(out, _COLUMNS, rows, title="审计")
    return out.getvalue()
