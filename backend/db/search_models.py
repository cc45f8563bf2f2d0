"""What search and posters need.

Of records every binding stands here once, with all that it is looked for by. The rows are kept by triggers of the database (migration 0009), in the transaction of
whoever changes a binding, a student, a photo or its content check: no code writes here.
A migration that makes one of those tables anew on SQLite loses its triggers and has to
create them again.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String, text
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.db.models import foreign_key

#: Looked at while rows are read in an order: kept in its index, so that a condition
#: costs no visit to each row it is not true of. Not what has indexes of its own: those
#: shall be preferred.
_READ: Final = (
    "graduating_year",
    "level",
    "major",
    "study_form",
    "binding_status",
    "verdict",
    "source",
    "human_review",
    "quarantined",
    "decided_by_id",
)


def bytewise(length: int) -> String:
    """Return text that both databases order by code point, so that prefixes are ranges."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class RecordEntry(Base):
    """One binding as a list shows and sorts it; empty text stands for what is not known."""

    __tablename__ = "records"

    binding_id: Mapped[int] = mapped_column(
        ForeignKey("bindings.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    campaign_id: Mapped[int] = mapped_column(Integer)
    # The student's; the one scanned while the student is not on the roster.
    station_id: Mapped[int] = mapped_column(Integer)
    graduating_year: Mapped[int] = mapped_column(Integer)
    level: Mapped[str] = mapped_column(bytewise(20))
    class_no: Mapped[str] = mapped_column(bytewise(50))
    major: Mapped[str] = mapped_column(bytewise(100))
    study_form: Mapped[str] = mapped_column(bytewise(20))
    name: Mapped[str] = mapped_column(bytewise(80))
    student_no: Mapped[str] = mapped_column(bytewise(30))
    binding_status: Mapped[str] = mapped_column(String(10))
    # The photo handed in, else the draft.
    submission_id: Mapped[int | None] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(15))
    verdict: Mapped[str] = mapped_column(String(10))
    source: Mapped[str] = mapped_column(String(10))
    human_review: Mapped[bool] = mapped_column(Boolean)
    quarantined: Mapped[bool] = mapped_column(Boolean)
    decided_by_id: Mapped[int | None] = mapped_column(Integer)
    # 1970 while nothing is handed in: a key of a page is never empty.
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        # One index an order for all records ...
        Index(
            "ix_records_changed", "changed_at", "binding_id", postgresql_include=_READ
        ),
        Index(
            "ix_records_submitted",
            "submitted_at",
            "binding_id",
            postgresql_include=_READ,
        ),
        Index("ix_records_name", "name", "binding_id", postgresql_include=_READ),
        Index(
            "ix_records_student_no",
            "student_no",
            "binding_id",
            postgresql_include=_READ,
        ),
        Index(
            "ix_records_class",
            "station_id",
            "class_no",
            "student_no",
            "binding_id",
            postgresql_include=_READ,
        ),
        # ... and for each condition that goes with an order or is not often true.
        Index(
            "ix_records_campaign_changed",
            "campaign_id",
            "changed_at",
            "binding_id",
            postgresql_include=_READ,
        ),
        Index(
            "ix_records_campaign_submitted",
            "campaign_id",
            "submitted_at",
            "binding_id",
            postgresql_include=_READ,
        ),
        Index(
            "ix_records_campaign_name",
            "campaign_id",
            "name",
            "binding_id",
            postgresql_include=_READ,
        ),
        Index(
            "ix_records_campaign_student_no",
            "campaign_id",
            "student_no",
            "binding_id",
            postgresql_include=_READ,
        ),
        Index(
            "ix_records_campaign_class",
            "campaign_id",
            "station_id",
            "class_no",
            "student_no",
            "binding_id",
            postgresql_include=_READ,
        ),
        Index(
            "ix_records_station_changed",
            "station_id",
            "changed_at",
            "binding_id",
            postgresql_include=("campaign_id", *_READ),
        ),
        Index(
            "ix_records_station_submitted",
            "station_id",
            "submitted_at",
            "binding_id",
            postgresql_include=("campaign_id", *_READ),
        ),
        Index(
            "ix_records_station_name",
            "station_id",
            "name",
            "binding_id",
            postgresql_include=("campaign_id", *_READ),
        ),
        Index(
            "ix_records_station_student_no",
            "station_id",
            "student_no",
            "binding_id",
            postgresql_include=("campaign_id", *_READ),
        ),
        Index("ix_records_status_changed", "status", "changed_at", "binding_id"),
        Index("ix_records_status_submitted", "status", "submitted_at", "binding_id"),
        Index("ix_records_status_name", "status", "name", "binding_id"),
        Index("ix_records_status_student_no", "status", "student_no", "binding_id"),
        Index(
            "ix_records_status_class",
            "status",
            "station_id",
            "class_no",
            "student_no",
            "binding_id",
        ),
        Index("ix_records_year_changed", "graduating_year", "changed_at", "binding_id"),
        Index(
            "ix_records_year_submitted", "graduating_year", "submitted_at", "binding_id"
        ),
        Index(
            "ix_records_year_student_no", "graduating_year", "student_no", "binding_id"
        ),
        Index(
            "ix_records_decider_changed", "decided_by_id", "changed_at", "binding_id"
        ),
        Index(
            "ix_records_decider_submitted",
            "decided_by_id",
            "submitted_at",
            "binding_id",
        ),
        Index(
            "ix_records_decider_student_no", "decided_by_id", "student_no", "binding_id"
        ),
        Index(
            "ix_records_binding_changed",
            "binding_status",
            "changed_at",
            "binding_id",
            sqlite_where=text("binding_status <> 'active'"),
            postgresql_where=text("binding_status <> 'active'"),
        ),
        Index(
            "ix_records_binding_submitted",
            "binding_status",
            "submitted_at",
            "binding_id",
            sqlite_where=text("binding_status <> 'active'"),
            postgresql_where=text("binding_status <> 'active'"),
        ),
        Index(
            "ix_records_binding_name",
            "binding_status",
            "name",
            "binding_id",
            sqlite_where=text("binding_status <> 'active'"),
            postgresql_where=text("binding_status <> 'active'"),
        ),
        Index(
            "ix_records_binding_student_no",
            "binding_status",
            "student_no",
            "binding_id",
            sqlite_where=text("binding_status <> 'active'"),
            postgresql_where=text("binding_status <> 'active'"),
        ),
        Index(
            "ix_records_binding_class",
            "binding_status",
            "station_id",
            "class_no",
            "student_no",
            "binding_id",
            sqlite_where=text("binding_status <> 'active'"),
            postgresql_where=text("binding_status <> 'active'"),
        ),
        Index(
            "ix_records_source_changed",
            "source",
            "changed_at",
            "binding_id",
            sqlite_where=text("source <> 'scan'"),
            postgresql_where=text("source <> 'scan'"),
        ),
        Index(
            "ix_records_source_submitted",
            "source",
            "submitted_at",
            "binding_id",
            sqlite_where=text("source <> 'scan'"),
            postgresql_where=text("source <> 'scan'"),
        ),
        Index(
            "ix_records_source_student_no",
            "source",
            "student_no",
            "binding_id",
            sqlite_where=text("source <> 'scan'"),
            postgresql_where=text("source <> 'scan'"),
        ),
        # What is true of a few, which are sorted; and what is chosen from a list.
        Index("ix_records_class_no", "class_no"),
        Index("ix_records_major", "major"),
        Index("ix_records_level", "level"),
        Index("ix_records_study_form", "study_form"),
        Index("ix_records_submission", "submission_id", unique=True),
        Index(
            "ix_records_human_review",
            "binding_id",
            sqlite_where=text("human_review"),
            postgresql_where=text("human_review"),
        ),
        Index(
            "ix_records_quarantined",
            "binding_id",
            sqlite_where=text("quarantined"),
            postgresql_where=text("quarantined"),
        ),
    )


class PosterPrint(Base):
    """One poster that was handed out to be printed; insert-only."""

    __tablename__ = "poster_prints"

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = foreign_key("entries.id")
    size: Mapped[str] = mapped_column(String(10))
    who: Mapped[str] = mapped_column(String(50))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
