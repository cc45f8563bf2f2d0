"""One at a time, whichever of the processes that share a folder asks."""

from __future__ import annotations

import fcntl
import os
import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from backend.domain.errors import UnavailableError

#: Seconds. One request of a process waits this long for its turn.
_PATIENCE: Final = 1.0
_LOOK_EVERY: Final = 0.05
#: Seconds until the others come again; not all of them at once.
_COME_AGAIN: Final = (2, 5)


class Turns:
    """Who may do heavy work; everybody else is told when to come again.

    Only one request of a process waits, and shortly: whoever waits holds a thread that
    others need for their verdict.
    """

    def __init__(self, name: str, *, folder: Path | None = None) -> None:
        """``folder`` is shared by all processes concerned; by default one of the user's."""
        shared = folder or Path(tempfile.gettempdir()) / f"bizhao-{os.getuid()}"
        self._path = shared / f"{name}.turn"
        self._waiting = threading.Lock()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold the turn; a process that dies gives it back.

        Raises:
            UnavailableError: ``background_busy`` with ``retry_after`` seconds;
                ``storage_unavailable``: there is no place to take turns.
        """
        if not self._waiting.acquire(blocking=False):
            raise _busy()
        try:
            handle = self._taken_in_time()
        finally:
            self._waiting.release()
        try:
            yield
        finally:
            os.close(handle)

    def _taken_in_time(self) -> int:
        """Return the open lock file once it is ours."""
        handle = self._opened()
        until = time.monotonic() + _PATIENCE
        while not _locked(handle):
            if time.monotonic() > until:
                os.close(handle)
                raise _busy()
            time.sleep(_LOOK_EVERY)
        return handle

    def _opened(self) -> int:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # Nobody's link is followed.
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            return os.open(self._path, flags, 0o600)
        except OSError:
            raise UnavailableError("storage_unavailable") from None


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _busy() -> UnavailableError:
    seconds = random.randint(*_COME_AGAIN)  # noqa: S311 - spreads, hides nothing
    return UnavailableError("background_busy", retry_after=seconds)
