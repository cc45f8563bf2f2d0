"""我的数据 on the page and by the API: to look at, to take along, to delete."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

import pytest

from backend.services.types import NewSession
from tests.web.student_support import (
    Browser,
    Stage,
    bind,
    consent,
    make_stage,
    upload,
)
from tests.web.test_student_pages import decide


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return make_stage(tmp_path)


@pytest.fixture
def browser(stage: Stage) -> Browser:
    return Browser(stage.app.test_client())


def handed_in(stage: Stage, browser: Browser) -> tuple[str, str]:
    """Return the binding and the submission of student 3."""
    binding = bind(browser, stage, 3)
    submission = upload(browser, stage, binding, "pass")
    browser.post(f"/s/{stage.token}/submission/{submission}/confirm")
    return binding, submission


def test_the_retention_is_told_before_anybody_agrees(
    stage: Stage, browser: Browser
) -> None:
    browser.get(f"/s/{stage.token}/consent")
    assert "成品照保存 365 天" in browser.text
    assert "照片保存到毕业证书发放后 6 个月" in browser.text


def test_everything_held_is_shown_and_taken_along(
    stage: Stage, browser: Browser
) -> None:
    handed_in(stage, browser)
    browser.get("/me/")
    assert "/me/data" in browser.text
    page = browser.get("/me/data")
    assert page.status_code == 200
    person = stage.people[3]
    for words in (person.name, "同意的记录", "谁看过", "成品照", "保存多久"):
        assert words in browser.text, words
    assert person.id_number not in browser.text
    assert person.student_no not in browser.text
    answer = browser.get("/me/data.json")
    assert "attachment" in answer.headers["Content-Disposition"]
    data = json.loads(answer.data)
    assert data["records"][0]["identity"]["name"] == person.name
    packed = browser.client.get("/me/data.zip")
    assert packed.headers["Cache-Control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(packed.data)) as archive:
        names = set(archive.namelist())
        assert json.loads(archive.read("data.json"))["records"]
        assert archive.testzip() is None
    assert "record-1/photo-1-portrait.jpg" in names
    assert person.id_number.encode() not in packed.data


def test_nobody_yet_sees_that_nothing_is_held(browser: Browser) -> None:
    browser.get("/me/data")
    assert "没有以您的名义保存" in browser.text


def test_deleting_asks_once_and_ends_with_a_receipt(
    stage: Stage, browser: Browser
) -> None:
    binding, _ = handed_in(stage, browser)
    browser.get(f"/me/erase/{binding}")
    assert "不能恢复" in browser.text
    assert "1 张照片" in browser.text
    browser.post(f"/me/erase/{binding}")
    assert re.fullmatch(r"/me/receipts/(\w{4}-\w{4}-\w{4})", browser.path)
    assert "已经删除" in browser.text
    number = browser.path.rpartition("/")[2]
    browser.get("/me/data")
    assert number in browser.text
    assert browser.get(f"/me/erase/{binding}").status_code == 404
    stranger = Browser(stage.app.test_client())
    assert stranger.get(f"/me/receipts/{number}").status_code == 404


def test_an_approved_photo_is_explained_and_kept(
    stage: Stage, browser: Browser
) -> None:
    binding, submission = handed_in(stage, browser)
    # The form was open while somebody approved.
    browser.get(f"/me/erase/{binding}")
    decide(stage, submission, "approve")
    refused = browser.post(f"/me/erase/{binding}")
    assert refused.status_code == 409
    for words in ("现在不能删除", "个人信息保护法", "2027年4月1日"):
        assert words in browser.text, words
    browser.get("/me/data")
    assert "为什么现在不能删除" in browser.text


def test_the_same_by_the_api(stage: Stage) -> None:
    opened: NewSession = stage.services.sessions.start()
    browser = Browser(stage.app.test_client())
    browser.client.set_cookie("bizhao_session", opened.token)
    consent(browser, stage.token)
    binding, _ = handed_in(stage, browser)
    client = stage.app.test_client()
    headers = {"Authorization": f"Bearer {opened.token}"}
    data = client.get("/api/v1/me/data", headers=headers).json
    assert data is not None
    assert data["records"][0]["binding"]["public_id"] == binding
    assert "365 天" in data["records"][0]["retention_promise"]
    packed = client.get("/api/v1/me/data.zip", headers=headers)
    assert zipfile.is_zipfile(io.BytesIO(packed.data))
    receipt = client.delete(f"/api/v1/bindings/{binding}", headers=headers).json
    assert receipt is not None
    assert receipt["photos"] == 1
    again = client.get(f"/api/v1/me/erasures/{receipt['number']}", headers=headers)
    assert again.json == receipt
    gone = client.delete(f"/api/v1/bindings/{binding}", headers=headers)
    assert gone.status_code == 404
