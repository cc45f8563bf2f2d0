"""WeChat, played on 127.0.0.1."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.wechat.standin import StandIn


@pytest.fixture
def standin() -> Iterator[StandIn]:
    """A fresh stand-in that knows nobody yet."""
    with StandIn() as server:
        yield server
