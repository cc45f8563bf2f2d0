"""The proof of what went: counted batch by batch until it is told."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from backend.db.emptying import Gone
from backend.db.retention_models import PurgeProgress
from backend.domain.retention import Kind


def add_progress(
    session: Session, kind: Kind, campaign_id: int, gone: Gone, *, at: datetime
) -> None:
    """Count a batch to what goes of the kind, in the batch's own transaction."""
    row = find_progress(session, kind, campaign_id)
    if row is None:
        row = PurgeProgress(
            campaign_id=campaign_id,
            kind=kind.value,
            rows=0,
            files=0,
            digest="",
            started_at=at,
        )
        session.add(row)
    row.rows += len(gone.rows)
    row.files += len(gone.keys)
    row.digest = hashlib.sha256((row.digest + gone.digest).encode()).hexdigest()


def find_progress(
    session: Session, kind: Kind, campaign_id: int
) -> PurgeProgress | None:
    """Return what went of the kind and is not told yet."""
    return session.execute(
        select(PurgeProgress)
        .where(PurgeProgress.campaign_id == campaign_id)
        .where(PurgeProgress.kind == kind.value)
    ).scalar_one_or_none()
