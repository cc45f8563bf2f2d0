"""Two thousand damaged photos over HTTP: each gets an answer, none hurts the service."""

from __future__ import annotations

import io
import random
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from backend.cli import demo_data
from tests.imaging.test_hostile_files import EVERY
from tests.pictures import astronaut
from tests.server import ApiStudent, running_server

_EACH = 500
_CLIENTS = 4
#: Far beyond the five seconds that count as a hang, for machines that do other things.
_TIMEOUT_SECONDS = 30
_MOST_KIB = 1024 * 1024


def face(kind: str) -> bytes:
    """Return a small real portrait in a format."""
    pillow_heif.register_heif_opener()
    out = io.BytesIO()
    picture = Image.fromarray(astronaut()[:256, 96:352])
    picture.resize((160, 160)).save(out, kind, quality=80)
    return out.getvalue()


def peak_kib(pid: int) -> int:
    """Return the most memory a process has ever held."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1])


@pytest.mark.xdist_group("server")
def test_two_thousand_damaged_photos_never_break_the_service(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        people = demo_data.demo_students()[:_CLIENTS]
        students = [ApiStudent(server.url, server.entry_tokens[0], p) for p in people]
        bindings = [student.bind() for student in students]
        workers = server.workers()

        def send_all(number: int, kind: str) -> Counter[int]:
            whole, seen = face(kind), Counter[int]()
            for seed in range(_EACH):
                dice = random.Random(f"{kind} {seed}")
                data = bytearray(whole)
                EVERY[seed % len(EVERY)](data, dice)
                answer = students[number].http.post(
                    f"{server.url}/api/v1/bindings/{bindings[number]}/submissions",
                    files={"photo": ("p.jpg", bytes(data), "image/jpeg")},
                    timeout=_TIMEOUT_SECONDS,
                )
                seen[answer.status_code] += 1
                if answer.status_code != 201:
                    assert answer.json()["code"] != "internal_error"
            return seen

        with ThreadPoolExecutor(_CLIENTS) as pool:
            kinds = ("JPEG", "PNG", "WEBP", "HEIF")
            seen = sum(pool.map(send_all, range(_CLIENTS), kinds), Counter[int]())
        assert sum(seen.values()) == 4 * _EACH
        # An empty upload is a 400, a damaged picture a 422.
        assert set(seen) <= {200, 201, 400, 422}, seen
        assert seen[422] > _EACH
        assert server.workers() == workers, "a worker died"
        assert max(map(peak_kib, workers)) < _MOST_KIB
