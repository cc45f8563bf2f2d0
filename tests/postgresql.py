"""Run a command with a PostgreSQL server to test against.

``python -m tests.postgresql pytest …`` uses the server that answers, or starts a
private one in a temporary folder for as long as the command runs.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import psycopg

VARIABLE: Final = "BIZHAO_TEST_POSTGRES_URL"
#: Where ``bizhao bench`` looks for a server.
_OF_THE_BENCH: Final = "BIZHAO_BENCH_POSTGRESQL"
_USUAL: Final = (
    "postgresql+psycopg://root@127.0.0.1:5432/postgres",
    "postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
)


@cache
def server_url() -> str | None:
    """Return the SQLAlchemy URL of a server where databases may be made, if any."""
    named = os.environ.get(VARIABLE)
    return next(filter(_answers, [named] if named else _USUAL), None)


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(
            url.replace("+psycopg", "", 1), connect_timeout=3, autocommit=True
        ) as connection:
            row = connection.execute(
                "SELECT rolcreatedb OR rolsuper FROM pg_roles"
                " WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error:
        return False
    return row is not None and bool(row[0])


def _programs() -> Path | None:
    """Return the folder of the newest ``initdb``; Debian keeps it off the path."""
    found = shutil.which("initdb")
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if places:
        return places[-1].parent
    return Path(found).parent if found else None


@contextmanager
def _private_server(programs: Path) -> Iterator[str]:
    as_owner = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [*as_owner, str(programs / program), *arguments],
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )

    with tempfile.TemporaryDirectory(prefix="bizhao-pg-") as folder:
        if as_owner:
            shutil.chown(folder, "postgres")
        data = f"{folder}/data"
        run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -F"
        run("pg_ctl", "-D", data, "-w", "-l", f"{folder}/log", "-o", options, "start")
        try:
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


def main(command: list[str]) -> int:
    """Run the command and return its exit status."""
    programs, url = _programs(), server_url()
    if url or programs is None:
        return _run(command, url)
    with _private_server(programs) as url:
        return _run(command, url)


def _run(command: list[str], url: str | None) -> int:
    told = {VARIABLE: url, _OF_THE_BENCH: url} if url else {}
    return subprocess.run(command, check=False, env=os.environ | told).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
