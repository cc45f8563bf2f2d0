"""Messages on their way out, and how many each principal will still take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.campaign_rules import ends_between, own_span, span_of
from backend.db.models import (
    Binding,
    Campaign,
    Entry,
    PrincipalRow,
    Student,
    Submission,
)
from backend.db.wechat_models import (
    BindingHolder,
    MessageConsent,
    OutgoingMessageRow,
)
from backend.domain.outbox import MessageState
from backend.domain.reviews import HANDED_IN, SubmissionStatus

_BROWSER = "browser"


@dataclass(frozen=True, slots=True)
class MessageContext:
    """A message with all it speaks of; no submission for a reminder."""

    row: OutgoingMessageRow
    principal: PrincipalRow
    campaign: Campaign
    submission: Submission | None
    entry_token: str


def add(session: Session, *, event_key: str, **values: Any) -> bool:
    """Insert a message; false when the event was told to them before."""
    try:
        with session.begin_nested():
            session.add(
                OutgoingMessageRow(
                    event_key=event_key,
                    state=MessageState.WAITING,
                    attempts=0,
                    **values,
                )
            )
    except IntegrityError:
        return False
    return True


def reachable_holders(session: Session, binding_id: int) -> list[int]:
    """Return the principals of WeChat who hold a binding."""
    return list(
        session.scalars(
            select(BindingHolder.principal_id)
            .join(PrincipalRow, PrincipalRow.id == BindingHolder.principal_id)
            .where(BindingHolder.binding_id == binding_id)
            .where(PrincipalRow.kind != _BROWSER)
            .order_by(BindingHolder.principal_id)
        )
    )


def claim(
    session: Session, *, now: datetime, until: datetime
) -> OutgoingMessageRow | None:
    """Lease the message due longest, so that nobody else sends it meanwhile."""
    free = or_(
        OutgoingMessageRow.leased_until.is_(None),
        OutgoingMessageRow.leased_until <= now,
    )
    due = (
        select(OutgoingMessageRow.id)
        .where(OutgoingMessageRow.state == MessageState.WAITING)
        .where(OutgoingMessageRow.due_at <= now)
        .where(free)
        .order_by(OutgoingMessageRow.due_at, OutgoingMessageRow.id)
        .limit(1)
        # Two workers take two messages instead of waiting for one another.
        .with_for_update(skip_locked=True)
    )
    found = session.execute(due).scalar_one_or_none()
    if found is None:
        return None
    session.execute(
        update(OutgoingMessageRow)
        .where(OutgoingMessageRow.id == found)
        .values(leased_until=until, attempts=OutgoingMessageRow.attempts + 1)
    )
    return session.get_one(OutgoingMessageRow, found, populate_existing=True)


def context_of(session: Session, message_id: int) -> MessageContext:
    """Return a message with what it speaks of."""
    row = session.get_one(OutgoingMessageRow, message_id)
    submission = (
        session.get_one(Submission, row.submission_id) if row.submission_id else None
    )
    entry = session.execute(
        select(Entry.token)
        .join(Binding, Binding.entry_id == Entry.id)
        .join(BindingHolder, BindingHolder.binding_id == Binding.id)
        .where(BindingHolder.principal_id == row.principal_id)
        .where(Binding.campaign_id == row.campaign_id)
        .order_by(Binding.id.desc())
        .limit(1)
    ).scalar_one()
    return MessageContext(
        row=row,
        principal=session.get_one(PrincipalRow, row.principal_id),
        campaign=session.get_one(Campaign, row.campaign_id),
        submission=submission,
        entry_token=entry,
    )


def settle(
    session: Session,
    message_id: int,
    state: MessageState,
    *,
    at: datetime,
    error: str = "",
) -> None:
    """Write what became of a message."""
    session.execute(
        update(OutgoingMessageRow)
        .where(OutgoingMessageRow.id == message_id)
        .where(OutgoingMessageRow.state == MessageState.WAITING)
        .values(state=state, settled_at=at, leased_until=None, last_error=error)
    )


def put_off(session: Session, message_id: int, *, until: datetime, error: str) -> None:
    """Let a message wait for its next attempt."""
    session.execute(
        update(OutgoingMessageRow)
        .where(OutgoingMessageRow.id == message_id)
        .values(due_at=until, leased_until=None, last_error=error)
    )


def cancel_of(session: Session, submission_id: int, *, at: datetime) -> None:
    """Let what waits to be told of a submission be told no more."""
    session.execute(
        update(OutgoingMessageRow)
        .where(OutgoingMessageRow.submission_id == submission_id)
        .where(OutgoingMessageRow.state == MessageState.WAITING)
        .values(state=MessageState.CANCELLED, settled_at=at)
    )


def revive(session: Session, *, at: datetime, message_id: int | None = None) -> int:
    """Try dead messages again, one or all; return how many."""
    query = (
        update(OutgoingMessageRow)
        .where(OutgoingMessageRow.state == MessageState.DEAD)
        .values(
            state=MessageState.WAITING,
            attempts=0,
            due_at=at,
            settled_at=None,
            leased_until=None,
        )
    )
    if message_id is not None:
        query = query.where(OutgoingMessageRow.id == message_id)
    done = session.execute(query)
    return int(done.rowcount)  # type: ignore[attr-defined] # an update has one


def counts(session: Session, campaign_id: int | None) -> dict[str, int]:
    """Return how many messages are in each state."""
    query = select(OutgoingMessageRow.state, func.count()).group_by(
        OutgoingMessageRow.state
    )
    if campaign_id is not None:
        query = query.where(OutgoingMessageRow.campaign_id == campaign_id)
    return {row[0]: row[1] for row in session.execute(query)}


def page(
    session: Session,
    *,
    campaign_id: int | None,
    state: MessageState | None,
    before: int | None,
    limit: int,
) -> list[tuple[OutgoingMessageRow, PrincipalRow, Campaign]]:
    """Return messages, the newest first."""
    query = (
        select(OutgoingMessageRow, PrincipalRow, Campaign)
        .join(PrincipalRow, PrincipalRow.id == OutgoingMessageRow.principal_id)
        .join(Campaign, Campaign.id == OutgoingMessageRow.campaign_id)
        .order_by(OutgoingMessageRow.id.desc())
        .limit(limit)
    )
    if campaign_id is not None:
        query = query.where(OutgoingMessageRow.campaign_id == campaign_id)
    if state is not None:
        query = query.where(OutgoingMessageRow.state == state)
    if before is not None:
        query = query.where(OutgoingMessageRow.id < before)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def find_consent(
    session: Session, principal_id: int, template_id: str
) -> MessageConsent | None:
    """Return the counter of one template, locked until the transaction ends."""
    return session.execute(
        select(MessageConsent)
        .where(MessageConsent.principal_id == principal_id)
        .where(MessageConsent.template_id == template_id)
        .with_for_update()
    ).scalar_one_or_none()


def change_consent(
    session: Session, principal_id: int, template_id: str, *, by: int, at: datetime
) -> int:
    """Add to a counter, never below nothing; return what it is then."""
    row = find_consent(session, principal_id, template_id)
    if row is None:
        fresh = MessageConsent(
            principal_id=principal_id,
            template_id=template_id,
            remaining=max(0, by),
            changed_at=at,
        )
        try:
            with session.begin_nested():
                session.add(fresh)
        except IntegrityError:
            return change_consent(session, principal_id, template_id, by=by, at=at)
        return fresh.remaining
    row.remaining = max(0, row.remaining + by)
    row.changed_at = at
    session.flush()
    return row.remaining


def consents_of(session: Session, principal_id: int) -> dict[str, int]:
    """Return how many messages of each template a principal still takes."""
    rows = session.execute(
        select(MessageConsent.template_id, MessageConsent.remaining).where(
            MessageConsent.principal_id == principal_id
        )
    )
    return {row[0]: row[1] for row in rows}


def waiting_for_a_photo(
    session: Session, *, now: datetime, until: datetime
) -> list[tuple[int, int, datetime]]:
    """Return (binding, campaign, its student's end) of who has handed nothing valid in.

    Of those who may hand in now and no more after ``until``.
    """
    settled = (
        select(Submission.binding_id)
        .where(Submission.status.in_([status.value for status in HANDED_IN]))
        .where(
            Submission.status.not_in(
                [SubmissionStatus.RETURNED, SubmissionStatus.SENT_BACK]
            )
        )
    )
    rows = session.execute(
        select(Binding, Campaign, Student)
        .join(Campaign, Campaign.id == Binding.campaign_id)
        .outerjoin(Student, Student.id == Binding.student_id)
        .where(Binding.released_at.is_(None))
        .where(Student.exempt_reason.is_(None))
        .where(ends_between(now, until))
        .where(Binding.id.not_in(settled))
    )
    found = []
    for binding, campaign, student in rows:
        waits = binding.student_id is None
        span = own_span(campaign) if waits else span_of(campaign, student)
        if span.opens_at <= now < span.closes_at <= until:
            found.append((binding.id, campaign.id, span.closes_at))
    return found
