"""An application over real HTTP, in the process of its test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from apiflask import APIFlask
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Seconds between two looks whether the block has ended.
_POLL_SECONDS = 0.05


@contextmanager
def served(
    app: APIFlask,
    *,
    port: int = 0,
    handler: type[WSGIRequestHandler] = WSGIRequestHandler,
) -> Iterator[str]:
    """Yield the address at which the application answers until the block ends."""
    server = make_server(
        "127.0.0.1", port, _whole(app), threaded=True, request_handler=handler
    )
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _whole(app: APIFlask) -> WSGIApplication:
    """Have each answer ready, and its files closed, before any of it is sent.

    A page that is left resets its connections, and Werkzeug's server then forgets to
    close what it was sending.
    """

    def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        parts: Any = app(environ, start)
        with closing(parts) if hasattr(parts, "close") else nullcontext():
            return [b"".join(parts)]

    return answer
