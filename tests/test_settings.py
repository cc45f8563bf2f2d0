from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from backend.settings import Settings, SettingsError, new_key, read_settings

KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(range(1, 33))).decode()
GOOD: dict[str, Any] = {
    "database_url": "postgresql+psycopg://bizhao:a-password@db/bizhao",
    "photo_root": "/srv/photos",
    "public_url": "https://photos.example.edu/",
    "data_keys": f"k2:{KEY},k1:{OTHER_KEY}",
    "hash_key": OTHER_KEY,
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("BIZHAO_"):
            monkeypatch.delenv(name)


def _read(**changes: Any) -> Settings:
    return read_settings(**{**GOOD, **changes})


def test_good_settings_are_read() -> None:
    settings = _read(production=True, photo_key=KEY)
    assert settings.public_url == "https://photos.example.edu"
    assert list(settings.keys) == ["k2", "k1"]
    assert settings.keys["k2"] == settings.photo_key_bytes == base64.b64decode(KEY)
    assert settings.hash_key_bytes == base64.b64decode(OTHER_KEY)
    assert settings.secure_cookies
    assert _read().photo_key_bytes is None
    assert _read(data_keys=KEY).keys == {"k1": base64.b64decode(KEY)}


@pytest.mark.parametrize(
    ("production", "given", "needed"),
    [
        (True, None, True),
        (False, None, False),
        (True, False, False),
        (False, True, True),
    ],
)
def test_administrators_need_a_second_factor_in_production_unless_said(
    *, production: bool, given: bool | None, needed: bool
) -> None:
    settings = _read(production=production, require_admin_totp=given)
    assert settings.admins_need_totp is needed


def test_a_new_key_is_good_and_new() -> None:
    assert new_key() != new_key()
    assert len(_read(hash_key=new_key()).hash_key_bytes) == 32


def test_everything_missing_is_listed_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings()
    lines = str(caught.value).splitlines()
    assert {line.split(":")[0] for line in lines} == {
        f"BIZHAO_{name.upper()}" for name in GOOD
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("public_url", "ftp://photos"),
        ("data_keys", "k1:not base64"),
        ("data_keys", "k1:c2hvcnQ="),
        ("data_keys", ""),
        ("data_keys", f"k1:{KEY},k1:{OTHER_KEY}"),
        ("data_keys", f"a:b:{KEY}"),
        ("hash_key", "c2hvcnQ="),
        ("hash_key", f"k1:{KEY}"),
        ("hash_key", f"{KEY},{OTHER_KEY}"),
        ("photo_key", "钥匙"),
        ("proxies", 9),
        ("max_upload_bytes", 1),
        ("session_hours", 0),
        ("staff_idle_minutes", 0),
    ],
)
def test_a_wrong_value_is_named_and_never_repeated(name: str, value: Any) -> None:
    with pytest.raises(SettingsError) as caught:
        _read(**{name: value})
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"BIZHAO_{name.upper()}: ")
    assert KEY not in line
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"public_url": "http://photos.example.edu"}, "https"),
        ({"database_url": "sqlite:///photos.sqlite3"}, "PostgreSQL"),
        ({"data_keys": f"demo1:{KEY}"}, "demo"),
    ],
)
def test_production_refuses_what_is_fit_for_trying_only(
    changes: dict[str, str], said: str
) -> None:
    assert not _read(**changes).production
    with pytest.raises(SettingsError, match=said):
        _read(production=True, **changes)


def test_production_lists_all_it_refuses_at_once() -> None:
    with pytest.raises(SettingsError, match=r"https.*PostgreSQL.*demo"):
        _read(
            production=True,
            public_url="http://photos.example.edu",
            database_url="sqlite:///photos.sqlite3",
            data_keys=f"demo1:{KEY}",
        )


def test_settings_print_no_secret() -> None:
    settings = _read(photo_key=KEY)
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert KEY not in text
        assert OTHER_KEY not in text
        assert "a-password" not in text


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "env"
    values = {**GOOD, "session_hours": 5, "proxies": 1}
    file.write_text("".join(f"BIZHAO_{k.upper()}={v}\n" for k, v in values.items()))
    monkeypatch.setenv("BIZHAO_SESSION_HOURS", "7")
    assert read_settings(file).session_hours == 7
    monkeypatch.setenv("BIZHAO_ENV_FILE", str(file))
    assert read_settings().proxies == 1
    assert not read_settings(public_url="http://localhost").secure_cookies
    assert read_settings().proxies == 1
    assert not read_settings(public_url="http://localhost").secure_cookies


ACCOUNT: dict[str, Any] = {
    "app_id": "wx0123456789abcdef",
    "secret": "an-app-secret",
    "push_token": "a-push-token",
    "push_key": "k" * 43,
}


def test_wechat_accounts_are_read_and_print_no_secret() -> None:
    settings = _read(mini_program=ACCOUNT)
    assert settings.mini_program is not None
    assert settings.service_account is None
    for secret in ("an-app-secret", "a-push-token", "k" * 43):
        assert secret not in repr(settings)


@pytest.mark.parametrize("key", ["k" * 42, "k" * 44, "k" * 42 + "=", "钥" * 43])
def test_a_push_key_is_as_wechat_makes_it(key: str) -> None:
    with pytest.raises(SettingsError) as caught:
        _read(mini_program={**ACCOUNT, "push_key": key})
    assert str(caught.value).startswith("BIZHAO_MINI_PROGRAM_PUSH_KEY: ")
    assert key not in str(caught.value)


@pytest.mark.parametrize("name", ["wechat_api_url", "wechat_open_url"])
def test_production_speaks_with_wechats_own_hosts_only(name: str) -> None:
    for host in ("https://wechat.example", "https://api.weixin.qq.com.example"):
        assert getattr(_read(**{name: host}), name) == host
        with pytest.raises(SettingsError, match="WeChat's own hosts"):
            _read(production=True, **{name: host})
