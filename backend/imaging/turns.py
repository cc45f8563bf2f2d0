"""One at a time on a machine, whichever process asks."""

from __future__ import annotations

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from backend.domain.errors import UnavailableError

#: Seconds. A request waits this long for its turn, and comes again after this long.
_PATIENCE: Final = 1.0
_COME_AGAIN: Final = 2
_LOOK_EVERY: Final = 0.05


class Turns:
    """Who may do heavy work; everybody else is told when to come again."""

    def __init__(self, name: str) -> None:
        self._path = Path(tempfile.gettempdir()) / f"bizhao-{os.getuid()}-{name}.turn"

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold the turn; a process that dies gives it back.

        Raises:
            UnavailableError: ``background_busy`` with ``retry_after`` seconds.
        """
        # Nobody else's link is followed into a folder that everybody may write to.
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(self._path, flags, 0o600)
        try:
            self._wait_for(handle)
            yield
        finally:
            os.close(handle)

    def _wait_for(self, handle: int) -> None:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > until:
                    raise UnavailableError(
                        "background_busy", retry_after=_COME_AGAIN
                    ) from None
                time.sleep(_LOOK_EVERY)
            else:
                return
