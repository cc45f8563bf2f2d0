"""One at a time over processes, and nobody waits for the dead."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from backend.domain.errors import UnavailableError
from backend.imaging import turns
from backend.imaging.turns import Turns

HOLDER = """
import sys
from pathlib import Path
from backend.imaging.turns import Turns

with Turns("background", folder=Path(sys.argv[1])).taken():
    print("taken", flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", 0.0)


def held_by_another_process(folder: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "taken\n"
    return process


def refused(taking: Turns) -> dict[str, object]:
    with pytest.raises(UnavailableError) as caught, taking.taken():
        pytest.fail("two had their turn")
    assert caught.value.code == "background_busy"
    return dict(caught.value.data)


def test_another_process_has_its_turn_first_and_gives_it_back_when_killed(
    tmp_path: Path,
) -> None:
    process = held_by_another_process(tmp_path)
    mine = Turns("background", folder=tmp_path)
    assert refused(mine)["retry_after"] in range(2, 6)
    process.kill()
    process.communicate()
    with mine.taken():
        refused(Turns("background", folder=tmp_path))
    # What ends in an error is given back too.
    with pytest.raises(ZeroDivisionError), mine.taken():
        _ = 1 / 0
    with mine.taken():
        pass


def test_other_work_takes_other_turns(tmp_path: Path) -> None:
    with (
        Turns("one", folder=tmp_path).taken(),
        Turns("other", folder=tmp_path).taken(),
    ):
        refused(Turns("one", folder=tmp_path))


def test_one_request_of_a_process_waits_and_gets_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", 60.0)
    ours, looking = Turns("background", folder=tmp_path), threading.Event()
    locked = turns._locked

    def look(handle: int) -> bool:
        found = locked(handle)
        if not found:
            looking.set()
        return found

    monkeypatch.setattr(turns, "_locked", look)
    got = threading.Event()

    def wait() -> None:
        with ours.taken():
            got.set()

    first = Turns("background", folder=tmp_path)
    with first.taken():
        waiting = threading.Thread(target=wait)
        waiting.start()
        assert looking.wait(60)
        # A second one would hold another thread for nothing.
        refused(ours)
        assert not got.is_set()
    waiting.join(60)
    assert got.is_set()


def test_without_a_place_nobody_has_a_turn(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with (
        pytest.raises(UnavailableError, match="storage_unavailable"),
        Turns("background", folder=tmp_path / "file").taken(),
    ):
        pytest.fail("there is no such folder")
    (tmp_path / "background.turn").symlink_to(tmp_path / "file")
    with (
        pytest.raises(UnavailableError, match="storage_unavailable"),
        Turns("background", folder=tmp_path).taken(),
    ):
        pytest.fail("a link was followed")
