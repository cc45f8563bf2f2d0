"""What was acknowledged survives a worker that is killed in the middle of its work."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from backend.app import make_adapters, make_services
from backend.cli import demo_data
from backend.settings import read_settings
from tests.pictures import as_jpeg, astronaut, unlike
from tests.server import ApiStudent, RunningServer, running_server

_ROUNDS = 20
_UPLOADS = 25
_CLIENTS = 8


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("kill")) as running:
        yield running


def upload(student: ApiStudent, binding: str, photo: bytes) -> str | None:
    """Return the id of an acknowledged submission; none when no answer came."""
    try:
        answer = student.http.post(
            f"{student.url}/api/v1/bindings/{binding}/submissions",
            files={"photo": ("p.jpg", photo, "image/jpeg")},
            headers={"Connection": "close"},
            timeout=60,
        )
    except requests.RequestException:
        return None
    if answer.status_code != 201:
        return None
    accepted: str = answer.json()["public_id"]
    return accepted


@pytest.mark.xdist_group("server")
def test_every_acknowledged_photo_survives_twenty_killed_workers(
    server: RunningServer,
) -> None:
    people = demo_data.demo_students()[:_CLIENTS]
    students = [ApiStudent(server.url, server.entry_tokens[0], p) for p in people]
    bindings = [student.bind() for student in students]
    photo = as_jpeg(astronaut()[:320, 60:380])
    chance = random.Random(20)
    acknowledged: dict[str, int] = {}
    killed = 0
    for round_number in range(_ROUNDS):
        done = threading.Semaphore(0)

        def one(
            number: int, done: threading.Semaphore = done
        ) -> tuple[int, str | None]:
            who = number % _CLIENTS
            try:
                return who, upload(students[who], bindings[who], unlike(photo, number))
            finally:
                done.release()

        with ThreadPoolExecutor(_CLIENTS) as pool:
            first = round_number * _UPLOADS
            running = [pool.submit(one, first + n) for n in range(_UPLOADS)]
            for _ in range(chance.randrange(3, _UPLOADS - 3)):
                done.acquire()
            os.kill(chance.choice(server.workers()), signal.SIGKILL)
            killed += 1
            for future in running:
                who, accepted = future.result()
                if accepted is not None:
                    acknowledged[accepted] = who
    assert killed == _ROUNDS
    assert len(acknowledged) > _ROUNDS * _UPLOADS / 2
    for submission, who in acknowledged.items():
        seen = students[who].get(f"/submissions/{submission}")
        assert seen.status_code == 200
        assert seen.json()["report"]["findings"]
        assert (
            students[who].get(f"/submissions/{submission}/original").status_code == 200
        )
    assert_only_orphans(server.folder)


def assert_only_orphans(folder: Path) -> None:
    """Reconcile: nothing a row names is missing, and what is left over goes."""
    settings = read_settings(folder / "var" / "demo.env")
    services = make_services(settings, make_adapters(settings))
    found = services.reconcile.compare(age=timedelta(0))
    assert found.missing == ()
    services.reconcile.remove_orphans(found)
    assert services.reconcile.compare(age=timedelta(0)).orphans == ()
