"""What collecting on site and in batches needs."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.db.models import foreign_key


class Batch(Base):
    """A folder of photos somebody brought."""

    __tablename__ = "batches"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = foreign_key("campaigns.id")
    # None when it is not a station's: its files may be any student's.
    station_id: Mapped[int | None] = mapped_column(
        ForeignKey("stations.id", ondelete="RESTRICT"), index=True
    )
    # None when the operator brought it at the command line.
    staff_id: Mapped[int | None] = mapped_column(
        ForeignKey("staff.id", ondelete="RESTRICT")
    )
    brought_by: Mapped[str] = mapped_column(String(50))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BatchItem(Base):
    """One file of a batch."""

    __tablename__ = "batch_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    batch_id: Mapped[int] = foreign_key("batches.id", index=False)
    position: Mapped[int] = mapped_column(Integer)
    # File names are identity numbers and names of people.
    name_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    student_id: Mapped[int | None] = mapped_column(
        ForeignKey("students.id", ondelete="RESTRICT"), index=True
    )
    # The photo, until it is handed in or refused.
    file_key: Mapped[str | None] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(15))
    # A code of an error, or the ids of the rules that refuse the photo.
    detail: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (
        UniqueConstraint("batch_id", "position"),
        Index(
            "ix_batch_items_waiting",
            "batch_id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )
