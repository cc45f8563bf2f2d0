"""Each call of the gateway over real HTTP, when WeChat answers well and when it does not."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from structlog.testing import capture_logs

from backend.domain.errors import (
    DomainError,
    InvalidInputError,
    NotAuthenticatedError,
    NotFoundError,
    PermissionDeniedError,
    RefusedError,
    UnavailableError,
    UpstreamError,
)
from backend.domain.wechat import (
    Account,
    MessageKind,
    OutgoingMessage,
    SendOutcome,
)
from backend.wechat import AccountKeys, WeChatPyGateway, transport
from tests.wechat.gateways import fresh_sqlite, make_gateway
from tests.wechat.standin import StandIn
from tests.wechat.standin.faults import Fault

TOKEN = "/cgi-bin/stable_token"
TICKET = "/cgi-bin/ticket/getticket"
SESSION = "/sns/jscode2session"
OAUTH = "/sns/oauth2/access_token"
CODE = "/wxa/getwxacodeunlimit"
SEND = "/cgi-bin/message/subscribe/send"
BIZSEND = "/cgi-bin/message/subscribe/bizsend"
CHECK = "/wxa/media_check_async"
PAGE = "pages/index/index"
#: By its name: a traceback shows the line, and must not show what was in it.
ONE_USE = "one-use-" + "code"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up sooner than in production; the stand-in's slow answers still arrive."""
    monkeypatch.setattr(transport, "_TIMEOUT", (1.0, 1.0))
    monkeypatch.setattr(transport, "_WHOLE_ANSWER", 1.5)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return fresh_sqlite(tmp_path)


@pytest.fixture
def gateway(standin: StandIn, url: str) -> WeChatPyGateway:
    return make_gateway(url, standin.url, standin.clock)


@pytest.fixture
def openid(standin: StandIn) -> str:
    """Somebody who uses the mini program and takes messages from it."""
    who = standin.new_openid()
    standin.accept(who, template(Account.MINI_PROGRAM), times=9)
    return who


def template(account: Account) -> str:
    given = (
        StandIn.mini_program
        if account is Account.MINI_PROGRAM
        else StandIn.service_account
    )
    return given.templates[MessageKind.RETURNED].id


def message(openid: str, account: Account = Account.MINI_PROGRAM) -> OutgoingMessage:
    return OutgoingMessage(
        account=account,
        openid=openid,
        template_id=template(account),
        fields={"thing1": "样例大学", "thing2": "请重拍"},
        page=PAGE,
    )


# Good answers.


def test_the_mini_programs_user_is_known_by_the_code(
    standin: StandIn, gateway: WeChatPyGateway
) -> None:
    who = standin.new_openid()
    standin.join(who, "a-unionid")
    code = standin.issue_code(standin.mini_program, who)
    user = gateway.sign_in_mini_program(code)
    assert (user.openid, user.unionid) == (who, "a-unionid")
    (call,) = standin.calls(SESSION)
    # wechatpy would have fetched a token for this call, and sent it along.
    assert "access_token" not in call.query
    assert not standin.calls(TOKEN)
    with pytest.raises(NotAuthenticatedError, match="wechat_code_invalid"):
        gateway.sign_in_mini_program(code)


def test_the_service_accounts_user_comes_back_from_the_authorize_page(
    standin: StandIn, gateway: WeChatPyGateway
) -> None:
    who = standin.new_openid()
    standin.oauth_user(who)
    address = gateway.authorize_url(
        return_url="https://photos.example.edu/wechat/callback", state="abc123"
    )
    assert address.endswith("#wechat_redirect")
    with requests.Session() as http:
        http.trust_env = False
        answer = http.get(
            address,
            headers={"User-Agent": "MicroMessenger/8.0"},
            allow_redirects=False,
            timeout=5,
        )
    back = urlsplit(answer.headers["Location"])
    assert back.netloc == "photos.example.edu"
    sent = parse_qs(back.query)
    assert sent["state"] == ["abc123"]
    assert gateway.sign_in_service_account(sent["code"][0]).openid == who


def test_a_preview_without_a_person_signs_nobody_in(
    standin: StandIn, gateway: WeChatPyGateway
) -> None:
    standin.oauth_user(standin.new_openid(), snapshot=True)
    with requests.Session() as http:
        http.trust_env = False
        answer = http.get(
            gateway.authorize_url(return_url="https://a.example/b", state="s"),
            headers={"User-Agent": "MicroMessenger/8.0"},
            allow_redirects=False,
            timeout=5,
        )
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    with pytest.raises(PermissionDeniedError, match="wechat_snapshot_user"):
        gateway.sign_in_service_account(code)


def test_a_page_is_signed_with_one_ticket_for_all(
    standin: StandIn, gateway: WeChatPyGateway
) -> None:
    first = gateway.page_signature("https://photos.example.edu/s/a")
    second = gateway.page_signature("https://photos.example.edu/s/a")
    assert first.app_id == standin.service_account.app_id
    assert first.nonce != second.nonce
    assert len(standin.calls(TICKET)) == 1
    assert len(standin.calls(TOKEN)) == 1


def test_a_mini_program_code_is_a_picture(
    standin: StandIn, gateway: WeChatPyGateway
) -> None:
    standin.publish(PAGE)
    data = gateway.mini_program_code(scene="abc", page=PAGE, width=430)
    assert data.startswith(b"\xff\xd8")
    with pytest.raises(InvalidInputError, match="wechat_page_unknown"):
        gateway.mini_program_code(scene="abc", page="pages/no", width=430)
    with pytest.raises(InvalidInputError, match="wechat_scene_invalid"):
        gateway.mini_program_code(scene="a" * 33, page=PAGE, width=430)


@pytest.mark.parametrize("account", list(Account))
def test_a_message_goes_out_while_it_is_agreed_to(
    standin: StandIn, gateway: WeChatPyGateway, account: Account
) -> None:
    standin.publish(PAGE)
    who = standin.new_openid()
    standin.accept(who, template(account))
    assert gateway.send_message(message(who, account)) is SendOutcome.SENT
    (sent,) = standin.sent
    assert (sent.openid, sent.fields["thing2"]) == (who, "请重拍")
    assert gateway.send_message(message(who, account)) is SendOutcome.REFUSED


@pytest.mark.parametrize("errcode", [40003, 40037, 41030, 47003])
def test_a_message_that_can_never_go_out_is_told_apart(
    standin: StandIn, gateway: WeChatPyGateway, openid: str, errcode: int
) -> None:
    standin.fail(SEND, errcode)
    assert gateway.send_message(message(openid)) is SendOutcome.INVALID


def test_a_picture_check_is_asked_for(
    standin: StandIn, gateway: WeChatPyGateway
) -> None:
    who = standin.new_openid()
    gateway.sign_in_mini_program(standin.issue_code(standin.mini_program, who))
    url = "https://photos.example.edu/wechat/picture/x"
    trace = gateway.request_picture_check(openid=who, url=url)
    (asked,) = standin.picture_checks
    assert (asked.trace_id, asked.url, asked.openid) == (trace, url, who)
    with pytest.raises(RefusedError, match="wechat_user_inactive"):
        gateway.request_picture_check(openid=standin.new_openid(), url=url)


def test_an_account_the_school_has_not_is_said_to_be_none(
    standin: StandIn, url: str
) -> None:
    nothing = make_gateway(url, standin.url, standin.clock, accounts={})
    assert not any(nothing.has(account) for account in Account)
    calls: list[Callable[[], object]] = [
        lambda: nothing.sign_in_mini_program("a"),
        lambda: nothing.sign_in_service_account("a"),
        lambda: nothing.page_signature("https://a.example/"),
        lambda: nothing.send_message(message("o")),
        lambda: nothing.greeting(Account.MINI_PROGRAM, {}),
        lambda: nothing.open_push(Account.MINI_PROGRAM, {}, b""),
    ]
    for call in calls:
        with pytest.raises(NotFoundError, match="wechat_not_configured"):
            call()


# Bad answers.

#: What is wrong → the error of ours.
BAD: list[tuple[Fault, type[DomainError], str]] = [
    ("hang", UpstreamError, "wechat_unreachable"),
    ("drip", UpstreamError, "wechat_unreachable"),
    ("garbage", UpstreamError, "wechat_unreachable"),
    ("http500", UpstreamError, "wechat_unreachable"),
    ("close", UpstreamError, "wechat_unreachable"),
    ("contradiction", UpstreamError, "wechat_unreachable"),
    (-1, UnavailableError, "wechat_busy"),
    (45009, UnavailableError, "wechat_busy"),
    (45011, UnavailableError, "wechat_busy"),
    (40013, UnavailableError, "wechat_misconfigured"),
    (40125, UnavailableError, "wechat_misconfigured"),
    (40164, UnavailableError, "wechat_misconfigured"),
    (40001, UpstreamError, "wechat_unreachable"),
    (99999, UpstreamError, "wechat_unreachable"),
]
Call = Callable[[WeChatPyGateway, str], object]
CALLS: dict[str, Call] = {
    SESSION: lambda g, _: g.sign_in_mini_program(ONE_USE),
    OAUTH: lambda g, _: g.sign_in_service_account(ONE_USE),
    TICKET: lambda g, _: g.page_signature("https://a.example/"),
    CODE: lambda g, _: g.mini_program_code(scene="a", page=PAGE, width=430),
    SEND: lambda g, who: g.send_message(message(who)),
    BIZSEND: lambda g, who: g.send_message(message(who, Account.SERVICE_ACCOUNT)),
    CHECK: lambda g, who: g.request_picture_check(openid=who, url="https://a.example/"),
}


@pytest.mark.parametrize(
    ("fault", "kind", "code"), BAD, ids=[str(fault) for fault, *_ in BAD]
)
@pytest.mark.parametrize("path", CALLS)
def test_every_failure_is_one_of_our_errors(
    standin: StandIn,
    gateway: WeChatPyGateway,
    openid: str,
    path: str,
    fault: Fault,
    kind: type[DomainError],
    code: str,
) -> None:
    standin.fail_always(path, fault)
    with pytest.raises(kind, match=code) as caught:
        CALLS[path](gateway, openid)
    said = "".join(traceback.format_exception(caught.value))
    for secret in _secrets(standin, openid):
        assert secret not in said
        assert secret not in repr(caught.value.data)
    assert not isinstance(caught.value.__context__, requests.RequestException)
    if code == "wechat_busy":
        assert int(caught.value.data["retry_after"]) > 0
    assert len(standin.calls(path)) <= 2


def _secrets(standin: StandIn, openid: str) -> list[str]:
    tokens = [call.query.get("access_token", "") for call in standin.calls(SEND)]
    return [
        standin.mini_program.secret,
        standin.service_account.secret,
        openid,
        ONE_USE,
        *filter(None, tokens),
    ]


@pytest.mark.parametrize("path", [TICKET, CODE, SEND, CHECK])
def test_a_stale_token_is_replaced_and_the_call_made_once_more(
    standin: StandIn, gateway: WeChatPyGateway, path: str
) -> None:
    who = standin.new_openid()
    gateway.sign_in_mini_program(standin.issue_code(standin.mini_program, who))
    standin.accept(who, template(Account.MINI_PROGRAM))
    standin.publish(PAGE)
    gateway.mini_program_code(scene="a", page=PAGE, width=430)
    standin.revoke_tokens(standin.mini_program)
    standin.revoke_tokens(standin.service_account)
    before = len(standin.calls(path))
    CALLS[path](gateway, who)
    assert len(standin.calls(path)) - before <= 2


def test_a_slow_answer_is_waited_for(
    standin: StandIn, gateway: WeChatPyGateway
) -> None:
    standin.fail(SESSION, "slow")
    who = standin.new_openid()
    code = standin.issue_code(standin.mini_program, who)
    assert gateway.sign_in_mini_program(code).openid == who


@pytest.mark.parametrize("fault", [40001, 40014, 42001])
def test_a_token_that_is_never_good_costs_two_requests_a_call(
    standin: StandIn, gateway: WeChatPyGateway, openid: str, fault: Fault
) -> None:
    # wechatpy would ask for new tokens until the stack overflows.
    standin.fail_always(SEND, fault)
    with pytest.raises(UpstreamError):
        gateway.send_message(message(openid))
    assert len(standin.calls(SEND)) == 2
    assert len(standin.calls(TOKEN)) == 2


def test_a_busy_moment_is_outlasted_where_asking_again_does_no_harm(
    standin: StandIn, gateway: WeChatPyGateway
) -> None:
    standin.fail(TICKET, -1)
    assert gateway.page_signature("https://a.example/").signature
    assert len(standin.calls(TICKET)) == 2


def test_a_message_is_not_sent_again_when_wechat_is_busy(
    standin: StandIn, gateway: WeChatPyGateway, openid: str
) -> None:
    standin.fail(SEND, -1)
    with pytest.raises(UnavailableError, match="wechat_busy"):
        gateway.send_message(message(openid))
    assert len(standin.calls(SEND)) == 1


def test_a_wrong_secret_is_a_fault_of_the_settings(standin: StandIn, url: str) -> None:
    keys = AccountKeys(standin.mini_program.app_id, "another secret")
    wrong = make_gateway(url, standin.url, standin.clock, {Account.MINI_PROGRAM: keys})
    with pytest.raises(UnavailableError, match="wechat_misconfigured"):
        wrong.send_message(message("o"))
    assert "another secret" not in repr(keys)


def test_a_failed_renewal_leaves_the_way_free_for_the_next(
    standin: StandIn, gateway: WeChatPyGateway
) -> None:
    standin.fail(TOKEN, "garbage")
    with pytest.raises(UpstreamError):
        gateway.page_signature("https://a.example/")
    assert gateway.page_signature("https://a.example/").signature


def test_tokens_are_renewed_before_their_end(
    standin: StandIn, gateway: WeChatPyGateway
) -> None:
    standin.publish(PAGE)
    gateway.mini_program_code(scene="a", page=PAGE, width=430)
    standin.clock.move(seconds=7200 - 100)
    gateway.mini_program_code(scene="a", page=PAGE, width=430)
    assert len(standin.calls(TOKEN)) == 2


def test_nothing_secret_is_written_to_the_log(
    standin: StandIn,
    gateway: WeChatPyGateway,
    openid: str,
) -> None:
    with capture_logs() as said:
        for path, call in CALLS.items():
            for fault in (40001, "garbage", "close", 47001):
                standin.fail_always(path, fault)
                with pytest.raises(DomainError):
                    call(gateway, openid)
    text = f"{said}"
    assert "wechat_refused" in text
    for secret in _secrets(standin, openid):
        assert secret not in text
