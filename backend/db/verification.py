"""The domain verification files."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from backend.db.wechat_models import VerificationFile


def find(session: Session, name: str) -> VerificationFile | None:
    """Return a file by its name."""
    return session.execute(
        select(VerificationFile).where(VerificationFile.name == name)
    ).scalar_one_or_none()


def every(session: Session) -> list[VerificationFile]:
    """Return all files by name."""
    return list(
        session.scalars(select(VerificationFile).order_by(VerificationFile.name))
    )


def put(session: Session, name: str, content: str, *, at: datetime) -> None:
    """Add a file, or give a known one its new content."""
    known = find(session, name)
    if known is None:
        session.add(VerificationFile(name=name, content=content, created_at=at))
    else:
        known.content = content
    session.flush()


def remove(session: Session, name: str) -> bool:
    """Remove a file; false when there is none."""
    done = session.execute(
        delete(VerificationFile).where(VerificationFile.name == name)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined] # a delete has one
