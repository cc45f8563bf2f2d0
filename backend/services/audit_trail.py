"""What staff do, written into the audit chain."""

from __future__ import annotations

from backend.db import journal
from backend.db.engine import Session
from backend.ports import Clock
from backend.services.types import StaffUser


class AuditTrail:
    """Writes down who did what to what, at the time it is told."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def record(
        self,
        session: Session,
        actor: StaffUser,
        action: str,
        target: str,
        detail: str = "",
        *,
        address: str = "",
    ) -> None:
        """Append one row; last in a transaction, as ``journal.append_audit`` says."""
        journal.append_audit(
            session,
            at=self._clock.now(),
            actor=actor.username,
            action=action,
            target=target,
            detail=detail,
            address=address,
        )
