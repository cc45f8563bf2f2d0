"""Collecting on site and in batches: bindings held by staff, batches of photos."""

import sqlalchemy as sa
from alembic import op

import backend.db.base

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("bindings", schema=None) as batch_op:
        batch_op.alter_column(
            "code_hash", existing_type=sa.String(length=64), nullable=True
        )
        batch_op.alter_column(
            "raw_sealed", existing_type=sa.LargeBinary(), nullable=True
        )
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("witness_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_consents_witness_id_staff"),
            "staff",
            ["witness_id"],
            ["id"],
            ondelete="RESTRICT",
        )
    op.create_table(
        "batches",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=True),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("brought_by", sa.String(length=50), nullable=False),
        sa.Column(
            "created_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.Column(
            "finished_at", backend.db.base.UtcDateTime(timezone=True), nullable=True
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_batches_campaign_id_campaigns"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["station_id"],
            ["stations.id"],
            name=op.f("fk_batches_station_id_stations"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
            name=op.f("fk_batches_staff_id_staff"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    with op.batch_alter_table("batches", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_batches_campaign_id"), ["campaign_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_batches_station_id"), ["station_id"], unique=False
        )
    op.create_table(
        "batch_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("batch_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("student_id", sa.Integer(), nullable=True),
        sa.Column("file_key", sa.String(length=80), nullable=True),
        sa.Column("state", sa.String(length=15), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["batches.id"],
            name=op.f("fk_batch_items_batch_id_batches"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["students.id"],
            name=op.f("fk_batch_items_student_id_students"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch_items")),
        sa.UniqueConstraint(
            "batch_id", "position", name=op.f("uq_batch_items_batch_id_position")
        ),
    )
    with op.batch_alter_table("batch_items", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_batch_items_student_id"), ["student_id"], unique=False
        )
        batch_op.create_index(
            "ix_batch_items_waiting",
            ["batch_id"],
            unique=False,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )


def downgrade() -> None:
    op.drop_table("batch_items")
    op.drop_table("batches")
    # What staff hold without a code has no place in the older schema.
    with op.batch_alter_table("consents", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_consents_witness_id_staff"), type_="foreignkey"
        )
        batch_op.drop_column("witness_id")
    with op.batch_alter_table("bindings", schema=None) as batch_op:
        batch_op.alter_column(
            "raw_sealed", existing_type=sa.LargeBinary(), nullable=False
        )
        batch_op.alter_column(
            "code_hash", existing_type=sa.String(length=64), nullable=False
        )
