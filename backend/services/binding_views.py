"""A binding as its owner and as staff see it."""

from __future__ import annotations

from backend.db import bindings, entries
from backend.db.campaign_rules import entry_spans, outer_span, span_of
from backend.db.engine import Session
from backend.db.models import Binding, Station, Student
from backend.services.types import BindingStatus, BindingView, PrincipalKind
from backend.services.views import mask_middle, station_view


def binding_status(row: Binding) -> BindingStatus:
    """Return whether a binding counts."""
    if row.released_at is not None:
        return BindingStatus.RELEASED
    return BindingStatus.WAITING if row.student_id is None else BindingStatus.ACTIVE


def binding_view(session: Session, row: Binding) -> BindingView:
    """Return a binding as a value."""
    found = entries.get_entry_by_id(session, row.entry_id)
    entry, campaign, scanned = found
    student = session.get(Student, row.student_id) if row.student_id else None
    station = session.get_one(Station, student.station_id) if student else scanned
    span = span_of(campaign, student) if student else outer_span(entry_spans(found))
    photos = bindings.submission_counts(session, [row.id]).get(row.id, 0)
    return BindingView(
        public_id=row.public_id,
        status=binding_status(row),
        fingerprint=row.fingerprint,
        student_name=student.name if student else row.stated_name,
        student_no_masked=mask_middle(student.student_no) if student else "",
        level=student.level if student else "",
        major=student.major if student else "",
        graduating_year=student.graduating_year if student else None,
        station=station_view(station),
        other_station=student is not None and student.station_id != scanned.id,
        has_submission=photos > 0,
        opens_at=span.opens_at,
        closes_at=span.closes_at,
        created_at=row.created_at,
        entry_token=entry.token,
        channels=tuple(
            PrincipalKind(holder.kind)
            for holder in bindings.holders_of(session, [row.id])[row.id]
        ),
    )
