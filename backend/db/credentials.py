"""WeChat's tokens and tickets as all processes share them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.wechat_models import WeChatCredential


def find(session: Session, name: str) -> WeChatCredential | None:
    """Return what is kept under a name."""
    return session.get(WeChatCredential, name)


def lease(session: Session, name: str, *, now: datetime, until: datetime) -> bool:
    """Lease a name to the caller, unless somebody holds it; makes the row if needed."""
    free = or_(
        WeChatCredential.leased_until.is_(None), WeChatCredential.leased_until <= now
    )
    taken = session.execute(
        update(WeChatCredential)
        .where(WeChatCredential.name == name)
        .where(free)
        .values(leased_until=until)
    )
    if taken.rowcount:  # type: ignore[attr-defined] # an update has one
        return True
    if session.get(WeChatCredential, name) is not None:
        return False
    try:
        with session.begin_nested():
            session.add(WeChatCredential(name=name, leased_until=until))
    except IntegrityError:
        return False
    return True


def save(
    session: Session, name: str, value_sealed: bytes, *, expires_at: datetime
) -> None:
    """Keep a value and end the lease."""
    session.execute(
        update(WeChatCredential)
        .where(WeChatCredential.name == name)
        .values(value_sealed=value_sealed, expires_at=expires_at, leased_until=None)
    )


def release(session: Session, name: str) -> None:
    """End the lease."""
    session.execute(
        update(WeChatCredential)
        .where(WeChatCredential.name == name)
        .values(leased_until=None)
    )


def drop(session: Session, name: str, value_sealed: bytes) -> None:
    """Forget a value, if it is still this one."""
    session.execute(
        update(WeChatCredential)
        .where(WeChatCredential.name == name)
        .where(WeChatCredential.value_sealed == value_sealed)
        .values(value_sealed=None, expires_at=None)
    )
