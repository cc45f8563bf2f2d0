"""What administrators see of the messages, and trying the dead ones again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.db import journal, outbox
from backend.db.engine import Database
from backend.domain.errors import NotFoundError
from backend.domain.outbox import MessageState
from backend.ports import Clock, Job, Jobs
from backend.services.access import require_admin
from backend.services.types import Page, StaffUser

_PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class MessageLine:
    """One message; whom it goes to is told by channel only."""

    id: int
    kind: str
    channel: str
    campaign_name: str
    state: MessageState
    attempts: int
    last_error: str
    created_at: datetime
    due_at: datetime
    settled_at: datetime | None


class MessageDeskService:
    """Shows and revives messages."""

    def __init__(self, *, db: Database, clock: Clock, jobs: Jobs) -> None:
        self._db = db
        self._clock = clock
        self._jobs = jobs

    def counts(
        self, actor: StaffUser, campaign_id: int | None = None
    ) -> dict[MessageState, int]:
        """Return how many messages are in each state."""
        require_admin(actor)
        with self._db.reading() as session:
            found = outbox.counts(session, campaign_id)
        return {state: found.get(state, 0) for state in MessageState}

    def page(
        self,
        actor: StaffUser,
        *,
        campaign_id: int | None = None,
        state: MessageState | None = None,
        before: int | None = None,
    ) -> Page[MessageLine]:
        """Return messages, the newest first."""
        require_admin(actor)
        with self._db.reading() as session:
            rows = outbox.page(
                session,
                campaign_id=campaign_id,
                state=state,
                before=before,
                limit=_PER_PAGE + 1,
            )
        lines = tuple(
            MessageLine(
                id=row.id,
                kind=row.kind,
                channel=principal.kind,
                campaign_name=campaign.name,
                state=MessageState(row.state),
                attempts=row.attempts,
                last_error=row.last_error,
                created_at=row.created_at,
                due_at=row.due_at,
                settled_at=row.settled_at,
            )
            for row, principal, campaign in rows[:_PER_PAGE]
        )
        more = len(rows) > _PER_PAGE
        return Page(items=lines, next_cursor=str(lines[-1].id) if more else None)

    def revive(self, actor: StaffUser, message_id: int | None = None) -> int:
        """Try a dead message again, or all of them; return how many.

        Raises:
            NotFoundError: no dead message of this number.
        """
        require_admin(actor)
        now = self._clock.now()
        with self._db.transaction() as session:
            revived = outbox.revive(session, at=now, message_id=message_id)
            if message_id is not None and not revived:
                raise NotFoundError("message_not_found")
            journal.append_audit(
                session,
                at=now,
                actor=actor.username,
                action="message.revive",
                target=f"message:{message_id or 'all'}",
                detail=str(revived),
            )
        if revived:
            self._jobs.wake(Job.MESSAGES)
        return revived
