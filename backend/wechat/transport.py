"""HTTP with an end: to connect, to answer and to be done are each bounded."""

from __future__ import annotations

import time
from typing import Any, Final

import requests

#: Seconds to connect, and between two pieces of an answer.
_TIMEOUT: Final = (3.0, 5.0)
#: Seconds for a whole answer: a server that sends a byte now and then keeps nobody.
_WHOLE_ANSWER: Final = 8.0
#: A mini-program code of 1280 px is some 200 KB.
_MOST_BYTES: Final = 2 * 1024 * 1024
_PIECE: Final = 64 * 1024


class BoundedSession(requests.Session):
    """A session whose answers are whole and small when a request returns."""

    def __init__(self) -> None:
        super().__init__()
        # Only the settings say where WeChat is, no proxy of the environment's.
        self.trust_env = False

    def send(
        self, request: requests.PreparedRequest, **kwargs: Any
    ) -> requests.Response:
        """Send and read the whole answer; raises requests' own exceptions."""
        end = time.monotonic() + _WHOLE_ANSWER
        kwargs.update(timeout=_TIMEOUT, stream=True, allow_redirects=False)
        response = super().send(request, **kwargs)
        body = bytearray()
        whole = False
        try:
            while time.monotonic() < end and len(body) <= _MOST_BYTES and not whole:
                piece = response.raw.read1(_PIECE, decode_content=True)
                body += piece
                whole = not piece
        except Exception:  # noqa: BLE001 - urllib3's own, of several roots
            raise requests.exceptions.ConnectionError("broken answer") from None
        finally:
            response.close()
        if not whole:
            raise requests.exceptions.ReadTimeout("the answer has no end")
        response._content = bytes(body)  # noqa: SLF001 - what reading it would set
        return response
