"""What ``celery --app backend.worker`` finds."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from backend.app import create_worker
from backend.db.migrate import migrate
from backend.ports import Job
from backend.settings import SettingsError, new_key, read_settings


def _environment(folder: Path) -> dict[str, str]:
    return {
        "BIZHAO_DATABASE_URL": f"sqlite:///{folder / 'worker.sqlite3'}",
        "BIZHAO_PHOTO_ROOT": str(folder / "photos"),
        "BIZHAO_PUBLIC_URL": "http://127.0.0.1",
        "BIZHAO_DATA_KEYS": f"k1:{new_key()}",
        "BIZHAO_HASH_KEY": new_key(),
    }


def test_the_worker_knows_every_job_and_does_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in _environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BIZHAO_REDIS_URL", "redis://127.0.0.1:1/0")
    migrate(f"sqlite:///{tmp_path / 'worker.sqlite3'}")
    monkeypatch.delitem(sys.modules, "backend.worker", raising=False)
    app = importlib.import_module("backend.worker").app
    assert {f"bizhao.{job}" for job in Job} <= set(app.tasks)
    for job in Job:
        assert app.tasks[f"bizhao.{job}"]() is None


def test_without_a_queue_there_is_nothing_to_work_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in _environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match="BIZHAO_REDIS_URL"):
        create_worker(read_settings())
