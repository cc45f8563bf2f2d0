"""The tables of the review queue: who looks at what, and what looks alike."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.db.models import HEX, foreign_key


def _of_submission() -> Mapped[int]:
    return mapped_column(
        ForeignKey("submissions.id", ondelete="RESTRICT"), primary_key=True
    )


class ReviewClaim(Base):
    """A photo that is one reviewer's alone for a while: its key decides who came first."""

    __tablename__ = "review_claims"

    submission_id: Mapped[int] = _of_submission()
    staff_id: Mapped[int] = foreign_key("staff.id")
    until: Mapped[datetime] = mapped_column(UtcDateTime)


class ReviewSkip(Base):
    """A photo that a reviewer left for later, which comes back to them last."""

    __tablename__ = "review_skips"

    submission_id: Mapped[int] = _of_submission()
    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff.id", ondelete="RESTRICT"), primary_key=True, index=True
    )
    skipped_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SecondLook(Base):
    """Who looked a second time at an approved portrait, in the version it had."""

    __tablename__ = "second_looks"

    submission_id: Mapped[int] = _of_submission()
    staff_id: Mapped[int] = foreign_key("staff.id")
    version: Mapped[int] = mapped_column(Integer)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Likeness(Base):
    """The difference hash of a portrait."""

    __tablename__ = "likenesses"

    submission_id: Mapped[int] = _of_submission()
    bits: Mapped[str] = mapped_column(HEX)


class LikenessBand(Base):
    """A part of a likeness to find others by; the key begins with the band's number."""

    __tablename__ = "likeness_bands"

    band_key: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    submission_id: Mapped[int] = mapped_column(
        ForeignKey("submissions.id", ondelete="RESTRICT"), primary_key=True, index=True
    )
