"""Runs the migrations against the database named in the configuration."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, text

# Imported so that the tables are known.
from backend.db import (  # noqa: F401
    campaign_models,
    collecting_models,
    delivery_models,
    people_models,
    retention_models,
    review_models,
    search_models,
    wechat_models,
)
from backend.db.base import Base
from backend.db.engine import Database

_LOCK = 0x626D_6967  # any constant: one migration at a time on PostgreSQL


def _set_foreign_keys(connection: Connection, *, enforced: bool) -> None:
    raw = connection.connection.dbapi_connection
    assert raw is not None  # noqa: S101 - it is open
    cursor = raw.cursor()
    cursor.execute(f"PRAGMA foreign_keys={'ON' if enforced else 'OFF'}")
    cursor.close()


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    if not url:
        raise SystemExit("sqlalchemy.url is not set; use `bizhao migrate`")
    db = Database(url)
    with db.engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            # A table is changed by making it anew; what refers to it must let it go for
            # a moment. It is all checked before the end. The setting is that of the
            # connection, and without effect in a transaction.
            _set_foreign_keys(connection, enforced=False)
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            # SQLite cannot alter most things in place.
            render_as_batch=sqlite,
            compare_type=True,
        )
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK}
                )
            context.run_migrations()
            if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").all():
                raise SystemExit(
                    "the migrations would leave rows that refer to nothing"
                )
        connection.commit()
        if sqlite:
            _set_foreign_keys(connection, enforced=True)
    db.dispose()


run()
