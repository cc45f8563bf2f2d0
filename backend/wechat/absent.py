"""WeChat for a school that has no account there: nothing is offered, nothing is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from backend.domain.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backend.domain.wechat import Account, OutgoingMessage


class NoWeChat:
    """Has no account; whatever is asked raises ``wechat_not_configured``."""

    def has(self, account: Account) -> bool:
        """Tell that the school has no such account."""
        del account
        return False

    def sign_in_mini_program(self, code: str) -> NoReturn:
        """Refuse: there is no mini program."""
        del code
        raise NotFoundError("wechat_not_configured")

    def authorize_url(self, *, return_url: str, state: str) -> NoReturn:
        """Refuse: there is no service account."""
        del return_url, state
        raise NotFoundError("wechat_not_configured")

    def sign_in_service_account(self, code: str) -> NoReturn:
        """Refuse: there is no service account."""
        del code
        raise NotFoundError("wechat_not_configured")

    def page_signature(self, url: str) -> NoReturn:
        """Refuse: there is no service account."""
        del url
        raise NotFoundError("wechat_not_configured")

    def mini_program_code(self, *, scene: str, page: str, width: int) -> NoReturn:
        """Refuse: there is no mini program."""
        del scene, page, width
        raise NotFoundError("wechat_not_configured")

    def send_message(self, message: OutgoingMessage) -> NoReturn:
        """Refuse: there is no account to send by."""
        del message
        raise NotFoundError("wechat_not_configured")

    def request_picture_check(self, *, openid: str, url: str) -> NoReturn:
        """Refuse: there is no mini program."""
        del openid, url
        raise NotFoundError("wechat_not_configured")

    def greeting(self, account: Account, query: Mapping[str, str]) -> NoReturn:
        """Refuse: nobody may push to us."""
        del account, query
        raise NotFoundError("wechat_not_configured")

    def open_push(
        self, account: Account, query: Mapping[str, str], body: bytes
    ) -> NoReturn:
        """Refuse: nobody may push to us."""
        del account, query, body
        raise NotFoundError("wechat_not_configured")
