"""Which posters were handed out to be printed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from backend.db.models import Entry
from backend.db.search_models import PosterPrint


def add_prints(
    session: Session, tokens: Sequence[str], *, size: str, who: str, at: datetime
) -> None:
    """Note a poster of each of the entries."""
    ids = session.scalars(select(Entry.id).where(Entry.token.in_(tokens)))
    rows = [{"entry_id": one, "size": size, "who": who, "at": at} for one in ids]
    session.execute(insert(PosterPrint), rows)


def latest_prints(
    session: Session, campaign_id: int, station_id: int | None
) -> list[tuple[str, PosterPrint]]:
    """Return the last print of each entry and size, with the entry's token."""
    last = (
        select(func.max(PosterPrint.id))
        .join(Entry, Entry.id == PosterPrint.entry_id)
        .where(Entry.campaign_id == campaign_id)
        .group_by(PosterPrint.entry_id, PosterPrint.size)
    )
    if station_id is not None:
        last = last.where(Entry.station_id == station_id)
    rows = session.execute(
        select(Entry.token, PosterPrint)
        .join(PosterPrint, PosterPrint.entry_id == Entry.id)
        .where(PosterPrint.id.in_(last))
        .order_by(PosterPrint.id)
    )
    return [(token, row) for token, row in rows]
