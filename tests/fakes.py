"""Stand-ins at the ports: a clock that is set by hand, an inspector that is told its mind."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from argon2 import PasswordHasher

from backend.crypto import Passwords
from backend.domain.backgrounds import CHANGE_RULE
from backend.domain.errors import (
    DomainError,
    NotAuthenticatedError,
    NotFoundError,
    UnavailableError,
)
from backend.domain.measurements import Measurements
from backend.domain.photo import FileFacts
from backend.domain.policy import Policy
from backend.domain.report import (
    Background,
    Box,
    Crop,
    Finding,
    PortraitFacts,
    Report,
    Status,
    Verdict,
)
from backend.domain.wechat import (
    Account,
    OutgoingMessage,
    PageSignature,
    Push,
    SendOutcome,
    WeChatUser,
)
from tests import secrecy
from tests.domain.judging import good


@dataclass
class FixedClock:
    """A clock that stands until it is moved."""

    at: datetime = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        """Move by a time difference, given as to timedelta."""
        self.at += timedelta(**by)


@dataclass
class SaidByWeChat:
    """WeChat at its port: accounts and people are what a test says they are."""

    accounts: set[Account] = field(default_factory=set)
    #: One-use code → who signs in, or what is refused.
    codes: dict[str, WeChatUser | DomainError] = field(default_factory=dict)
    sent: list[OutgoingMessage] = field(default_factory=list)
    outcome: SendOutcome | DomainError = SendOutcome.SENT

    def has(self, account: Account) -> bool:
        return account in self.accounts

    def check(self, account: Account) -> None:
        self._need(account)

    def sign_in_mini_program(self, code: str) -> WeChatUser:
        return self._sign_in(Account.MINI_PROGRAM, code)

    def authorize_url(self, *, return_url: str, state: str) -> str:
        return f"https://wechat.example/authorize?to={return_url}&state={state}"

    def sign_in_service_account(self, code: str) -> WeChatUser:
        return self._sign_in(Account.SERVICE_ACCOUNT, code)

    def page_signature(self, url: str) -> PageSignature:
        self._need(Account.SERVICE_ACCOUNT)
        return PageSignature("wx" + "0" * 16, 1, "nonce", f"signature of {url}")

    def mini_program_code(self, *, scene: str, page: str, width: int) -> bytes:
        self._need(Account.MINI_PROGRAM)
        return f"code of {scene} on {page}, {width} px".encode()

    def send_message(self, message: OutgoingMessage) -> SendOutcome:
        self._need(message.account)
        if isinstance(self.outcome, DomainError):
            raise self.outcome
        self.sent.append(message)
        return self.outcome

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

    def _need(self, account: Account) -> None:
        if account not in self.accounts:
            raise NotFoundError("wechat_not_configured")

    def _sign_in(self, account: Account, code: str) -> WeChatUser:
        self._need(account)
        found = self.codes.pop(code, None)
        if isinstance(found, WeChatUser):
            secrecy.note(found.openid)
            return found
        raise found or NotAuthenticatedError("wechat_code_invalid")


class Replacing(StrEnum):
    """How replacing a background ends."""

    DONE = "done"
    REFUSED = "refused"
    BUSY = "busy"


@dataclass(frozen=True)
class CannedPortrayal:
    """A portrait and its report."""

    report: Report
    portrait: bytes


@dataclass(frozen=True)
class CannedInspection:
    """What was found in one photo."""

    file: FileFacts
    report: Report
    portrait: bytes | None
    overlay: bytes | None
    likeness: str | None
    own_background: CannedPortrayal | None = None


@dataclass
class CannedInspector:
    """Gives every photo the verdict it is set to; counts what it looked at."""

    verdict: Verdict = Verdict.PASS
    #: Of the finished portrait with the standard background.
    standard_verdict: Verdict = Verdict.PASS
    replacing: Replacing = Replacing.DONE
    #: What the portraits look like; none is like another unless a test says so.
    likeness: str | None = None
    ready: bool = True
    outage: DomainError | None = None
    #: Whether a photo that fails gets a portrait all the same.
    frames_failures: bool = False
    seen: list[str] = field(default_factory=list)
    policies: list[Policy] = field(default_factory=list)
    glanced: list[tuple[int, int]] = field(default_factory=list)
    frame: Measurements = field(default_factory=good)

    def inspect(
        self,
        data: bytes,
        *,
        filename: str | None,
        policy: Policy,
        today: date | None = None,
        background: Background = Background.KEEP,
    ) -> CannedInspection:
        del filename, today
        standard = background is Background.STANDARD
        if self.outage is not None:
            raise self.outage
        if standard and self.replacing is Replacing.BUSY:
            raise UnavailableError("background_busy", retry_after=2)
        sha256 = hashlib.sha256(data).hexdigest()
        self.seen.append(sha256)
        self.policies.append(policy)
        passed = self.verdict is not Verdict.FAIL or self.frames_failures
        seen = CannedInspection(
            file=_file(sha256, len(data)),
            report=make_report(policy.name, self.verdict, framed=passed),
            portrait=b"portrait of " + data if passed else None,
            overlay=b"overlay of " + data,
            likeness=(self.likeness or sha256) if passed else None,
        )
        if not standard or seen.portrait is None:
            return seen
        return self._replaced(seen, seen.portrait)

    def _replaced(self, seen: CannedInspection, portrait: bytes) -> CannedInspection:
        if self.replacing is Replacing.REFUSED:
            return replace(seen, report=with_refusal(seen.report))
        report = make_report(seen.report.policy, self.standard_verdict)
        return replace(
            seen,
            report=replace(report, background=Background.STANDARD),
            portrait=b"standard " + portrait,
            own_background=CannedPortrayal(seen.report, portrait),
        )

    def close_up(self, data: bytes, box: Box, *, large: bool = False) -> bytes:
        return f"{'large ' if large else ''}close-up {box.x:g} of ".encode() + data

    def glance(self, data: bytes, *, picture: tuple[int, int]) -> Measurements:
        del data
        self.glanced.append(picture)
        return self.frame

    def warm_up(self) -> None:
        if not self.ready:
            raise UnavailableError("face_model_unavailable")


def _file(sha256: str, size: int) -> FileFacts:
    return FileFacts(
        sha256=sha256,
        size_bytes=size,
        format="JPEG",
        width=1200,
        height=1600,
        bits_per_sample=8,
        components=3,
        colour="rgb",
        dpi=(300.0, 300.0),
        jpeg_quality=95,
        jpeg_quality_exact=True,
        trailing_bytes=0,
        orientation=1,
        frames=1,
        extension="jpg",
        taken_on=None,
    )


def with_refusal(report: Report) -> Report:
    """Return the report of a photo whose background could not be replaced."""
    refusal = Finding(
        rule=CHANGE_RULE,
        clauses=("B2", "B4"),
        status=Status.WARN,
        value=0.3,
        limit=(None, 0.1),
        unit="ratio",
        box=None,
        certainty=None,
        advice="fringe",
    )
    verdict = Verdict.WARN if report.verdict is Verdict.PASS else report.verdict
    return replace(report, findings=(*report.findings, refusal), verdict=verdict)


def make_report(policy: str, verdict: Verdict, *, framed: bool = True) -> Report:
    """Return a report of one finding with the verdict's status."""
    finding = Finding(
        rule="sharpness",
        clauses=("B3",),
        status=Status(verdict.value),
        value=1.5,
        limit=(1.0, None),
        unit="",
        box=None,
        certainty=None,
    )
    return Report(
        policy=policy,
        verdict=verdict,
        findings=(finding,),
        crop=Crop(x=0, y=0, width=1200, height=1600) if framed else None,
        portrait=PortraitFacts(
            width=480,
            height=640,
            bytes=30_000,
            quality=90,
            dpi=300,
            crown_px=70,
            eye_line_px=260,
            face_width_px=220,
            centre_offset_px=0,
        )
        if framed
        else None,
        picture_width=1200,
        picture_height=1600,
    )


def cheap_passwords() -> Passwords:
    """Hash as cheaply as Argon2 can; how dear it has to be is tested with it."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
