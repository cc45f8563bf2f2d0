"""What retention and the students' rights need."""

import sqlalchemy as sa
from alembic import op

import backend.db.base

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_DAYS = {
    "keep_discarded": "90",
    "keep_originals": "180",
    "keep_cards": "180",
    "keep_messages": "180",
    "keep_portraits": "365",
    "keep_identities": "730",
}
_ERASED = ("students", "bindings", "submissions")


def upgrade() -> None:
    op.create_table(
        "doomed_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column(
            "doomed_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doomed_files")),
    )
    op.create_table(
        "purge_progress",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=15), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column(
            "started_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_purge_progress_campaign_id_campaigns"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purge_progress")),
        sa.UniqueConstraint(
            "campaign_id", "kind", name=op.f("uq_purge_progress_campaign_id_kind")
        ),
    )
    op.create_table(
        "erasures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("receipt", sa.String(length=20), nullable=False),
        sa.Column("binding_id", sa.Integer(), nullable=False),
        sa.Column("principal_id", sa.Integer(), nullable=False),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("files", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column(
            "erased_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["binding_id"],
            ["bindings.id"],
            name=op.f("fk_erasures_binding_id_bindings"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["principal_id"],
            ["principals.id"],
            name=op.f("fk_erasures_principal_id_principals"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("receipt", name=op.f("uq_erasures_receipt")),
    )
    op.create_index(op.f("ix_erasures_binding_id"), "erasures", ["binding_id"])
    op.create_index(op.f("ix_erasures_principal_id"), "erasures", ["principal_id"])
    op.create_index(
        "ix_audit_events_target_action", "audit_events", ["target", "action"]
    )
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        for name, days in _DAYS.items():
            batch_op.add_column(
                sa.Column(name, sa.Integer(), server_default=days, nullable=False)
            )
    for table in _ERASED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(
                sa.Column(
                    "erased_at",
                    backend.db.base.UtcDateTime(timezone=True),
                    nullable=True,
                )
            )


def downgrade() -> None:
    for table in reversed(_ERASED):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_column("erased_at")
    with op.batch_alter_table("campaigns", schema=None) as batch_op:
        for name in reversed(_DAYS):
            batch_op.drop_column(name)
    op.drop_index("ix_audit_events_target_action", table_name="audit_events")
    op.drop_table("erasures")
    op.drop_table("purge_progress")
    op.drop_table("doomed_files")
