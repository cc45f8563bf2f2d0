"""Many rows at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import psycopg
from sqlalchemy import insert
from sqlalchemy.orm import Session

from backend.db.base import Base


def insert_many(
    session: Session, into: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert many rows past the mapper, which takes longer than the database."""
    if session.get_bind().dialect.name == "postgresql":
        _copy(session, into, rows)
        return
    session.execute(insert(into.__table__), [*map(dict, rows)])  # type: ignore[arg-type] # a table


def _copy(
    session: Session, into: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Send rows by COPY, which takes a fifth of the time of as many INSERTs.

    Raises:
        psycopg.IntegrityError: as the statement would; SQLAlchemy does not see it.
    """
    connection = session.connection()
    dialect = connection.dialect
    columns = [
        column
        for column in into.__table__.columns
        if column.key in rows[0] or (column.default and column.default.is_scalar)
    ]
    ways = [
        (
            column.key,
            column.default.arg if column.default is not None else None,
            column.type.dialect_impl(dialect).bind_processor(dialect),
        )
        for column in columns
    ]
    names = ", ".join(column.name for column in columns)
    raw = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    with (
        raw.cursor() as cursor,
        cursor.copy(f"COPY {into.__tablename__} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            values = (
                (row.get(key, default), prepare) for key, default, prepare in ways
            )
            copy.write_row([prepare(v) if prepare else v for v, prepare in values])
