"""WeChat, played on 127.0.0.1."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from apiflask import APIFlask

from backend.app import create_app
from backend.settings import new_key, read_settings
from tests.services import worlds
from tests.wechat.standin import StandIn


@pytest.fixture
def standin() -> Iterator[StandIn]:
    """A fresh stand-in that knows nobody yet."""
    with StandIn() as server:
        yield server


@pytest.fixture(scope="module")
def contract_app(tmp_path_factory: pytest.TempPathFactory) -> APIFlask:
    """The application, for the document it makes of its own calls."""
    folder: Path = tmp_path_factory.mktemp("contract")
    return create_app(
        read_settings(
            database_url=f"sqlite:///{folder / 'none.sqlite3'}",
            photo_root=folder / "photos",
            public_url="http://127.0.0.1",
            data_keys=f"k1:{new_key()}",
            hash_key=new_key(),
        )
    )


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Iterator[worlds.Templates]:
    """Filled databases to copy, made when the first test asks."""
    with worlds.Templates(tmp_path_factory.mktemp("templates")) as made:
        yield made
