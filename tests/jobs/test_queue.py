"""Asking for a job never fails and never keeps anybody waiting."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from structlog.testing import capture_logs

from backend.jobs.inline import InlineJobs
from backend.jobs.queue import QueuedJobs, make_worker
from backend.ports import Job
from tests.redis_server import RedisServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as running:
        yield running


def waiting(server: RedisServer) -> int:
    with redis.Redis.from_url(server.url) as client:
        return int(client.llen("celery"))


@pytest.mark.needs("redis")
def test_a_job_asked_for_waits_in_redis(server: RedisServer) -> None:
    jobs = QueuedJobs(server.url)
    jobs.wake(Job.MESSAGES)
    jobs.wake(Job.PUSHES)
    assert waiting(server) == 2


@pytest.mark.needs("redis")
def test_without_redis_nobody_notices_and_afterwards_it_works(
    server: RedisServer,
) -> None:
    jobs = QueuedJobs(server.url)
    jobs.wake(Job.MESSAGES)
    server.stop()
    with capture_logs() as said:
        for _ in range(3):
            jobs.wake(Job.MESSAGES)
    assert [line["event"] for line in said] == ["queue_unavailable"] * 3
    server.start()
    jobs.wake(Job.MESSAGES)
    assert waiting(server) == 1


def test_a_redis_that_hangs_is_given_up() -> None:
    with capture_logs() as said, socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        QueuedJobs(f"redis://127.0.0.1:{port}/0").wake(Job.MESSAGES)
    assert [line["event"] for line in said] == ["queue_unavailable"]


def test_the_clock_asks_for_every_job() -> None:
    done: list[Job] = []
    app = make_worker(
        "redis://127.0.0.1:1/0",
        {job: lambda job=job: done.append(job) for job in Job},  # type: ignore[misc] # bound now
    )
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} == {
        f"bizhao.{job}" for job in Job
    }
    for job in Job:
        app.tasks[f"bizhao.{job}"]()
    assert done == list(Job)


def test_a_job_that_fails_is_told_by_its_kind_alone() -> None:
    def fail() -> None:
        raise RuntimeError("openid oSecret")

    app = make_worker("redis://127.0.0.1:1/0", {Job.MESSAGES: fail})
    inline = InlineJobs()
    inline.assign({Job.MESSAGES: fail})
    with capture_logs() as said:
        app.tasks["bizhao.messages"]()
        inline.wake(Job.MESSAGES)
    assert [line["event"] for line in said] == ["job_failed"] * 2
    assert "oSecret" not in str(said)
