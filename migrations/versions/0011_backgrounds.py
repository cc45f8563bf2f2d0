"""Backgrounds that a campaign has replaced."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Columns are only added, so that SQLite remakes no table and no trigger is lost.
    op.add_column(
        "campaigns",
        sa.Column("background", sa.String(10), nullable=False, server_default="keep"),
    )
    op.add_column(
        "submissions",
        sa.Column("background", sa.String(10), nullable=False, server_default="kept"),
    )
    op.add_column(
        "submissions", sa.Column("other_portrait_key", sa.String(80), nullable=True)
    )
    op.add_column("submissions", sa.Column("other_report", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.drop_column("submissions", "other_report")
    op.drop_column("submissions", "other_portrait_key")
    op.drop_column("submissions", "background")
    op.drop_column("campaigns", "background")
