"""Readings, roster candidates, bindings and their events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.models import (
    Binding,
    BindingEvent,
    CodeReadingRow,
    Entry,
    PrincipalRow,
    Student,
    Submission,
)
from backend.db.wechat_models import BindingHolder
from backend.domain.errors import NotFoundError
from backend.domain.reviews import HANDED_IN

#: More candidates than this cannot be told apart by a person either.
_MOST_CANDIDATES = 50


class LostRaceError(Exception):
    """A unique index refused the row: somebody else's came first."""


@dataclass(frozen=True, slots=True)
class CandidateKeys:
    """What roster rows are looked up by; hashes are keyed."""

    campaign_id: int
    student_no: str | None
    last6_hash: str
    code_hash: str


def get_reading(
    session: Session,
    public_id: str,
    *,
    principal_id: int,
    campaign_id: int,
    now: datetime,
) -> CodeReadingRow:
    """Return a reading of this principal; raises NotFoundError for any other."""
    row = session.execute(
        select(CodeReadingRow)
        .where(CodeReadingRow.public_id == public_id)
        .where(CodeReadingRow.principal_id == principal_id)
        .where(CodeReadingRow.campaign_id == campaign_id)
    ).scalar_one_or_none()
    if row is None or row.expires_at <= now:
        raise NotFoundError("reading_not_found")
    return row


def candidates(session: Session, keys: CandidateKeys) -> list[Student]:
    """Return the roster rows that share anything with the code or what was typed."""
    shared = [
        Student.id_last6_hash == keys.last6_hash,
        Student.code_hash == keys.code_hash,
    ]
    if keys.student_no:
        shared.append(Student.student_no == keys.student_no)
    return list(
        session.scalars(
            select(Student)
            .where(Student.campaign_id == keys.campaign_id)
            .where(or_(*shared))
            .order_by(Student.id)
            .limit(_MOST_CANDIDATES)
        )
    )


def live_bindings(
    session: Session, *, campaign_id: int, code_hash: str, student_ids: list[int]
) -> list[Binding]:
    """Return the bindings that hold a code or any of the students now.

    One query, so that a binding committed meanwhile is seen by both or by neither.
    """
    return list(
        session.scalars(
            select(Binding)
            .where(Binding.campaign_id == campaign_id)
            .where(Binding.released_at.is_(None))
            .where(
                or_(Binding.code_hash == code_hash, Binding.student_id.in_(student_ids))
            )
        )
    )


def held_by(principal_id: int) -> ColumnElement[bool]:
    """Return the condition that a principal holds a binding."""
    return exists().where(
        BindingHolder.binding_id == Binding.id,
        BindingHolder.principal_id == principal_id,
    )


def add_holder(
    session: Session, binding_id: int, principal_id: int, *, kind: str, at: datetime
) -> bool:
    """Let a principal hold a binding; false when they or another of the kind do already."""
    try:
        with session.begin_nested():
            session.add(
                BindingHolder(
                    binding_id=binding_id,
                    principal_id=principal_id,
                    kind=kind,
                    joined_at=at,
                )
            )
    except IntegrityError:
        return False
    return True


def holders_of(
    session: Session, binding_ids: list[int]
) -> dict[int, list[PrincipalRow]]:
    """Return who holds each binding, the first one first."""
    rows = session.execute(
        select(BindingHolder.binding_id, PrincipalRow)
        .join(PrincipalRow, PrincipalRow.id == BindingHolder.principal_id)
        .where(BindingHolder.binding_id.in_(binding_ids))
        .order_by(BindingHolder.joined_at, PrincipalRow.id)
    )
    found: dict[int, list[PrincipalRow]] = {key: [] for key in binding_ids}
    for binding_id, principal in rows:
        found[binding_id].append(principal)
    return found


def live_bindings_of(session: Session, principal_id: int) -> list[Binding]:
    """Return a principal's live bindings in all campaigns."""
    return list(
        session.scalars(
            select(Binding)
            .where(held_by(principal_id))
            .where(Binding.released_at.is_(None))
            .order_by(Binding.id)
        )
    )


def bindings_of(session: Session, principal_id: int, campaign_id: int) -> list[Binding]:
    """Return a principal's live bindings in a campaign, oldest first."""
    return list(
        session.scalars(
            select(Binding)
            .where(held_by(principal_id))
            .where(Binding.campaign_id == campaign_id)
            .where(Binding.released_at.is_(None))
            .order_by(Binding.id)
        )
    )


def entry_tokens_of(session: Session, principal_id: int) -> list[str]:
    """Return one entry for each campaign where a principal has a live binding."""
    first = (
        select(func.min(Binding.entry_id))
        .where(held_by(principal_id))
        .where(Binding.released_at.is_(None))
        .group_by(Binding.campaign_id)
    )
    return list(
        session.scalars(
            select(Entry.token).where(Entry.id.in_(first)).order_by(Entry.id)
        )
    )


def get_binding(
    session: Session, public_id: str, *, principal_id: int | None = None
) -> Binding:
    """Return a binding; with a principal, only a live one of theirs.

    Raises:
        NotFoundError: no such binding, or not theirs: the two look alike.
    """
    query = select(Binding).where(Binding.public_id == public_id)
    if principal_id is not None:
        query = query.where(held_by(principal_id), Binding.released_at.is_(None))
    row = session.execute(query).scalar_one_or_none()
    if row is None:
        raise NotFoundError("binding_not_found")
    return row


def student_of(session: Session, binding: Binding) -> Student | None:
    """Return the student of a binding, none while it waits for the roster."""
    if binding.student_id is None:
        return None
    return session.get_one(Student, binding.student_id)


def lock_binding(session: Session, binding: Binding) -> None:
    """Read a live binding again and keep others from changing it.

    Raises:
        LostRaceError: it was released since it was read.
    """
    session.refresh(binding, with_for_update=True)
    if binding.released_at is not None:
        raise LostRaceError


def save_binding(session: Session, binding: Binding) -> None:
    """Insert or update a binding.

    Raises:
        LostRaceError: the code or the student was bound meanwhile; the transaction is
            rolled back by whoever opened it.
    """
    session.add(binding)
    try:
        session.flush()
    except IntegrityError:
        raise LostRaceError from None


def add_event(
    session: Session,
    binding_id: int,
    *,
    what: str,
    by: str,
    at: datetime,
    who: str = "",
    note: str = "",
) -> None:
    """Append to a binding's log."""
    session.add(
        BindingEvent(binding_id=binding_id, what=what, by=by, who=who, note=note, at=at)
    )


def events_of(session: Session, binding_id: int) -> list[BindingEvent]:
    """Return a binding's log, oldest first."""
    return list(
        session.scalars(
            select(BindingEvent)
            .where(BindingEvent.binding_id == binding_id)
            .order_by(BindingEvent.id)
        )
    )


def submission_counts(session: Session, binding_ids: list[int]) -> dict[int, int]:
    """Return how many photos each binding has handed in so far, drafts included."""
    rows = session.execute(
        select(Submission.binding_id, func.count())
        .where(Submission.binding_id.in_(binding_ids))
        .where(Submission.status != "withdrawn")
        .group_by(Submission.binding_id)
    )
    return {row[0]: row[1] for row in rows}


def has_handed_in(session: Session, binding_id: int) -> bool:
    """Tell whether a photo of this binding was confirmed."""
    found = session.execute(
        select(Submission.id)
        .where(Submission.binding_id == binding_id)
        .where(Submission.status.in_([status.value for status in HANDED_IN]))
        .limit(1)
    ).first()
    return found is not None
