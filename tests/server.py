"""The real service in a process of its own, as ``make run`` starts it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from backend.cli import demo_data
from backend.services.roster import NewStudent
from tests import secrecy

_START_SECONDS = 60
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class RunningServer:
    """A server that answers, and what it printed."""

    url: str
    folder: Path
    process: subprocess.Popen[bytes]
    printed: str

    @property
    def entry_tokens(self) -> list[str]:
        """The tokens of the entry links printed at the start."""
        return re.findall(r"/s/([\w-]+)", self.printed)

    @property
    def admin_password(self) -> str:
        """The password printed at the first start."""
        found = re.search(r"password (\S+)   \(shown only now\)", self.printed)
        assert found, self.printed
        return found.group(1)

    def workers(self) -> list[int]:
        """The process ids of gunicorn's workers now."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
        return [int(child) for child in children.split()]


@contextmanager
def running_server(
    folder: Path, *, command: str = "start-demo", **environment: str
) -> Iterator[RunningServer]:
    """Run the demonstration in a folder on a free port until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = folder / "server.log"
    for person in demo_data.demo_students():
        # Their names are those of the cards' files, which the start prints.
        secrecy.note(person.id_number, demo_data.demo_code(person))
    with log.open("ab") as out:
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from backend.cli import main; main()",
                command,
            ],
            cwd=folder,
            env={
                **os.environ,
                "PORT": str(port),
                "HOST": "127.0.0.1",
                "PYTHONPATH": str(_ROOT),
                **environment,
            },
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process, log)
        printed = log.read_text(encoding="utf-8")
        yield RunningServer(url, folder, process, printed)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        assert not secrecy.found_in(log.read_text(encoding="utf-8"))


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            # The socket is open before a worker is there to answer.
            if requests.get(f"{url}/healthz", timeout=_START_SECONDS).ok:
                return
        except requests.ConnectionError:
            # Not listening yet: the next look decides, the deadline ends it.
            time.sleep(0.1)
    raise AssertionError(log.read_text(encoding="utf-8"))


@dataclass
class ApiStudent:
    """One invented student on the JSON API."""

    url: str
    token: str
    person: NewStudent
    http: requests.Session = field(default_factory=requests.Session)

    def post(self, path: str, **sent: Any) -> dict[str, Any]:
        """Send a request that must succeed and return its body."""
        answer = self.http.post(f"{self.url}/api/v1{path}", timeout=60, **sent)
        assert answer.ok, (path, answer.status_code, answer.text)
        body: dict[str, Any] = answer.json()
        return body

    def get(self, path: str) -> requests.Response:
        """Return the answer to a reading request."""
        return self.http.get(f"{self.url}/api/v1{path}", timeout=60)

    def bind(self) -> str:
        """Sign in, consent, hand in the code; return the binding's id."""
        self.http.trust_env = False
        session = self.post("/sessions")
        secrecy.note(session["token"])
        self.http.headers["Authorization"] = f"Bearer {session['token']}"
        entry = f"/entries/{self.token}"
        self.post(f"{entry}/consents", json={"portrait": True, "identity_number": True})
        reading = self.post(
            f"{entry}/code-readings", json={"text": demo_data.demo_code(self.person)}
        )
        body = {
            "reading_id": reading["public_id"],
            "id_last6": self.person.id_number[-6:],
        }
        bound: str = self.post(f"{entry}/bindings", json=body)["public_id"]
        return bound
