"""Staff accounts: signing in with one factor or two, lock-out, session expiry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from backend.crypto import Passwords, new_token, token_hash
from backend.db import entries, journal, people, staffing
from backend.db.engine import Database
from backend.db.models import Staff, StaffSessionRow
from backend.domain.devices import device_summary
from backend.domain.errors import (
    InvalidInputError,
    NotAuthenticatedError,
    NotFoundError,
    Violation,
)
from backend.domain.passwords import MAX_PASSWORD
from backend.ports import Clock
from backend.services.access import require_admin
from backend.services.limits import AttemptLimiter, Limit
from backend.services.passwords import password_violations
from backend.services.second_factor import SecondFactorService
from backend.services.types import (
    NewStaffSession,
    PendingSignIn,
    Role,
    StaffSession,
    StaffUser,
)
from backend.services.views import staff_user

#: How long a sign-in waits for its second factor.
STEP_TIME: Final = timedelta(minutes=5)
_FREE_FAILURES: Final = 5
_FREE_FAILURES_ADDRESS: Final = 30
#: The last sight of a session is written at most once a minute, not on each request.
_SEEN_EVERY: Final = timedelta(minutes=1)

OPERATOR: Final = StaffUser(
    id=0,
    username="operator",
    display_name="operator",
    role=Role.ADMIN,
    station_id=None,
)


@dataclass(frozen=True, slots=True)
class SessionRules:
    """How long staff sessions last, and who must have a second factor."""

    lifetime: timedelta
    idle: timedelta
    admins_need_factor: bool = False


class StaffService:
    """Keeps staff accounts and their sessions."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        limiter: AttemptLimiter,
        passwords: Passwords,
        second_factor: SecondFactorService,
        rules: SessionRules,
    ) -> None:
        self._db = db
        self._clock = clock
        self._limiter = limiter
        self._passwords = passwords
        self._second_factor = second_factor
        self._rules = rules

    def add(
        self,
        actor: StaffUser,
        *,
        username: str,
        display_name: str,
        role: Role,
        station_id: int | None,
        password: str,
    ) -> StaffUser:
        """Create an account.

        Raises:
            PermissionDeniedError: the actor is not an administrator.
            InvalidInputError: everything wrong with the fields, at once.
            NotFoundError: ``station_not_found``.
            ConflictError: ``username_taken``.
        """
        require_admin(actor)
        wrong = account_violations(username, display_name, role, station_id)
        wrong += self._password_violations(password, "password", username, display_name)
        if wrong:
            raise InvalidInputError("invalid_input", violations=wrong)
        now, encoded = self._clock.now(), self._passwords.hash(password)
        with self._db.transaction() as session:
            if station_id is not None:
                entries.get_station(session, station_id)
            row = people.add_staff(
                session,
                Staff(
                    username=username,
                    display_name=display_name,
                    role=role.value,
                    station_id=station_id,
                    password_hash=encoded,
                    created_at=now,
                ),
            )
            journal.append_audit(
                session,
                at=now,
                actor=actor.username,
                action="staff.add",
                target=f"staff:{row.id}",
                detail=role.value,
            )
            return staff_user(row)

    def list(self, actor: StaffUser) -> tuple[StaffUser, ...]:
        """Return every account; administrators only."""
        require_admin(actor)
        with self._db.reading() as session:
            return tuple(staff_user(row) for row in people.all_staff(session))

    def sign_in(
        self,
        username: str,
        password: str,
        *,
        address: str,
        agent: str = "",
        totp: str = "",
    ) -> NewStaffSession:
        """Open a session in one go, as programs do.

        Raises:
            NotAuthenticatedError: ``wrong_credentials``; never says which part.
                ``totp_required``, ``totp_wrong``: the password was right.
            TooManyAttemptsError: locked out, with the seconds to wait.
        """
        begun = self.begin_sign_in(username, password, address=address, agent=agent)
        if isinstance(begun, NewStaffSession):
            return begun
        if not totp:
            raise NotAuthenticatedError("totp_required")
        return self.finish_sign_in(begun.token, totp, address=address, agent=agent)

    def begin_sign_in(
        self, username: str, password: str, *, address: str, agent: str = ""
    ) -> NewStaffSession | PendingSignIn:
        """Open a session, or say that the second factor has to come first.

        Raises:
            NotAuthenticatedError: ``wrong_credentials``; never says which part.
            TooManyAttemptsError: locked out, with the seconds to wait.
        """
        limits = _limits(username, address)
        now = self._clock.now()
        with self._db.transaction() as session:
            self._limiter.ensure_allowed(session, *limits, now=now)
            row = people.find_staff(session, username)
            factor = staffing.find_factor(session, row.id) if row else None
        usable = row if row is not None and row.disabled_at is None else None
        # Hashing takes tens of milliseconds on purpose; no transaction is open meanwhile.
        right = self._passwords.verify(
            usable.password_hash if usable else None, password[:MAX_PASSWORD]
        )
        if usable is None or not right:
            self._refuse(limits, username, address)
            raise NotAuthenticatedError("wrong_credentials")
        if factor is None or factor.confirmed_at is None:
            return self._open(usable, None, address, agent)
        token = new_token()
        with self._db.transaction() as session:
            staffing.add_sign_in_step(
                session,
                staff_id=usable.id,
                token_hash=token_hash(token),
                at=now,
                until=now + STEP_TIME,
            )
        return PendingSignIn(token)

    def finish_sign_in(
        self, token: str, code: str, *, address: str, agent: str = ""
    ) -> NewStaffSession:
        """Open the session of a sign-in whose password was right.

        Raises:
            NotAuthenticatedError: ``sign_in_step_over``, or ``totp_wrong``.
            TooManyAttemptsError: too many wrong codes, with the seconds to wait.
        """
        with self._db.reading() as session:
            found = staffing.find_sign_in_step(session, token_hash(token))
        if (
            found is None
            or found[0].expires_at <= self._clock.now()
            or found[1].disabled_at is not None
        ):
            raise NotAuthenticatedError("sign_in_step_over")
        step, staff = found
        if not self._second_factor.accepts(staff_user(staff), code, address=address):
            raise NotAuthenticatedError("totp_wrong")
        return self._open(staff, step.id, address, agent)

    def authenticate(self, token: str) -> StaffSession:
        """Return the session of a token.

        Raises:
            NotAuthenticatedError: ``not_signed_in`` or ``session_expired``.
        """
        now = self._clock.now()
        with self._db.reading() as session:
            found = people.find_staff_session(session, token_hash(token))
        if found is None or found[0].ended_at or found[1].disabled_at:
            raise NotAuthenticatedError("not_signed_in")
        row, staff, enrolled_at = found
        if row.expires_at <= now or row.seen_at + self._rules.idle <= now:
            raise NotAuthenticatedError("session_expired")
        if now - row.seen_at >= _SEEN_EVERY:
            with self._db.transaction() as session:
                session.get_one(StaffSessionRow, row.id).seen_at = now
        return self._session(row, staff, enrolled_at)

    def sign_out(self, info: StaffSession) -> None:
        """End a session for good."""
        with self._db.transaction() as session:
            session.get_one(StaffSessionRow, info.id).ended_at = self._clock.now()

    def change_password(self, info: StaffSession, old: str, new: str) -> None:
        """Change one's own password and end all other sessions.

        Raises:
            InvalidInputError: ``wrong_password``, or why the new one is refused.
        """
        now = self._clock.now()
        with self._db.reading() as session:
            row = session.get_one(Staff, info.user.id)
        violations = self._password_violations(
            new, "new_password", row.username, row.display_name
        )
        if not self._passwords.verify(row.password_hash, old[:MAX_PASSWORD]):
            wrong = Violation("old_password", "wrong_password")
            violations = (wrong, *violations)
        if violations:
            raise InvalidInputError("invalid_input", violations=violations)
        encoded = self._passwords.hash(new)
        with self._db.transaction() as session:
            session.get_one(Staff, info.user.id).password_hash = encoded
            people.end_staff_sessions(session, info.user.id, at=now, but=info.id)
            journal.append_audit(
                session,
                at=now,
                actor=info.user.username,
                action="staff.change_password",
                target=f"staff:{info.user.id}",
            )

    def reset_password(self, actor: StaffUser, username: str, new: str) -> None:
        """Set somebody's password and end their sessions; administrators only.

        Raises:
            NotFoundError: ``staff_not_found``.
            InvalidInputError: why the password is refused.
        """
        require_admin(actor)
        wrong = self._password_violations(new, "password", username)
        if wrong:
            raise InvalidInputError("invalid_input", violations=wrong)
        now = self._clock.now()
        encoded = self._passwords.hash(new)
        with self._db.transaction() as session:
            row = people.find_staff(session, username)
            if row is None:
                raise NotFoundError("staff_not_found")
            row.password_hash = encoded
            people.end_staff_sessions(session, row.id, at=now)
            journal.append_audit(
                session,
                at=now,
                actor=actor.username,
                action="staff.reset_password",
                target=f"staff:{row.id}",
            )

    def _refuse(self, limits: tuple[Limit, ...], username: str, address: str) -> None:
        now = self._clock.now()
        with self._db.transaction() as session:
            self._limiter.record_failure(session, *limits, now=now)
            known = people.find_staff(session, username)
            journal.append_audit(
                session,
                at=now,
                # A password typed into the wrong field must not end up here.
                actor=known.username if known else "unknown",
                action="staff.sign_in_refused",
                target="session",
                address=address,
            )

    def _open(
        self, staff: Staff, step_id: int | None, address: str, agent: str
    ) -> NewStaffSession:
        now = self._clock.now()
        token = new_token()
        with self._db.transaction() as session:
            if step_id is not None and not staffing.use_sign_in_step(session, step_id):
                raise NotAuthenticatedError("sign_in_step_over")
            self._limiter.forget(session, _limits(staff.username, address)[0])
            row = StaffSessionRow(
                staff_id=staff.id,
                token_hash=token_hash(token),
                csrf_token=new_token(),
                created_at=now,
                seen_at=now,
                expires_at=now + self._rules.lifetime,
                address=address,
                device=device_summary(agent),
            )
            session.add(row)
            session.flush()
            factor = staffing.find_factor(session, staff.id)
            journal.append_audit(
                session,
                at=now,
                actor=staff.username,
                action="staff.sign_in",
                target="session",
                address=address,
            )
        enrolled_at = factor.confirmed_at if factor else None
        return NewStaffSession(token, self._session(row, staff, enrolled_at))

    def _session(
        self, row: StaffSessionRow, staff: Staff, enrolled_at: datetime | None
    ) -> StaffSession:
        user = staff_user(staff)
        return StaffSession(
            id=row.id,
            user=user,
            csrf_token=row.csrf_token,
            expires_at=row.expires_at,
            must_enrol=self._rules.admins_need_factor
            and user.role is Role.ADMIN
            and enrolled_at is None,
        )

    def _password_violations(
        self, password: str, field: str, *names: str
    ) -> tuple[Violation, ...]:
        with self._db.reading() as session:
            return password_violations(session, password, field=field, names=names)


def _limits(username: str, address: str) -> tuple[Limit, Limit]:
    return (
        Limit("staff", username.casefold(), _FREE_FAILURES),
        Limit("staff-address", address, _FREE_FAILURES_ADDRESS),
    )


def account_violations(
    username: str, display_name: str, role: Role, station_id: int | None
) -> tuple[Violation, ...]:
    """Return everything wrong with the fields of an account."""
    checks = {
        ("username", "username_invalid"): username.isascii()
        and username.replace("-", "").replace(".", "").replace("_", "").isalnum()
        and len(username) <= 50,  # noqa: PLR2004 - the column's width
        ("display_name", "too_long"): 0 < len(display_name) <= 50,  # noqa: PLR2004
        ("station", "station_of_role"): (role is Role.STATION)
        == (station_id is not None),
    }
    return tuple(Violation(*key) for key, fine in checks.items() if not fine)
