"""What WeChat knows: codes, tokens, consents, and what it was asked."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import RLock
from typing import Any, Final

from backend.domain.wechat import Account
from tests import secrecy
from tests.wechat.standin.accounts import (
    MINI_PROGRAM,
    SERVICE_ACCOUNT,
    Clock,
    MovableClock,
    StandInAccount,
)

CODE_LIFE: Final = timedelta(minutes=5)
TOKEN_LIFE: Final = timedelta(seconds=7200)
#: So long before its end a stable token is followed by the next; both are good then.
TOKEN_OVERLAP: Final = timedelta(minutes=5)
ACTIVE_FOR: Final = timedelta(hours=2)


class Refused(Exception):  # noqa: N818 - what WeChat does, not an error of the stand-in
    """WeChat's answer with an errcode."""

    def __init__(self, errcode: int, errmsg: str | None = None) -> None:
        self.errcode = errcode
        self.errmsg = errmsg or ERRMSG.get(errcode, "unknown error")


ERRMSG: Final = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest, "
    "could get access_token by getStableAccessToken, more details at "
    "https://mmbizurl.cn/s/JtxxFh33r",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40037: "invalid template_id",
    40097: "invalid args",
    40125: "invalid appsecret",
    40163: "code been used",
    40164: "invalid ip, not in whitelist",
    40169: "invalid length for scene, or the data is not json string",
    40226: "code blocked",
    40243: "appsecret is frozen",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    43002: "require POST method",
    43101: "user refuse to accept the msg",
    44002: "empty post data",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit mustslower retry next minute",
    47001: "data format error",
    48001: "api unauthorized",
    61010: "user access expired",
}


@dataclass(frozen=True)
class Call:
    """One request that reached the stand-in."""

    path: str
    method: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


@dataclass(frozen=True)
class SentMessage:
    """A subscribe message that was accepted."""

    account: Account
    openid: str
    template_id: str
    fields: dict[str, str]
    page: str
    at: datetime


@dataclass(frozen=True)
class AskedCheck:
    """A picture that shall be looked at."""

    trace_id: str
    url: str
    openid: str


@dataclass
class Code:
    """A one-use code for a person."""

    account: Account
    openid: str
    issued_at: datetime
    snapshot: bool = False
    used: bool = False


@dataclass
class Token:
    """An access token; ``good`` until it expires or is revoked."""

    account: Account
    value: str
    expires_at: datetime


@dataclass
class Memory:
    """All that the stand-in knows, under one lock.

    Attributes:
        pages: what the mini program has published.
        given: consents every person starts with for every template.
    """

    lock: RLock = field(default_factory=RLock)
    clock: Clock = field(default_factory=MovableClock)
    calls: list[Call] = field(default_factory=list)
    sent: list[SentMessage] = field(default_factory=list)
    picture_checks: list[AskedCheck] = field(default_factory=list)
    pages: set[str] = field(default_factory=lambda: {"pages/index/index"})
    given: int = 0
    people: dict[str, Account] = field(default_factory=dict)
    unionids: dict[str, str] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    codes: dict[str, Code] = field(default_factory=dict)
    tokens: list[Token] = field(default_factory=list)
    tickets: dict[Account, Token] = field(default_factory=dict)
    accepted: Counter[tuple[str, str]] = field(default_factory=Counter)
    active_at: dict[str, datetime] = field(default_factory=dict)
    oauth_user: tuple[str, bool] | None = None

    def account(self, app_id: str | None, secret: str | None) -> StandInAccount:
        """Return the account the credentials are of; raises as WeChat answers."""
        if not app_id:
            raise Refused(41002)
        if not secret:
            raise Refused(41004)
        found = {a.app_id: a for a in (MINI_PROGRAM, SERVICE_ACCOUNT)}.get(app_id)
        if found is None:
            raise Refused(40013)
        if secret != found.secret:
            raise Refused(40125)
        return found

    def issue_code(
        self, account: Account, openid: str, *, snapshot: bool = False
    ) -> str:
        code = secrets.token_urlsafe(24)
        secrecy.note(code, openid)
        now = self.clock.now()
        with self.lock:
            self.people[openid] = account
            self.active_at[openid] = now
            self.codes[code] = Code(account, openid, now, snapshot)
        return code

    def use_code(self, account: Account, code: str | None) -> Code:
        if not code:
            raise Refused(41008)
        found = self.codes.get(code)
        if found is None or found.account is not account:
            raise Refused(40029)
        if found.used:
            raise Refused(40163)
        if self.clock.now() - found.issued_at > CODE_LIFE:
            raise Refused(40029)
        if found.openid in self.blocked:
            raise Refused(40226)
        found.used = True
        return found

    def stable_token(self, account: Account, *, force: bool) -> Token:
        """Return the same token while it is good, near its end the next."""
        now = self.clock.now()
        mine = [t for t in self.tokens if t.account is account and t.expires_at > now]
        if mine and not force and mine[-1].expires_at - now > TOKEN_OVERLAP:
            return mine[-1]
        if force:
            self.revoke(account)
        token = Token(account, f"90_{secrets.token_urlsafe(100)}", now + TOKEN_LIFE)
        secrecy.note(token.value)
        self.tokens.append(token)
        return token

    def revoke(self, account: Account) -> None:
        self.tokens = [t for t in self.tokens if t.account is not account]

    def check_token(self, account: Account, value: str | None) -> None:
        if not value:
            raise Refused(41001)
        found = next((t for t in self.tokens if t.value == value), None)
        if found is None:
            raise Refused(40001)
        if found.expires_at <= self.clock.now():
            raise Refused(42001)
        if found.account is not account:
            raise Refused(48001)

    def ticket(self, account: Account) -> Token:
        now = self.clock.now()
        ticket = self.tickets.get(account)
        if ticket is None or ticket.expires_at <= now:
            value = f"sM4AOVdWfPE4DxkXGEs8V{secrets.token_urlsafe(40)}"
            ticket = self.tickets[account] = Token(account, value, now + TOKEN_LIFE)
            secrecy.note(value)
        return ticket

    def was_active(self, openid: str) -> bool:
        """Tell whether the person used the mini program in the last two hours."""
        last = self.active_at.get(openid)
        return last is not None and self.clock.now() - last <= ACTIVE_FOR

    def quota(self, openid: str, template_id: str) -> int:
        return self.given + self.accepted[openid, template_id]
