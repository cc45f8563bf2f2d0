"""Telling students: a row with the decision, a message after it, tried until it is said.

The row is written in the transaction of what it tells, so neither is there without the
other. Sending takes a short lease, talks to WeChat with no transaction open, and settles
the row. A worker that dies with a message in hand leaves its lease to run out: the
message is sent then. If it died after WeChat had taken the message and before that was
written, the message is sent a second time; there is nothing at WeChat to ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import structlog

from backend.crypto import Vault
from backend.db import outbox
from backend.db.engine import Database, Session
from backend.db.models import Binding, Submission
from backend.db.outbox import MessageContext
from backend.domain.errors import DomainError
from backend.domain.outbox import MOST_ATTEMPTS, MessageState, delay_after, fit
from backend.domain.wechat import (
    Account,
    MessageKind,
    MessageTemplate,
    OutgoingMessage,
    SendOutcome,
)
from backend.messages.outbox import MessageFacts, message_values
from backend.ports import Clock, Job, Jobs, WeChatGateway

log = structlog.get_logger(__name__)

Templates = Mapping[Account, Mapping[MessageKind, MessageTemplate]]

#: Longer than sending one message can take with all its timeouts and its retry.
_LEASE: Final = timedelta(minutes=1)
#: What one call sends at most; the rest is found by the next.
_MOST_AT_ONCE: Final = 500
#: Before the end, students without a valid photo are reminded once.
REMIND_BEFORE: Final = timedelta(days=3)


def tell_holders(
    session: Session,
    kind: MessageKind,
    binding: Binding,
    submission: Submission,
    *,
    at: datetime,
    due: datetime,
) -> None:
    """Note that everybody who holds a binding is to be told of its photo, when it is due.

    The version makes each decision an event of its own.
    """
    for principal_id in outbox.reachable_holders(session, binding.id):
        outbox.add(
            session,
            event_key=f"{kind}:{submission.id}:{submission.version}:{principal_id}",
            kind=kind,
            principal_id=principal_id,
            campaign_id=binding.campaign_id,
            submission_id=submission.id,
            due_at=due,
            created_at=at,
        )


class OutboxService:
    """Sends what is due."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        vault: Vault,
        gateway: WeChatGateway,
        jobs: Jobs,
        templates: Templates,
        pages: Mapping[Account, str],
    ) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._gateway = gateway
        self._jobs = jobs
        self._templates = templates
        self._pages = pages

    def remind(self) -> int:
        """Note a reminder for everybody whose time ends soon without their photo.

        Asking again notes nobody twice; returns how many were noted now.
        """
        now = self._clock.now()
        noted = 0
        with self._db.transaction() as session:
            found = outbox.waiting_for_a_photo(
                session, now=now, until=now + REMIND_BEFORE
            )
            for binding_id, campaign_id, closes_at in found:
                for principal_id in outbox.reachable_holders(session, binding_id):
                    # A campaign that is prolonged ends at another instant.
                    key = f"closing:{binding_id}:{closes_at:%Y%m%d%H%M}:{principal_id}"
                    noted += outbox.add(
                        session,
                        event_key=key,
                        kind=MessageKind.CLOSING,
                        principal_id=principal_id,
                        campaign_id=campaign_id,
                        submission_id=None,
                        closes_at=closes_at,
                        due_at=now,
                        created_at=now,
                    )
        if noted:
            self._jobs.wake(Job.MESSAGES)
        return noted

    def send_due(self) -> int:
        """Send what is due; return how many messages WeChat took.

        The first that WeChat does not answer for ends it: the others would wait as
        long, and somebody may be waiting for this. The next call finds them.
        """
        sent = 0
        for _ in range(_MOST_AT_ONCE):
            now = self._clock.now()
            with self._db.transaction() as session:
                row = outbox.claim(session, now=now, until=now + _LEASE)
                if row is None:
                    return sent
                context = outbox.context_of(session, row.id)
            outcome = self._send(context)
            if outcome is None:
                return sent
            sent += outcome is SendOutcome.SENT
        return sent

    def _send(self, context: MessageContext) -> SendOutcome | None:
        """Settle one message; none when WeChat gave no answer."""
        row = context.row
        message = self._message(context)
        if message is None:
            self._settle(row.id, MessageState.DEAD, "no_template")
            return SendOutcome.INVALID
        with self._db.reading() as session:
            remaining = outbox.consents_of(session, row.principal_id)
        if not remaining.get(message.template_id):
            self._settle(row.id, MessageState.NO_CONSENT)
            return SendOutcome.REFUSED
        try:
            outcome = self._gateway.send_message(message)
        except DomainError as error:
            self._failed(context, error)
            return None
        self._sent(context, message, outcome)
        return outcome

    def _message(self, context: MessageContext) -> OutgoingMessage | None:
        row, campaign, submission = context.row, context.campaign, context.submission
        account = Account(context.principal.kind)
        template = self._templates.get(account, {}).get(MessageKind(row.kind))
        sealed = context.principal.openid_sealed
        if template is None or sealed is None:
            return None
        reasons = submission.return_reasons if submission else []
        values = message_values(
            MessageFacts(
                kind=MessageKind(row.kind),
                school=campaign.school_name,
                campaign=campaign.name,
                reason=reasons[0] if reasons else "",
                closes_at=row.closes_at or campaign.closes_at,
                happened_at=row.created_at,
            )
        )
        return OutgoingMessage(
            account=account,
            openid=self._vault.open(sealed, purpose="openid"),
            template_id=template.id,
            fields={
                name: fit(name, values[value])
                for name, value in template.fields.items()
            },
            page=self._pages[account].format(token=context.entry_token),
        )

    def _sent(
        self, context: MessageContext, message: OutgoingMessage, outcome: SendOutcome
    ) -> None:
        row, now = context.row, self._clock.now()
        with self._db.transaction() as session:
            if outcome is SendOutcome.INVALID:
                outbox.settle(
                    session, row.id, MessageState.DEAD, at=now, error="invalid"
                )
                return
            taken = outcome is SendOutcome.SENT
            state = MessageState.SENT if taken else MessageState.NO_CONSENT
            outbox.settle(session, row.id, state, at=now)
            # Refused: WeChat knows of no consent, whatever we counted.
            known = outbox.consents_of(session, row.principal_id)
            spent = 1 if taken else known.get(message.template_id, 0)
            outbox.change_consent(
                session, row.principal_id, message.template_id, by=-spent, at=now
            )

    def _failed(self, context: MessageContext, error: DomainError) -> None:
        row, now = context.row, self._clock.now()
        log.info("message_failed", code=error.code, attempts=row.attempts)
        if row.attempts >= MOST_ATTEMPTS:
            self._settle(row.id, MessageState.DEAD, error.code)
            return
        wait = max(
            delay_after(row.attempts),
            timedelta(seconds=float(error.data.get("retry_after", 0))),
        )
        with self._db.transaction() as session:
            outbox.put_off(session, row.id, until=now + wait, error=error.code)

    def _settle(self, message_id: int, state: MessageState, error: str = "") -> None:
        with self._db.transaction() as session:
            outbox.settle(session, message_id, state, at=self._clock.now(), error=error)
