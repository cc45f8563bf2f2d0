"""Which files the rows name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from sqlalchemy import select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.db.collecting_models import BatchItem
from backend.db.delivery_models import DeliveryItem
from backend.db.models import Binding, CodeReadingRow, Submission

#: Every column that holds the key of a stored file. A file goes when none names it, so
#: a column that is missing here loses its files.
FILE_COLUMNS: Final[tuple[InstrumentedAttribute[str | None], ...]] = (
    Submission.original_key,
    Submission.portrait_key,
    Submission.overlay_key,
    Submission.other_portrait_key,
    Binding.card_key,
    CodeReadingRow.card_key,
    BatchItem.file_key,
    DeliveryItem.portrait_key,
    DeliveryItem.card_key,
)


def file_keys(session: Session) -> set[str]:
    """Return every store key that some row names."""
    query = union_all(
        *(select(c.label("key")).where(c.is_not(None)) for c in FILE_COLUMNS)
    )
    return {key for (key,) in session.execute(query) if key is not None}


def named_among(session: Session, keys: Collection[str]) -> set[str]:
    """Return those of the keys that some row names."""
    query = union_all(
        *(select(c.label("key")).where(c.in_(keys)) for c in FILE_COLUMNS)
    )
    return {key for (key,) in session.execute(query) if key is not None}
