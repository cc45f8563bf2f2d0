"""The tables of what passes between us and WeChat."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
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


class BindingHolder(Base):
    """A principal who proved to be the student of a binding; each sees and goes on."""

    __tablename__ = "binding_holders"

    binding_id: Mapped[int] = mapped_column(
        ForeignKey("bindings.id", ondelete="RESTRICT"), primary_key=True
    )
    principal_id: Mapped[int] = mapped_column(
        ForeignKey("principals.id", ondelete="RESTRICT"), primary_key=True, index=True
    )
    # The principal's; two users of one channel never hold the same binding.
    kind: Mapped[str] = mapped_column(String(20))
    joined_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("binding_id", "kind"),)


class SignInState(Base):
    """A sign-in on its way through WeChat, good once and in one browser."""

    __tablename__ = "sign_in_states"

    id: Mapped[int] = mapped_column(primary_key=True)
    state_hash: Mapped[str] = mapped_column(HEX, unique=True)
    browser_hash: Mapped[str] = mapped_column(HEX, index=True)
    # A path of ours; kept here so that nobody can be sent elsewhere.
    return_path: Mapped[str] = mapped_column(String(300))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class WeChatCredential(Base):
    """An access token or ticket all processes share, and who is renewing it."""

    __tablename__ = "wechat_credentials"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    value_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Until then one process is asking WeChat for the next.
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class MessageConsent(Base):
    """How many messages of a template a principal will still take."""

    __tablename__ = "message_consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    principal_id: Mapped[int] = foreign_key("principals.id", index=False)
    template_id: Mapped[str] = mapped_column(String(80))
    remaining: Mapped[int] = mapped_column(Integer)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("principal_id", "template_id"),
        CheckConstraint("remaining >= 0", name="remaining"),
    )


class OutgoingMessageRow(Base):
    """One thing to tell one principal; its words are made when it is sent."""

    __tablename__ = "outgoing_messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    # The event and whom it is told: the same event is told to nobody twice.
    event_key: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    principal_id: Mapped[int] = foreign_key("principals.id")
    campaign_id: Mapped[int] = foreign_key("campaigns.id")
    submission_id: Mapped[int | None] = mapped_column(
        ForeignKey("submissions.id", ondelete="RESTRICT"), index=True
    )
    # Until when they may hand in, where that is what is told.
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(15))
    attempts: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str] = mapped_column(String(60), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "ix_outgoing_messages_waiting",
            "due_at",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )


class PushRow(Base):
    """An event WeChat pushed, kept before it is answered and handled afterwards."""

    __tablename__ = "pushes"

    id: Mapped[int] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(String(20))
    key_hash: Mapped[str] = mapped_column(HEX)
    event: Mapped[str] = mapped_column(String(60))
    data_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    handled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(String(40), default="")

    __table_args__ = (
        UniqueConstraint("account", "key_hash"),
        Index(
            "ix_pushes_open",
            "id",
            sqlite_where=text("handled_at IS NULL"),
            postgresql_where=text("handled_at IS NULL"),
        ),
    )


class PictureCheck(Base):
    """WeChat's look at one photo for forbidden content."""

    __tablename__ = "picture_checks"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = foreign_key("submissions.id", index=False)
    state: Mapped[str] = mapped_column(String(15))
    # Of the address WeChat fetches the picture from, once.
    token_hash: Mapped[str | None] = mapped_column(HEX, unique=True)
    token_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    fetched_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    trace_hash: Mapped[str | None] = mapped_column(HEX, unique=True)
    label: Mapped[str] = mapped_column(String(20), default="")
    attempts: Mapped[int] = mapped_column(Integer)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("submission_id"),
        Index(
            "ix_picture_checks_open",
            "due_at",
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
    )


class VerificationFile(Base):
    """A file by which WeChat proves that a domain is the school's."""

    __tablename__ = "verification_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    content: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
