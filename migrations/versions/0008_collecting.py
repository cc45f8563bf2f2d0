"""Collecting on site and in batches: bindings held by staff, batches of photos."""

import sqlalchemy as sa
from alembic import op

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


def downgrade() -> None:
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
