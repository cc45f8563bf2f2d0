"""A PostgreSQL database for one measurement, gone afterwards."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, make_url, text


@contextmanager
def scratch_database(server: str) -> Iterator[str]:
    """Make an empty database on a server, yield its address, and drop it."""
    engine = create_engine(make_url(server), isolation_level="AUTOCOMMIT")
    name = f"bizhao_bench_{secrets.token_hex(6)}"
    try:
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        try:
            url = engine.url.set(database=name)
            yield url.render_as_string(hide_password=False)
        finally:
            with engine.connect() as connection:
                connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    finally:
        engine.dispose()
