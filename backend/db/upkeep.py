"""Which files the rows name."""

from __future__ import annotations

from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from backend.db.collecting_models import BatchItem
from backend.db.delivery_models import DeliveryItem
from backend.db.models import Binding, CodeReadingRow, Submission


def file_keys(session: Session) -> set[str]:
    """Return every store key that some row names."""
    columns = (
        Submission.original_key,
        Submission.portrait_key,
        Submission.overlay_key,
        Binding.card_key,
        CodeReadingRow.card_key,
        BatchItem.file_key,
        DeliveryItem.portrait_key,
        DeliveryItem.card_key,
    )
    query = union_all(*(select(c.label("key")).where(c.is_not(None)) for c in columns))
    return {key for (key,) in session.execute(query) if key is not None}
