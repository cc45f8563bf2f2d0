"""An application over real HTTP, in the process of its test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from apiflask import APIFlask
from werkzeug.serving import WSGIRequestHandler, make_server

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
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=handler)
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
