"""Migrated SQLite files to copy: migrating each anew takes longer than most tests."""

from __future__ import annotations

import atexit
import functools
import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

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
