"""The gateway: each thing this service wants of WeChat, as one call.

wechatpy makes the requests and reads the answers. What it does wrongly is kept away
from it: it never fetches a token (its own way knows no stable tokens, no timeout and no
end of retrying), so every call here brings its token along, and is tried once more with
a new one when WeChat refuses the first.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn, TypeVar

import requests
import structlog
from wechatpy import WeChatClient, WeChatOAuth
from wechatpy.exceptions import WeChatException

from backend.domain.errors import (
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
    UpstreamError,
)
from backend.domain.wechat import (
    Account,
    OutgoingMessage,
    PageSignature,
    Push,
    SendOutcome,
    WeChatUser,
)
from backend.wechat.answers import (
    BUSY,
    MESSAGE_INVALID,
    MESSAGE_REFUSED,
    STALE_TOKEN,
    error_for,
    request_id,
)
from backend.wechat.credentials import Clock, Credentials, CredentialStore
from backend.wechat.push import PushReader
from backend.wechat.transport import BoundedSession

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: Seconds before a question is asked again that found WeChat busy.
_BREATH: Final = 0.3
_SEND: Final = {
    Account.MINI_PROGRAM: "/cgi-bin/message/subscribe/send",
    Account.SERVICE_ACCOUNT: "/cgi-bin/message/subscribe/bizsend",
}


@dataclass(frozen=True, slots=True)
class AccountKeys:
    """What WeChat's console says of an account."""

    app_id: str
    secret: str = field(repr=False)
    push_token: str | None = field(default=None, repr=False)
    push_key: str | None = field(default=None, repr=False)


class _RefusedError(Exception):
    """WeChat's answer with an error code; it never leaves this module."""

    def __init__(self, code: int | None) -> None:
        super().__init__()
        self.code = code


class _Client(WeChatClient):  # type: ignore[misc] # wechatpy has no types
    """wechatpy's client, which asks for no token by itself and waits for nobody long."""

    def __init__(self, keys: AccountKeys) -> None:
        super().__init__(keys.app_id, keys.secret, auto_retry=False)
        self._http = BoundedSession()

    def fetch_access_token(self) -> NoReturn:
        """Refuse: tokens are brought along."""
        raise RuntimeError("a call without its token")


class WeChatPyGateway:
    """Talks with WeChat for one or both of a school's accounts."""

    def __init__(
        self,
        accounts: Mapping[Account, AccountKeys],
        *,
        api_url: str,
        open_url: str,
        store: CredentialStore,
        clock: Clock,
    ) -> None:
        self._accounts = dict(accounts)
        self._api_url = api_url.rstrip("/")
        self._open_url = open_url.rstrip("/")
        self._clock = clock
        self._credentials = Credentials(store, clock)
        self._clients = {name: _Client(keys) for name, keys in accounts.items()}
        self._readers = {
            name: PushReader(
                name, app_id=keys.app_id, token=keys.push_token, key=keys.push_key
            )
            for name, keys in accounts.items()
            if keys.push_token
        }

    def has(self, account: Account) -> bool:
        """Tell whether the school has this account."""
        return account in self._accounts

    def check(self, account: Account) -> None:
        """Ask for a token of the account, or use the one there is."""
        name = f"token:{self._keys(account).app_id}"
        self._credentials.get(name, lambda: self._ask_for_token(account))

    def sign_in_mini_program(self, code: str) -> WeChatUser:
        """Return whose ``wx.login`` code it is; the session key is dropped at once."""
        keys = self._keys(Account.MINI_PROGRAM)
        sent = {
            "appid": keys.app_id,
            "secret": keys.secret,
            "js_code": code,
            "grant_type": "authorization_code",
            # Without the name wechatpy would fetch a token for nothing.
            "access_token": None,
        }
        return _user(
            _answer_of(
                lambda: self._raw(
                    Account.MINI_PROGRAM, "get", "/sns/jscode2session", params=sent
                )
            )
        )

    def authorize_url(self, *, return_url: str, state: str) -> str:
        """Return where the service account's silent sign-in begins."""
        return str(self._oauth(return_url, state).authorize_url)

    def sign_in_service_account(self, code: str) -> WeChatUser:
        """Return whose OAuth code it is; refuses a preview without a person."""
        self._keys(Account.SERVICE_ACCOUNT)
        oauth = self._oauth("", "")
        answer = _answer_of(lambda: oauth.fetch_access_token(code))
        if answer.get("is_snapshotuser"):
            raise PermissionDeniedError("wechat_snapshot_user")
        return _user(answer)

    def page_signature(self, url: str) -> PageSignature:
        """Return the JS-SDK signature for a page of ours."""
        keys = self._keys(Account.SERVICE_ACCOUNT)
        ticket = self._credentials.get(f"ticket:{keys.app_id}", self._ask_for_ticket)
        timestamp, nonce = int(self._clock.now().timestamp()), secrets.token_hex(8)
        jsapi = self._clients[Account.SERVICE_ACCOUNT].jsapi
        signature = jsapi.get_jsapi_signature(nonce, ticket, timestamp, url)
        return PageSignature(keys.app_id, timestamp, nonce, str(signature))

    def mini_program_code(self, *, scene: str, page: str, width: int) -> bytes:
        """Return a mini-program code as a picture."""

        def picture(token: str) -> bytes:
            answer = self._raw(
                Account.MINI_PROGRAM,
                "post",
                "/wxa/getwxacodeunlimit",
                params={"access_token": token},
                data={"scene": scene, "page": page, "width": width},
            )
            kind = getattr(answer, "headers", {}).get("Content-Type", "")
            if not kind.startswith("image/"):
                raise _unusable("nonsense")
            return bytes(answer.content)

        return self._with_token(Account.MINI_PROGRAM, picture, again_if_busy=True)

    def send_message(self, message: OutgoingMessage) -> SendOutcome:
        """Send one subscribe message."""
        body = {
            "touser": message.openid,
            "template_id": message.template_id,
            "page": message.page,
            "data": {name: {"value": text} for name, text in message.fields.items()},
        }

        def send(token: str) -> SendOutcome:
            try:
                self._ask(
                    message.account,
                    "post",
                    _SEND[message.account],
                    params={"access_token": token},
                    data=body,
                    said_ok=True,
                )
            except _RefusedError as refused:
                if refused.code in MESSAGE_REFUSED:
                    return SendOutcome.REFUSED
                if refused.code in MESSAGE_INVALID:
                    return SendOutcome.INVALID
                raise
            return SendOutcome.SENT

        return self._with_token(message.account, send)

    def request_picture_check(self, *, openid: str, url: str) -> str:
        """Ask for a content check of the picture at an address; return its trace id."""

        def ask(token: str) -> str:
            answer = self._ask(
                Account.MINI_PROGRAM,
                "post",
                "/wxa/media_check_async",
                params={"access_token": token},
                data={
                    "media_url": url,
                    "media_type": 2,  # a picture
                    "version": 2,
                    "scene": 1,  # of a profile
                    "openid": openid,
                },
            )
            return _text(answer, "trace_id")

        return self._with_token(Account.MINI_PROGRAM, ask)

    def greeting(self, account: Account, query: Mapping[str, str]) -> str:
        """Return what answers WeChat's check of the push address."""
        return self._reader(account).greeting(query, self._clock.now())

    def open_push(
        self, account: Account, query: Mapping[str, str], body: bytes
    ) -> Push:
        """Return the event in a pushed body."""
        return self._reader(account).read(query, body, self._clock.now())

    def _keys(self, account: Account) -> AccountKeys:
        keys = self._accounts.get(account)
        if keys is None:
            raise NotFoundError("wechat_not_configured")
        return keys

    def _reader(self, account: Account) -> PushReader:
        reader = self._readers.get(account)
        if reader is None:
            raise NotFoundError("wechat_not_configured")
        return reader

    def _oauth(self, return_url: str, state: str) -> Any:
        """Return a helper of wechatpy's for one sign-in: it keeps what it learns."""
        keys = self._keys(Account.SERVICE_ACCOUNT)
        oauth = WeChatOAuth(keys.app_id, keys.secret, return_url, state=state)
        oauth.API_BASE_URL = f"{self._api_url}/"
        oauth.OAUTH_BASE_URL = f"{self._open_url}/connect/"
        oauth._http = BoundedSession()  # noqa: SLF001 - it takes no timeout otherwise
        return oauth

    def _with_token(
        self,
        account: Account,
        call: Callable[[str], T],
        *,
        again_if_busy: bool = False,
    ) -> T:
        """Make a call with the account's token: once, or a second time with another."""
        keys = self._keys(account)
        name = f"token:{keys.app_id}"
        for last in (False, True):
            token = self._credentials.get(name, lambda: self._ask_for_token(account))
            try:
                return call(token)
            except _RefusedError as refused:
                if refused.code in STALE_TOKEN:
                    self._credentials.drop(name, token)
                elif not (refused.code == BUSY and again_if_busy):
                    raise error_for(refused.code) from None
                if last:
                    raise error_for(refused.code) from None
            time.sleep(_BREATH if again_if_busy else 0)
        raise _unusable("nonsense")

    def _ask_for_token(self, account: Account) -> tuple[str, int]:
        keys = self._keys(account)
        try:
            answer = self._ask(
                account,
                "post",
                "/cgi-bin/stable_token",
                params={"access_token": None},
                data={
                    "grant_type": "client_credential",
                    "appid": keys.app_id,
                    "secret": keys.secret,
                    "force_refresh": False,
                },
            )
        except _RefusedError as refused:
            if refused.code in STALE_TOKEN:
                # Here it says that the secret is not the account's.
                raise UnavailableError("wechat_misconfigured") from None
            raise error_for(refused.code) from None
        return _text(answer, "access_token"), _seconds(answer)

    def _ask_for_ticket(self) -> tuple[str, int]:
        def ask(token: str) -> tuple[str, int]:
            answer = self._ask(
                Account.SERVICE_ACCOUNT,
                "get",
                "/cgi-bin/ticket/getticket",
                params={"access_token": token, "type": "jsapi"},
            )
            return _text(answer, "ticket"), _seconds(answer)

        return self._with_token(Account.SERVICE_ACCOUNT, ask, again_if_busy=True)

    def _ask(
        self,
        account: Account,
        method: str,
        path: str,
        *,
        said_ok: bool = False,
        **sent: Any,
    ) -> dict[str, Any]:
        answer = self._raw(account, method, path, **sent)
        if not isinstance(answer, dict) or (said_ok and answer.get("errcode") != 0):
            raise _unusable("nonsense")
        return answer

    def _raw(self, account: Account, method: str, path: str, **sent: Any) -> Any:
        client = self._clients[account]
        return _spoken(
            lambda: getattr(client, method)(f"{self._api_url}{path}", **sent)
        )


def _spoken(call: Callable[[], Any]) -> Any:
    """Make a call of wechatpy's; its exceptions hold addresses and end here.

    Raises:
        _RefusedError: WeChat answered with an error code.
        UpstreamError: no answer, or none that can be read.
    """
    refused: tuple[int | None, str] | None = None
    kind = ""
    try:
        return call()
    except WeChatException as error:
        code = error.errcode if isinstance(error.errcode, int) else None
        refused = (code, request_id(error.errmsg))
    except (requests.RequestException, ValueError, TypeError, KeyError) as error:
        kind = type(error).__name__
    # Raised out here, so that ours do not even remember theirs.
    if refused is None:
        raise _unusable(kind)
    log.warning("wechat_refused", errcode=refused[0], rid=refused[1])
    raise _RefusedError(refused[0])


def _unusable(kind: str) -> UpstreamError:
    """Log that there is no answer, or none that makes sense, and return our error."""
    log.warning("wechat_unreachable", kind=kind)
    return UpstreamError("wechat_unreachable")


def _answer_of(call: Callable[[], Any]) -> dict[str, Any]:
    try:
        answer = _spoken(call)
    except _RefusedError as refused:
        raise error_for(refused.code) from None
    if not isinstance(answer, dict):
        raise _unusable("nonsense")
    return answer


def _user(answer: Mapping[str, Any]) -> WeChatUser:
    unionid = answer.get("unionid")
    return WeChatUser(
        openid=_text(answer, "openid"),
        unionid=unionid if isinstance(unionid, str) else None,
    )


def _text(answer: Mapping[str, Any], name: str) -> str:
    found = answer.get(name)
    if not isinstance(found, str) or not found:
        raise _unusable("nonsense")
    return found


def _seconds(answer: Mapping[str, Any]) -> int:
    found = answer.get("expires_in")
    if not isinstance(found, int) or found <= 0:
        raise _unusable("nonsense")
    return found
