"""The files that lost their row, until they are deleted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from backend.db.retention_models import DoomedFile


def doom(session: Session, keys: Collection[str], *, at: datetime) -> None:
    """Note files for deletion; twice the same does no harm."""
    session.add_all(DoomedFile(key=key, doomed_at=at) for key in sorted(keys))


def next_doomed(session: Session, *, after: int, limit: int) -> Sequence[DoomedFile]:
    """Return the next files noted for deletion."""
    query = select(DoomedFile).where(DoomedFile.id > after).order_by(DoomedFile.id)
    return session.scalars(query.limit(limit)).all()


def count_doomed(session: Session) -> int:
    """Return how many files are noted for deletion."""
    query = select(func.count()).select_from(DoomedFile)
    return session.execute(query).scalar_one()


def forget_doomed(session: Session, ids: Collection[int]) -> None:
    """Remove the notes of files that are gone, or needed again."""
    session.execute(delete(DoomedFile).where(DoomedFile.id.in_(ids)))
