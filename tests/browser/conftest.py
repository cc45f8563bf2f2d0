"""One browser for all of these tests, and the addresses of what they look at.

A test's file makes the ``stage`` or the ``school``; contexts keep the tests apart.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.chromium import launched
from tests.serving import served
from tests.web.console import School
from tests.web.student_support import Stage


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="package")
def browser(playwright: Playwright) -> Iterator[Browser]:
    with launched(playwright) as running:
        yield running


@pytest.fixture
def address(stage: Stage) -> Iterator[str]:
    """Where students come."""
    with served(stage.app) as url:
        yield url
    stage.adapters.db.dispose()


@pytest.fixture
def console(school: School) -> Iterator[str]:
    """Where staff come."""
    with served(school.app) as url:
        yield url
    school.db.dispose()
