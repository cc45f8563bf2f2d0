"""What ``bizhao demo`` says where the walk cannot be gone; journey/ goes it."""

from __future__ import annotations

import http.server
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend.cli import main


class NoApi(http.server.BaseHTTPRequestHandler):
    """Some other program on the port."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<p>welcome</p>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - given
        pass


@pytest.fixture
def stranger() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), NoApi) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address that nothing listens on while the test has it."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def walk(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["demo", *arguments], catch_exceptions=False)


def test_without_a_demonstration_it_says_so_and_leaves_nothing(folder: Path) -> None:
    result = walk()
    assert result.exit_code == 1
    assert "start `make run` in this folder first" in result.output
    assert list(folder.iterdir()) == []


@pytest.mark.needs("cjk-font")
@pytest.mark.usefixtures("demo")
def test_without_an_answer_it_asks_for_make_run_and_tells_no_token(nobody: str) -> None:
    result = walk("--url", nobody)
    assert result.exit_code == 1
    assert "is `make run` running?" in result.output
    assert "/entries/" not in result.output


@pytest.mark.needs("cjk-font")
@pytest.mark.usefixtures("demo")
def test_another_program_on_the_port_is_told_from_the_service(stranger: str) -> None:
    result = walk("--url", f"{stranger}/")
    assert result.exit_code == 1
    assert f"{stranger} does not answer as the service does" in result.output


def test_without_scikit_image_one_names_a_photo(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    result = walk()
    assert result.exit_code == 1
    assert "--photo" in result.output
