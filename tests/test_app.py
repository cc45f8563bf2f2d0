from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.app import SystemClock, create_app, make_adapters, make_services
from backend.db.migrate import migrate
from backend.domain.errors import PhotoUnreadableError
from backend.settings import Settings, new_key, read_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    url = f"sqlite:///{tmp_path / 'app.sqlite3'}"
    migrate(url)
    return read_settings(
        database_url=url,
        photo_root=tmp_path / "photos",
        public_url="http://localhost",
        data_keys=f"k1:{new_key()}",
        hash_key=new_key(),
        photo_key=new_key(),
    )


def test_the_clock_tells_the_time_in_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < timedelta(minutes=1)


def test_photos_are_encrypted_at_rest_when_a_key_is_set(settings: Settings) -> None:
    adapters = make_adapters(settings)
    key = adapters.store.put(b"a picture")
    assert adapters.store.get(key) == b"a picture"
    files = [p for p in Path(settings.photo_root).rglob("*") if p.is_file()]
    assert files
    assert not any(b"a picture" in p.read_bytes() for p in files)
    adapters.db.dispose()


def test_every_shipped_policy_is_there(settings: Settings) -> None:
    adapters = make_adapters(settings)
    services = make_services(settings, adapters)
    assert "notice-2025" in services.policies
    with pytest.raises(PhotoUnreadableError):
        adapters.reader.read(b"\x89PNG no picture")
    adapters.db.dispose()


def test_the_application_says_whether_it_is_ready(settings: Settings) -> None:
    adapters = make_adapters(settings)
    client = create_app(settings, adapters).test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    adapters.db.dispose()


def test_the_application_reads_the_environment_by_default(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("database_url", "data_keys", "hash_key"):
        secret = getattr(settings, name).get_secret_value()
        monkeypatch.setenv(f"BIZHAO_{name.upper()}", secret)
    monkeypatch.setenv("BIZHAO_PHOTO_ROOT", str(settings.photo_root))
    monkeypatch.setenv("BIZHAO_PUBLIC_URL", "http://localhost")
    assert create_app().test_client().get("/healthz").status_code == 200
