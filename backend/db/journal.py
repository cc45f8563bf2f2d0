"""Attempts, idempotent answers and the audit chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.models import Attempt, AuditEvent, IdempotentAnswer

#: The hash before the first row of the chain.
CHAIN_START: Final = "0" * 64
_CHAIN_LOCK: Final = 0x6269_7A68  # any constant: names the chain to PostgreSQL


def attempts_of(session: Session, keys: Sequence[str]) -> list[Attempt]:
    """Return what is counted under the keys, locked so that guesses take turns."""
    query = select(Attempt).where(Attempt.key_hash.in_(keys)).order_by(Attempt.key_hash)
    return list(session.scalars(query.with_for_update()))


def save_attempt(session: Session, row: Attempt) -> None:
    """Insert or update a count; of two first failures at once one may go uncounted."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return


def forget_attempts(session: Session, keys: Sequence[str]) -> None:
    """Remove the counts under the keys."""
    session.execute(delete(Attempt).where(Attempt.key_hash.in_(keys)))


def find_answer(
    session: Session, principal_id: int, key: str
) -> IdempotentAnswer | None:
    """Return the answer given before under this key."""
    return session.execute(
        select(IdempotentAnswer)
        .where(IdempotentAnswer.principal_id == principal_id)
        .where(IdempotentAnswer.key == key)
    ).scalar_one_or_none()


def add_answer(session: Session, **values: Any) -> None:
    """Keep an answer; the first one under a key stays."""
    try:
        with session.begin_nested():
            session.add(IdempotentAnswer(**values))
    except IntegrityError:
        return


def append_audit(
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: str,
    target: str,
    detail: str = "",
    address: str = "",
) -> None:
    """Append one row to the chain.

    The chain is one line, so writers take turns: SQLite's write lock does that by
    itself, PostgreSQL takes an advisory lock that ends with the transaction. Call it
    last in a transaction, so that the turn is short.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK}
        )
    previous = session.execute(
        select(AuditEvent.hash).order_by(AuditEvent.id.desc()).limit(1)
    ).scalar_one_or_none()
    row = AuditEvent(
        at=at.astimezone(UTC).replace(microsecond=0),
        actor=actor,
        action=action,
        target=target,
        detail=detail,
        address=address,
        previous_hash=previous or CHAIN_START,
    )
    row.hash = audit_hash(row)
    session.add(row)
    session.flush()


def audit_hash(row: AuditEvent) -> str:
    """Return the digest of a row and of the row before it."""
    content = json.dumps(
        [
            row.previous_hash,
            row.at.astimezone(UTC).isoformat(),
            row.actor,
            row.action,
            row.target,
            row.detail,
            row.address,
        ],
        ensure_ascii=False,
    )
    return hashlib.sha256(content.encode()).hexdigest()


def audit_rows(session: Session) -> Generator[AuditEvent, None, None]:
    """Yield the chain from its start, a thousand rows in memory at a time.

    Close it when stopping early: PostgreSQL keeps a cursor open meanwhile.
    """
    query = select(AuditEvent).order_by(AuditEvent.id)
    with session.scalars(query.execution_options(yield_per=1000)) as rows:
        yield from rows


def page_audit(session: Session, *, before: int | None, limit: int) -> list[AuditEvent]:
    """Return rows older than ``before``, newest first."""
    query = select(AuditEvent).order_by(AuditEvent.id.desc()).limit(limit)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return list(session.scalars(query))
