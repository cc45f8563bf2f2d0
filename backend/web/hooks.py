"""What every request gets: an id, a log line without anything personal, headers."""

from __future__ import annotations

import secrets
import time
from typing import Final

import structlog
from flask import Flask, Response, g, request

from backend.web.auth import attach_new_session
from backend.web.uploads import allow_sheets

log = structlog.get_logger(__name__)

#: Scripts, styles and pictures are our own files; ``blob:`` is the upload's preview.
CSP: Final = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
    "worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def register_hooks(app: Flask) -> None:
    """Install the hooks around each request."""
    app.before_request(begin)
    app.before_request(allow_sheets)
    app.after_request(attach_new_session)
    app.after_request(finish)


def begin() -> None:
    """Give the request an id and start its clock."""
    g.request_id = secrets.token_hex(8)
    g.started = time.monotonic()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def finish(response: Response) -> Response:
    """Add the headers and log the request by its rule, never by its address."""
    headers = response.headers
    headers.setdefault("X-Request-Id", g.get("request_id", ""))
    scripts = f"; script-src 'self' {g.script_host}" if "script_host" in g else ""
    headers.setdefault("Content-Security-Policy", CSP + scripts)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(self), geolocation=()")
    if request.endpoint not in {"static", "bootstrap.static"}:
        headers.setdefault("Cache-Control", "no-store")
    log.info(
        "request",
        method=request.method,
        rule=str(request.url_rule or "-"),
        status=response.status_code,
        ms=round((time.monotonic() - g.get("started", time.monotonic())) * 1000),
    )
    return response
