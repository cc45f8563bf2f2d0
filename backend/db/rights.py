"""What a student may see of themselves, and the receipts of what they deleted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from backend.db.bindings import held_by
from backend.db.models import (
    AuditEvent,
    Binding,
    Campaign,
    CodeReadingRow,
    Consent,
    IdempotentAnswer,
    Staff,
)
from backend.db.retention_models import Erasure
from backend.db.wechat_models import OutgoingMessageRow
from backend.domain.errors import NotFoundError

#: Audited acts by which somebody of the staff saw what a record holds.
_LOOKS = ("id_number.reveal", "card.read")
_PICTURES = "photo."


def consents_of(session: Session, principal_id: int) -> Sequence[tuple[Consent, str]]:
    """Return every consent of a principal, withdrawn or not, with its campaign's name."""
    rows = session.execute(
        select(Consent, Campaign.name)
        .join(Campaign, Campaign.id == Consent.campaign_id)
        .where(Consent.principal_id == principal_id)
        .order_by(Consent.id)
    )
    return [(consent, name) for consent, name in rows]


def messages_of(session: Session, principal_id: int) -> Sequence[OutgoingMessageRow]:
    """Return every message to a principal, oldest first."""
    query = select(OutgoingMessageRow).order_by(OutgoingMessageRow.id)
    return session.scalars(
        query.where(OutgoingMessageRow.principal_id == principal_id)
    ).all()


def looks_at(
    session: Session, binding_id: int
) -> Sequence[tuple[str, str | None, int, datetime]]:
    """Return what staff looked at: act, role, how often, and when last.

    The role is none for the operator of the command line.
    """
    rows = session.execute(
        select(
            AuditEvent.action,
            Staff.role,
            func.count(),
            func.max(AuditEvent.at, type_=AuditEvent.at.type),
        )
        .outerjoin(Staff, Staff.username == AuditEvent.actor)
        .where(AuditEvent.target == f"binding:{binding_id}")
        .where(
            or_(AuditEvent.action.in_(_LOOKS), AuditEvent.action.startswith(_PICTURES))
        )
        .group_by(AuditEvent.action, Staff.role)
        .order_by(AuditEvent.action, Staff.role)
    )
    return [(action, role, times, last) for action, role, times, last in rows]


def holds_another(
    session: Session, principal_id: int, campaign_id: int, *, than: int
) -> bool:
    """Tell whether a principal has another live binding in the campaign."""
    found = session.execute(
        select(Binding.id)
        .where(held_by(principal_id))
        .where(Binding.campaign_id == campaign_id)
        .where(Binding.released_at.is_(None))
        .where(Binding.id != than)
        .limit(1)
    ).first()
    return found is not None


def take_readings(session: Session, principal_id: int, campaign_id: int) -> set[str]:
    """Delete a principal's readings of codes; return the pictures they named.

    What a binding of somebody else was made from is that binding's by now.
    """
    mine = (
        CodeReadingRow.principal_id == principal_id,
        CodeReadingRow.campaign_id == campaign_id,
    )
    cards = set(session.scalars(select(CodeReadingRow.card_key).where(*mine)))
    session.execute(delete(CodeReadingRow).where(*mine))
    return {key for key in cards if key}


def forget_answers(session: Session, principal_id: int) -> None:
    """Delete the answers kept for repeated calls: they show what is deleted."""
    session.execute(
        delete(IdempotentAnswer).where(IdempotentAnswer.principal_id == principal_id)
    )


def erasures_of(session: Session, principal_id: int) -> Sequence[Erasure]:
    """Return the receipts of a principal, newest first."""
    query = select(Erasure).where(Erasure.principal_id == principal_id)
    return session.scalars(query.order_by(Erasure.id.desc())).all()


def get_erasure(session: Session, receipt: str, *, principal_id: int) -> Erasure:
    """Return a receipt of this principal; raises NotFoundError for any other."""
    row = session.execute(
        select(Erasure)
        .where(Erasure.receipt == receipt)
        .where(Erasure.principal_id == principal_id)
    ).scalar_one_or_none()
    if row is None:
        raise NotFoundError("receipt_not_found")
    return row
