"""What the pages do in WeChat's browser, and the addresses WeChat itself asks for."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from backend.domain.errors import (
    DomainError,
    NotAuthenticatedError,
    PermissionDeniedError,
    UnavailableError,
    UpstreamError,
)
from backend.domain.wechat import Account, WeChatUser
from backend.logs import configure_logs
from backend.services.staff import OPERATOR
from backend.web.auth import STUDENT_COOKIE
from backend.web.departure import BROWSER_COOKIE, PLAIN_COOKIE
from backend.web.scripts import HOST
from tests.fakes import SaidByWeChat
from tests.web.console import make_school
from tests.web.student_support import Stage, make_stage

WECHAT = "Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.50 Language/zh_CN"
OPENID = "oInventedOpenidOfNobody000001"


@pytest.fixture
def wechat() -> SaidByWeChat:
    return SaidByWeChat(accounts={Account.SERVICE_ACCOUNT, Account.MINI_PROGRAM})


@pytest.fixture
def stage(tmp_path: Path, wechat: SaidByWeChat) -> Stage:
    return make_stage(tmp_path, wechat=wechat)


@pytest.fixture
def phone(stage: Stage) -> FlaskClient:
    return stage.app.test_client()


def visit(phone: FlaskClient, path: str, agent: str = WECHAT) -> TestResponse:
    return phone.get(path, headers={"User-Agent": agent})


def departed(answer: TestResponse) -> str:
    """Return the state of the sign-in an answer leads to."""
    assert answer.status_code == 302
    assert answer.location.startswith("https://wechat.example/authorize")
    return parse_qs(urlsplit(answer.location).query)["state"][0]


def come_back(phone: FlaskClient, state: str, code: str = "code") -> TestResponse:
    return visit(phone, f"/wechat/callback?code={code}&state={state}")


def sign_in(stage: Stage, phone: FlaskClient, wechat: SaidByWeChat) -> TestResponse:
    state = departed(visit(phone, f"/s/{stage.token}"))
    wechat.codes["code"] = WeChatUser(OPENID)
    return come_back(phone, state)


def test_the_poster_leads_through_wechat_to_a_clean_address(
    stage: Stage, phone: FlaskClient, wechat: SaidByWeChat
) -> None:
    back = sign_in(stage, phone, wechat)
    assert back.status_code == 303
    assert back.location == f"/s/{stage.token}"
    page = visit(phone, back.location)
    assert page.status_code == 200
    assert "样例第一函授站" in page.text


def test_the_way_back_reloaded_leads_on(
    stage: Stage, phone: FlaskClient, wechat: SaidByWeChat
) -> None:
    state = departed(visit(phone, f"/s/{stage.token}"))
    wechat.codes["code"] = WeChatUser(OPENID)
    assert come_back(phone, state).status_code == 303
    again = come_back(phone, state)
    assert again.status_code == 303
    assert again.location == f"/s/{stage.token}"
    assert STUDENT_COOKIE not in str(again.headers.getlist("Set-Cookie"))
    assert visit(phone, again.location).status_code == 200


def test_the_way_back_reloaded_after_signing_out_offers_a_new_start(
    stage: Stage, phone: FlaskClient, wechat: SaidByWeChat
) -> None:
    state = departed(visit(phone, f"/s/{stage.token}"))
    wechat.codes["code"] = WeChatUser(OPENID)
    come_back(phone, state)
    phone.delete_cookie(STUDENT_COOKIE)
    again = come_back(phone, state)
    assert again.status_code == 401
    assert "这次微信登录已失效" in again.text
    assert f'href="/s/{stage.token}"' in again.text
    assert STUDENT_COOKIE not in str(again.headers.getlist("Set-Cookie"))


def test_whoever_wechat_does_not_send_back_goes_on_with_one_button(
    stage: Stage, phone: FlaskClient
) -> None:
    path = f"/s/{stage.token}"
    departed(visit(phone, path))
    departed(visit(phone, path))
    kept = visit(phone, path)
    assert kept.status_code == 502
    assert "暂时联系不上微信" in kept.text
    found = re.search(r'name="state" value="(\w+)"', kept.text)
    assert found
    onward = phone.post("/wechat/continue", data={"state": found.group(1)})
    assert visit(phone, onward.location).status_code == 200
    # Without that choice the next visit tries WeChat again.
    phone.delete_cookie(PLAIN_COOKIE)
    departed(visit(phone, path))


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    code=st.text(max_size=300),
    state=st.text(max_size=300) | st.text("0123456789abcdef", max_size=64),
    browser=st.text("abcXYZ019-_%=", max_size=60),
    more=st.dictionaries(st.text(max_size=10), st.text(max_size=10), max_size=2),
)
def test_whatever_comes_back_without_a_sign_in_opens_nothing(
    stage: Stage,
    code: str,
    state: str,
    browser: str,
    more: dict[str, str],
) -> None:
    stranger = stage.app.test_client()
    stranger.set_cookie(BROWSER_COOKIE, browser)
    query = {**more, "code": code, "state": state}
    answer = stranger.get("/wechat/callback", query_string=query)
    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers
    onward = stranger.post("/wechat/continue", data={"state": state})
    assert onward.status_code == 401
    assert "Set-Cookie" not in onward.headers


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    path=st.text(max_size=40),
    query=st.dictionaries(st.text(max_size=9), st.text(max_size=30), max_size=3),
)
def test_whatever_address_is_opened_in_wechat_is_no_fault_of_ours(
    stage: Stage, path: str, query: dict[str, str]
) -> None:
    phone = stage.app.test_client()
    answer = phone.get(
        f"/s/{quote(path)}", query_string=query, headers={"User-Agent": WECHAT}
    )
    assert answer.status_code < 500
    if answer.status_code == 302:
        assert answer.location.startswith("https://wechat.example/authorize")


@pytest.mark.parametrize(
    "agent", ["Mozilla/5.0 (X11; Linux) Chrome/130", f"{WECHAT} miniProgram/wx01"]
)
def test_no_other_browser_is_sent_there(
    stage: Stage, phone: FlaskClient, agent: str
) -> None:
    assert visit(phone, f"/s/{stage.token}", agent).status_code == 200


def test_without_a_service_account_nothing_changes(
    stage: Stage, phone: FlaskClient, wechat: SaidByWeChat
) -> None:
    wechat.accounts = set()
    page = visit(phone, f"/s/{stage.token}")
    assert page.status_code == 200
    assert HOST not in page.headers["Content-Security-Policy"]


def test_another_browser_cannot_finish_the_sign_in(
    stage: Stage, phone: FlaskClient, wechat: SaidByWeChat
) -> None:
    state = departed(visit(phone, f"/s/{stage.token}"))
    wechat.codes["code"] = WeChatUser(OPENID)
    stranger = stage.app.test_client()
    answer = come_back(stranger, state)
    assert answer.status_code == 401
    assert "这次微信登录已失效" in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (UpstreamError("wechat_unreachable"), "暂时联系不上微信"),
        (UnavailableError("wechat_busy", retry_after=30), "30 秒"),
        (UnavailableError("wechat_misconfigured"), "对接设置有误"),
        (NotAuthenticatedError("wechat_code_invalid"), "微信登录没有成功"),
        (PermissionDeniedError("wechat_user_blocked"), "限制了这个账号"),
    ],
)
def test_when_wechat_fails_nobody_is_locked_out(
    stage: Stage,
    phone: FlaskClient,
    wechat: SaidByWeChat,
    refusal: DomainError,
    words: str,
) -> None:
    state = departed(visit(phone, f"/s/{stage.token}"))
    wechat.codes["code"] = refusal
    answer = come_back(phone, state)
    assert answer.status_code == refusal.status
    assert words in answer.text
    assert f'href="/s/{stage.token}"' in answer.text
    found = re.search(r'name="state" value="(\w+)"', answer.text)
    assert found
    onward = phone.post(
        "/wechat/continue",
        data={"state": found.group(1)},
        headers={"User-Agent": WECHAT},
    )
    assert (onward.status_code, onward.location) == (303, f"/s/{stage.token}")
    assert visit(phone, onward.location).status_code == 200


def test_a_preview_without_a_person_is_told_how_to_go_on(
    stage: Stage, phone: FlaskClient, wechat: SaidByWeChat
) -> None:
    state = departed(visit(phone, f"/s/{stage.token}"))
    wechat.codes["code"] = PermissionDeniedError("wechat_snapshot_user")
    answer = come_back(phone, state)
    assert answer.status_code == 403
    assert "使用完整服务" in answer.text
    assert "/wechat/continue" not in answer.text


def test_whoever_declines_may_go_on_as_they_are(
    stage: Stage, phone: FlaskClient
) -> None:
    state = departed(visit(phone, f"/s/{stage.token}"))
    answer = visit(phone, f"/wechat/callback?state={state}")
    assert answer.status_code == 401
    assert "不登录微信，继续办理" in answer.text


@pytest.mark.parametrize("state", ["", "f" * 64, "x" * 5000, "%00", "状态"])
def test_going_on_needs_a_sign_in_of_ones_own(phone: FlaskClient, state: str) -> None:
    answer = phone.post("/wechat/continue", data={"state": state})
    assert answer.status_code == 401


def test_a_form_is_never_lost_to_a_sign_in(stage: Stage, phone: FlaskClient) -> None:
    answer = phone.post(f"/s/{stage.token}/consent", headers={"User-Agent": WECHAT})
    assert answer.status_code == 403
    assert "csrf_failed" in answer.text


def test_the_scanner_is_offered_in_wechat_and_only_on_its_page(
    stage: Stage, phone: FlaskClient, wechat: SaidByWeChat
) -> None:
    sign_in(stage, phone, wechat)
    first = visit(phone, f"/s/{stage.token}")
    assert HOST not in first.headers["Content-Security-Policy"]
    token = re.search(
        r'name="csrf_token" value="([^"]+)"',
        visit(phone, f"/s/{stage.token}/consent").text,
    )
    assert token
    phone.post(
        f"/s/{stage.token}/consent",
        data={
            "csrf_token": token.group(1),
            "portrait": "yes",
            "identity_number": "yes",
        },
    )
    page = visit(phone, f"/s/{stage.token}/code")
    assert f'data-wechat="{HOST}/open/js/jweixin-1.6.0.js"' in page.text
    assert f"script-src 'self' {HOST}" in page.headers["Content-Security-Policy"]
    assert re.search(r"<button[^>]*data-scan[^>]*hidden", page.text)
    elsewhere = visit(phone, f"/s/{stage.token}/code", "Mozilla/5.0 Chrome/130")
    assert HOST not in elsewhere.text
    assert HOST not in elsewhere.headers["Content-Security-Policy"]


def test_a_page_of_ours_is_signed_and_no_other(phone: FlaskClient) -> None:
    sign = "/api/v1/wechat/page-signature"
    signed = phone.get(sign, query_string={"url": "http://localhost/s/abc"})
    assert signed.status_code == 200
    assert signed.json is not None
    assert signed.json["signature"] == "signature of http://localhost/s/abc"
    foreign = phone.get(sign, query_string={"url": "http://evil.example/"})
    assert foreign.status_code == 422
    assert foreign.json is not None
    assert foreign.json["code"] == "foreign_page"
    assert phone.get(sign).status_code == 400


def test_the_mini_program_signs_in_with_its_code(
    stage: Stage, phone: FlaskClient, wechat: SaidByWeChat
) -> None:
    wechat.codes["one"] = WeChatUser(OPENID)
    sent = {"code": "one"}
    opened = phone.post("/api/v1/sessions/mini-program", json=sent)
    assert opened.status_code == 201
    assert opened.json is not None
    session = stage.services.sessions.authenticate(opened.json["token"])
    assert session.principal.kind == "mini_program"
    assert OPENID not in opened.text
    again = phone.post("/api/v1/sessions/mini-program", json=sent)
    assert again.status_code == 401
    assert again.json is not None
    assert again.json["code"] == "wechat_code_invalid"


def test_signing_out_ends_the_session_of_the_device(
    stage: Stage, phone: FlaskClient, wechat: SaidByWeChat
) -> None:
    sign_in(stage, phone, wechat)
    cookie = phone.get_cookie(STUDENT_COOKIE)
    assert cookie
    csrf = stage.services.sessions.authenticate(cookie.value).csrf_token
    ended = phone.post("/me/sign-out", data={"csrf_token": csrf})
    assert ended.status_code == 303
    assert phone.get_cookie(STUDENT_COOKIE) is None
    # In WeChat any other page would sign in again at once.
    shown = visit(phone, ended.location)
    assert shown.status_code == 200
    assert "已退出这台设备" in shown.text
    with pytest.raises(NotAuthenticatedError):
        stage.services.sessions.authenticate(cookie.value)


def test_no_log_line_names_who_signed_in_or_how(
    stage: Stage,
    phone: FlaskClient,
    wechat: SaidByWeChat,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    configure_logs()
    with caplog.at_level(logging.DEBUG):
        state = departed(visit(phone, f"/s/{stage.token}"))
        wechat.codes["one-use-code-of-a-page"] = WeChatUser(OPENID)
        come_back(phone, state, "one-use-code-of-a-page")
        come_back(phone, state, "one-use-code-of-a-page")
        for code in ("one-use-code-of-the-program", "one-use-code-of-nobody"):
            wechat.codes["one-use-code-of-the-program"] = WeChatUser(OPENID)
            phone.post("/api/v1/sessions/mini-program", json={"code": code})
        state_of_another = departed(visit(stage.app.test_client(), "/me/"))
    out, err = capfd.readouterr()
    logged = caplog.text + out + err
    assert "/wechat/callback" in logged
    cookie = phone.get_cookie(STUDENT_COOKIE)
    browser = phone.get_cookie(BROWSER_COOKIE)
    assert cookie
    assert browser
    for secret in (
        OPENID,
        "one-use-code",
        state,
        state_of_another,
        cookie.value,
        browser.value,
        stage.token,
    ):
        assert secret not in logged


def test_verification_files_are_served_from_the_list_alone(tmp_path: Path) -> None:
    school = make_school(tmp_path)
    admin, anyone = school.client("admin"), school.app.test_client()
    page = admin.get("/admin/wechat")
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert token
    csrf = {"csrf_token": token.group(1)}
    name, content = "MP_verify_AbCdEfGh12345678.txt", "AbCdEfGh12345678"
    assert anyone.get(f"/{name}").status_code == 404
    saved = admin.post(
        "/admin/wechat/files",
        data=csrf | {"file_name": name, "file_content": content},
    )
    assert saved.status_code == 303
    for place in (f"/{name}", f"/s/{name}"):
        answer = anyone.get(place)
        assert (answer.status_code, answer.text) == (200, content)
        assert answer.content_type.startswith("text/plain")
    assert content in admin.get("/admin/wechat").text
    admin.post(f"/admin/wechat/files/{name}/remove", data=csrf)
    assert anyone.get(f"/{name}").status_code == 404
    audited = {row.action for row in school.services.audit.page(OPERATOR).items}
    assert {"verification_file.put", "verification_file.remove"} <= audited


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("../../etc/passwd.txt", "a"),
        ("abc.txt", "a"),
        ("abcdef.html", "a"),
        ("abcdef.txt", ""),
        ("abcdef.txt", "two words"),
        ("abcdef.txt", "<script>" * 20),
        ("中文名字啊.txt", "a"),
    ],
)
def test_no_other_file_is_taken(tmp_path: Path, name: str, content: str) -> None:
    admin = make_school(tmp_path).client("admin")
    token = re.search(
        r'name="csrf_token" value="([^"]+)"', admin.get("/admin/wechat").text
    )
    assert token
    answer = admin.post(
        "/admin/wechat/files",
        data={
            "csrf_token": token.group(1),
            "file_name": name,
            "file_content": content,
        },
    )
    assert answer.status_code == 400
    assert "文件名应为" in answer.text or "内容应为" in answer.text
