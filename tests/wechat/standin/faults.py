"""The ways in which an endpoint can be told to fail."""

from __future__ import annotations

import socket
from collections import defaultdict, deque
from collections.abc import Iterator
from threading import Event, Lock
from typing import Final, Literal

from flask import Response, request

#: An errcode, or:
#: ``hang``          no answer until healed or stopped
#: ``slow``          the right answer, after ``DELAY_SECONDS``
#: ``drip``          the right answer, a byte at a time, for longer than anyone waits
#: ``garbage``       a page instead of JSON or a picture
#: ``http500``       an error status
#: ``close``         the connection ends without an answer and without an effect
#: ``lost``          everything is done, and the connection ends without an answer
#: ``contradiction`` ok is said, and what was asked for is not there
Fault = (
    int
    | Literal[
        "hang",
        "slow",
        "drip",
        "garbage",
        "http500",
        "close",
        "lost",
        "contradiction",
    ]
)

DELAY_SECONDS: Final = 0.3
_DRIP_SECONDS: Final = 0.1
_PAGE: Final = "<html><body>502 Bad Gateway</body></html>"


class Faults:
    """What the next answers of each endpoint shall be."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._next: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self._always: dict[str, Fault] = {}
        self._over = Event()

    def add(self, path: str, faults: tuple[Fault, ...]) -> None:
        with self._lock:
            self._next[path].extend(faults)

    def keep(self, path: str, fault: Fault) -> None:
        with self._lock:
            self._always[path] = fault

    def heal(self) -> None:
        """Forget every fault, and let go of the requests that hang."""
        with self._lock:
            self._next.clear()
            self._always.clear()
            self._over.set()
            self._over = Event()

    def take(self, path: str) -> Fault | None:
        with self._lock:
            waiting = self._next.get(path)
            return waiting.popleft() if waiting else self._always.get(path)

    def wait(self, seconds: float | None = None) -> None:
        """Wait for healing, or so many seconds."""
        self._over.wait(seconds)

    def drip(self, body: bytes) -> Iterator[bytes]:
        """Yield a body byte by byte, never the whole of it while the fault lasts."""
        over = self._over
        for at in range(len(body)):
            yield body[at : at + 1]
            over.wait(_DRIP_SECONDS)
        while not over.wait(_DRIP_SECONDS):
            yield b" "


def garbage() -> Response:
    return Response(_PAGE, mimetype="text/html")


def http500() -> Response:
    return Response(_PAGE, status=502, mimetype="text/html")


def hang_up() -> Response:
    """End the connection under the request being answered."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return Response()
