from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect

from backend.db import migrate
from backend.db.base import Base
from backend.db.engine import Database


def _tables(url: str) -> set[str]:
    db = Database(url)
    try:
        return set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    finally:
        db.dispose()


def test_migrations_go_up_down_and_up_again(url: str) -> None:
    migrate.migrate(url)
    # Whole only now: the migrations import every module that has tables.
    every = set(Base.metadata.tables)
    assert _tables(url) == every
    # Raises when the models say something else than the migrations did.
    command.check(migrate.alembic_config(url))
    command.downgrade(migrate.alembic_config(url), "base")
    assert _tables(url) == set()
    migrate.migrate(url)
    migrate.migrate(url)
    assert _tables(url) == every


def test_a_database_is_current_after_migrating_and_not_before(url: str) -> None:
    db = Database(url)
    assert not migrate.is_current(db, url)
    migrate.migrate(url)
    assert migrate.is_current(db, url)
    db.dispose()


def test_the_scripts_are_found_beside_or_inside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (migrate.migrations_folder() / "env.py").is_file()
    monkeypatch.setattr(migrate, "_BACKEND", tmp_path)
    (tmp_path / "migrations").mkdir()
    assert migrate.migrations_folder() == tmp_path / "migrations"
