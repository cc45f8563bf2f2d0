"""What some tests need from the machine, and how to tell whether it is there.

A test says ``@pytest.mark.needs("chromium")``. Where the thing is missing the test is
skipped with the reason, and fails instead when ``BIZHAO_TEST_STRICT`` is 1. ``make
test`` brings all of them on Debian and Ubuntu.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from typing import Final

import qr
from tests import postgresql

MISSING: Final = "missing requirement: "
STRICT: Final = os.environ.get("BIZHAO_TEST_STRICT") == "1"


def _has_cjk_font() -> bool:
    try:
        qr.find_cjk_font()
    except qr.FontNotFoundError:
        return False
    return True


#: name → (is it there, how to get it)
REQUIREMENTS: Final[Mapping[str, tuple[Callable[[], bool], str]]] = {
    "chromium": (lambda: shutil.which("chromium") is not None, "apt install chromium"),
    "cjk-font": (_has_cjk_font, "apt install fonts-wqy-microhei"),
    "redis": (
        lambda: shutil.which("redis-server") is not None,
        "apt install redis-server",
    ),
    "postgresql": (
        lambda: postgresql.server_url() is not None,
        f"apt install postgresql, then `make test`; or set {postgresql.VARIABLE}",
    ),
}


def missing(name: str) -> str | None:
    """Return why the named requirement is not met, or nothing when it is."""
    is_there, remedy = REQUIREMENTS[name]
    return None if is_there() else f"{MISSING}{name} ({remedy})"
