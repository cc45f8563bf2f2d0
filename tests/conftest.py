"""Tests that need something this machine lacks are skipped by name, with the reason."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest
from playwright.sync_api import expect

from tests import databases, postgresql, requirements, secrecy

#: What a page comes to on a busy machine; five seconds are playwright's own.
_PATIENCE_MS = 20_000


def pytest_configure(config: pytest.Config) -> None:
    expect.set_options(timeout=_PATIENCE_MS)
    config.addinivalue_line(
        "markers", "needs(name): a requirement in tests.requirements"
    )


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            if reason := requirements.missing(name):
                pytest.skip(reason)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[
    None, pytest.TestReport, pytest.TestReport
]:
    """Where everything should be there, call a skip for a missing thing a failure."""
    report = yield
    if report.when == "teardown" and report.passed:
        said = "".join(text for _, text in report.sections)
        if number := secrecy.found_in(said):
            report.outcome = "failed"
            report.longrepr = f"what was printed holds {number} personal values"
    if requirements.STRICT and report.skipped:
        reason = report.longreprtext
        if requirements.MISSING in reason:
            report.outcome = "failed"
            report.longrepr = reason
    return report


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Compiling each statement for each database takes most of a small test's time."""
    with pytest.MonkeyPatch.context() as patch:
        databases.share_compiled_statements(patch)
        yield


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """The URL of a PostgreSQL server where the test may make databases."""
    url = postgresql.server_url()
    if url is None:
        pytest.skip(requirements.missing("postgresql") or "")
    return url
