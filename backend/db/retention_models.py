"""What retention and the students' rights need."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.db.models import HEX, foreign_key


class DoomedFile(Base):
    """A file that lost a row; it goes when no other row names it.

    Written with the change of the row, so that a crash afterwards leaves the file to
    the next round and not for ever.
    """

    __tablename__ = "doomed_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(80))
    doomed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PurgeProgress(Base):
    """What a purge has deleted of a kind so far, until it is told in the audit log."""

    __tablename__ = "purge_progress"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = foreign_key("campaigns.id", index=False)
    kind: Mapped[str] = mapped_column(String(15))
    rows: Mapped[int] = mapped_column(Integer)
    files: Mapped[int] = mapped_column(Integer)
    # Of the list of what went, chained from batch to batch.
    digest: Mapped[str] = mapped_column(HEX)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("campaign_id", "kind"),)


class Erasure(Base):
    """The receipt for a record that a student deleted; holds nothing personal."""

    __tablename__ = "erasures"

    id: Mapped[int] = mapped_column(primary_key=True)
    receipt: Mapped[str] = mapped_column(String(20), unique=True)
    binding_id: Mapped[int] = foreign_key("bindings.id")
    principal_id: Mapped[int] = foreign_key("principals.id")
    photos: Mapped[int] = mapped_column(Integer)
    files: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(HEX)
    erased_at: Mapped[datetime] = mapped_column(UtcDateTime)
