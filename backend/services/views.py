"""From rows to the frozen values the services return."""

from __future__ import annotations

from datetime import datetime

from backend.db import retention
from backend.db.campaign_rules import entry_spans, outer_span
from backend.db.entries import EntryRow
from backend.db.models import Campaign, Staff, Station
from backend.domain.campaigns import EntryState, entry_state
from backend.domain.report import Background
from backend.messages.retention import promise
from backend.services.types import (
    CampaignView,
    EntryView,
    Role,
    StaffUser,
    StationView,
)


def campaign_view(row: Campaign) -> CampaignView:
    """Return a campaign as a value."""
    return CampaignView(
        id=row.id,
        name=row.name,
        school_name=row.school_name,
        graduating_years=tuple(row.graduating_years),
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        contact=row.contact,
        notice_version=row.notice_version,
        notice_text=row.notice_text,
        policy=row.policy,
        album_allowed=row.album_allowed,
        background=Background(row.background),
        retention_text=row.retention_text,
        retention_promise=promise(retention.rules_of(row)),
    )


def station_view(row: Station) -> StationView:
    """Return a station as a value."""
    return StationView(
        id=row.id,
        code=row.code,
        name=row.name,
        address=row.address,
        contact=row.contact,
    )


def state_of(row: EntryRow, now: datetime) -> EntryState:
    """Return what an entry answers now."""
    entry = row[0]
    return entry_state(
        now=now,
        spans=entry_spans(row),
        replaced=entry.replaced_at is not None,
        retired=entry.retired_at is not None,
    )


def entry_view(row: EntryRow, now: datetime) -> EntryView:
    """Return an entry as a value."""
    entry, campaign, station = row
    spans = entry_spans(row)
    return EntryView(
        token=entry.token,
        campaign=campaign_view(campaign),
        station=station_view(station),
        state=state_of(row, now),
        opens_at=outer_span(spans).opens_at,
        closes_at=outer_span(spans).closes_at,
        windows_differ=len({span.closes_at for span in spans}) > 1,
    )


def staff_user(row: Staff) -> StaffUser:
    """Return a staff member as a value."""
    return StaffUser(
        id=row.id,
        username=row.username,
        display_name=row.display_name,
        role=Role(row.role),
        station_id=row.station_id,
    )


def mask_middle(text: str, *, keep: int = 2) -> str:
    """Hide all but the first and last ``keep`` characters; short texts wholly."""
    if len(text) <= 2 * keep:
        return "*" * len(text)
    return text[:keep] + "*" * (len(text) - 2 * keep) + text[-keep:]


def picture_type(data: bytes) -> str:
    """Name the type of a picture that was decoded when it came in."""
    if data.startswith(b"\x89PNG"):
        return "image/png"
    if data[8:12] == b"WEBP":
        return "image/webp"
    return "image/jpeg" if data.startswith(b"\xff\xd8") else "image/heic"
