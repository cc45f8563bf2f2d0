"""What WeChat pushes: proven, kept, answered at once, and handled afterwards.

WeChat waits five seconds and sends again, three times in all. So an event is stored in
one short transaction under a key its repetitions share, and whatever it leads to happens
in a job.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

import structlog

from backend.crypto import Vault
from backend.db import pushes
from backend.db.engine import Database, Session
from backend.db.wechat_models import PushRow
from backend.domain.wechat import Account, Push
from backend.ports import Clock, Job, Jobs, WeChatGateway

log = structlog.get_logger(__name__)

#: What one job handles at most before it lets others have a turn.
_MOST_AT_ONCE: Final = 500
_EVENT_LENGTH: Final = 60
_OUTCOME_LENGTH: Final = 40

#: Acts on one event and says in a word what was done.
Handler = Callable[[Push], str]


class PushService:
    """Takes events in and hands each to whoever it concerns."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        vault: Vault,
        gateway: WeChatGateway,
        jobs: Jobs,
        handlers: Mapping[str, Handler],
    ) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._gateway = gateway
        self._jobs = jobs
        self._handlers = handlers

    def greet(self, account: Account, query: Mapping[str, str]) -> str:
        """Return what answers WeChat's check of the push address.

        Raises:
            NotFoundError: this account takes no pushes.
            PermissionDeniedError: ``push_signature_invalid``.
        """
        return self._gateway.greeting(account, query)

    def take(self, account: Account, query: Mapping[str, str], body: bytes) -> None:
        """Keep an event; it is on disk when this returns, and its repetition is not.

        Raises:
            NotFoundError: this account takes no pushes.
            PermissionDeniedError: ``push_signature_invalid``.
            InvalidInputError: proven and not understood.
        """
        push = self._gateway.open_push(account, query, body)
        with self._db.transaction() as session:
            fresh = pushes.add(
                session,
                account=account,
                key_hash=self._vault.hash(push.key, purpose="push"),
                event=push.event[:_EVENT_LENGTH],
                data_sealed=self._vault.seal(
                    json.dumps(dict(push.data), ensure_ascii=False), purpose="push"
                ),
                received_at=self._clock.now(),
            )
        if fresh:
            self._jobs.wake(Job.PUSHES)

    def handle_open(self) -> int:
        """Handle the events nobody has handled; return how many."""
        for done in range(_MOST_AT_ONCE):
            with self._db.transaction() as session:
                found = pushes.open_pushes(session, limit=1)
                if not found:
                    return done
                row = found[0]
                # Marked first: an event that cannot be handled is not tried for ever.
                row.handled_at = self._clock.now()
                row.outcome = "begun"
                push = self._push(row)
            self._handle(row.id, push)
        return _MOST_AT_ONCE

    def _handle(self, push_id: int, push: Push) -> None:
        handler = self._handlers.get(push.event)
        try:
            outcome = handler(push) if handler else "ignored"
        except Exception as error:  # noqa: BLE001 - one event must not stop the others
            log.warning("push_failed", push=push_id, kind=type(error).__name__)
            outcome = f"failed: {type(error).__name__}"
        with self._db.transaction() as session:
            self._settle(session, push_id, outcome)

    def _settle(self, session: Session, push_id: int, outcome: str) -> None:
        row = session.get_one(PushRow, push_id)
        row.outcome = outcome[:_OUTCOME_LENGTH]
        row.handled_at = self._clock.now()

    def _push(self, row: PushRow) -> Push:
        return Push(
            account=Account(row.account),
            event=row.event,
            key="",
            sent_at=row.received_at,
            data=json.loads(self._vault.open(row.data_sealed, purpose="push")),
        )
