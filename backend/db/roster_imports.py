"""Files on their way into a roster: their state, and who works on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from backend.db.campaign_models import RosterImport, RosterImportFile
from backend.domain.errors import NotFoundError

#: The states somebody is to work in; each is claimed by a lease.
WORKING: Final = ("checking", "applying")


def get_import(session: Session, import_id: int) -> RosterImport:
    """Return an import; raises NotFoundError."""
    row = session.get(RosterImport, import_id)
    if row is None:
        raise NotFoundError("import_not_found")
    return row


def imports_of(session: Session, campaign_id: int, limit: int) -> list[RosterImport]:
    """Return a campaign's imports, newest first."""
    return list(
        session.scalars(
            select(RosterImport)
            .where(RosterImport.campaign_id == campaign_id)
            .order_by(RosterImport.id.desc())
            .limit(limit)
        )
    )


def add_import(
    session: Session, row: RosterImport, pieces: Sequence[bytes]
) -> RosterImport:
    """Insert an import with its file, sealed in pieces."""
    session.add(row)
    session.flush()
    session.execute(
        insert(RosterImportFile),
        [
            {"import_id": row.id, "ordinal": n, "data_sealed": piece}
            for n, piece in enumerate(pieces)
        ],
    )
    return row


def pieces_of(session: Session, import_id: int) -> list[bytes]:
    """Return the sealed pieces of an import's file, in order."""
    return list(
        session.scalars(
            select(RosterImportFile.data_sealed)
            .where(RosterImportFile.import_id == import_id)
            .order_by(RosterImportFile.ordinal)
        )
    )


def change_state(
    session: Session, import_id: int, *, of: Sequence[str], **values: Any
) -> bool:
    """Write to an import if it is in one of the states; false when it is not."""
    done = session.execute(
        update(RosterImport)
        .where(RosterImport.id == import_id)
        .where(RosterImport.state.in_(of))
        .values(**values)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined] # an update has one


def claim(session: Session, *, now: datetime, until: datetime) -> int | None:
    """Take the oldest import that waits for somebody; return its id."""
    free = or_(RosterImport.leased_until.is_(None), RosterImport.leased_until < now)
    waiting = session.scalars(
        select(RosterImport.id)
        .where(RosterImport.state.in_(WORKING))
        .where(free)
        .order_by(RosterImport.id)
    ).all()
    for import_id in waiting:
        taken = session.execute(
            update(RosterImport)
            .where(RosterImport.id == import_id)
            .where(RosterImport.state.in_(WORKING))
            .where(free)
            .values(leased_until=until)
        )
        if taken.rowcount:  # type: ignore[attr-defined] # an update has one
            return import_id
    return None


def forget_file(session: Session, import_id: int) -> None:
    """Delete the pieces of an import's file."""
    session.execute(
        delete(RosterImportFile).where(RosterImportFile.import_id == import_id)
    )


def expired(session: Session, now: datetime) -> list[int]:
    """Return the imports whose file, rows and problems are to be removed."""
    return list(
        session.scalars(
            select(RosterImport.id)
            .where(RosterImport.expires_at <= now)
            .where(RosterImport.state.not_in(WORKING))
        )
    )
