"""The tables of what was handed over, and of what came back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
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
from backend.db.models import HEX, foreign_key


class Delivery(Base):
    """A numbered package, frozen."""

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    campaign_id: Mapped[int] = foreign_key("campaigns.id")
    profile: Mapped[str] = mapped_column(String(20))
    naming: Mapped[str] = mapped_column(String(20))
    pattern: Mapped[str] = mapped_column(String(200))
    by_station: Mapped[bool] = mapped_column(Boolean)
    # What narrowed it; none for all.
    station_id: Mapped[int | None] = mapped_column(
        ForeignKey("stations.id", ondelete="RESTRICT"), index=True
    )
    graduating_year: Mapped[int | None] = mapped_column(Integer)
    # The list's, so that its rows keep their meaning whatever later lists look like.
    headings: Mapped[list[str]] = mapped_column(JSON)
    made_by: Mapped[str] = mapped_column(String(50))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cancelled_by: Mapped[str] = mapped_column(String(50), default="")


class DeliveryFile(Base):
    """A list or the manifest of a package, kept as it was written, sealed."""

    __tablename__ = "delivery_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = foreign_key("deliveries.id", index=False)
    name: Mapped[str] = mapped_column(String(20))
    size_bytes: Mapped[int] = mapped_column(Integer)
    content_sealed: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("delivery_id", "name"),)


_LIVE = text("cancelled_at IS NULL")


class DeliveryItem(Base):
    """One portrait of a package; without its key and row once it was purged."""

    __tablename__ = "delivery_items"

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = foreign_key("deliveries.id", index=False)
    position: Mapped[int] = mapped_column(Integer)
    submission_id: Mapped[int] = foreign_key("submissions.id")
    station_id: Mapped[int] = foreign_key("stations.id")
    # The delivery's, for the index that lets a portrait be in one of a kind.
    profile: Mapped[str] = mapped_column(String(20))
    portrait_key: Mapped[str | None] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(HEX)
    size_bytes: Mapped[int] = mapped_column(Integer)
    card_key: Mapped[str | None] = mapped_column(String(80))
    card_size_bytes: Mapped[int | None] = mapped_column(Integer)
    # The file's name and the list's cells.
    row_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("delivery_id", "position"),
        Index(
            "uq_delivery_items_live",
            "profile",
            "submission_id",
            unique=True,
            sqlite_where=_LIVE,
            postgresql_where=_LIVE,
        ),
    )


class ReturnedListRow(Base):
    """A list of the registry's answers; its rows are kept until it is applied."""

    __tablename__ = "returned_lists"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    campaign_id: Mapped[int] = foreign_key("campaigns.id", index=False)
    # Of the file: the same list is one list, however often it is sent.
    sha256: Mapped[str] = mapped_column(HEX)
    rows_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    made_by: Mapped[str] = mapped_column(String(50))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # What it did, once applied.
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON)

    __table_args__ = (UniqueConstraint("campaign_id", "sha256"),)
