"""The demonstration, set up once and copied, and processes that are none."""

from __future__ import annotations

import os
import pickle
import shutil
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from backend.cli import main
from tests.fakes import cheap_passwords


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


@pytest.fixture(scope="session", autouse=True)
def cheap() -> Iterator[None]:
    """Every command hashes a password at its start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backend.app.Passwords", cheap_passwords)
        yield


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with nothing in it, and an environment without settings."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BIZHAO_")]:
        monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The folder of a demonstration that was set up, and what that said."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name in [name for name in os.environ if name.startswith("BIZHAO_")]:
            patch.delenv(name)
        return folder, run("start-demo", "--prepare-only")


@pytest.fixture
def demo(prepared: tuple[Path, Result], folder: Path) -> Result:
    """The demonstration, set up and not served."""
    original, said = prepared
    shutil.copytree(original / "var", folder / "var")
    settings = folder / "var" / "demo.env"
    # It names its folder.
    named = settings.read_text(encoding="utf-8").replace(str(original), str(folder))
    settings.write_text(named, encoding="utf-8")
    return said


class InThisProcess(Executor):
    """Passes calls, answers and errors as another process would, and starts none.

    A process of its own would import the face models for each call.
    """

    def __init__(self, *_: object, **__: object) -> None:
        """Take what a pool of processes takes."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call at once."""
        step, given, named = _sent((fn, args, kwargs))
        future: Future[Any] = Future()
        try:
            future.set_result(_sent(step(*given, **named)))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            future.set_exception(_sent(error))
        return future


def _sent(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))
