"""Who may hand a photo in, or be helped to take one, now."""

from __future__ import annotations

from datetime import datetime

from backend.db import bindings, entries, submissions
from backend.db.engine import Session
from backend.db.models import Binding, Campaign
from backend.domain.campaigns import EntryState
from backend.domain.errors import ConflictError
from backend.domain.reviews import SETTLED, SubmissionStatus
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
        ConflictError: ``submission_settled``, ``campaign_not_open``.
        GoneError: the campaign has ended.
    """
    binding = bindings.get_binding(session, binding_id, principal_id=principal.id)
    entry = entries.get_entry_by_id(session, binding.entry_id)
    state = state_of(entry, now)
    # A replaced poster does not stop those who came in by it.
    if state in {EntryState.NOT_YET_OPEN, EntryState.CLOSED}:
        refuse_state(state)
    ensure_consent(session, principal, entry[1].id)
    handed_in = submissions.find_handed_in(session, binding.id)
    if handed_in is not None and SubmissionStatus(handed_in.status) in SETTLED:
        raise ConflictError("submission_settled")
    return binding, entry[1]
