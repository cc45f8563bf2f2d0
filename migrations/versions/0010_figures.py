"""What the figures need."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_students_place",
        "students",
        ["campaign_id", "station_id", "class_no", "student_no"],
    )


def downgrade() -> None:
    op.drop_index("ix_students_place", table_name="students")
