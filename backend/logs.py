"""Structured logs: one JSON object a line, on standard output."""

from __future__ import annotations

import logging

import structlog


def configure_logs() -> None:
    """Render our own log lines as JSON; the libraries we use are silent below warnings.

    urllib3 is silent altogether: its lines hold addresses, and those hold secrets.
    """
    logging.getLogger("urllib3").setLevel(logging.CRITICAL)
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(ensure_ascii=False)],
        # Standard output as it is when a line is written, not when this was called.
        logger_factory=structlog.PrintLoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )
