"""Who may use the console, in what role, and where they are signed in."""

from __future__ import annotations

from datetime import timedelta

from backend.db import entries, people, staffing
from backend.db.engine import Database, Session
from backend.domain.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
)
from backend.ports import Clock
from backend.services.access import require_admin
from backend.services.audit_trail import AuditTrail
from backend.services.staff import account_violations
from backend.services.types import (
    Role,
    StaffMember,
    StaffSession,
    StaffSessionView,
    StaffUser,
)
from backend.services.views import staff_user


class StaffDeskService:
    """Keeps roles and accounts in order, and shows sessions to whose they are."""

    def __init__(self, *, db: Database, clock: Clock, idle: timedelta) -> None:
        self._db = db
        self._clock = clock
        self._trail = AuditTrail(clock)
        self._idle = idle

    def people(self, actor: StaffUser) -> tuple[StaffMember, ...]:
        """Return every account, those that may sign in first; administrators only."""
        require_admin(actor)
        return self._members(None)

    def person(self, actor: StaffUser, staff_id: int) -> StaffMember:
        """Return one account.

        Raises:
            PermissionDeniedError: the actor is not an administrator.
            NotFoundError: ``staff_not_found``.
        """
        require_admin(actor)
        found = self._members(staff_id)
        if not found:
            raise NotFoundError("staff_not_found")
        return found[0]

    def change(
        self,
        actor: StaffUser,
        staff_id: int,
        *,
        display_name: str,
        role: Role,
        station_id: int | None,
    ) -> None:
        """Change somebody's name and role; another role or station ends their sessions.

        Raises:
            PermissionDeniedError: the actor is not an administrator.
            NotFoundError: ``staff_not_found`` or ``station_not_found``.
            InvalidInputError: everything wrong with the fields, at once.
            ConflictError: ``last_admin``: nobody would administer.
        """
        require_admin(actor)
        with self._db.transaction() as session:
            row = staffing.get_staff(session, staff_id)
            wrong = account_violations(row.username, display_name, role, station_id)
            if wrong:
                raise InvalidInputError("invalid_input", violations=wrong)
            if station_id is not None:
                entries.get_station(session, station_id)
            if role is not Role.ADMIN:
                _keep_an_admin(session, staff_id)
            moved = (row.role, row.station_id) != (role.value, station_id)
            row.display_name, row.role, row.station_id = (
                display_name,
                role.value,
                station_id,
            )
            if moved:
                people.end_staff_sessions(session, staff_id, at=self._clock.now())
            self._trail.record(
                session, actor, "staff.change", f"staff:{staff_id}", role.value
            )

    def disable(self, actor: StaffUser, staff_id: int) -> None:
        """Keep somebody out until enabled again; their sessions end.

        Raises:
            PermissionDeniedError: the actor is not an administrator.
            NotFoundError: ``staff_not_found``.
            ConflictError: ``last_admin``: nobody would administer.
        """
        require_admin(actor)
        now = self._clock.now()
        with self._db.transaction() as session:
            row = staffing.get_staff(session, staff_id)
            _keep_an_admin(session, staff_id)
            row.disabled_at = row.disabled_at or now
            people.end_staff_sessions(session, staff_id, at=now)
            self._trail.record(session, actor, "staff.disable", f"staff:{staff_id}")

    def enable(self, actor: StaffUser, staff_id: int) -> None:
        """Let somebody in again, with the password and second factor they had.

        Raises:
            PermissionDeniedError: the actor is not an administrator.
            NotFoundError: ``staff_not_found``.
        """
        require_admin(actor)
        with self._db.transaction() as session:
            staffing.get_staff(session, staff_id).disabled_at = None
            self._trail.record(session, actor, "staff.enable", f"staff:{staff_id}")

    def end_sessions(self, actor: StaffUser, staff_id: int) -> None:
        """Sign somebody out everywhere.

        Raises:
            PermissionDeniedError: the actor is not an administrator.
            NotFoundError: ``staff_not_found``.
        """
        require_admin(actor)
        with self._db.transaction() as session:
            staffing.get_staff(session, staff_id)
            people.end_staff_sessions(session, staff_id, at=self._clock.now())
            self._trail.record(
                session, actor, "staff.end_sessions", f"staff:{staff_id}"
            )

    def own_sessions(self, info: StaffSession) -> tuple[StaffSessionView, ...]:
        """Return where the caller is signed in, the last used first."""
        now = self._clock.now()
        with self._db.reading() as session:
            rows = staffing.open_sessions(
                session, info.user.id, now=now, seen_after=now - self._idle
            )
        return tuple(
            StaffSessionView(
                id=row.id,
                device=row.device,
                address=row.address,
                created_at=row.created_at,
                seen_at=row.seen_at,
                current=row.id == info.id,
            )
            for row in rows
        )

    def end_own(self, info: StaffSession, session_id: int) -> None:
        """End one of the caller's sessions.

        Raises:
            NotFoundError: ``session_not_found``: over, or somebody else's.
        """
        with self._db.transaction() as session:
            if not staffing.end_session_of(
                session, info.user.id, session_id, at=self._clock.now()
            ):
                raise NotFoundError("session_not_found")
            self._trail.record(
                session, info.user, "staff.end_session", f"staff:{info.user.id}"
            )

    def end_others(self, info: StaffSession) -> None:
        """End all of the caller's sessions but the present one."""
        with self._db.transaction() as session:
            people.end_staff_sessions(
                session, info.user.id, at=self._clock.now(), but=info.id
            )
            self._trail.record(
                session, info.user, "staff.end_sessions", f"staff:{info.user.id}"
            )

    def _members(self, staff_id: int | None) -> tuple[StaffMember, ...]:
        now = self._clock.now()
        with self._db.reading() as session:
            rows = staffing.members(
                session, now=now, seen_after=now - self._idle, staff_id=staff_id
            )
        return tuple(
            StaffMember(
                user=staff_user(row),
                disabled_at=row.disabled_at,
                second_factor=enrolled_at is not None,
                sessions=sessions or 0,
                seen_at=seen_at,
            )
            for row, enrolled_at, sessions, seen_at in rows
        )


def _keep_an_admin(session: Session, staff_id: int) -> None:
    """Raise ConflictError when this is the only one left who administers."""
    if staffing.lock_active_admins(session) == {staff_id}:
        raise ConflictError("last_admin")
