"""The stand-in itself: what the other tests believe of WeChat."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from PIL import Image

from backend.domain.wechat import MessageKind
from tests.wechat.standin import StandIn, StandInAccount
from tests.wechat.standin.fields import is_within_limits

WECHAT = {"User-Agent": "Mozilla/5.0 MicroMessenger/8.0.50"}


def get(standin: StandIn, path: str, **query: Any) -> requests.Response:
    return requests.get(f"{standin.url}{path}", params=query, timeout=10)


def post(
    standin: StandIn, path: str, body: dict[str, Any], **query: Any
) -> requests.Response:
    return requests.post(f"{standin.url}{path}", params=query, json=body, timeout=10)


def credentials(account: StandInAccount) -> dict[str, str]:
    return {"appid": account.app_id, "secret": account.secret}


def token(standin: StandIn, account: StandInAccount, **more: Any) -> str:
    body = {"grant_type": "client_credential", **credentials(account), **more}
    value: str = post(standin, "/cgi-bin/stable_token", body).json()["access_token"]
    return value


def sign_in(standin: StandIn, code: str) -> requests.Response:
    return get(
        standin,
        "/sns/jscode2session",
        **credentials(standin.mini_program),
        js_code=code,
        grant_type="authorization_code",
    )


def test_a_code_signs_in_once_and_for_five_minutes(standin: StandIn) -> None:
    openid = standin.new_openid()
    code = standin.issue_code(standin.mini_program, openid)
    answer = sign_in(standin, code)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.json().keys() == {"openid", "session_key"}
    assert answer.json()["openid"] == openid
    assert sign_in(standin, code).json()["errcode"] == 40163
    late = standin.issue_code(standin.mini_program, openid)
    standin.clock.move(minutes=6)
    refused = sign_in(standin, late)
    assert refused.status_code == 200
    assert refused.json()["errcode"] == 40029
    assert "rid: " in refused.json()["errmsg"]
    of_other = standin.issue_code(standin.service_account, standin.new_openid())
    assert sign_in(standin, of_other).json()["errcode"] == 40029


def test_the_authorize_page_sends_back_with_a_code_and_the_state(
    standin: StandIn,
) -> None:
    openid = standin.new_openid()
    standin.oauth_user(openid, snapshot=True)
    address = (
        f"{standin.url}/connect/oauth2/authorize?appid={standin.service_account.app_id}"
        "&redirect_uri=http%3A%2F%2Fschool.example%2Fback%3Fa%3D1"
        "&response_type=code&scope=snsapi_base&state=abc123#wechat_redirect"
    )
    assert requests.get(address, timeout=10).status_code == 200
    back = requests.get(address, timeout=10, headers=WECHAT, allow_redirects=False)
    query = dict(parse_qsl(urlsplit(back.headers["Location"]).query))
    assert back.headers["Location"].startswith("http://school.example/back?")
    assert query.pop("state") == "abc123"
    assert query.pop("a") == "1"
    answer = get(
        standin,
        "/sns/oauth2/access_token",
        **credentials(standin.service_account),
        code=query["code"],
        grant_type="authorization_code",
    ).json()
    assert (answer["openid"], answer["is_snapshotuser"]) == (openid, 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("appid=wx", "appid=wy"),
        ("snsapi_base", "snsapi_userinfo"),
        ("state=abc", "state=a-c"),
        ("redirect_uri=http", "redirect_uri=x"),
        (
            "response_type=code&scope=snsapi_base",
            "scope=snsapi_base&response_type=code",
        ),
    ],
)
def test_the_authorize_page_refuses_what_wechat_refuses(
    standin: StandIn, old: str, new: str
) -> None:
    address = (
        f"{standin.url}/connect/oauth2/authorize?appid={standin.service_account.app_id}"
        "&redirect_uri=http%3A%2F%2Fschool.example%2F"
        "&response_type=code&scope=snsapi_base&state=abc"
    )
    assert old in address
    answer = requests.get(
        address.replace(old, new), timeout=10, headers=WECHAT, allow_redirects=False
    )
    assert answer.status_code == 200


def test_a_stable_token_stays_the_same_and_overlaps_with_the_next(
    standin: StandIn,
) -> None:
    account = standin.service_account
    ticket = "/cgi-bin/ticket/getticket"
    first = token(standin, account)
    assert token(standin, account) == first
    standin.clock.move(minutes=116)
    second = token(standin, account)
    assert second != first
    for value in (first, second):
        answer = get(standin, ticket, access_token=value, type="jsapi").json()
        assert answer["errcode"] == 0
    standin.clock.move(minutes=5)
    answer = get(standin, ticket, access_token=first, type="jsapi").json()
    assert answer["errcode"] == 42001
    third = token(standin, account, force_refresh=True)
    answer = get(standin, ticket, access_token=second, type="jsapi").json()
    assert answer["errcode"] == 40001
    standin.revoke_tokens(account)
    assert token(standin, account) != third


@pytest.mark.parametrize(
    ("changes", "errcode"),
    [
        ({"secret": "wrong"}, 40125),
        ({"secret": ""}, 41004),
        ({"appid": "wx0"}, 40013),
        ({"appid": ""}, 41002),
        ({"grant_type": "password"}, 40002),
    ],
)
def test_wrong_credentials_get_no_token(
    standin: StandIn, changes: dict[str, str], errcode: int
) -> None:
    body = {
        "grant_type": "client_credential",
        **credentials(standin.mini_program),
        **changes,
    }
    answer = post(standin, "/cgi-bin/stable_token", body).json()
    assert answer["errcode"] == errcode


def test_malformed_requests_are_named(standin: StandIn) -> None:
    path = "/cgi-bin/stable_token"
    assert get(standin, path).json()["errcode"] == 43002
    for data, errcode in ((b"", 44002), (b"{", 47001), (b"[]", 47001)):
        answer = requests.post(f"{standin.url}{path}", data=data, timeout=10)
        assert answer.json()["errcode"] == errcode


def test_a_mini_program_code_is_a_picture_of_the_width_asked_for(
    standin: StandIn,
) -> None:
    path = "/wxa/getwxacodeunlimit"
    good = {"scene": "a-token_1", "page": "pages/index/index", "width": 280}
    value = token(standin, standin.mini_program)
    answer = post(standin, path, good, access_token=value)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert Image.open(io.BytesIO(answer.content)).size == (280, 280)
    for change, errcode in (
        ({"scene": ""}, 40169),
        ({"scene": "a" * 33}, 40169),
        ({"scene": "100%"}, 40169),
        ({"page": "/pages/index/index"}, 41030),
        ({"page": "pages/other/other"}, 41030),
        ({"width": 100}, 40097),
    ):
        refused = post(standin, path, good | change, access_token=value)
        assert refused.json()["errcode"] == errcode
    assert post(standin, path, good).json()["errcode"] == 41001
    other = token(standin, standin.service_account)
    refused = post(standin, path, good, access_token=other)
    assert refused.json()["errcode"] == 48001


def test_a_message_needs_a_consent_and_uses_it_up(standin: StandIn) -> None:
    path = "/cgi-bin/message/subscribe/send"
    value = token(standin, standin.mini_program)
    template = standin.mini_program.templates[MessageKind.RETURNED]
    openid = standin.new_openid()
    data = {name: {"value": "请重拍"} for name in template.fields}
    body = {"touser": openid, "template_id": template.id, "data": data}

    def send(**changes: Any) -> int:
        answer = post(standin, path, body | changes, access_token=value).json()
        errcode: int = answer["errcode"]
        return errcode

    assert send() == 40003
    standin.accept(openid, template.id)
    assert send(template_id="another") == 40037
    assert send(data={**data, "thing1": {"value": "字" * 21}}) == 47003
    assert send(data={}) == 47003
    assert send(page="pages/none/none") == 41030
    assert standin.quota(openid, template.id) == 1
    assert send(page="pages/index/index?id=1") == 0
    assert standin.quota(openid, template.id) == 0
    assert send() == 43101
    (message,) = standin.sent
    assert message.fields == dict.fromkeys(template.fields, "请重拍")


def test_a_picture_is_looked_at_for_people_of_the_last_two_hours(
    standin: StandIn,
) -> None:
    value = token(standin, standin.mini_program)
    openid = standin.new_openid()
    body = {
        "media_url": "https://school.example/picture",
        "media_type": 2,
        "version": 2,
        "scene": 1,
        "openid": openid,
    }

    def ask(**changes: Any) -> dict[str, Any]:
        answer = post(
            standin, "/wxa/media_check_async", body | changes, access_token=value
        )
        return dict(answer.json())

    assert ask()["errcode"] == 40003
    standin.issue_code(standin.mini_program, openid)
    assert ask(version=1)["errcode"] == 40097
    trace_id = ask()["trace_id"]
    (check,) = standin.picture_checks
    assert (check.trace_id, check.url) == (trace_id, body["media_url"])
    standin.clock.move(hours=3)
    value = token(standin, standin.mini_program)
    assert ask()["errcode"] == 61010


@pytest.mark.parametrize(
    ("name", "text", "good"),
    [
        ("thing1", "字" * 20, True),
        ("thing1", "字" * 21, False),
        ("thing1", "", False),
        ("thing1", None, False),
        ("phrase2", "已退回", True),
        ("phrase2", "已退回请重拍", False),
        ("name3", "张测试", True),
        ("name3", "张测试1", False),
        ("time4", "2026年3月10日 09:00", True),
        ("time4", "明天", False),
        ("date5", "2026年3月10日", True),
        ("character_string6", "A1-2", True),
        ("character_string6", "码", False),
        ("unknown7", "x", False),
    ],
)
def test_fields_have_wechats_limits(name: str, text: str | None, good: bool) -> None:  # noqa: FBT001 - a column of the table
    assert is_within_limits(name, text) is good


def test_faults_come_in_their_order_and_heal(standin: StandIn) -> None:
    path = "/cgi-bin/ticket/getticket"
    value = token(standin, standin.service_account)
    standin.fail(path, 45011, "http500", "garbage", "contradiction", "close", "lost")

    def ask(timeout: float = 10) -> requests.Response:
        return requests.get(
            f"{standin.url}{path}",
            params={"access_token": value, "type": "jsapi"},
            timeout=timeout,
        )

    assert ask().json()["errcode"] == 45011
    assert ask().status_code == 502
    assert ask().text.startswith("<html>")
    assert ask().json() == {"errmsg": "ok"}
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            ask()
    standin.fail(path, "slow")
    assert ask().json()["errcode"] == 0
    standin.fail_always(path, "hang")
    with pytest.raises(requests.ReadTimeout):
        ask(timeout=0.2)
    standin.heal()
    assert ask().json()["errcode"] == 0
    assert len(standin.calls(path)) == 9


def test_a_drip_never_ends_by_itself(standin: StandIn) -> None:
    standin.fail("/cgi-bin/stable_token", "drip")
    answer = requests.post(
        f"{standin.url}/cgi-bin/stable_token", json={}, timeout=5, stream=True
    )
    assert answer.raw.read(8) == b'{"errcod'
    standin.heal()
    assert answer.raw.read().rstrip().endswith(b'"}')


class _Receiver(BaseHTTPRequestHandler):
    """Keeps what it is pushed."""

    got: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((self.path, body))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name
        """Say nothing."""


def test_pushes_arrive_as_often_as_told(standin: StandIn) -> None:
    got: list[tuple[str, bytes]] = []
    handler = type("Handler", (_Receiver,), {"got": got})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            standin.push_url = f"http://127.0.0.1:{server.server_port}/push"
            openid = standin.new_openid()
            standin.issue_code(standin.mini_program, openid)
            body = {
                "media_url": "https://school.example/picture",
                "media_type": 2,
                "version": 2,
                "scene": 1,
                "openid": openid,
            }
            value = token(standin, standin.mini_program)
            asked = post(standin, "/wxa/media_check_async", body, access_token=value)
            answers = standin.answer_check(
                asked.json()["trace_id"], None, times=2, encrypted=False
            )
        finally:
            server.shutdown()
            thread.join()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert got[0] == got[1]
    assert b"-1008" in got[0][1]
    assert "signature=" in got[0][0]


def test_a_command_runs_with_the_stand_in_beside_it() -> None:
    asking = (
        "import os, requests;"
        "print(requests.get(os.environ['BIZHAO_WECHAT_API_URL'], timeout=10).text);"
        "print(os.environ['BIZHAO_MINI_PROGRAM__APP_ID']); raise SystemExit(3)"
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.wechat.standin", sys.executable, "-c", asking],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ,
    )
    assert done.returncode == 3
    assert "小程序登录码" in done.stdout
    assert "wx0123456789abcdef" in done.stdout
    assert "http://127.0.0.1:" in done.stderr
