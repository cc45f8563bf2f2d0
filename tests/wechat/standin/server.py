"""The stand-in as tests hold it: a server in a thread, and handles on what it knows."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from threading import Thread
from types import TracebackType
from typing import Any, Final, Literal, Self

import requests
from werkzeug.serving import WSGIRequestHandler, make_server

from backend.domain.wechat import Account
from tests.wechat.standin import pushes
from tests.wechat.standin.accounts import (
    MINI_PROGRAM,
    SERVICE_ACCOUNT,
    Clock,
    StandInAccount,
)
from tests.wechat.standin.answers import make_app
from tests.wechat.standin.faults import Fault, Faults
from tests.wechat.standin.memory import AskedCheck, Call, Memory, SentMessage
from tests.wechat.standin.pushes import Envelope, Form, Tampering

_PUSH_SECONDS: Final = 10

Suggestion = Literal["pass", "review", "risky"]
_LABELS: Final[Mapping[Suggestion, int | str]] = {
    # WeChat writes labels as text and as numbers.
    "pass": "100",
    "review": 20002,
    "risky": 20002,
}


class SilentHandler(WSGIRequestHandler):
    """Addresses hold secrets and codes, so requests are not logged."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - its name
        """Say nothing."""


class StandIn:
    """WeChat, as far as this service meets it.

    Attributes:
        url: serves both the API's host and the host of the authorize page.
        push_url: where the answers of picture checks are sent.
    """

    mini_program: Final = MINI_PROGRAM
    service_account: Final = SERVICE_ACCOUNT

    def __init__(self, *, given_consents: int = 0) -> None:
        self.push_url: str | None = None
        self._memory = Memory(given=given_consents)
        self._faults = Faults()
        self._server = make_server(
            "127.0.0.1",
            0,
            make_app(self._memory, self._faults),
            threaded=True,
            request_handler=SilentHandler,
        )
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.heal()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    # Time and people.

    @property
    def clock(self) -> Clock:
        """The stand-in's time: move it, or put the clock of a test here."""
        return self._memory.clock

    @clock.setter
    def clock(self, clock: Clock) -> None:
        self._memory.clock = clock

    @staticmethod
    def new_openid() -> str:
        """Return an openid as WeChat makes them, of nobody yet."""
        return f"o{secrets.token_urlsafe(30)[:27]}"

    def issue_code(self, account: StandInAccount, openid: str) -> str:
        """Return a one-use code: ``wx.login`` of the mini program, or OAuth's."""
        return self._memory.issue_code(account.kind, openid)

    def oauth_user(self, openid: str, *, snapshot: bool = False) -> None:
        """Say whom the authorize page signs in, or shows the preview to."""
        self._memory.people[openid] = Account.SERVICE_ACCOUNT
        self._memory.oauth_user = (openid, snapshot)

    def join(self, openid: str, unionid: str) -> None:
        """Give a person of the mini program a unionid."""
        self._memory.unionids[openid] = unionid

    def block(self, openid: str) -> None:
        """Have WeChat refuse to sign a person in."""
        self._memory.blocked.add(openid)

    def publish(self, page: str) -> None:
        """Publish one more page of the mini program."""
        self._memory.pages.add(page)

    # Tokens.

    def revoke_tokens(self, account: StandInAccount) -> None:
        """End every access token of an account before its time."""
        with self._memory.lock:
            self._memory.revoke(account.kind)

    # Failing.

    def fail(self, path: str, *faults: Fault) -> None:
        """Let the next answers of an endpoint be these faults, in their order."""
        self._faults.add(path, faults)

    def fail_always(self, path: str, fault: Fault) -> None:
        """Let every answer of an endpoint be this fault."""
        self._faults.keep(path, fault)

    def heal(self) -> None:
        """Answer rightly from now on."""
        self._faults.heal()

    # What was asked.

    def calls(self, path: str) -> list[Call]:
        """Return the requests an endpoint was sent, failed ones too."""
        with self._memory.lock:
            return [call for call in self._memory.calls if call.path == path]

    @property
    def sent(self) -> list[SentMessage]:
        """The subscribe messages that were accepted."""
        with self._memory.lock:
            return list(self._memory.sent)

    @property
    def picture_checks(self) -> list[AskedCheck]:
        """The picture checks that were asked for."""
        with self._memory.lock:
            return list(self._memory.picture_checks)

    # Consents to messages.

    def accept(self, openid: str, template_id: str, *, times: int = 1) -> None:
        """Let a person of the template's account agree to one more message, or more."""
        of_mini_program = {t.id for t in MINI_PROGRAM.templates.values()}
        kind = (
            Account.MINI_PROGRAM
            if template_id in of_mini_program
            else Account.SERVICE_ACCOUNT
        )
        with self._memory.lock:
            self._memory.people[openid] = kind
            self._memory.accepted[openid, template_id] += times

    def quota(self, openid: str, template_id: str) -> int:
        """Return how many messages a person still takes, as WeChat counts."""
        with self._memory.lock:
            return self._memory.quota(openid, template_id)

    # Pushing.

    def greet(self, url: str, account: StandInAccount) -> requests.Response:
        """Check a push address as WeChat's console does; the echo should come back."""
        query = pushes.signed_query(account, self.clock.now())
        return self._http("GET", url, query | {"echostr": secrets.token_hex(10)})

    def envelope(
        self,
        account: StandInAccount,
        event: str,
        fields: Mapping[str, Any] | None = None,
        *,
        encrypted: bool = True,
        form: Form = "json",
        tampered: Tampering | None = None,
        sent_at: datetime | None = None,
    ) -> Envelope:
        """Return a push as it would travel."""
        at = sent_at or self.clock.now()
        data = {
            "ToUserName": account.original_id,
            "FromUserName": self.new_openid(),
            "CreateTime": int(at.timestamp()),
            "MsgType": "event",
            "Event": event,
            **(fields or {}),
        }
        return pushes.seal(
            account, data, at=at, encrypted=encrypted, form=form, tampered=tampered
        )

    def push(
        self,
        url: str,
        account: StandInAccount,
        event: str,
        fields: Mapping[str, Any] | None = None,
        *,
        times: int = 1,
        **how: Any,
    ) -> list[requests.Response]:
        """Push one event, as often as told; ``how`` is as for ``envelope``."""
        envelope = self.envelope(account, event, fields, **how)
        return [self._post(url, envelope) for _ in range(times)]

    def answer_check(
        self,
        trace_id: str,
        suggest: Suggestion | None = "pass",
        *,
        times: int = 1,
        **how: Any,
    ) -> list[requests.Response]:
        """Push what was found in a picture; ``None``: it could not be fetched."""
        assert self.push_url is not None
        asked = next(c for c in self.picture_checks if c.trace_id == trace_id)
        found = (
            {
                "detail": [],
                "errcode": -1008,
                "errmsg": "下载错误,请检查媒体链接是否正确",
            }
            if suggest is None
            else {
                "result": {"suggest": suggest, "label": _LABELS[suggest]},
                "detail": [
                    {
                        "strategy": "content_model",
                        "errcode": 0,
                        "suggest": suggest,
                        "label": _LABELS[suggest],
                        "prob": 90,
                    }
                ],
            }
        )
        fields = {
            "FromUserName": asked.openid,
            "appid": MINI_PROGRAM.app_id,
            "trace_id": trace_id,
            "version": 2,
            **found,
        }
        return self.push(
            self.push_url, MINI_PROGRAM, "wxa_media_check", fields, times=times, **how
        )

    def fetch_picture(self, trace_id: str) -> requests.Response:
        """Fetch the picture of a check, as WeChat does before it answers."""
        asked = next(c for c in self.picture_checks if c.trace_id == trace_id)
        return self._http("GET", asked.url, {})

    def _post(self, url: str, envelope: Envelope) -> requests.Response:
        return self._http(
            "POST",
            url,
            envelope.query,
            data=envelope.body,
            headers={"Content-Type": envelope.content_type},
        )

    @staticmethod
    def _http(
        method: str, url: str, query: Mapping[str, str], **sent: Any
    ) -> requests.Response:
        with requests.Session() as http:
            http.trust_env = False
            return http.request(
                method, url, params=dict(query), timeout=_PUSH_SECONDS, **sent
            )

    def environment(self) -> dict[str, str]:
        """Return the settings by which the service finds the stand-in."""
        return {
            **MINI_PROGRAM.environment(),
            **SERVICE_ACCOUNT.environment(),
            "BIZHAO_WECHAT_API_URL": self.url,
            "BIZHAO_WECHAT_OPEN_URL": self.url,
        }
