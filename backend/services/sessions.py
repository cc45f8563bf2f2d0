"""Students' sessions, and the two consents."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from backend.crypto import new_token, token_hash
from backend.db import entries, people
from backend.db.engine import Database, Session
from backend.db.models import PrincipalRow, StudentSession
from backend.domain.errors import (
    InvalidInputError,
    NotAuthenticatedError,
    PermissionDeniedError,
    Violation,
)
from backend.ports import Clock
from backend.services.types import (
    ConsentState,
    NewSession,
    Principal,
    PrincipalKind,
    SessionInfo,
)

PURPOSES: Final = ("portrait", "identity_number")


class SessionService:
    """Opens and checks students' sessions; a token is shown once and never stored."""

    def __init__(self, *, db: Database, clock: Clock, lifetime: timedelta) -> None:
        self._db = db
        self._clock = clock
        self._lifetime = lifetime

    def start(self) -> NewSession:
        """Open a session for a plain browser, somebody new each time."""
        with self._db.transaction() as session:
            principal = people.add_principal(
                session, kind=PrincipalKind.BROWSER, at=self._clock.now()
            )
            return self.open_for(session, principal)

    def open_for(self, session: Session, principal: PrincipalRow) -> NewSession:
        """Open a session for a principal within a transaction."""
        now = self._clock.now()
        token = new_token()
        row = StudentSession(
            principal_id=principal.id,
            token_hash=token_hash(token),
            csrf_token=new_token(),
            created_at=now,
            expires_at=now + self._lifetime,
        )
        session.add(row)
        session.flush()
        return NewSession(token=token, session=_info(row, principal))

    def authenticate(self, token: str) -> SessionInfo:
        """Return the session of a token.

        Raises:
            NotAuthenticatedError: ``not_signed_in`` or ``session_expired``.
        """
        with self._db.reading() as session:
            found = people.find_session(session, token_hash(token))
        if found is None or found[0].ended_at is not None:
            raise NotAuthenticatedError("not_signed_in")
        if found[0].expires_at <= self._clock.now():
            raise NotAuthenticatedError("session_expired")
        return _info(*found)

    def end(self, info: SessionInfo) -> None:
        """End a session for good."""
        with self._db.transaction() as session:
            row = session.get_one(StudentSession, info.id)
            row.ended_at = self._clock.now()


class ConsentService:
    """Records what a principal agreed to, per notice version."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def state(self, principal: Principal, entry_token: str) -> ConsentState:
        """Return which consents are given for the campaign's present notice."""
        with self._db.reading() as session:
            _, campaign, _ = entries.get_entry(session, entry_token)
            return consent_state(session, principal, campaign.id)

    def record(
        self,
        principal: Principal,
        entry_token: str,
        *,
        portrait: bool,
        identity_number: bool,
    ) -> ConsentState:
        """Store both consents with version, instant and the channel they came by.

        Raises:
            InvalidInputError: ``consent_required``, naming each one missing.
        """
        given = {"portrait": portrait, "identity_number": identity_number}
        missing = tuple(
            Violation(field=purpose, code="consent_required")
            for purpose in PURPOSES
            if not given[purpose]
        )
        if missing:
            raise InvalidInputError("consent_required", violations=missing)
        with self._db.transaction() as session:
            _, campaign, _ = entries.get_entry(session, entry_token)
            for purpose in PURPOSES:
                people.add_consent(
                    session,
                    principal_id=principal.id,
                    campaign_id=campaign.id,
                    purpose=purpose,
                    notice_version=campaign.notice_version,
                    channel=principal.kind,
                    given_at=self._clock.now(),
                )
            return consent_state(session, principal, campaign.id)

    def withdraw(self, principal: Principal, entry_token: str) -> ConsentState:
        """Take both consents back; what was handed in is withdrawn separately."""
        with self._db.transaction() as session:
            _, campaign, _ = entries.get_entry(session, entry_token)
            people.withdraw_consents(
                session,
                principal_id=principal.id,
                campaign_id=campaign.id,
                at=self._clock.now(),
            )
            return consent_state(session, principal, campaign.id)


def consent_state(
    session: Session, principal: Principal, campaign_id: int
) -> ConsentState:
    """Return the consents of a principal in a campaign."""
    campaign = entries.get_campaign(session, campaign_id)
    purposes = people.given_purposes(
        session,
        principal_id=principal.id,
        campaign_id=campaign_id,
        notice_version=campaign.notice_version,
    )
    return ConsentState(
        portrait="portrait" in purposes,
        identity_number="identity_number" in purposes,
        notice_version=campaign.notice_version,
    )


def ensure_consent(session: Session, principal: Principal, campaign_id: int) -> None:
    """Raise PermissionDeniedError unless both consents are given."""
    if not consent_state(session, principal, campaign_id).complete:
        raise PermissionDeniedError("consent_required")


def _info(row: StudentSession, principal: PrincipalRow) -> SessionInfo:
    return SessionInfo(
        id=row.id,
        principal=Principal(id=principal.id, kind=PrincipalKind(principal.kind)),
        csrf_token=row.csrf_token,
        expires_at=row.expires_at,
    )
