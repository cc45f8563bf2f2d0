"""The review queue: claims, what was left for later, second looks, likenesses."""

import sqlalchemy as sa
from alembic import op

import backend.db.base

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def _submission(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("submission_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"],
            ["submissions.id"],
            name=op.f(f"fk_{table}_submission_id_submissions"),
            ondelete="RESTRICT",
        ),
    ]


def _staff(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"],
            ["staff.id"],
            name=op.f(f"fk_{table}_staff_id_staff"),
            ondelete="RESTRICT",
        ),
    ]


def _instant(name: str) -> sa.Column[sa.DateTime]:
    return sa.Column(name, backend.db.base.UtcDateTime(timezone=True), nullable=False)


def upgrade() -> None:
    op.create_table(
        "review_claims",
        *_submission("review_claims"),
        *_staff("review_claims"),
        _instant("until"),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_review_claims")),
    )
    op.create_table(
        "review_skips",
        *_submission("review_skips"),
        *_staff("review_skips"),
        _instant("skipped_at"),
        sa.PrimaryKeyConstraint(
            "submission_id", "staff_id", name=op.f("pk_review_skips")
        ),
    )
    op.create_table(
        "second_looks",
        *_submission("second_looks"),
        *_staff("second_looks"),
        sa.Column("version", sa.Integer(), nullable=False),
        _instant("seen_at"),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_second_looks")),
    )
    op.create_table(
        "likenesses",
        *_submission("likenesses"),
        sa.Column("bits", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_likenesses")),
    )
    op.create_table(
        "likeness_bands",
        sa.Column("band_key", sa.BigInteger(), nullable=False),
        *_submission("likeness_bands"),
        sa.PrimaryKeyConstraint(
            "band_key", "submission_id", name=op.f("pk_likeness_bands")
        ),
    )
    for table in ("review_claims", "review_skips", "second_looks"):
        op.create_index(op.f(f"ix_{table}_staff_id"), table, ["staff_id"])
    op.create_index(
        op.f("ix_likeness_bands_submission_id"), "likeness_bands", ["submission_id"]
    )
    op.create_index(op.f("ix_submissions_sha256"), "submissions", ["sha256"])
    op.create_index(
        "ix_submissions_queue",
        "submissions",
        ["confirmed_at", "id"],
        sqlite_where=sa.text("status = 'pending'"),
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_submissions_decided", "submissions", ["decided_by_id", "decided_at"]
    )


def downgrade() -> None:
    op.drop_index("ix_submissions_decided", "submissions")
    op.drop_index("ix_submissions_queue", "submissions")
    op.drop_index(op.f("ix_submissions_sha256"), "submissions")
    for table in (
        "likeness_bands",
        "likenesses",
        "second_looks",
        "review_skips",
        "review_claims",
    ):
        op.drop_table(table)
