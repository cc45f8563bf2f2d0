"""The tables. Races are decided by their unique indexes, not by locks."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    column,
    func,
    select,
    table,
    text,
)
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from backend.db.base import Base, UtcDateTime

#: A keyed hash or digest in hexadecimal.
HEX = String(64)


def foreign_key(target: str, *, index: bool = True) -> Any:
    """Return a column that refers to a row which cannot be deleted before this one."""
    return mapped_column(ForeignKey(target, ondelete="RESTRICT"), index=index)


#: What a campaign asks of its students; their own class comes later.
_GRACES: Final = table(
    "students", column("campaign_id"), column("grace_until", UtcDateTime)
)


def days_kept(days: int) -> Any:
    """Return a column of days with what they are until somebody changes them."""
    return mapped_column(Integer, default=days, server_default=str(days))


class Campaign(Base):
    """One round of collecting with its window, policy and privacy notice."""

    __tablename__ = "campaigns"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    school_name: Mapped[str] = mapped_column(String(100))
    # The national code; none when the claims of a code shall not be checked against it.
    school_code: Mapped[str | None] = mapped_column(String(10))
    graduating_years: Mapped[list[int]] = mapped_column(JSON)
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)
    policy: Mapped[str] = mapped_column(String(50))
    album_allowed: Mapped[bool] = mapped_column(Boolean)
    # A domain.report.Background: whether portraits get the policy's standard one.
    background: Mapped[str] = mapped_column(String(10), server_default="keep")
    contact: Mapped[str] = mapped_column(String(200))
    notice_version: Mapped[str] = mapped_column(String(50))
    notice_text: Mapped[str] = mapped_column(Text)
    retention_text: Mapped[str] = mapped_column(Text)
    # Days after closing; what each means is told by RetentionRules.
    keep_discarded: Mapped[int] = days_kept(90)
    keep_originals: Mapped[int] = days_kept(180)
    keep_cards: Mapped[int] = days_kept(180)
    keep_messages: Mapped[int] = days_kept(180)
    keep_portraits: Mapped[int] = days_kept(365)
    keep_identities: Mapped[int] = days_kept(730)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Both say when an entry is open, and are read with every campaign.
    windows: Mapped[list[CollectingWindow]] = relationship(
        lazy="selectin", viewonly=True, order_by="CollectingWindow.id"
    )
    latest_grace: Mapped[datetime | None] = column_property(
        select(func.max(_GRACES.c.grace_until))
        .where(_GRACES.c.campaign_id == id)  # noqa: A003 - the column above
        .scalar_subquery()
    )

    __table_args__ = (CheckConstraint("opens_at < closes_at", name="window"),)


class CollectingWindow(Base):
    """When some of a campaign's students may hand in; what is not named is anybody."""

    __tablename__ = "collecting_windows"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = foreign_key("campaigns.id", index=False)
    graduating_year: Mapped[int | None] = mapped_column(Integer)
    level: Mapped[str | None] = mapped_column(String(20))
    station_id: Mapped[int | None] = foreign_key("stations.id")
    # Whom it names, in one word: indexes do not see that two nulls are the same.
    scope: Mapped[str] = mapped_column(String(60))
    opens_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("campaign_id", "scope"),
        CheckConstraint("opens_at < closes_at", name="window"),
    )


class Station(Base):
    """A place that collects."""

    __tablename__ = "stations"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(30), unique=True)
    name: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(String(200))
    contact: Mapped[str] = mapped_column(String(200))


class Entry(Base):
    """The opaque token a station's poster carries in one campaign."""

    __tablename__ = "entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = foreign_key("campaigns.id")
    station_id: Mapped[int] = foreign_key("stations.id")
    token: Mapped[str] = mapped_column(String(40), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    replaced_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index(
            "uq_entries_live",
            "campaign_id",
            "station_id",
            unique=True,
            sqlite_where=text("replaced_at IS NULL AND retired_at IS NULL"),
            postgresql_where=text("replaced_at IS NULL AND retired_at IS NULL"),
        ),
    )


class Student(Base):
    """One 学籍 in one campaign."""

    __tablename__ = "students"

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = foreign_key("campaigns.id", index=False)
    station_id: Mapped[int] = foreign_key("stations.id")
    name: Mapped[str] = mapped_column(String(80))
    student_no: Mapped[str] = mapped_column(String(30))
    exam_no: Mapped[str] = mapped_column(String(30), default="")
    certificate_no: Mapped[str] = mapped_column(String(30), default="")
    level: Mapped[str] = mapped_column(String(20))
    major: Mapped[str] = mapped_column(String(100))
    study_form: Mapped[str] = mapped_column(String(20), default="")
    graduating_year: Mapped[int] = mapped_column(Integer)
    class_no: Mapped[str] = mapped_column(String(50), default="")
    exempt_reason: Mapped[str | None] = mapped_column(String(100))
    id_number_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    id_number_hash: Mapped[str] = mapped_column(HEX, index=True)
    id_last6_hash: Mapped[str] = mapped_column(HEX)
    id_last4_hash: Mapped[str] = mapped_column(HEX)
    code_hash: Mapped[str | None] = mapped_column(HEX)
    # May hand in until then, whatever their window says.
    grace_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The same 学籍 in an earlier campaign, where no photo came of it. No foreign key:
    # that campaign's rows are purged before this one's.
    carried_from_id: Mapped[int | None] = mapped_column(Integer, index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # From then on nothing in the row tells who it was.
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        UniqueConstraint("campaign_id", "student_no"),
        Index(
            "uq_students_certificate",
            "campaign_id",
            "certificate_no",
            unique=True,
            sqlite_where=text("certificate_no != ''"),
            postgresql_where=text("certificate_no != ''"),
        ),
        Index(
            "ix_students_grace",
            "campaign_id",
            "grace_until",
            sqlite_where=text("grace_until IS NOT NULL"),
            postgresql_where=text("grace_until IS NOT NULL"),
        ),
        Index("ix_students_name", "campaign_id", "name"),
        Index(
            "ix_students_place", "campaign_id", "station_id", "class_no", "student_no"
        ),
        Index("ix_students_last6", "campaign_id", "id_last6_hash"),
        # What staff type, whatever the campaign.
        Index("ix_students_student_no", "student_no"),
        Index("ix_students_exam_no", "exam_no"),
        Index("ix_students_certificate_no", "certificate_no"),
        Index("ix_students_id_last6_hash", "id_last6_hash"),
        Index(
            "ix_students_name_start",
            "name",
            postgresql_ops={"name": "text_pattern_ops"},
        ),
        Index(
            "uq_students_code",
            "campaign_id",
            "code_hash",
            unique=True,
            sqlite_where=text("code_hash IS NOT NULL"),
            postgresql_where=text("code_hash IS NOT NULL"),
        ),
    )


class PrincipalRow(Base):
    """Who is on the other end: a plain browser, or a user of one WeChat account."""

    __tablename__ = "principals"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    openid_hash: Mapped[str | None] = mapped_column(HEX)
    openid_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("uq_principals_openid", "kind", "openid_hash", unique=True),
    )


class StudentSession(Base):
    """A principal's session; only the hash of its token is kept."""

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    principal_id: Mapped[int] = foreign_key("principals.id")
    token_hash: Mapped[str] = mapped_column(HEX, unique=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Consent(Base):
    """One consent, given for one version of a campaign's notice."""

    __tablename__ = "consents"

    id: Mapped[int] = mapped_column(primary_key=True)
    principal_id: Mapped[int] = foreign_key("principals.id")
    campaign_id: Mapped[int] = foreign_key("campaigns.id")
    purpose: Mapped[str] = mapped_column(String(30))
    notice_version: Mapped[str] = mapped_column(String(50))
    channel: Mapped[str] = mapped_column(String(20))
    given_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The staff member it was given to, where it was not given on a screen.
    witness_id: Mapped[int | None] = mapped_column(
        ForeignKey("staff.id", ondelete="RESTRICT")
    )

    __table_args__ = (
        Index(
            "uq_consents_given",
            "principal_id",
            "campaign_id",
            "purpose",
            "notice_version",
            unique=True,
            sqlite_where=text("withdrawn_at IS NULL"),
            postgresql_where=text("withdrawn_at IS NULL"),
        ),
    )


class CodeReadingRow(Base):
    """A collection code read from a picture or pasted, kept until it is bound."""

    __tablename__ = "code_readings"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    principal_id: Mapped[int] = foreign_key("principals.id")
    campaign_id: Mapped[int] = foreign_key("campaigns.id")
    raw_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    card_key: Mapped[str | None] = mapped_column(String(80))
    source: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Binding(Base):
    """Principal + collection code + student, once; waiting while not on the roster."""

    __tablename__ = "bindings"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    campaign_id: Mapped[int] = foreign_key("campaigns.id", index=False)
    principal_id: Mapped[int] = foreign_key("principals.id")
    entry_id: Mapped[int] = foreign_key("entries.id")
    # None while waiting for the roster.
    student_id: Mapped[int | None] = mapped_column(
        ForeignKey("students.id", ondelete="RESTRICT"), index=True
    )
    # None while staff hold it for a student whose code nobody has brought yet.
    code_hash: Mapped[str | None] = mapped_column(HEX)
    raw_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    fingerprint: Mapped[str] = mapped_column(String(20), index=True)
    card_key: Mapped[str | None] = mapped_column(String(80))
    # What a waiting student said of themselves, to be met by the roster later.
    stated_name: Mapped[str] = mapped_column(String(80), default="")
    stated_last6_hash: Mapped[str] = mapped_column(HEX)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    release_reason: Mapped[str] = mapped_column(String(200), default="")
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __table_args__ = (
        Index("ix_bindings_code_hash", "code_hash"),
        Index("ix_bindings_last6", "stated_last6_hash"),
        Index(
            "uq_bindings_code",
            "campaign_id",
            "code_hash",
            unique=True,
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
        Index(
            "uq_bindings_student",
            "student_id",
            unique=True,
            sqlite_where=text("released_at IS NULL AND student_id IS NOT NULL"),
            postgresql_where=text("released_at IS NULL AND student_id IS NOT NULL"),
        ),
    )


class BindingEvent(Base):
    """What happened to a binding; insert-only."""

    __tablename__ = "binding_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    binding_id: Mapped[int] = foreign_key("bindings.id")
    what: Mapped[str] = mapped_column(String(30))
    by: Mapped[str] = mapped_column(String(10))
    who: Mapped[str] = mapped_column(String(50), default="")
    note: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


_LIVE_DRAFT = text("status = 'draft'")
_LIVE_HANDED_IN = text(
    "status IN ('pending','approved','returned','delivered','accepted','sent_back')"
)
_NOT_WITHDRAWN = text("status != 'withdrawn'")
_PENDING = text("status = 'pending'")


class Submission(Base):
    """One photo handed in for a binding, with its files and report."""

    __tablename__ = "submissions"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(22), unique=True)
    binding_id: Mapped[int] = foreign_key("bindings.id")
    principal_id: Mapped[int] = foreign_key("principals.id")
    source: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(15), index=True)
    version: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(HEX, index=True)
    original_key: Mapped[str | None] = mapped_column(String(80))
    portrait_key: Mapped[str | None] = mapped_column(String(80))
    overlay_key: Mapped[str | None] = mapped_column(String(80))
    original_type: Mapped[str] = mapped_column(String(30))
    file: Mapped[dict[str, Any]] = mapped_column(JSON)
    report: Mapped[dict[str, Any]] = mapped_column(JSON)
    verdict: Mapped[str] = mapped_column(String(10))
    policy: Mapped[str] = mapped_column(String(50))
    # A domain.backgrounds.BackgroundState. Where the background was replaced, the other
    # portrait, with its report, is kept beside the one that is handed in.
    background: Mapped[str] = mapped_column(String(10), server_default="kept")
    other_portrait_key: Mapped[str | None] = mapped_column(String(80))
    other_report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    human_review_requested: Mapped[bool] = mapped_column(Boolean)
    return_reasons: Mapped[list[str]] = mapped_column(JSON)
    return_note: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(
        ForeignKey("staff.id", ondelete="RESTRICT")
    )
    erased_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own hook
    __table_args__ = (
        Index(
            "uq_submissions_draft",
            "binding_id",
            unique=True,
            sqlite_where=_LIVE_DRAFT,
            postgresql_where=_LIVE_DRAFT,
        ),
        Index(
            "uq_submissions_handed_in",
            "binding_id",
            unique=True,
            sqlite_where=_LIVE_HANDED_IN,
            postgresql_where=_LIVE_HANDED_IN,
        ),
        Index(
            "uq_submissions_same_bytes",
            "binding_id",
            "sha256",
            unique=True,
            sqlite_where=_NOT_WITHDRAWN,
            postgresql_where=_NOT_WITHDRAWN,
        ),
        # The review queue, oldest first.
        Index(
            "ix_submissions_queue",
            "confirmed_at",
            "id",
            sqlite_where=_PENDING,
            postgresql_where=_PENDING,
        ),
        Index("ix_submissions_decided", "decided_by_id", "decided_at"),
    )


class SubmissionEvent(Base):
    """One change of status; insert-only."""

    __tablename__ = "submission_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[int] = foreign_key("submissions.id")
    status: Mapped[str] = mapped_column(String(15))
    by: Mapped[str] = mapped_column(String(10))
    who: Mapped[str] = mapped_column(String(50), default="")
    note: Mapped[str] = mapped_column(String(700), default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Staff(Base):
    """Somebody who may use the console."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(50), unique=True)
    display_name: Mapped[str] = mapped_column(String(50))
    role: Mapped[str] = mapped_column(String(10))
    station_id: Mapped[int | None] = mapped_column(
        ForeignKey("stations.id", ondelete="RESTRICT")
    )
    password_hash: Mapped[str] = mapped_column(String(200))
    disabled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (
        CheckConstraint(
            "(role = 'station') = (station_id IS NOT NULL)", name="station_of_role"
        ),
    )


class StaffSessionRow(Base):
    """A staff member's session; only the hash of its token is kept."""

    __tablename__ = "staff_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = foreign_key("staff.id")
    token_hash: Mapped[str] = mapped_column(HEX, unique=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Where and with what it was opened, for its owner to recognise it.
    address: Mapped[str] = mapped_column(String(64), default="")
    device: Mapped[str] = mapped_column(String(60), default="")


class Attempt(Base):
    """Failures counted per key (a principal, an address, a code, a user name)."""

    __tablename__ = "attempts"

    key_hash: Mapped[str] = mapped_column(HEX, primary_key=True)
    failures: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    blocked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class IdempotentAnswer(Base):
    """The answer given to a creating call, for the caller who asks again."""

    __tablename__ = "idempotent_answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    principal_id: Mapped[int] = foreign_key("principals.id", index=False)
    key: Mapped[str] = mapped_column(String(100))
    request_digest: Mapped[str] = mapped_column(HEX)
    status: Mapped[int] = mapped_column(Integer)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    __table_args__ = (UniqueConstraint("principal_id", "key"),)


class AuditEvent(Base):
    """One audited act, chained by hash so that a removed or changed row shows."""

    __tablename__ = "audit_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(60))
    action: Mapped[str] = mapped_column(String(50))
    target: Mapped[str] = mapped_column(String(80))
    detail: Mapped[str] = mapped_column(String(500), default="")
    address: Mapped[str] = mapped_column(String(64), default="")
    previous_hash: Mapped[str] = mapped_column(HEX, unique=True)
    hash: Mapped[str] = mapped_column(HEX, unique=True)

    __table_args__ = (
        Index("ix_audit_events_actor_id", "actor", "id"),
        Index("ix_audit_events_target_id", "target", "id"),
        Index("ix_audit_events_at", "at"),
        Index("ix_audit_events_target_action", "target", "action"),
    )
