"""What takes longer than most tests and is done once for all of them.

Migrated SQLite files are copied, and a statement is compiled once for all the databases
of a kind, not once for each.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

from backend.db import engine as engines
from backend.db.migrate import migrate


@functools.cache
def _migrated() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="migrated-"))
    atexit.register(shutil.rmtree, folder)
    file = folder / "migrated.sqlite3"
    migrate(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection:
        # What a copy of the one file shall hold must not wait beside it.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


def migrated_sqlite(file: Path) -> str:
    """Put a database without rows at a path and return its address."""
    shutil.copy(_migrated(), file)
    return f"sqlite:///{file}"


def share_compiled_statements(patch: pytest.MonkeyPatch) -> None:
    """Let every engine from now on know what another of its kind has compiled."""
    made, first = engines._make_engine, dict[str, Engine]()
    compiled: dict[str, LRUCache[object, object]] = {}

    def make(url: str) -> Engine:
        engine = made(url)
        kind = engine.dialect.name
        known = first.setdefault(kind, engine)
        if known.dialect.server_version_info is None:
            # It has not met a database yet.
            first[kind] = engine
            return engine
        engine.dialect = known.dialect
        engine._compiled_cache = compiled.setdefault(kind, LRUCache(5000))  # type: ignore[assignment] # of any keys
        return engine

    patch.setattr(engines, "_make_engine", make)
