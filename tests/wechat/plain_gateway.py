"""The gateway's port over plain HTTP, as far as signing in and posters need it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import requests

from backend.domain.errors import (
    DomainError,
    InvalidInputError,
    NotAuthenticatedError,
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
from tests.wechat.standin import StandIn
from tests.wechat.standin.accounts import MINI_PROGRAM, SERVICE_ACCOUNT

_SECONDS: Final = 2
_REFUSALS: Final[Mapping[int, DomainError]] = {
    40029: NotAuthenticatedError("wechat_code_invalid"),
    40163: NotAuthenticatedError("wechat_code_invalid"),
    40226: PermissionDeniedError("wechat_user_blocked"),
    41030: InvalidInputError("wechat_page_unknown"),
    40169: InvalidInputError("wechat_scene_invalid"),
    45011: UnavailableError("wechat_busy", retry_after=60),
    45009: UnavailableError("wechat_busy", retry_after=60),
}


@dataclass
class PlainGateway:
    """Asks the stand-in each time anew; keeps no token."""

    standin: StandIn

    def has(self, account: Account) -> bool:
        del account
        return True

    def sign_in_mini_program(self, code: str) -> WeChatUser:
        found = self._ask(
            "GET",
            "/sns/jscode2session",
            {
                "appid": MINI_PROGRAM.app_id,
                "secret": MINI_PROGRAM.secret,
                "js_code": code,
                "grant_type": "authorization_code",
            },
        )
        return WeChatUser(_text(found, "openid"), found.get("unionid"))

    def authorize_url(self, *, return_url: str, state: str) -> str:
        return (
            f"{self.standin.url}/connect/oauth2/authorize"
            f"?appid={SERVICE_ACCOUNT.app_id}&redirect_uri={quote(return_url, safe='')}"
            f"&response_type=code&scope=snsapi_base&state={state}#wechat_redirect"
        )

    def sign_in_service_account(self, code: str) -> WeChatUser:
        found = self._ask(
            "GET",
            "/sns/oauth2/access_token",
            {
                "appid": SERVICE_ACCOUNT.app_id,
                "secret": SERVICE_ACCOUNT.secret,
                "code": code,
                "grant_type": "authorization_code",
            },
        )
        if found.get("is_snapshotuser"):
            raise PermissionDeniedError("wechat_snapshot_user")
        return WeChatUser(_text(found, "openid"))

    def page_signature(self, url: str) -> PageSignature:
        query = {
            "type": "jsapi",
            "access_token": self._access_token(Account.SERVICE_ACCOUNT),
        }
        ticket = _text(self._ask("GET", "/cgi-bin/ticket/getticket", query), "ticket")
        nonce, now = "standin", int(time.time())
        signed = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={now}&url={url}"
        digest = hashlib.sha1(signed.encode()).hexdigest()
        return PageSignature(SERVICE_ACCOUNT.app_id, now, nonce, digest)

    def mini_program_code(self, *, scene: str, page: str, width: int) -> bytes:
        answer = self._send(
            "POST",
            "/wxa/getwxacodeunlimit",
            {"access_token": self._access_token(Account.MINI_PROGRAM)},
            {"scene": scene, "page": page, "width": width},
        )
        if answer.headers["Content-Type"].startswith("image/"):
            return answer.content
        raise _refusal(_body(answer))

    def send_message(self, message: OutgoingMessage) -> SendOutcome:
        del message
        raise NotFoundError("wechat_not_configured")

    def request_picture_check(self, *, openid: str, url: str) -> str:
        del openid, url
        raise NotFoundError("wechat_not_configured")

    def greeting(self, account: Account, query: Mapping[str, str]) -> str:
        del account, query
        raise NotFoundError("wechat_not_configured")

    def open_push(
        self, account: Account, query: Mapping[str, str], body: bytes
    ) -> Push:
        del account, query, body
        raise NotFoundError("wechat_not_configured")

    def _access_token(self, account: Account) -> str:
        known = MINI_PROGRAM if account is Account.MINI_PROGRAM else SERVICE_ACCOUNT
        sent = {
            "grant_type": "client_credential",
            "appid": known.app_id,
            "secret": known.secret,
        }
        return _text(
            self._ask("POST", "/cgi-bin/stable_token", {}, sent), "access_token"
        )

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        sent: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        body = _body(self._send(method, path, query, sent))
        if body.get("errcode"):
            raise _refusal(body)
        return body

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        sent: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        with requests.Session() as http:
            http.trust_env = False
            try:
                return http.request(
                    method,
                    self.standin.url + path,
                    params=dict(query),
                    json=sent,
                    timeout=_SECONDS,
                )
            except requests.RequestException:
                raise UpstreamError("wechat_unreachable") from None


def _body(answer: requests.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        raise UpstreamError("wechat_unreachable") from None
    if not answer.ok or not isinstance(body, dict):
        raise UpstreamError("wechat_unreachable")
    return body


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise UpstreamError("wechat_unreachable")
    return value


def _refusal(body: Mapping[str, Any]) -> DomainError:
    known = _REFUSALS.get(int(body.get("errcode", 0)))
    return known or UpstreamError("wechat_unreachable")
