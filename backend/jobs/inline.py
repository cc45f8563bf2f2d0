"""The queue of the embedded default: the process that asks does the job, then goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog

from backend.ports import Job

log = structlog.get_logger(__name__)


class InlineJobs:
    """Does each job at once; the handlers are told after the services exist."""

    def __init__(self) -> None:
        self._handlers: Mapping[Job, Callable[[], object]] = {}

    def assign(self, handlers: Mapping[Job, Callable[[], object]]) -> None:
        """Say who does what."""
        self._handlers = handlers

    def wake(self, job: Job) -> None:
        """Do the job; what fails is logged, and its rows stay for the next time."""
        try:
            self._handlers[job]()
        except Exception as error:  # noqa: BLE001 - the caller's own work is committed
            log.warning("job_failed", job=job.value, kind=type(error).__name__)
