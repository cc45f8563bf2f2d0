"""Runs the migrations against the database named in the configuration."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

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


def run() -> None:
    url = context.config.get_main_option("sqlalchemy.url")
    if not url:
        raise SystemExit("sqlalchemy.url is not set; use `bizhao migrate`")
    db = Database(url)
    with db.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            # SQLite cannot alter most things in place.
            render_as_batch=connection.dialect.name == "sqlite",
            compare_type=True,
        )
        with context.begin_transaction():
            if connection.dialect.name == "postgresql":
                connection.execute(
                    text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK}
                )
            context.run_migrations()
        connection.commit()
    db.dispose()


run()
