"""What a campaign's rules and roster imports need."""

import sqlalchemy as sa
from alembic import op

import backend.db.base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "collecting_windows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("graduating_year", sa.Integer(), nullable=True),
        sa.Column("level", sa.String(length=20), nullable=True),
        sa.Column("station_id", sa.Integer(), nullable=True),
        sa.Column("scope", sa.String(length=60), nullable=False),
        sa.Column(
            "opens_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.Column(
            "closes_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.CheckConstraint(
            "opens_at < closes_at", name=op.f("ck_collecting_windows_window")
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_collecting_windows_campaign_id_campaigns"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["station_id"],
            ["stations.id"],
            name=op.f("fk_collecting_windows_station_id_stations"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collecting_windows")),
        sa.UniqueConstraint(
            "campaign_id", "scope", name=op.f("uq_collecting_windows_campaign_id_scope")
        ),
    )
    with op.batch_alter_table("collecting_windows", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_collecting_windows_station_id"), ["station_id"], unique=False
        )

    op.create_table(
        "roster_imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=50), nullable=False),
        sa.Column("file_name", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column(
            "leased_until", backend.db.base.UtcDateTime(timezone=True), nullable=True
        ),
        sa.Column("good_rows_only", sa.Boolean(), nullable=False),
        sa.Column("head_row", sa.Integer(), nullable=True),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=True),
        sa.Column("graduating_year", sa.Integer(), nullable=True),
        sa.Column("samples_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("error_code", sa.String(length=60), nullable=False),
        sa.Column("error_data", sa.JSON(), nullable=False),
        sa.Column(
            "created_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.Column(
            "applied_at", backend.db.base.UtcDateTime(timezone=True), nullable=True
        ),
        sa.Column("applied_by", sa.String(length=50), nullable=False),
        sa.Column(
            "expires_at", backend.db.base.UtcDateTime(timezone=True), nullable=True
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["campaigns.id"],
            name=op.f("fk_roster_imports_campaign_id_campaigns"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["station_id"],
            ["stations.id"],
            name=op.f("fk_roster_imports_station_id_stations"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_imports")),
    )
    with op.batch_alter_table("roster_imports", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_roster_imports_campaign_id"), ["campaign_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_roster_imports_expires_at"), ["expires_at"], unique=False
        )

    op.create_table(
        "roster_import_files",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("data_sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["roster_imports.id"],
            name=op.f("fk_roster_import_files_import_id_roster_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "import_id", "ordinal", name=op.f("pk_roster_import_files")
        ),
    )
    op.create_table(
        "roster_import_problems",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("sheet_row", sa.Integer(), nullable=False),
        sa.Column("column_at", sa.Integer(), nullable=True),
        sa.Column("field", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("other_row", sa.Integer(), nullable=True),
        sa.Column("shown_sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["roster_imports.id"],
            name=op.f("fk_roster_import_problems_import_id_roster_imports"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_import_problems")),
    )
    with op.batch_alter_table("roster_import_problems", schema=None) as batch_op:
        batch_op.create_index(
            "ix_roster_import_problems_place",
            ["import_id", "severity", "sheet_row", "id"],
            unique=False,
        )

    op.create_table(
        "roster_import_rows",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("sheet_row", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("student_id", sa.Integer(), nullable=True),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("row_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("changes_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("student_no_key", sa.BigInteger(), nullable=False),
        sa.Column("person_key", sa.BigInteger(), nullable=False),
        sa.Column("exam_no_key", sa.BigInteger(), nullable=True),
        sa.Column("certificate_key", sa.BigInteger(), nullable=True),
        sa.Column("code_key", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["import_id"],
            ["roster_imports.id"],
            name=op.f("fk_roster_import_rows_import_id_roster_imports"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["students.id"],
            name=op.f("fk_roster_import_rows_student_id_students"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "import_id", "sheet_row", name=op.f("pk_roster_import_rows")
        ),
    )
    with op.batch_alter_table("roster_import_rows", schema=None) as batch_op:
        batch_op.create_index(
            "ix_roster_import_rows_kind",
            ["import_id", "kind", "sheet_row"],
            unique=False,
        )
        batch_op.create_index(
            batch_op.f("ix_roster_import_rows_student_id"), ["student_id"], unique=False
        )

    with op.batch_alter_table("outgoing_messages", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "closes_at", backend.db.base.UtcDateTime(timezone=True), nullable=True
            )
        )

    with op.batch_alter_table("students", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "grace_until", backend.db.base.UtcDateTime(timezone=True), nullable=True
            )
        )
        batch_op.add_column(sa.Column("carried_from_id", sa.Integer(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_students_carried_from_id"), ["carried_from_id"], unique=False
        )
        batch_op.create_index(
            "ix_students_certificate_no", ["certificate_no"], unique=False
        )
        batch_op.create_index(
            "ix_students_grace",
            ["campaign_id", "grace_until"],
            unique=False,
            sqlite_where=sa.text("grace_until IS NOT NULL"),
            postgresql_where=sa.text("grace_until IS NOT NULL"),
        )
        batch_op.create_index(
            "uq_students_certificate",
            ["campaign_id", "certificate_no"],
            unique=True,
            sqlite_where=sa.text("certificate_no != ''"),
            postgresql_where=sa.text("certificate_no != ''"),
        )


def downgrade() -> None:

    with op.batch_alter_table("students", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_students_certificate",
            sqlite_where=sa.text("certificate_no != ''"),
            postgresql_where=sa.text("certificate_no != ''"),
        )
        batch_op.drop_index(
            "ix_students_grace",
            sqlite_where=sa.text("grace_until IS NOT NULL"),
            postgresql_where=sa.text("grace_until IS NOT NULL"),
        )
        batch_op.drop_index("ix_students_certificate_no")
        batch_op.drop_index(batch_op.f("ix_students_carried_from_id"))
        batch_op.drop_column("carried_from_id")
        batch_op.drop_column("grace_until")

    with op.batch_alter_table("outgoing_messages", schema=None) as batch_op:
        batch_op.drop_column("closes_at")

    with op.batch_alter_table("roster_import_rows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_roster_import_rows_student_id"))
        batch_op.drop_index("ix_roster_import_rows_kind")

    op.drop_table("roster_import_rows")
    with op.batch_alter_table("roster_import_problems", schema=None) as batch_op:
        batch_op.drop_index("ix_roster_import_problems_place")

    op.drop_table("roster_import_problems")
    op.drop_table("roster_import_files")
    with op.batch_alter_table("roster_imports", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_roster_imports_expires_at"))
        batch_op.drop_index(batch_op.f("ix_roster_imports_campaign_id"))

    op.drop_table("roster_imports")
    with op.batch_alter_table("collecting_windows", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_collecting_windows_station_id"))

    op.drop_table("collecting_windows")
