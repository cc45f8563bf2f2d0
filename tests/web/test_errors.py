"""What goes wrong becomes an answer: a page for people, problem+json for programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.services.entries import EntryService
from tests.web.console import School, make_school

SECRET = "张某某的秘密"


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    made = make_school(tmp_path)
    yield made
    made.db.dispose()


@pytest.fixture
def broken(school: School, monkeypatch: pytest.MonkeyPatch) -> School:
    """A school where opening an entry fails in a way nobody foresaw."""

    def fail(service: EntryService, token: str) -> None:
        raise RuntimeError(SECRET)

    monkeypatch.setattr(EntryService, "open", fail)
    return school


def test_the_unforeseen_is_a_problem_without_its_text(
    broken: School, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = broken.app.test_client().get("/api/v1/entries/any")
    assert answer.status_code == 500
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["code"] == "internal_error"
    assert answer.get_json()["request_id"] == answer.headers["X-Request-Id"]
    logged = capfd.readouterr().out
    assert '"kind": "RuntimeError"' in logged
    assert "test_errors.py" in logged
    assert SECRET not in logged + answer.text


def test_the_unforeseen_is_a_page_that_says_nothing_is_lost(broken: School) -> None:
    answer = broken.app.test_client().get("/s/any")
    assert answer.status_code == 500
    assert "您已提交的内容不受影响" in answer.text
    assert SECRET not in answer.text


def test_a_locked_out_caller_is_told_when_to_come_back(school: School) -> None:
    client = school.client()
    body = {"username": "admin", "password": "no"}
    tries = [client.post("/api/v1/admin/sessions", json=body) for _ in range(6)]
    assert tries[0].status_code == 401
    answer = tries[-1]
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.get_json()["code"] == "too_many_attempts"


def test_a_missing_slash_is_a_redirect_and_no_error(school: School) -> None:
    answer = school.client().get("/me")
    assert answer.status_code == 308
    assert answer.headers["Location"].endswith("/me/")


def test_an_unknown_path_and_a_wrong_method_have_codes(school: School) -> None:
    client = school.client()
    assert client.get("/api/v1/nothing").get_json()["code"] == "page_not_found"
    assert client.put("/api/v1/sessions").get_json()["code"] == "method_not_allowed"
    assert "没有找到这个页面" in client.get("/nothing").text
