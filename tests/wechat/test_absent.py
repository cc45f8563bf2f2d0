from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from backend.domain.errors import NotFoundError
from backend.domain.wechat import Account, OutgoingMessage
from backend.ports import WeChatGateway
from backend.wechat.absent import NoWeChat

ASK: list[Callable[[WeChatGateway], Any]] = [
    lambda wechat: wechat.sign_in_mini_program("code"),
    lambda wechat: wechat.authorize_url(return_url="https://e.example/", state="a"),
    lambda wechat: wechat.sign_in_service_account("code"),
    lambda wechat: wechat.page_signature("https://e.example/"),
    lambda wechat: wechat.mini_program_code(scene="a", page="b", width=430),
    lambda wechat: wechat.send_message(
        OutgoingMessage(
            account=Account.MINI_PROGRAM,
            openid="o",
            template_id="t",
            fields={},
            page="p",
        )
    ),
    lambda wechat: wechat.request_picture_check(openid="o", url="https://e.example/"),
    lambda wechat: wechat.greeting(Account.MINI_PROGRAM, {}),
    lambda wechat: wechat.open_push(Account.SERVICE_ACCOUNT, {}, b""),
]


@pytest.mark.parametrize("account", Account)
def test_a_school_without_wechat_has_no_account(account: Account) -> None:
    assert not NoWeChat().has(account)


@pytest.mark.parametrize("ask", ASK)
def test_whatever_is_asked_of_it_is_not_configured(
    ask: Callable[[WeChatGateway], Any],
) -> None:
    with pytest.raises(NotFoundError, match="wechat_not_configured"):
        ask(NoWeChat())
