"""What search needs: one row a binding, kept by triggers, and the keys staff type.

The same view says on both databases what a row of ``records`` shall be; the triggers put
it there. SQLite keeps triggers with their table and checks views whenever a table is
renamed: a later migration that makes one of these tables anew (``batch_alter_table``)
drops triggers and view first, as :func:`downgrade` does, and creates them again.
"""

import sqlalchemy as sa
from alembic import op

import backend.db.base

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_FACTS = """
CREATE VIEW record_facts AS
SELECT
    b.id AS binding_id,
    b.campaign_id AS campaign_id,
    COALESCE(s.station_id, e.station_id) AS station_id,
    COALESCE(s.graduating_year, 0) AS graduating_year,
    COALESCE(s.level, '') AS level,
    COALESCE(s.class_no, '') AS class_no,
    COALESCE(s.major, '') AS major,
    COALESCE(s.study_form, '') AS study_form,
    COALESCE(s.name, b.stated_name) AS name,
    COALESCE(s.student_no, '') AS student_no,
    CASE WHEN b.released_at IS NOT NULL THEN 'released'
         WHEN b.student_id IS NULL THEN 'waiting'
         ELSE 'active' END AS binding_status,
    p.id AS submission_id,
    COALESCE(p.status, '') AS status,
    COALESCE(p.verdict, '') AS verdict,
    COALESCE(p.source, '') AS source,
    COALESCE(p.human_review_requested, false) AS human_review,
    COALESCE(p.status, 'draft') <> 'draft' AND EXISTS (
        SELECT 1 FROM picture_checks c
        WHERE c.submission_id = p.id AND c.state = 'risky'
    ) AS quarantined,
    p.decided_by_id AS decided_by_id,
    COALESCE(p.confirmed_at, {epoch}) AS submitted_at,
    b.created_at AS changed_at
FROM bindings b
JOIN entries e ON e.id = b.entry_id
LEFT JOIN students s ON s.id = b.student_id AND b.erased_at IS NULL
LEFT JOIN submissions p ON p.id = (
    SELECT q.id FROM submissions q
    WHERE q.binding_id = b.id AND q.status NOT IN ('superseded', 'withdrawn')
    ORDER BY q.status = 'draft' LIMIT 1
)
"""
_EPOCHS = {
    "sqlite": "'1970-01-01 00:00:00.000000'",
    "postgresql": "timestamptz '1970-01-01 00:00:00+00'",
}
#: Of the record: all but its binding and when it changed, which the logs tell.
_KEPT = (
    "campaign_id, station_id, graduating_year, level, class_no, major, study_form, name,"
    " student_no, binding_status, submission_id, status, verdict, source, human_review,"
    " quarantined, decided_by_id, submitted_at"
)
_ADD = f"""
INSERT INTO records (binding_id, changed_at, {_KEPT})
SELECT binding_id, changed_at, {_KEPT} FROM record_facts
"""  # noqa: S608 - names of our own
_REFRESH = f"""
UPDATE records SET ({_KEPT}) = (
    SELECT {_KEPT} FROM record_facts f WHERE f.binding_id = records.binding_id
) WHERE binding_id
"""  # noqa: S608 - names of our own
_CHANGED = "UPDATE records SET changed_at = NEW.at WHERE changed_at < NEW.at"
_OF_SUBMISSION = "(SELECT binding_id FROM submissions WHERE id = {row}.submission_id)"
_OF_STUDENT = "(SELECT id FROM bindings WHERE student_id = NEW.id)"
_PHOTO = "status, verdict, human_review_requested, confirmed_at, decided_by_id"
_STUDENT = (
    "station_id, graduating_year, level, class_no, major, study_form, name, student_no"
)
#: Name, table, what happens, what is done.
_TRIGGERS = (
    ("binding_added", "bindings", "INSERT", f"{_ADD} WHERE binding_id = NEW.id"),
    (
        "binding_changed",
        "bindings",
        "UPDATE OF campaign_id, entry_id, student_id, stated_name, released_at, erased_at",
        f"{_REFRESH} = NEW.id",
    ),
    (
        "student_changed",
        "students",
        f"UPDATE OF {_STUDENT}",
        f"{_REFRESH} IN {_OF_STUDENT}",
    ),
    ("photo_added", "submissions", "INSERT", f"{_REFRESH} = NEW.binding_id"),
    (
        "photo_changed",
        "submissions",
        f"UPDATE OF {_PHOTO}",
        f"{_REFRESH} = NEW.binding_id",
    ),
    ("photo_removed", "submissions", "DELETE", f"{_REFRESH} = OLD.binding_id"),
    (
        "check_added",
        "picture_checks",
        "INSERT",
        f"{_REFRESH} = {_OF_SUBMISSION.format(row='NEW')}",
    ),
    (
        "check_changed",
        "picture_checks",
        "UPDATE OF state",
        f"{_REFRESH} = {_OF_SUBMISSION.format(row='NEW')}",
    ),
    (
        "check_removed",
        "picture_checks",
        "DELETE",
        f"{_REFRESH} = {_OF_SUBMISSION.format(row='OLD')}",
    ),
    (
        "binding_told",
        "binding_events",
        "INSERT",
        f"{_CHANGED} AND binding_id = NEW.binding_id",
    ),
    (
        "photo_told",
        "submission_events",
        "INSERT",
        f"{_CHANGED} AND binding_id = {_OF_SUBMISSION.format(row='NEW')}",
    ),
)

#: For rows that were there before their triggers.
_LATEST = """
UPDATE records SET changed_at = (
    SELECT MAX(at) FROM (
        SELECT records.changed_at AS at
        UNION ALL
        SELECT e.at FROM binding_events e WHERE e.binding_id = records.binding_id
        UNION ALL
        SELECT e.at FROM submission_events e
        JOIN submissions p ON p.id = e.submission_id
        WHERE p.binding_id = records.binding_id
    ) AS told
)
"""
#: What the indexes of whole orders keep beside their keys.
_READ = (
    "graduating_year",
    "level",
    "major",
    "study_form",
    "binding_status",
    "verdict",
    "source",
    "human_review",
    "quarantined",
    "decided_by_id",
)
#: What staff type to name a student, beside the name.
_TYPED = ("student_no", "exam_no", "id_last6_hash")


def upgrade() -> None:
    op.create_table(
        "records",
        sa.Column("binding_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("station_id", sa.Integer(), nullable=False),
        sa.Column("graduating_year", sa.Integer(), nullable=False),
        sa.Column("level", _bytewise(20), nullable=False),
        sa.Column("class_no", _bytewise(50), nullable=False),
        sa.Column("major", _bytewise(100), nullable=False),
        sa.Column("study_form", _bytewise(20), nullable=False),
        sa.Column("name", _bytewise(80), nullable=False),
        sa.Column("student_no", _bytewise(30), nullable=False),
        sa.Column("binding_status", sa.String(length=10), nullable=False),
        sa.Column("submission_id", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(length=15), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("human_review", sa.Boolean(), nullable=False),
        sa.Column("quarantined", sa.Boolean(), nullable=False),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column(
            "submitted_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.Column(
            "changed_at", backend.db.base.UtcDateTime(timezone=True), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["binding_id"],
            ["bindings.id"],
            name=op.f("fk_records_binding_id_bindings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("binding_id", name=op.f("pk_records")),
    )
    dialect = op.get_bind().dialect.name
    op.execute(_FACTS.format(epoch=_EPOCHS[dialect]))
    op.execute(_ADD)
    op.execute(_LATEST)
    op.create_index(
        "ix_records_changed",
        "records",
        ["changed_at", "binding_id"],
        postgresql_include=_READ,
    )
    op.create_index(
        "ix_records_submitted",
        "records",
        ["submitted_at", "binding_id"],
        postgresql_include=_READ,
    )
    op.create_index(
        "ix_records_name", "records", ["name", "binding_id"], postgresql_include=_READ
    )
    op.create_index(
        "ix_records_student_no",
        "records",
        ["student_no", "binding_id"],
        postgresql_include=_READ,
    )
    op.create_index(
        "ix_records_class",
        "records",
        ["station_id", "class_no", "student_no", "binding_id"],
        postgresql_include=_READ,
    )
    op.create_index(
        "ix_records_campaign_changed",
        "records",
        ["campaign_id", "changed_at", "binding_id"],
        postgresql_include=_READ,
    )
    op.create_index(
        "ix_records_campaign_submitted",
        "records",
        ["campaign_id", "submitted_at", "binding_id"],
        postgresql_include=_READ,
    )
    op.create_index(
        "ix_records_campaign_name",
        "records",
        ["campaign_id", "name", "binding_id"],
        postgresql_include=_READ,
    )
    op.create_index(
        "ix_records_campaign_student_no",
        "records",
        ["campaign_id", "student_no", "binding_id"],
        postgresql_include=_READ,
    )
    op.create_index(
        "ix_records_campaign_class",
        "records",
        ["campaign_id", "station_id", "class_no", "student_no", "binding_id"],
        postgresql_include=_READ,
    )
    op.create_index(
        "ix_records_station_changed",
        "records",
        ["station_id", "changed_at", "binding_id"],
        postgresql_include=("campaign_id", *_READ),
    )
    op.create_index(
        "ix_records_station_submitted",
        "records",
        ["station_id", "submitted_at", "binding_id"],
        postgresql_include=("campaign_id", *_READ),
    )
    op.create_index(
        "ix_records_station_name",
        "records",
        ["station_id", "name", "binding_id"],
        postgresql_include=("campaign_id", *_READ),
    )
    op.create_index(
        "ix_records_station_student_no",
        "records",
        ["station_id", "student_no", "binding_id"],
        postgresql_include=("campaign_id", *_READ),
    )
    op.create_index(
        "ix_records_status_changed", "records", ["status", "changed_at", "binding_id"]
    )
    op.create_index(
        "ix_records_status_submitted",
        "records",
        ["status", "submitted_at", "binding_id"],
    )
    op.create_index(
        "ix_records_status_name", "records", ["status", "name", "binding_id"]
    )
    op.create_index(
        "ix_records_status_student_no",
        "records",
        ["status", "student_no", "binding_id"],
    )
    op.create_index(
        "ix_records_status_class",
        "records",
        ["status", "station_id", "class_no", "student_no", "binding_id"],
    )
    op.create_index(
        "ix_records_year_changed",
        "records",
        ["graduating_year", "changed_at", "binding_id"],
    )
    op.create_index(
        "ix_records_year_submitted",
        "records",
        ["graduating_year", "submitted_at", "binding_id"],
    )
    op.create_index(
        "ix_records_year_student_no",
        "records",
        ["graduating_year", "student_no", "binding_id"],
    )
    op.create_index(
        "ix_records_decider_changed",
        "records",
        ["decided_by_id", "changed_at", "binding_id"],
    )
    op.create_index(
        "ix_records_decider_submitted",
        "records",
        ["decided_by_id", "submitted_at", "binding_id"],
    )
    op.create_index(
        "ix_records_decider_student_no",
        "records",
        ["decided_by_id", "student_no", "binding_id"],
    )
    op.create_index(
        "ix_records_binding_changed",
        "records",
        ["binding_status", "changed_at", "binding_id"],
        sqlite_where=sa.text("binding_status <> 'active'"),
        postgresql_where=sa.text("binding_status <> 'active'"),
    )
    op.create_index(
        "ix_records_binding_submitted",
        "records",
        ["binding_status", "submitted_at", "binding_id"],
        sqlite_where=sa.text("binding_status <> 'active'"),
        postgresql_where=sa.text("binding_status <> 'active'"),
    )
    op.create_index(
        "ix_records_binding_name",
        "records",
        ["binding_status", "name", "binding_id"],
        sqlite_where=sa.text("binding_status <> 'active'"),
        postgresql_where=sa.text("binding_status <> 'active'"),
    )
    op.create_index(
        "ix_records_binding_student_no",
        "records",
        ["binding_status", "student_no", "binding_id"],
        sqlite_where=sa.text("binding_status <> 'active'"),
        postgresql_where=sa.text("binding_status <> 'active'"),
    )
    op.create_index(
        "ix_records_binding_class",
        "records",
        ["binding_status", "station_id", "class_no", "student_no", "binding_id"],
        sqlite_where=sa.text("binding_status <> 'active'"),
        postgresql_where=sa.text("binding_status <> 'active'"),
    )
    op.create_index(
        "ix_records_source_changed",
        "records",
        ["source", "changed_at", "binding_id"],
        sqlite_where=sa.text("source <> 'scan'"),
        postgresql_where=sa.text("source <> 'scan'"),
    )
    op.create_index(
        "ix_records_source_submitted",
        "records",
        ["source", "submitted_at", "binding_id"],
        sqlite_where=sa.text("source <> 'scan'"),
        postgresql_where=sa.text("source <> 'scan'"),
    )
    op.create_index(
        "ix_records_source_student_no",
        "records",
        ["source", "student_no", "binding_id"],
        sqlite_where=sa.text("source <> 'scan'"),
        postgresql_where=sa.text("source <> 'scan'"),
    )
    op.create_index("ix_records_class_no", "records", ["class_no"])
    op.create_index("ix_records_major", "records", ["major"])
    op.create_index("ix_records_level", "records", ["level"])
    op.create_index("ix_records_study_form", "records", ["study_form"])
    op.create_index("ix_records_submission", "records", ["submission_id"], unique=True)
    op.create_index(
        "ix_records_human_review",
        "records",
        ["binding_id"],
        sqlite_where=sa.text("human_review"),
        postgresql_where=sa.text("human_review"),
    )
    op.create_index(
        "ix_records_quarantined",
        "records",
        ["binding_id"],
        sqlite_where=sa.text("quarantined"),
        postgresql_where=sa.text("quarantined"),
    )
    for column in _TYPED:
        op.create_index(f"ix_students_{column}", "students", [column])
    op.create_index(
        "ix_students_name_start",
        "students",
        ["name"],
        postgresql_ops={"name": "text_pattern_ops"},
    )
    op.create_index("ix_bindings_code_hash", "bindings", ["code_hash"])
    op.create_index("ix_bindings_last6", "bindings", ["stated_last6_hash"])
    for trigger in _TRIGGERS:
        _create(dialect, *trigger)
    op.create_table(
        "poster_prints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("size", sa.String(length=10), nullable=False),
        sa.Column("who", sa.String(length=50), nullable=False),
        sa.Column("at", backend.db.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"],
            ["entries.id"],
            name=op.f("fk_poster_prints_entry_id_entries"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poster_prints")),
    )
    op.create_index("ix_poster_prints_entry_id", "poster_prints", ["entry_id"])


def downgrade() -> None:
    op.drop_table("poster_prints")
    dialect = op.get_bind().dialect.name
    for name, table, _, _ in _TRIGGERS:
        if dialect == "postgresql":
            op.execute(f"DROP TRIGGER records_{name} ON {table}")
            op.execute(f"DROP FUNCTION records_{name}()")
        else:
            op.execute(f"DROP TRIGGER records_{name}")
    op.execute("DROP VIEW record_facts")
    op.drop_table("records")
    op.drop_index("ix_bindings_last6", "bindings")
    op.drop_index("ix_bindings_code_hash", "bindings")
    op.drop_index("ix_students_name_start", "students")
    for column in _TYPED:
        op.drop_index(f"ix_students_{column}", "students")


def _create(dialect: str, name: str, table: str, event: str, act: str) -> None:
    act = " ".join(act.split())
    if dialect == "sqlite":
        op.execute(
            f"CREATE TRIGGER records_{name} AFTER {event} ON {table} BEGIN {act}; END"
        )
        return
    op.execute(
        f"CREATE FUNCTION records_{name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {act}; RETURN NULL; END $$"
    )
    op.execute(
        f"CREATE TRIGGER records_{name} AFTER {event} ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION records_{name}()"
    )


def _bytewise(length: int) -> sa.String:
    return sa.String(length).with_variant(
        sa.String(length, collation="C"), "postgresql"
    )
