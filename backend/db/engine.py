"""The engine and the one way to a transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from backend.domain.errors import InvalidInputError

__all__ = ["Database", "Session"]

#: How long a writer waits for another writer on SQLite before it gives up.
SQLITE_BUSY_MS: Final = 30_000


class Database:
    """Owns the engine; hands out sessions that commit or roll back as a whole."""

    def __init__(self, url: str) -> None:
        self.engine = _make_engine(url)
        self._info: dict[str, Callable[[str], str]] = {}

    def sign_audit_with(self, sign: Callable[[str], str]) -> None:
        """Have every session sign the end of the audit chain with a keyed hash."""
        self._info["sign_audit"] = sign

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Yield a session that commits on leaving and rolls back on any error.

        On SQLite the write lock is taken at the start (``BEGIN IMMEDIATE``): a
        transaction that reads first and writes later would otherwise fail at once
        when another writer came between, without waiting its turn.
        """
        session = Session(self.engine, expire_on_commit=False, info=self._info)
        with _refusing_misfits(), session, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session for reading only; it never takes the write lock."""
        engine = self.engine.execution_options(bizhao_reading=True)
        session = Session(engine, expire_on_commit=False, info=self._info)
        with _refusing_misfits(), session:
            yield session

    def check(self) -> None:
        """Raise whatever the driver raises when the database does not answer."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def analyse(self) -> None:
        """Count what is in the tables, as PostgreSQL does by itself after a minute.

        SQLite never does, and plans these queries better without.
        """
        if self.engine.dialect.name != "postgresql":
            return
        with self.engine.connect() as connection:
            connection.execute(text("ANALYZE"))
            connection.commit()

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


@contextmanager
def _refusing_misfits() -> Iterator[None]:
    """Call a value no column can hold (too long, too large, NUL) what it is: bad input."""
    try:
        yield
    except (DataError, OverflowError):
        raise InvalidInputError("invalid_input") from None


def _make_engine(url: str) -> Engine:
    # Parameters are names and numbers of people; errors must not carry them into logs.
    if not url.startswith("sqlite"):
        return create_engine(
            url,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=20,
            hide_parameters=True,
        )
    engine = create_engine(
        url, connect_args={"timeout": SQLITE_BUSY_MS / 1000}, hide_parameters=True
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    del record
    # The driver must not open transactions by itself; _begin_sqlite does.
    raw: Any = connection
    raw.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        f"busy_timeout={SQLITE_BUSY_MS}",
        # A commit that was acknowledged survives a power cut.
        "synchronous=FULL",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    reading = connection.get_execution_options().get("bizhao_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
