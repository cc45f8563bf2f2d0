"""Attempts, idempotent answers and the audit chain."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Select, delete, func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.models import Attempt, AuditEvent, IdempotentAnswer
from backend.db.people_models import AuditHead
from backend.domain.audit import AuditFilter

#: The hash before the first row of the chain.
CHAIN_START: Final = "0" * 64
_CHAIN_LOCK: Final = 0x6269_7A68  # any constant: names the chain to PostgreSQL
#: The chain has one end, so its table has one row.
_HEAD: Final = 1


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
    row = AuditEvent(
        at=at.astimezone(UTC).replace(microsecond=0),
        actor=actor,
        action=action,
        target=target,
        detail=detail,
        address=address,
        previous_hash=last_audit_hash(session),
    )
    row.hash = audit_hash(row)
    session.add(row)
    session.flush()
    _move_head(session, row)


def _move_head(session: Session, row: AuditEvent) -> None:
    """Sign the new end of the chain.

    A head that does not fit is left as it is: signing over it would hide for ever that
    somebody has cut the chain.
    """
    sign = session.info.get("sign_audit")
    if sign is None:
        return
    head = session.get(AuditHead, _HEAD)
    if head is None:
        rows = _count_events(session)
        head = AuditHead(id=_HEAD, rows=rows - 1, signed_from=rows)
        session.add(head)
    elif (head.last_hash, head.signature) != (
        row.previous_hash,
        sign(head_content(head)),
    ):
        return
    head.rows += 1
    head.last_hash = row.hash
    head.signature = sign(head_content(head))
    session.flush()


def head_content(head: AuditHead) -> str:
    """Return what the signature of the chain's end is made over."""
    return f"{head.rows}:{head.signed_from}:{head.last_hash}"


def audit_head(session: Session) -> AuditHead | None:
    """Return the signed end of the chain, if there is one yet."""
    return session.get(AuditHead, _HEAD)


def freeze(session: Session) -> None:
    """Let all reading of a fresh session see one instant; SQLite does by itself."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def last_audit_hash(session: Session) -> str:
    """Return the hash at the end of the chain."""
    query = select(AuditEvent.hash).order_by(AuditEvent.id.desc()).limit(1)
    return session.execute(query).scalar_one_or_none() or CHAIN_START


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


def page_audit(
    session: Session,
    wanted: AuditFilter,
    *,
    before: int | None,
    limit: int,
) -> list[AuditEvent]:
    """Return rows older than ``before``, newest first."""
    query = _narrow_audit(select(AuditEvent), wanted)
    if before is not None:
        query = query.where(AuditEvent.id < before)
    return list(session.scalars(query.order_by(AuditEvent.id.desc()).limit(limit)))


def _narrow_audit(
    query: Select[tuple[AuditEvent]], wanted: AuditFilter
) -> Select[tuple[AuditEvent]]:
    if wanted.actor:
        query = query.where(AuditEvent.actor == wanted.actor)
    if wanted.group:
        beginning = f"{wanted.group}."
        query = query.where(AuditEvent.action.startswith(beginning, autoescape=True))
    if wanted.target:
        query = query.where(
            AuditEvent.target.startswith(wanted.target, autoescape=True)
        )
    if wanted.since is not None:
        query = query.where(AuditEvent.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEvent.at < wanted.until)
    return query


def _count_events(session: Session) -> int:
    return session.execute(select(func.count()).select_from(AuditEvent)).scalar_one()
