"""Campaigns, stations and entries."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.models import Campaign, Entry, Station
from backend.domain.errors import ConflictError, NotFoundError

EntryRow = tuple[Entry, Campaign, Station]


def get_entry(session: Session, token: str) -> EntryRow:
    """Return an entry with its campaign and station; raises NotFoundError."""
    found = session.execute(
        select(Entry, Campaign, Station)
        .join(Campaign, Campaign.id == Entry.campaign_id)
        .join(Station, Station.id == Entry.station_id)
        .where(Entry.token == token)
    ).one_or_none()
    if found is None:
        raise NotFoundError("entry_not_found")
    return found


def get_entry_by_id(session: Session, entry_id: int) -> EntryRow:
    """Return the entry a row refers to."""
    token = session.execute(
        select(Entry.token).where(Entry.id == entry_id)
    ).scalar_one()
    return get_entry(session, token)


def page_entries(
    session: Session, campaign_id: int, station_id: int | None
) -> list[EntryRow]:
    """Return a campaign's entries, live ones first, newest first."""
    query = (
        select(Entry, Campaign, Station)
        .join(Campaign, Campaign.id == Entry.campaign_id)
        .join(Station, Station.id == Entry.station_id)
        .where(Entry.campaign_id == campaign_id)
        .order_by(
            Entry.replaced_at.is_not(None),
            Entry.retired_at.is_not(None),
            Station.code,
            Entry.id.desc(),
        )
    )
    if station_id is not None:
        query = query.where(Entry.station_id == station_id)
    return list(session.execute(query))


def add_entry(
    session: Session, *, campaign_id: int, station_id: int, token: str, at: datetime
) -> Entry:
    """Insert an entry; raises ConflictError when a live one exists."""
    entry = Entry(
        campaign_id=campaign_id, station_id=station_id, token=token, created_at=at
    )
    session.add(entry)
    try:
        session.flush()
    except IntegrityError:
        raise ConflictError("entry_exists") from None
    return entry


def get_campaign(session: Session, campaign_id: int) -> Campaign:
    """Return a campaign; raises NotFoundError."""
    campaign = session.get(Campaign, campaign_id)
    if campaign is None:
        raise NotFoundError("campaign_not_found")
    return campaign


def all_campaigns(session: Session) -> list[Campaign]:
    """Return every campaign, newest first."""
    return list(session.scalars(select(Campaign).order_by(Campaign.id.desc())))


def get_station(session: Session, station_id: int) -> Station:
    """Return a station; raises NotFoundError."""
    station = session.get(Station, station_id)
    if station is None:
        raise NotFoundError("station_not_found")
    return station


def all_stations(session: Session, only: int | None = None) -> list[Station]:
    """Return the stations in the order of their codes, or just one."""
    query = select(Station).order_by(Station.code)
    if only is not None:
        query = query.where(Station.id == only)
    return list(session.scalars(query))


def save_station(session: Session, station: Station) -> Station:
    """Insert or update a station; raises ConflictError for a code in use."""
    session.add(station)
    try:
        session.flush()
    except IntegrityError:
        raise ConflictError("station_code_taken") from None
    return station
