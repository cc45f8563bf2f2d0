"""Staff accounts: signing in, lock-out, session expiry."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from backend.crypto import Passwords, new_token, token_hash
from backend.db import entries, journal, people
from backend.db.engine import Database
from backend.db.models import Staff, StaffSessionRow
from backend.domain.errors import (
    InvalidInputError,
    NotAuthenticatedError,
    NotFoundError,
    Violation,
)
from backend.ports import Clock
from backend.services.access import require_admin
from backend.services.limits import AttemptLimiter, Limit
from backend.services.types import NewStaffSession, Role, StaffSession, StaffUser
from backend.services.views import staff_user

#: NIST SP 800-63B-4 §3.1.1.2 asks for at least 8; longer where it is the only factor.
MIN_PASSWORD: Final = 10
#: Far above any passphrase; hashing time must not be the caller's to choose.
MAX_PASSWORD: Final = 200
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


class StaffService:
    """Keeps staff accounts and their sessions."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        limiter: AttemptLimiter,
        passwords: Passwords,
        lifetime: timedelta,
        idle: timedelta,
    ) -> None:
        self._db = db
        self._clock = clock
        self._limiter = limiter
        self._passwords = passwords
        self._lifetime = lifetime
        self._idle = idle

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
        _check_account(username, display_name, role, station_id, password)
        now = self._clock.now()
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
                    password_hash=self._passwords.hash(password),
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

    def sign_in(self, username: str, password: str, *, address: str) -> NewStaffSession:
        """Open a session.

        Raises:
            NotAuthenticatedError: ``wrong_credentials``; never says which part.
            TooManyAttemptsError: locked out, with the seconds to wait.
        """
        limits = (
            Limit("staff", username.casefold(), _FREE_FAILURES),
            Limit("staff-address", address, _FREE_FAILURES_ADDRESS),
        )
        now = self._clock.now()
        with self._db.transaction() as session:
            self._limiter.ensure_allowed(session, *limits, now=now)
            row = people.find_staff(session, username)
        usable = row if row is not None and row.disabled_at is None else None
        # Hashing takes tens of milliseconds on purpose; no transaction is open meanwhile.
        right = self._passwords.verify(
            usable.password_hash if usable else None, password[:MAX_PASSWORD]
        )
        if usable is None or not right:
            self._refuse(limits, username, address)
            raise NotAuthenticatedError("wrong_credentials")
        return self._open(usable, limits, address)

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
        row, staff = found
        if row.expires_at <= now or row.seen_at + self._idle <= now:
            raise NotAuthenticatedError("session_expired")
        if now - row.seen_at >= _SEEN_EVERY:
            with self._db.transaction() as session:
                session.get_one(StaffSessionRow, row.id).seen_at = now
        return _session(row, staff)

    def sign_out(self, info: StaffSession) -> None:
        """End a session for good."""
        with self._db.transaction() as session:
            session.get_one(StaffSessionRow, info.id).ended_at = self._clock.now()

    def change_password(self, info: StaffSession, old: str, new: str) -> None:
        """Change one's own password and end all other sessions.

        Raises:
            InvalidInputError: ``wrong_password`` or ``password_too_short``.
        """
        now = self._clock.now()
        with self._db.reading() as session:
            row = session.get_one(Staff, info.user.id)
        violations = []
        if not self._passwords.verify(row.password_hash, old[:MAX_PASSWORD]):
            violations.append(Violation("old_password", "wrong_password"))
        if not MIN_PASSWORD <= len(new) <= MAX_PASSWORD:
            violations.append(Violation("new_password", "password_length"))
        if violations:
            raise InvalidInputError("invalid_input", violations=tuple(violations))
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
            InvalidInputError: ``password_length``.
        """
        require_admin(actor)
        if not MIN_PASSWORD <= len(new) <= MAX_PASSWORD:
            wrong = Violation("password", "password_length")
            raise InvalidInputError("invalid_input", violations=(wrong,))
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
        self, staff: Staff, limits: tuple[Limit, ...], address: str
    ) -> NewStaffSession:
        now = self._clock.now()
        token = new_token()
        with self._db.transaction() as session:
            self._limiter.forget(session, limits[0])
            row = StaffSessionRow(
                staff_id=staff.id,
                token_hash=token_hash(token),
                csrf_token=new_token(),
                created_at=now,
                seen_at=now,
                expires_at=now + self._lifetime,
            )
            session.add(row)
            session.flush()
            journal.append_audit(
                session,
                at=now,
                actor=staff.username,
                action="staff.sign_in",
                target="session",
                address=address,
            )
            return NewStaffSession(token=token, session=_session(row, staff))


def _session(row: StaffSessionRow, staff: Staff) -> StaffSession:
    return StaffSession(
        id=row.id,
        user=staff_user(staff),
        csrf_token=row.csrf_token,
        expires_at=row.expires_at,
    )


def _check_account(
    username: str, display_name: str, role: Role, station_id: int | None, password: str
) -> None:
    checks = {
        ("username", "username_invalid"): username.isascii()
        and username.replace("-", "").replace(".", "").replace("_", "").isalnum()
        and len(username) <= 50,  # noqa: PLR2004 - the column's width
        ("display_name", "too_long"): 0 < len(display_name) <= 50,  # noqa: PLR2004
        ("password", "password_length"): MIN_PASSWORD <= len(password) <= MAX_PASSWORD,
        ("station", "station_of_role"): (role is Role.STATION)
        == (station_id is not None),
    }
    wrong = tuple(Violation(*key) for key, fine in checks.items() if not fine)
    if wrong:
        raise InvalidInputError("invalid_input", violations=wrong)
