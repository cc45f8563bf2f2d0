"""Who may hand a photo in, or be helped to take one, now."""

from __future__ import annotations

from datetime import datetime

from backend.db import bindings, entries, submissions
from backend.db.campaign_rules import span_of
from backend.db.engine import Session
from backend.db.models import Binding, Campaign, Student
from backend.domain.campaigns import EntryState, grace_for_redo
from backend.domain.errors import ConflictError, GoneError
from backend.domain.reviews import SETTLED, SubmissionStatus
from backend.messages.student import beijing_time
from backend.services.entries import refuse_state
from backend.services.sessions import ensure_consent
from backend.services.types import Principal
from backend.services.views import state_of


def admit(
    session: Session, principal: Principal, binding_id: str, *, now: datetime
) -> tuple[Binding, Campaign]:
    """Return the binding if this principal may hand a photo in for it now.

    Raises:
        NotFoundError: not this principal's binding.
        PermissionDeniedError: ``consent_required``.
        ConflictError: ``submission_settled``; ``campaign_not_open`` and, for this
            student only, ``window_not_open`` with ``opens_at``.
        GoneError: ``campaign_closed`` and, for this student only, ``window_closed``.
    """
    binding = bindings.get_binding(session, binding_id, principal_id=principal.id)
    entry = entries.get_entry_by_id(session, binding.entry_id)
    state = state_of(entry, now)
    # A replaced poster does not stop those who came in by it.
    if state in {EntryState.NOT_YET_OPEN, EntryState.CLOSED}:
        refuse_state(state)
    student = bindings.student_of(session, binding)
    if student is not None:
        ensure_window(entry[1], student, now=now)
    ensure_consent(session, principal, entry[1].id)
    handed_in = submissions.find_handed_in(session, binding.id)
    if handed_in is not None and SubmissionStatus(handed_in.status) in SETTLED:
        raise ConflictError("submission_settled")
    return binding, entry[1]


def let_redo(session: Session, binding: Binding, *, now: datetime) -> None:
    """Give the student of a returned photo time to take another one."""
    student = bindings.student_of(session, binding)
    if student is None:
        return
    campaign = session.get_one(Campaign, binding.campaign_id)
    until = grace_for_redo(span_of(campaign, student), now)
    if until is not None:
        student.grace_until = until


def ensure_window(campaign: Campaign, student: Student, *, now: datetime) -> None:
    """Raise unless this student of the campaign may hand in now.

    Raises:
        ConflictError: ``window_not_open``.
        GoneError: ``window_closed``.
    """
    span = span_of(campaign, student)
    if now < span.opens_at:
        raise ConflictError("window_not_open", opens_at=beijing_time(span.opens_at))
    if now >= span.closes_at:
        raise GoneError("window_closed")
