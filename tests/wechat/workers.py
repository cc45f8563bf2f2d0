"""A real Celery worker for tests: started, and its working process killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests import secrecy

ROOT: Final = Path(__file__).parents[2]
_PATIENCE: Final = 60.0


class Worker:
    """``celery worker`` with a clock, and one process at a time that does the jobs."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self._environment = os.environ | {"PYTHONPATH": str(ROOT)} | dict(environment)
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it takes work."""
        before = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as out:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "celery", "--app", "backend.worker"),
                    *("worker", "--concurrency", "1", "--loglevel", "INFO"),
                    *("--without-gossip", "--without-mingle", "--without-heartbeat"),
                    "--beat",
                    *("--schedule", str(self._log.with_suffix(".beat"))),
                ],
                cwd=self._log.parent,
                env=self._environment,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + _PATIENCE
        while b" ready." not in self._log.read_bytes()[before:]:
            assert self._process.poll() is None, self._log.read_text(encoding="utf-8")
            assert time.monotonic() < end, self._log.read_text(encoding="utf-8")
            time.sleep(0.05)

    def kill_child(self) -> None:
        """End the process that does the jobs as ``kill -9`` does; another follows.

        Its parent stands still until it is dead: a look at one that is dying finds
        nothing, and the next look is five seconds later.
        """
        assert self._process is not None
        pid = self._process.pid
        os.kill(pid, signal.SIGSTOP)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        for child in children.split():
            if b"celery" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGKILL)
                _wait_until_dead(int(child))
        os.kill(pid, signal.SIGCONT)

    def kill(self) -> None:
        """End all of it as ``kill -9`` does."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=_PATIENCE)
            self._process = None
            assert not secrecy.found_in(self._log.read_text(encoding="utf-8"))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


def _wait_until_dead(child: int) -> None:
    """Wait until nothing of a killed process is left but its place in the table."""
    end = time.monotonic() + _PATIENCE
    stat = Path(f"/proc/{child}/stat")
    while stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z":
        assert time.monotonic() < end, "a killed process lives on"
        time.sleep(0.005)
