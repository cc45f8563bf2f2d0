"""Bringing a database to the present tables."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from backend.db.engine import Database

_BACKEND = Path(__file__).resolve().parent.parent


def migrations_folder() -> Path:
    """Return the migration scripts: beside the package in a checkout, inside a wheel."""
    inside = _BACKEND / "migrations"
    return inside if inside.is_dir() else _BACKEND.parent / "migrations"


def alembic_config(url: str) -> Config:
    """Return Alembic's configuration for a database address."""
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    # ConfigParser reads a percent sign as the start of a reference.
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def migrate(url: str, revision: str = "head") -> None:
    """Upgrade the database; nothing happens when it is up to date."""
    command.upgrade(alembic_config(url), revision)


def is_current(db: Database, url: str) -> bool:
    """Tell whether the database has every migration."""
    heads = ScriptDirectory.from_config(alembic_config(url)).get_heads()
    with db.engine.connect() as connection:
        present = MigrationContext.configure(connection).get_current_heads()
    return set(present) == set(heads)
