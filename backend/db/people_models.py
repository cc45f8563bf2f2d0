"""What invitations, second factors and sessions need."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, UtcDateTime
from backend.db.models import HEX, foreign_key

_OPEN = text("used_at IS NULL AND withdrawn_at IS NULL")


class TotpFactor(Base):
    """The secret an authenticator app shares with us; it counts once confirmed."""

    __tablename__ = "totp_factors"

    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff.id", ondelete="RESTRICT"), primary_key=True
    )
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # No code of this time step or an earlier one is taken again.
    last_step: Mapped[int] = mapped_column(Integer, default=0)


class RecoveryCode(Base):
    """A code for the day the phone is lost, good once; only its hash is kept."""

    __tablename__ = "recovery_codes"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = foreign_key("staff.id")
    code_hash: Mapped[str] = mapped_column(HEX, unique=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInStep(Base):
    """Somebody whose password was right and whose second factor is awaited."""

    __tablename__ = "staff_sign_in_steps"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = foreign_key("staff.id")
    token_hash: Mapped[str] = mapped_column(HEX, unique=True)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Invitation(Base):
    """A link by which somebody sets their own password, once.

    With ``staff_id`` it renews the password of that account; without, the account is
    made when it is used.
    """

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(HEX, unique=True)
    staff_id: Mapped[int | None] = foreign_key("staff.id")
    username: Mapped[str] = mapped_column(String(50))
    display_name: Mapped[str] = mapped_column(String(50))
    role: Mapped[str] = mapped_column(String(10))
    station_id: Mapped[int | None] = foreign_key("stations.id")
    invited_by: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint(
            "(role = 'station') = (station_id IS NOT NULL)", name="station_of_role"
        ),
        # Of two invitations for one name at once, one is refused.
        Index(
            "uq_invitations_open",
            "username",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )


class AuditHead(Base):
    """The end of the audit chain, signed: rows cut off behind it show.

    One row, moved in the transaction of every append. ``signed_from`` is the number of
    the first row that was appended under a signature. A whole database put back to an
    earlier day fits itself: that shows only to who has noted a later number of rows.
    """

    __tablename__ = "audit_heads"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rows: Mapped[int] = mapped_column(Integer)
    signed_from: Mapped[int] = mapped_column(Integer)
    last_hash: Mapped[str] = mapped_column(HEX)
    signature: Mapped[str] = mapped_column(HEX)
