"""What people leave behind by visiting, and when it is over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from backend.db.doomed_files import doom
from backend.db.emptying import Reference
from backend.db.models import (
    Attempt,
    CodeReadingRow,
    IdempotentAnswer,
    PrincipalRow,
    StudentSession,
)
from backend.db.wechat_models import BindingHolder, MessageConsent, PushRow, SignInState
from backend.domain.retention import Trace


def count_traces(session: Session, trace: Trace, *, before: datetime) -> int:
    """Return how many traces ended before an instant."""
    table, _, over = _TRACES[trace](before)
    query = select(func.count()).select_from(table).where(over)
    return session.execute(query).scalar_one()


def remove_traces(
    session: Session, trace: Trace, *, before: datetime, at: datetime, limit: int
) -> int:
    """Remove the next traces that ended before an instant; return how many."""
    table, key, over = _TRACES[trace](before)
    ids = list(session.scalars(select(key).where(over).order_by(key).limit(limit)))
    if trace is Trace.READINGS:
        cards = select(CodeReadingRow.card_key).where(CodeReadingRow.id.in_(ids))
        doom(session, {card for card in session.scalars(cards) if card}, at=at)
    if trace is Trace.OPENIDS:
        return _forget_openids(session, ids)
    done: CursorResult[Any] = session.execute(delete(table).where(key.in_(ids)))  # type: ignore[assignment] # of a DELETE
    return done.rowcount


def _forget_openids(session: Session, ids: list[int]) -> int:
    session.execute(delete(MessageConsent).where(MessageConsent.principal_id.in_(ids)))
    session.execute(
        update(PrincipalRow)
        .where(PrincipalRow.id.in_(ids))
        .values(openid_hash=None, openid_sealed=None)
    )
    return len(ids)


def _unneeded_principal(before: datetime) -> ColumnElement[bool]:
    return and_(
        PrincipalRow.openid_hash.is_not(None),
        PrincipalRow.created_at < before,
        ~exists().where(BindingHolder.principal_id == PrincipalRow.id),
        ~exists().where(StudentSession.principal_id == PrincipalRow.id),
    )


_Found = tuple[type[Any], Reference, ColumnElement[bool]]

_TRACES: Final[Mapping[Trace, Callable[[datetime], _Found]]] = MappingProxyType(
    {
        Trace.SIGN_INS: lambda before: (
            SignInState,
            SignInState.id,
            SignInState.expires_at < before,
        ),
        Trace.READINGS: lambda before: (
            CodeReadingRow,
            CodeReadingRow.id,
            CodeReadingRow.expires_at < before,
        ),
        Trace.ANSWERS: lambda before: (
            IdempotentAnswer,
            IdempotentAnswer.id,
            IdempotentAnswer.created_at < before,
        ),
        Trace.ATTEMPTS: lambda before: (
            Attempt,
            Attempt.key_hash,
            Attempt.last_at < before,
        ),
        Trace.SESSIONS: lambda before: (
            StudentSession,
            StudentSession.id,
            or_(StudentSession.expires_at < before, StudentSession.ended_at < before),
        ),
        Trace.PUSHES: lambda before: (
            PushRow,
            PushRow.id,
            PushRow.received_at < before,
        ),
        Trace.OPENIDS: lambda before: (
            PrincipalRow,
            PrincipalRow.id,
            _unneeded_principal(before),
        ),
    }
)
