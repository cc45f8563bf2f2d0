"""What `make run` starts, walked through as a newcomer would."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from backend.cli import demo_data, main
from tests.photos import labelled
from tests.server import ApiStudent, RunningServer, running_server

pytestmark = [
    pytest.mark.xdist_group("server"),
    pytest.mark.needs("cjk-font"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("demo")) as running:
        yield running


def walk(server: RunningServer, monkeypatch: pytest.MonkeyPatch, *more: str) -> str:
    monkeypatch.chdir(server.folder)
    result = CliRunner().invoke(
        main, ["demo", "--url", server.url, *more], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    return result.output


def test_the_sample_photo_is_honestly_refused_and_a_person_asked(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = walk(server, monkeypatch)
    assert [line[:2] for line in said.splitlines() if line[:1].isdigit()] == [
        f"{n}." for n in range(1, 8)
    ]
    assert "fail: 嘴张开了" in said
    assert "依据：通知三.1" in said
    assert said.rstrip().endswith("status = pending")


def test_a_good_photo_is_confirmed(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not labelled.LABELS.is_file():
        pytest.skip(labelled.WHY_ABSENT)
    photo = labelled.FOLDER / "london_neutral" / "005_03.jpg"
    said = walk(server, monkeypatch, "--photo", str(photo), "--student", "3")
    assert "7. confirmed: 200, status = pending" in said


def test_a_second_walk_of_one_student_is_told_the_code_is_taken(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk(server, monkeypatch, "--student", "5")
    result = CliRunner().invoke(main, ["demo", "--url", server.url, "--student", "5"])
    assert result.exit_code == 1
    assert "409 code_taken" in result.output


def test_the_service_says_it_is_ready_and_names_its_parts(
    server: RunningServer,
) -> None:
    ready = requests.get(f"{server.url}/readyz", timeout=60)
    assert ready.json() == {
        "status": "ok",
        "parts": {"database": True, "storage": True, "face_model": True},
    }
    assert requests.get(f"{server.url}/healthz", timeout=60).json() == {"status": "ok"}
    unknown = requests.get(f"{server.url}/s/unknown", timeout=60)
    assert unknown.status_code == 404
    assert "没有这个采集入口" in unknown.text


def test_the_log_names_nobody(
    server: RunningServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    walk(server, monkeypatch, "--student", "7")
    someone = ApiStudent(
        server.url, server.entry_tokens[0], demo_data.demo_students()[8]
    )
    someone.bind()
    session = str(someone.http.headers["Authorization"]).removeprefix("Bearer ")
    log = (server.folder / "server.log").read_text(encoding="utf-8")
    requests_seen = log[log.index('{"method"') :]
    assert '"rule": "/api/v1/bindings/<binding_id>/submissions"' in requests_seen
    for student in demo_data.demo_students():
        for personal in (
            student.name,
            student.id_number,
            student.id_number[-6:],
            student.student_no,
            demo_data.demo_code(student),
        ):
            assert personal not in requests_seen
    secrets = (session, server.admin_password, *server.entry_tokens)
    assert not any(secret in requests_seen for secret in secrets)


@dataclass(frozen=True)
class Prepared:
    """A folder in which the demonstration was started before, and what that printed."""

    folder: Path
    printed: str


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("prepared")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = CliRunner().invoke(
            main, ["start-demo", "--prepare-only"], catch_exceptions=False
        )
    assert result.exit_code == 0, result.output
    return Prepared(folder, result.output)


def test_a_second_start_keeps_the_data(prepared: Prepared) -> None:
    tokens = re.findall(r"/s/([\w-]+)", prepared.printed)
    assert tokens
    assert "shown only now" in prepared.printed
    with running_server(prepared.folder) as second:
        assert second.entry_tokens == tokens
        assert "shown only now" not in second.printed
        page = requests.get(f"{second.url}/s/{tokens[0]}", timeout=60)
        assert page.status_code == 200


def test_an_installation_is_served_with_the_settings_it_names(
    prepared: Prepared,
) -> None:
    with running_server(
        prepared.folder, command="serve", BIZHAO_ENV_FILE="var/demo.env"
    ) as server:
        assert "shown only now" not in server.printed
        assert requests.get(f"{server.url}/readyz", timeout=60).ok
