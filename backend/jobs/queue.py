"""The queue of a production installation: Celery on Redis.

A task carries nothing but the name of a job: the rows say what is to be done, and every
job finds its own. So a lost task loses nothing (the clock asks for every job again), and
a task run twice finds nothing the second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog
from celery import Celery
from celery.schedules import crontab
from kombu.exceptions import OperationalError
from redis import Redis
from redis.exceptions import RedisError

from backend.domain.errors import UnavailableError
from backend.ports import Job

log = structlog.get_logger(__name__)

#: Seconds. A request that asks for a job waits no longer than this for a dead Redis.
_PATIENCE: Final = 0.5
#: Seconds between two looks by the clock, which find what no request asked for.
_EVERY: Final = 30
#: Seconds. No job takes this long; one that hangs is ended, and its lease runs out.
_SOFT_LIMIT, _HARD_LIMIT = 240, 300
_DAILY: Final = {
    # The day's reminders go out when people are awake.
    Job.REMINDERS: crontab(hour="9", minute="7"),
    # What one round cannot finish within its time is gone on with by the next.
    Job.PURGE: crontab(hour="2-5", minute="17"),
}
_TASK: Final = "bizhao.{}"


class QueuedJobs:
    """Asks the workers for jobs."""

    def __init__(self, redis_url: str) -> None:
        self._app = Celery("bizhao", broker=redis_url, set_as_current=False)
        self._app.conf.update(
            task_ignore_result=True,
            broker_connection_retry=False,
            broker_transport_options={
                "socket_connect_timeout": _PATIENCE,
                "socket_timeout": _PATIENCE,
                # Connecting is tried once: whoever waits here is a person.
                "max_retries": 1,
                "interval_start": 0,
                "interval_step": 0,
            },
        )

    def wake(self, job: Job) -> None:
        """Put the job's name on the queue; without Redis the clock will find the rows."""
        try:
            self._app.send_task(_TASK.format(job), retry=False, expires=_EVERY * 10)
        except (OperationalError, RedisError, OSError) as error:
            log.warning("queue_unavailable", job=job.value, kind=type(error).__name__)


def ping(redis_url: str) -> None:
    """Raise UnavailableError unless Redis answers."""
    try:
        with Redis.from_url(
            redis_url, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
        ) as client:
            client.ping()
    except (RedisError, OSError, ValueError):
        raise UnavailableError("queue_unavailable") from None


def make_worker(redis_url: str, handlers: Mapping[Job, Callable[[], object]]) -> Celery:
    """Return the application that ``celery worker`` and ``celery beat`` run."""
    app = Celery("bizhao", broker=redis_url)
    app.conf.update(
        task_ignore_result=True,
        task_soft_time_limit=_SOFT_LIMIT,
        task_time_limit=_HARD_LIMIT,
        timezone="Asia/Shanghai",
        broker_connection_retry_on_startup=True,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        beat_schedule={
            job.value: {
                "task": _TASK.format(job),
                "schedule": _DAILY.get(job, _EVERY),
                "options": {"expires": _EVERY},
            }
            for job in handlers
        },
    )
    for job, handler in handlers.items():
        app.task(name=_TASK.format(job), shared=False)(_task_of(job, handler))
    return app


def _task_of(job: Job, handler: Callable[[], object]) -> Callable[[], None]:
    def run(*args: Any) -> None:
        del args
        try:
            handler()
        except Exception as error:  # noqa: BLE001 - its text may be personal
            log.warning("job_failed", job=job.value, kind=type(error).__name__)

    run.__name__ = job.value
    return run
