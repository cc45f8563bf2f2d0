"""Invitations: whoever is to use the console sets their own password, by a link."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from backend.crypto import Passwords, new_token, token_hash
from backend.db import entries, journal, people, staffing
from backend.db.engine import Database, Session
from backend.db.models import Staff
from backend.db.people_models import Invitation
from backend.domain.errors import (
    ConflictError,
    GoneError,
    InvalidInputError,
    NotFoundError,
)
from backend.ports import Clock
from backend.services.access import require_admin
from backend.services.audit_trail import AuditTrail
from backend.services.limits import AttemptLimiter, Limit
from backend.services.passwords import password_violations
from backend.services.staff import account_violations
from backend.services.types import InvitationView, NewInvitation, Role, StaffUser
from backend.services.views import staff_user

LIFETIME: Final = timedelta(days=7)
_FREE_FAILURES_ADDRESS: Final = 30


class InvitationService:
    """Makes one-time links and lets them be used.

    The token stands behind the ``#`` of the link, which browsers do not send: no log on
    the way holds it, and only its hash is kept here.
    """

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        limiter: AttemptLimiter,
        passwords: Passwords,
        public_url: str,
    ) -> None:
        self._db = db
        self._clock = clock
        self._trail = AuditTrail(clock)
        self._limiter = limiter
        self._passwords = passwords
        self._page = f"{public_url}/admin/invitation"

    def invite(
        self,
        actor: StaffUser,
        *,
        username: str,
        display_name: str,
        role: Role,
        station_id: int | None,
    ) -> NewInvitation:
        """Invite somebody who has no account yet.

        Raises:
            PermissionDeniedError: the actor is not an administrator.
            InvalidInputError: everything wrong with the fields, at once.
            NotFoundError: ``station_not_found``.
            ConflictError: ``username_taken`` or ``invitation_open``.
        """
        require_admin(actor)
        wrong = account_violations(username, display_name, role, station_id)
        if wrong:
            raise InvalidInputError("invalid_input", violations=wrong)
        with self._db.transaction() as session:
            if station_id is not None:
                entries.get_station(session, station_id)
            if people.find_staff(session, username) is not None:
                raise ConflictError("username_taken")
            return self._issue(
                session,
                actor,
                "invitation.create",
                staff_id=None,
                username=username,
                display_name=display_name,
                role=role.value,
                station_id=station_id,
            )

    def renew_password(self, actor: StaffUser, staff_id: int) -> NewInvitation:
        """Make a link by which somebody sets a new password for their account.

        Raises:
            PermissionDeniedError: the actor is not an administrator.
            NotFoundError: ``staff_not_found``.
            ConflictError: ``staff_disabled``.
        """
        require_admin(actor)
        with self._db.transaction() as session:
            row = staffing.get_staff(session, staff_id)
            if row.disabled_at is not None:
                raise ConflictError("staff_disabled")
            staffing.withdraw_invitations(session, row.username, at=self._clock.now())
            return self._issue(
                session,
                actor,
                "invitation.renew_password",
                staff_id=row.id,
                username=row.username,
                display_name=row.display_name,
                role=row.role,
                station_id=row.station_id,
            )

    def list(self, actor: StaffUser) -> tuple[InvitationView, ...]:
        """Return what nobody has used or withdrawn, run out or not."""
        require_admin(actor)
        with self._db.reading() as session:
            rows = staffing.unused_invitations(session)
        return tuple(_view(row, self._clock.now()) for row in rows)

    def reissue(self, actor: StaffUser, invitation_id: int) -> NewInvitation:
        """Give an invitation a new link and seven more days; the old link is void.

        Raises:
            PermissionDeniedError: the actor is not an administrator.
            NotFoundError: ``invitation_not_found``.
        """
        require_admin(actor)
        now, token = self._clock.now(), new_token()
        with self._db.transaction() as session:
            row = staffing.get_unused_invitation(session, invitation_id)
            row.token_hash, row.expires_at = token_hash(token), now + LIFETIME
            self._record(session, actor, "invitation.reissue", row)
            return self._new(row, token)

    def withdraw(self, actor: StaffUser, invitation_id: int) -> None:
        """Make an invitation void.

        Raises:
            PermissionDeniedError: the actor is not an administrator.
            NotFoundError: ``invitation_not_found``.
        """
        require_admin(actor)
        with self._db.transaction() as session:
            row = staffing.get_unused_invitation(session, invitation_id)
            row.withdrawn_at = self._clock.now()
            self._record(session, actor, "invitation.withdraw", row)

    def look(self, token: str, *, address: str) -> InvitationView:
        """Return what a token invites to.

        Raises:
            NotFoundError: ``invitation_not_found``.
            GoneError: ``invitation_over``: used, withdrawn or run out.
            TooManyAttemptsError: too many tokens that were none.
        """
        return _view(self._find(token, address), self._clock.now())

    def accept(self, token: str, password: str, *, address: str) -> StaffUser:
        """Use an invitation: make the account, or give it its new password.

        Raises:
            NotFoundError, GoneError, TooManyAttemptsError: as ``look``.
            InvalidInputError: the password is refused.
            ConflictError: ``username_taken`` meanwhile.
        """
        row = self._find(token, address)
        with self._db.reading() as session:
            wrong = password_violations(
                session,
                password,
                field="password",
                names=(row.username, row.display_name),
            )
        if wrong:
            raise InvalidInputError("invalid_input", violations=wrong)
        encoded = self._passwords.hash(password)
        with self._db.transaction() as session:
            if not staffing.use_invitation(session, row.id, at=self._clock.now()):
                raise GoneError("invitation_over")
            staff = self._account(session, row, encoded)
            journal.append_audit(
                session,
                at=self._clock.now(),
                actor=staff.username,
                action="invitation.accept",
                target=f"staff:{staff.id}",
                address=address,
            )
            return staff_user(staff)

    def _account(self, session: Session, row: Invitation, encoded: str) -> Staff:
        now = self._clock.now()
        if row.staff_id is None:
            return people.add_staff(
                session,
                Staff(
                    username=row.username,
                    display_name=row.display_name,
                    role=row.role,
                    station_id=row.station_id,
                    password_hash=encoded,
                    created_at=now,
                ),
            )
        staff = staffing.get_staff(session, row.staff_id)
        if staff.disabled_at is not None:
            raise GoneError("invitation_over")
        staff.password_hash = encoded
        people.end_staff_sessions(session, staff.id, at=now)
        return staff

    def _find(self, token: str, address: str) -> Invitation:
        now = self._clock.now()
        limit = Limit("invitation-address", address, _FREE_FAILURES_ADDRESS)
        with self._db.transaction() as session:
            self._limiter.ensure_allowed(session, limit, now=now)
            row = staffing.find_invitation(session, token_hash(token))
            if row is None:
                self._limiter.record_failure(session, limit, now=now)
        if row is None:
            raise NotFoundError("invitation_not_found")
        if row.used_at or row.withdrawn_at or row.expires_at <= now:
            raise GoneError("invitation_over")
        return row

    def _issue(
        self, session: Session, actor: StaffUser, action: str, **values: object
    ) -> NewInvitation:
        now, token = self._clock.now(), new_token()
        row = staffing.add_invitation(
            session,
            token_hash=token_hash(token),
            invited_by=actor.username,
            created_at=now,
            expires_at=now + LIFETIME,
            **values,
        )
        self._record(session, actor, action, row)
        return self._new(row, token)

    def _new(self, row: Invitation, token: str) -> NewInvitation:
        return NewInvitation(
            url=f"{self._page}#{token}", invitation=_view(row, self._clock.now())
        )

    def _record(
        self, session: Session, actor: StaffUser, action: str, row: Invitation
    ) -> None:
        self._trail.record(
            session,
            actor,
            action,
            f"invitation:{row.id}",
            f"{row.username} {row.role}",
        )


def _view(row: Invitation, now: datetime) -> InvitationView:
    return InvitationView(
        id=row.id,
        username=row.username,
        display_name=row.display_name,
        role=Role(row.role),
        station_id=row.station_id,
        renews_password=row.staff_id is not None,
        invited_by=row.invited_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        expired=row.expires_at <= now,
    )
