"""Each known fault of wechatpy 2.0.0a26, and that it cannot reach us."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Any

import pytest
import requests
from wechatpy.events import WxaMediaCheckEvent

from backend.domain.errors import PermissionDeniedError, UpstreamError
from backend.domain.picture_check import CheckState, read_answer
from backend.domain.wechat import Account
from backend.wechat import WeChatPyGateway
from backend.wechat.gateway import _Client
from backend.wechat.transport import BoundedSession
from tests.wechat.gateways import fresh_sqlite, keys_of, make_gateway
from tests.wechat.standin import StandIn

TOKEN = "/cgi-bin/stable_token"
CODE = "/wxa/getwxacodeunlimit"
PAGE = "pages/index/index"


@pytest.fixture
def gateway(standin: StandIn, tmp_path: Path) -> WeChatPyGateway:
    return make_gateway(fresh_sqlite(tmp_path), standin.url, standin.clock)


def test_it_never_asks_for_a_token_at_the_address_written_into_it(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(requests.Session, "send", lambda *a, **_: asked.append(a))
    client = _Client(keys_of(standin.mini_program))
    with pytest.raises(RuntimeError, match="without its token"):
        client.fetch_access_token()
    with pytest.raises(RuntimeError, match="without its token"):
        client.get("ticket/getticket")
    assert not asked


def test_a_refused_token_does_not_recurse(
    standin: StandIn, gateway: WeChatPyGateway
) -> None:
    standin.fail_always(CODE, 40001)
    with pytest.raises(UpstreamError):
        gateway.mini_program_code(scene="a", page=PAGE, width=430)
    assert len(standin.calls(CODE)) == 2


def test_a_second_try_sends_the_same_body_and_no_empty_one(
    standin: StandIn, gateway: WeChatPyGateway
) -> None:
    standin.publish(PAGE)
    standin.fail(CODE, 42001)
    assert gateway.mini_program_code(scene="an-entry", page=PAGE, width=430)
    first, second = standin.calls(CODE)
    assert first.body == second.body
    assert second.body["scene"] == "an-entry"


def test_signing_in_drags_no_access_token_along(
    standin: StandIn, gateway: WeChatPyGateway
) -> None:
    code = standin.issue_code(standin.mini_program, standin.new_openid())
    gateway.sign_in_mini_program(code)
    (call,) = standin.calls("/sns/jscode2session")
    assert call.query.keys() == {"appid", "secret", "js_code", "grant_type"}
    assert not standin.calls(TOKEN)


def test_making_a_client_asks_for_nothing(standin: StandIn) -> None:
    # wechatpy looks at every property before the client is initialised.
    client = _Client(keys_of(standin.mini_program))
    assert isinstance(client._http, BoundedSession)


def test_signatures_are_compared_in_constant_time(
    standin: StandIn, gateway: WeChatPyGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[bytes] = []

    def compare(given: bytes, right: bytes) -> bool:
        compared.append(given)
        assert isinstance(right, bytes)
        return False

    monkeypatch.setattr(hmac, "compare_digest", compare)
    envelope = standin.envelope(standin.mini_program, "an_event")
    with pytest.raises(PermissionDeniedError, match="push_signature_invalid"):
        gateway.open_push(Account.MINI_PROGRAM, envelope.query, envelope.body)
    assert compared == [envelope.query["signature"].encode()]


def test_the_answer_of_a_picture_check_is_read_from_what_was_sent(
    standin: StandIn, gateway: WeChatPyGateway
) -> None:
    fields = {
        "trace_id": "a-trace",
        "version": 2,
        "result": {"suggest": "pass", "label": "100"},
    }
    # wechatpy knows the first version only, and calls a passed picture invalid.
    assert not WxaMediaCheckEvent(fields).is_valid
    envelope = standin.envelope(standin.mini_program, "wxa_media_check", fields)
    opened = gateway.open_push(Account.MINI_PROGRAM, envelope.query, envelope.body)
    assert read_answer(opened.data).state is CheckState.PASSED
