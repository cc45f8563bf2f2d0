"""Signing in through WeChat: the mini program's code, and OAuth on our own pages.

OAuth leaves our site and comes back. What was asked for is kept here under a random
``state`` that is good once, for ten minutes and in the browser it was given to; so nobody
can be signed in by a link somebody else made, or be sent anywhere but to a page of ours.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from backend.crypto import Vault, token_hash
from backend.db import bindings, people
from backend.db.engine import Database, Session
from backend.db.models import PrincipalRow, StudentSession
from backend.db.wechat_models import SignInState
from backend.domain.errors import NotAuthenticatedError, RefusedError
from backend.domain.wechat import Account, PageSignature, WeChatUser
from backend.ports import Clock, WeChatGateway
from backend.services.bindings import join_binding
from backend.services.limits import AttemptLimiter, Limit
from backend.services.sessions import SessionService
from backend.services.types import NewSession, Principal, PrincipalKind, SessionInfo

STATE_TIME: Final = timedelta(minutes=10)
#: WeChat takes letters and digits, 128 bytes at most.
_STATE_BYTES: Final = 32
#: A dormitory shares one address; an invented code costs WeChat's quota as well.
_FREE_PER_ADDRESS: Final = 30
#: From all addresses together, in one minute: enough for a hall full of mistyped codes,
#: and a flood of invented ones costs nobody more than the rest of that minute.
_FREE_PER_MINUTE: Final = 300
#: Whoever was sent to WeChat so often within its ten minutes and never came back is
#: asked whether to go on without it.
_LOST_WAYS: Final = 2
_LONGEST_URL: Final = 1000


@dataclass(frozen=True, slots=True)
class Departure:
    """A sign-in that begins; ``url`` is none where WeChat seems not to answer."""

    state: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A sign-in that came back: where to go on, and the session unless it was open."""

    return_path: str
    session: NewSession | None


class SignInService:
    """Turns what WeChat says of somebody into a session of theirs."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        vault: Vault,
        gateway: WeChatGateway,
        limiter: AttemptLimiter,
        sessions: SessionService,
        public_url: str,
    ) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._gateway = gateway
        self._limiter = limiter
        self._sessions = sessions
        self._public_url = public_url
        self._return_url = f"{public_url}/wechat/callback"

    @property
    def accounts(self) -> frozenset[Account]:
        """The accounts the school has."""
        return frozenset(account for account in Account if self._gateway.has(account))

    @property
    def by_page(self) -> bool:
        """Whether our pages can sign somebody in through WeChat."""
        return self._gateway.has(Account.SERVICE_ACCOUNT)

    def mini_program(self, code: str, *, address: str) -> NewSession:
        """Open a session for the user of the mini program a code belongs to.

        Raises:
            NotAuthenticatedError, PermissionDeniedError, NotFoundError, UpstreamError,
            UnavailableError: as the gateway says.
            TooManyAttemptsError: too many codes that were none.
        """
        now = self._clock.now()
        limits = (
            Limit("wechat-address", address, _FREE_PER_ADDRESS),
            Limit("wechat-minute", f"{now:%Y-%m-%d %H:%M}", _FREE_PER_MINUTE),
        )
        with self._db.transaction() as session:
            self._limiter.ensure_allowed(session, *limits, now=now)
        try:
            user = self._gateway.sign_in_mini_program(code)
        except NotAuthenticatedError:
            with self._db.transaction() as session:
                self._limiter.record_failure(session, *limits, now=now)
            raise
        with self._db.transaction() as session:
            principal = self._principal(session, Account.MINI_PROGRAM, user)
            return self._sessions.open_for(session, principal)

    def depart(self, browser: str, return_path: str) -> Departure:
        """Begin a sign-in of one browser that comes back to a page of ours.

        Where WeChat is down its own page never sends anybody back to us, and we never
        hear of it: a browser that was sent there before and did not return is kept.

        Args:
            browser: a random token in a cookie of the browser.
            return_path: the path of a page of ours, with its query.
        """
        now = self._clock.now()
        state, browser_hash = secrets.token_hex(_STATE_BYTES), token_hash(browser)
        with self._db.transaction() as session:
            people.forget_sign_in_states(session, before=now)
            lost = people.open_sign_ins(session, browser_hash) >= _LOST_WAYS
            people.add_sign_in_state(
                session,
                state_hash=token_hash(state),
                browser_hash=browser_hash,
                return_path=return_path,
                created_at=now,
                expires_at=now + STATE_TIME,
            )
            if lost:
                # The next visit may try WeChat again.
                people.give_up_sign_ins(session, browser_hash, at=now)
        if lost:
            return Departure(state, None)
        url = self._gateway.authorize_url(return_url=self._return_url, state=state)
        return Departure(state, url)

    def return_path(self, browser: str, state: str) -> str:
        """Return where a browser's sign-in was to lead, used up or not.

        Raises:
            NotAuthenticatedError: ``wechat_sign_in_lost`` - unknown, too old, or begun
                in another browser: the three look alike.
        """
        with self._db.reading() as session:
            return self._state(session, browser, state).return_path

    def arrive(
        self, browser: str, state: str, code: str, *, current: SessionInfo | None
    ) -> Arrival:
        """Finish a sign-in.

        WeChat likes to load the way back twice: the second time nothing is exchanged,
        and whoever is signed in by then goes on.

        Args:
            browser: the token in the browser's cookie.
            state: what the sign-in travelled under.
            code: WeChat's one-use code.
            current: the session the browser has already; what a plain browser has
                bound goes on under the new one.

        Raises:
            NotAuthenticatedError: ``wechat_sign_in_lost``, ``wechat_code_invalid``.
            PermissionDeniedError, UpstreamError, UnavailableError: as the gateway says.
        """
        with self._db.transaction() as session:
            row = self._state(session, browser, state)
            first = people.use_sign_in_state(session, row, at=self._clock.now())
        if not first:
            kind = current.principal.kind if current else None
            if kind is not PrincipalKind.SERVICE_ACCOUNT:
                raise NotAuthenticatedError("wechat_sign_in_lost")
            return Arrival(row.return_path, None)
        user = self._gateway.sign_in_service_account(code)
        with self._db.transaction() as session:
            principal = self._principal(session, Account.SERVICE_ACCOUNT, user)
            if current is not None:
                self._carry_over(session, current, principal)
            return Arrival(row.return_path, self._sessions.open_for(session, principal))

    def page_signature(self, url: str, *, address: str) -> PageSignature:
        """Return the JS-SDK signature for a page of ours.

        Raises:
            RefusedError: ``foreign_page``: not an address of ours.
            TooManyAttemptsError: too many that were not.
            NotFoundError, UpstreamError, UnavailableError: as the gateway says.
        """
        limit = Limit("wechat-page", address, _FREE_PER_ADDRESS)
        now = self._clock.now()
        with self._db.transaction() as session:
            self._limiter.ensure_allowed(session, limit, now=now)
        # What follows the host cannot be taken for a part of it after the slash.
        ours = url.startswith(f"{self._public_url}/") and len(url) <= _LONGEST_URL
        if not ours or "#" in url or not url.isprintable():
            with self._db.transaction() as session:
                self._limiter.record_failure(session, limit, now=now)
            raise RefusedError("foreign_page")
        return self._gateway.page_signature(url)

    def _state(self, session: Session, browser: str, state: str) -> SignInState:
        row = people.find_sign_in_state(session, token_hash(state))
        if (
            row is None
            or row.expires_at <= self._clock.now()
            or not hmac.compare_digest(row.browser_hash, token_hash(browser))
        ):
            raise NotAuthenticatedError("wechat_sign_in_lost")
        return row

    def _principal(
        self, session: Session, account: Account, user: WeChatUser
    ) -> PrincipalRow:
        return people.wechat_principal(
            session,
            kind=account.value,
            openid_hash=self._vault.hash(user.openid, purpose=f"openid:{account}"),
            openid_sealed=self._vault.seal(user.openid, purpose="openid"),
            at=self._clock.now(),
        )

    def _carry_over(
        self, session: Session, current: SessionInfo, principal: PrincipalRow
    ) -> None:
        """Let the user of WeChat go on with what their plain browser began.

        A binding that another user of the service account has joined meanwhile stays
        that user's: they proved the student, this browser only was there first.
        """
        before = current.principal
        if before.kind is not PrincipalKind.BROWSER:
            return
        now = self._clock.now()
        who = Principal(id=principal.id, kind=PrincipalKind(principal.kind))
        for consent in people.consents_of(session, before.id):
            people.add_consent(
                session,
                principal_id=who.id,
                campaign_id=consent.campaign_id,
                purpose=consent.purpose,
                notice_version=consent.notice_version,
                channel=consent.channel,
                given_at=consent.given_at,
            )
        for binding in bindings.live_bindings_of(session, before.id):
            join_binding(session, binding, who, at=now)
        session.get_one(StudentSession, current.id).ended_at = now
