"""Files on their way into a roster."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.db.models import foreign_key


class RosterImport(Base):
    """A file that is to become part of a campaign's roster, and how far that is."""

    __tablename__ = "roster_imports"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = foreign_key("campaigns.id")
    created_by: Mapped[str] = mapped_column(String(50))
    file_name: Mapped[str] = mapped_column(String(100))
    state: Mapped[str] = mapped_column(String(10))
    # Whoever works on it has it until then; a worker that dies leaves it to the next.
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    good_rows_only: Mapped[bool] = mapped_column(Boolean)
    # What the columns were taken for; none until the file was looked at.
    head_row: Mapped[int | None] = mapped_column(Integer)
    headings: Mapped[list[str]] = mapped_column(JSON)
    mapping: Mapped[dict[str, int]] = mapped_column(JSON)
    station_id: Mapped[int | None] = foreign_key("stations.id", index=False)
    graduating_year: Mapped[int | None] = mapped_column(Integer)
    samples_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    rows_done: Mapped[int] = mapped_column(Integer)
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    error_code: Mapped[str] = mapped_column(String(60), default="")
    error_data: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    applied_by: Mapped[str] = mapped_column(String(50), default="")
    # The file, its rows and its problems are removed then; none when they are gone.
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


class RosterImportFile(Base):
    """A piece of an imported file, sealed."""

    __tablename__ = "roster_import_files"

    import_id: Mapped[int] = mapped_column(
        ForeignKey("roster_imports.id", ondelete="CASCADE"), primary_key=True
    )
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True)
    data_sealed: Mapped[bytes] = mapped_column(LargeBinary)


class RosterImportRow(Base):
    """A row that can be imported, and what that would change."""

    __tablename__ = "roster_import_rows"

    import_id: Mapped[int] = mapped_column(
        ForeignKey("roster_imports.id", ondelete="CASCADE"), primary_key=True
    )
    sheet_row: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    # The record is bound, and the change is of whose it is.
    flagged: Mapped[bool] = mapped_column(Boolean)
    student_id: Mapped[int | None] = mapped_column(
        ForeignKey("students.id", ondelete="CASCADE"), index=True
    )
    station_id: Mapped[int] = mapped_column(Integer)
    row_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    changes_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    # Keyed hashes, cut short: two rows with the same one are duplicates.
    student_no_key: Mapped[int] = mapped_column(BigInteger)
    person_key: Mapped[int] = mapped_column(BigInteger)
    exam_no_key: Mapped[int | None] = mapped_column(BigInteger)
    certificate_key: Mapped[int | None] = mapped_column(BigInteger)
    code_key: Mapped[int | None] = mapped_column(BigInteger)

    __table_args__ = (
        Index("ix_roster_import_rows_kind", "import_id", "kind", "sheet_row"),
    )


class RosterImportProblem(Base):
    """Something wrong with a cell of an imported file; what stood there is masked."""

    __tablename__ = "roster_import_problems"

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(
        ForeignKey("roster_imports.id", ondelete="CASCADE")
    )
    sheet_row: Mapped[int] = mapped_column(Integer)
    # As the file calls it, from 0; none when the whole row is meant.
    column_at: Mapped[int | None] = mapped_column(Integer)
    field: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(40))
    severity: Mapped[str] = mapped_column(String(10))
    other_row: Mapped[int | None] = mapped_column(Integer)
    shown_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        Index(
            "ix_roster_import_problems_place",
            "import_id",
            "severity",
            "sheet_row",
            "id",
        ),
    )
