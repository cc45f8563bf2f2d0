"""WeChat: who signed in, what passes between us, who holds a binding."""

import sqlalchemy as sa
from alembic import op

import backend.db.base

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pushes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=20), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=60), nullable=False),
        sa.Column("data_sealed", sa.LargeBinary(), nullable=False),
        sa.Column(
            "received_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.Column(
            "handled_at", backend.db.base.UtcDateTime(timezone=True), nullable=True
        ),
        sa.Column("outcome", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pushes")),
        sa.UniqueConstraint(
            "account", "key_hash", name=op.f("uq_pushes_account_key_hash")
        ),
    )
    with op.batch_alter_table("pushes", schema=None) as batch_op:
        batch_op.create_index(
            "ix_pushes_open",
            ["id"],
            unique=False,
            sqlite_where=sa.text("handled_at IS NULL"),
            postgresql_where=sa.text("handled_at IS NULL"),
        )

    op.create_table(
        "sign_in_states",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("return_path", sa.String(length=300), nullable=False),
        sa.Column(
            "created_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.Column(
            "expires_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.Column("used_at", backend.db.base.UtcDateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_states")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_sign_in_states_state_hash")),
    )
    with op.batch_alter_table("sign_in_states", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_sign_in_states_browser_hash"), ["browser_hash"], unique=False
        )

    op.create_table(
        "verification_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("content", sa.String(length=128), nullable=False),
        sa.Column(
            "created_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_files")),
        sa.UniqueConstraint("name", name=op.f("uq_verification_files_name")),
    )
    op.create_table(
        "wechat_credentials",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("value_sealed", sa.LargeBinary(), nullable=True),
        sa.Column(
            "expires_at", backend.db.base.UtcDateTime(timezone=True), nullable=True
        ),
        sa.Column(
            "leased_until", backend.db.base.UtcDateTime(timezone=True), nullable=True
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_wechat_credentials")),
    )
    op.create_table(
        "message_consents",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("principal_id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.String(length=80), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column(
            "changed_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.CheckConstraint(
            "remaining >= 0", name=op.f("ck_message_consents_remaining")
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"],
            ["principals.id"],
            name=op.f("fk_message_consents_principal_id_principals"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_consents")),
        sa.UniqueConstraint(
            "principal_id",
            "template_id",
            name=op.f("uq_message_consents_principal_id_template_id"),
        ),
    )
    op.create_table(
        "binding_holders",
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("principal_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column(
            "joined_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["binding_id"],
            ["bindings.id"],
            name=op.f("fk_binding_holders_binding_id_bindings"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"],
            ["principals.id"],
            name=op.f("fk_binding_holders_principal_id_principals"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint(
            "binding_id", "principal_id", name=op.f("pk_binding_holders")
        ),
        sa.UniqueConstraint(
            "binding_id", "kind", name=op.f("uq_binding_holders_binding_id_kind")
        ),
    )
    with op.batch_alter_table("binding_holders", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_binding_holders_principal_id"),
            ["principal_id"],
            unique=False,
        )

    # Until now a binding had one holder: who made it.
    op.execute(
        "INSERT INTO binding_holders (binding_id, principal_id, kind, joined_at)"
        " SELECT b.id, b.principal_id, p.kind, b.created_at"
        " FROM bindings b JOIN principals p ON p.id = b.principal_id"
    )

    op.create_table(
        "outgoing_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_key", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("principal_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", backend.db.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "leased_until", backend.db.base.UtcDateTime(timezone=True), nullable=True
        ),
        sa.Column("last_error", sa.String(length=60), nullable=False),
        sa.Column(
            "created_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.Column(
            "settled_at", backend.db.base.UtcDateTime(timezone=True), nullable=True
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_outgoing_messages_campaign_id_campaigns"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"],
            ["principals.id"],
            name=op.f("fk_outgoing_messages_principal_id_principals"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.id"],
            name=op.f("fk_outgoing_messages_submission_id_submissions"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_messages")),
        sa.UniqueConstraint("event_key", name=op.f("uq_outgoing_messages_event_key")),
    )
    with op.batch_alter_table("outgoing_messages", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_outgoing_messages_campaign_id"),
            ["campaign_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_outgoing_messages_principal_id"),
            ["principal_id"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_outgoing_messages_submission_id"),
            ["submission_id"],
            unique=False,
        )
        batch_op.create_index(
            "ix_outgoing_messages_waiting",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "picture_checks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column(
            "token_expires_at",
            backend.db.base.UtcDateTime(timezone=True),
            nullable=True,
        ),
        sa.Column(
            "fetched_at", backend.db.base.UtcDateTime(timezone=True), nullable=True
        ),
        sa.Column("trace_hash", sa.String(length=64), nullable=True),
        sa.Column("label", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", backend.db.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "created_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.Column(
            "settled_at", backend.db.base.UtcDateTime(timezone=True), nullable=True
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.id"],
            name=op.f("fk_picture_checks_submission_id_submissions"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picture_checks")),
        sa.UniqueConstraint(
            "submission_id", name=op.f("uq_picture_checks_submission_id")
        ),
        sa.UniqueConstraint("token_hash", name=op.f("uq_picture_checks_token_hash")),
        sa.UniqueConstraint("trace_hash", name=op.f("uq_picture_checks_trace_hash")),
    )
    with op.batch_alter_table("picture_checks", schema=None) as batch_op:
        batch_op.create_index(
            "ix_picture_checks_open",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    with op.batch_alter_table("principals", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("openid_hash", sa.String(length=64), nullable=True)
        )
        batch_op.add_column(sa.Column("openid_sealed", sa.LargeBinary(), nullable=True))
        batch_op.create_index(
            "uq_principals_openid", ["kind", "openid_hash"], unique=True
        )


def downgrade() -> None:
    with op.batch_alter_table("principals", schema=None) as batch_op:
        batch_op.drop_index("uq_principals_openid")
        batch_op.drop_column("openid_sealed")
        batch_op.drop_column("openid_hash")

    with op.batch_alter_table("picture_checks", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_picture_checks_open",
            sqlite_where=sa.text("settled_at IS NULL"),
            postgresql_where=sa.text("settled_at IS NULL"),
        )

    op.drop_table("picture_checks")
    with op.batch_alter_table("outgoing_messages", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outgoing_messages_waiting",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index(batch_op.f("ix_outgoing_messages_submission_id"))
        batch_op.drop_index(batch_op.f("ix_outgoing_messages_principal_id"))
        batch_op.drop_index(batch_op.f("ix_outgoing_messages_campaign_id"))

    op.drop_table("outgoing_messages")
    with op.batch_alter_table("binding_holders", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_binding_holders_principal_id"))

    op.drop_table("binding_holders")
    op.drop_table("message_consents")
    op.drop_table("wechat_credentials")
    op.drop_table("verification_files")
    with op.batch_alter_table("sign_in_states", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_states_browser_hash"))

    op.drop_table("sign_in_states")
    with op.batch_alter_table("pushes", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_pushes_open",
            sqlite_where=sa.text("handled_at IS NULL"),
            postgresql_where=sa.text("handled_at IS NULL"),
        )

    op.drop_table("pushes")
