"""Who may do what, checked on the record and never on the address of the request."""

from __future__ import annotations

from backend.domain.errors import NotFoundError, PermissionDeniedError
from backend.services.types import Role, StaffUser


def require_admin(actor: StaffUser) -> None:
    """Raise PermissionDeniedError unless the actor is an administrator."""
    if actor.role is not Role.ADMIN:
        raise PermissionDeniedError("role_not_allowed")


def require_reviewer(actor: StaffUser) -> None:
    """Raise PermissionDeniedError unless the actor may decide on portraits."""
    if actor.role not in {Role.ADMIN, Role.REVIEWER}:
        raise PermissionDeniedError("role_not_allowed")


def require_collector(actor: StaffUser) -> None:
    """Raise PermissionDeniedError unless the actor may take photos for students."""
    if actor.role not in {Role.ADMIN, Role.STATION}:
        raise PermissionDeniedError("role_not_allowed")


def require_station(actor: StaffUser, station_id: int | None, *, code: str) -> None:
    """Raise NotFoundError when a station account reaches for another station's record.

    To such an account the record does not exist, so ids cannot be tried out.
    """
    if actor.station_id is not None and actor.station_id != station_id:
        raise NotFoundError(code)


def require_desk(actor: StaffUser) -> None:
    """Raise PermissionDeniedError unless the actor collects: a station, or everything."""
    if actor.role is Role.REVIEWER:
        raise PermissionDeniedError("role_not_allowed")
