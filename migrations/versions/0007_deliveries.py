"""What deliveries need: the packages, their portraits and files, the answers to them."""

import sqlalchemy as sa
from alembic import op

import backend.db.base

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(length=20), nullable=False),
        sa.Column("naming", sa.String(length=20), nullable=False),
        sa.Column("pattern", sa.String(length=200), nullable=False),
        sa.Column("by_station", sa.Boolean(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=True),
        sa.Column("graduating_year", sa.Integer(), nullable=True),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=50), nullable=False),
        sa.Column(
            "created_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.Column(
            "cancelled_at", backend.db.base.UtcDateTime(timezone=True), nullable=True
        ),
        sa.Column("cancelled_by", sa.String(length=50), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_deliveries_campaign_id_campaigns"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["station_id"],
            ["stations.id"],
            name=op.f("fk_deliveries_station_id_stations"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("number", name=op.f("uq_deliveries_number")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_deliveries_campaign_id"), ["campaign_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_deliveries_station_id"), ["station_id"], unique=False
        )

    op.create_table(
        "returned_lists",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("rows_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("made_by", sa.String(length=50), nullable=False),
        sa.Column(
            "created_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.Column(
            "applied_at", backend.db.base.UtcDateTime(timezone=True), nullable=True
        ),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_returned_lists_campaign_id_campaigns"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returned_lists")),
        sa.UniqueConstraint(
            "campaign_id", "sha256", name=op.f("uq_returned_lists_campaign_id_sha256")
        ),
        sa.UniqueConstraint("public_id", name=op.f("uq_returned_lists_public_id")),
    )
    op.create_table(
        "delivery_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("content_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_delivery_files_delivery_id_deliveries"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_files")),
        sa.UniqueConstraint(
            "delivery_id", "name", name=op.f("uq_delivery_files_delivery_id_name")
        ),
    )
    op.create_table(
        "delivery_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(length=20), nullable=False),
        sa.Column("portrait_key", sa.String(length=80), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("card_key", sa.String(length=80), nullable=True),
        sa.Column("card_size_bytes", sa.Integer(), nullable=True),
        sa.Column("row_sealed", sa.LargeBinary(), nullable=True),
        sa.Column(
            "cancelled_at", backend.db.base.UtcDateTime(timezone=True), nullable=True
        ),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_delivery_items_delivery_id_deliveries"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["station_id"],
            ["stations.id"],
            name=op.f("fk_delivery_items_station_id_stations"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.id"],
            name=op.f("fk_delivery_items_submission_id_submissions"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_items")),
        sa.UniqueConstraint(
            "delivery_id",
            "position",
            name=op.f("uq_delivery_items_delivery_id_position"),
        ),
    )
    with op.batch_alter_table("delivery_items", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_delivery_items_station_id"), ["station_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_delivery_items_submission_id"),
            ["submission_id"],
            unique=False,
        )
        batch_op.create_index(
            "uq_delivery_items_live",
            ["profile", "submission_id"],
            unique=True,
            sqlite_where=sa.text("cancelled_at IS NULL"),
            postgresql_where=sa.text("cancelled_at IS NULL"),
        )


def downgrade() -> None:

    with op.batch_alter_table("delivery_items", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_delivery_items_live",
            sqlite_where=sa.text("cancelled_at IS NULL"),
            postgresql_where=sa.text("cancelled_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_delivery_items_submission_id"))
        batch_op.drop_index(batch_op.f("ix_delivery_items_station_id"))

    op.drop_table("delivery_items")
    op.drop_table("delivery_files")
    op.drop_table("returned_lists")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deliveries_station_id"))
        batch_op.drop_index(batch_op.f("ix_deliveries_campaign_id"))

    op.drop_table("deliveries")
