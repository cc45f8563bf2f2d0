"""When who may hand in: a campaign's span and windows, and the graces of students."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.entries import EntryRow, get_campaign
from backend.db.models import Campaign, CollectingWindow, Student
from backend.domain.campaigns import Span, Whom, Window, level_key, span_for
from backend.domain.errors import ConflictError, NotFoundError


def span_of(campaign: Campaign, student: Student) -> Span:
    """Return the span in which a student of the campaign may hand in."""
    whom = Whom(
        year=student.graduating_year,
        level=student.level,
        station_id=student.station_id,
        grace_until=student.grace_until,
    )
    return span_for(whom, own_span(campaign), map(window_of, campaign.windows))


def window_of(row: CollectingWindow) -> Window:
    """Return a row as the rules take it."""
    return Window(
        span=Span(row.opens_at, row.closes_at),
        year=row.graduating_year,
        level=row.level,
        station_id=row.station_id,
    )


def entry_spans(row: EntryRow) -> Sequence[Span]:
    """Return every span in which somebody may hand in by an entry.

    A student may have scanned another station's poster, so all windows count.
    """
    return campaign_spans(row[1])


def campaign_spans(campaign: Campaign) -> Sequence[Span]:
    """Return every span in which somebody may hand in for a campaign."""
    spans = [own_span(campaign), *(window_of(one).span for one in campaign.windows)]
    if campaign.latest_grace is not None and campaign.latest_grace > spans[0].opens_at:
        spans.append(Span(spans[0].opens_at, campaign.latest_grace))
    return spans


def outer_span(spans: Sequence[Span]) -> Span:
    """Return the span from the first opening to the last closing."""
    return Span(
        min(span.opens_at for span in spans), max(span.closes_at for span in spans)
    )


def last_closing(session: Session, campaign_id: int) -> datetime:
    """Return the latest end of a campaign, its windows and its graces.

    Raises:
        NotFoundError: ``campaign_not_found``.
    """
    campaign = get_campaign(session, campaign_id)
    ends = [campaign.closes_at, *(one.closes_at for one in campaign.windows)]
    return max([*ends, campaign.latest_grace or campaign.closes_at])


def ends_between(now: datetime, until: datetime) -> ColumnElement[bool]:
    """Return the condition that a span of (Campaign, Student) may end by then.

    It lets too many through, never too few: :func:`span_of` decides.
    """
    window = (
        select(CollectingWindow.id)
        .where(CollectingWindow.campaign_id == Campaign.id)
        .where(CollectingWindow.closes_at.between(now, until))
    )
    return or_(
        Campaign.closes_at.between(now, until),
        window.exists(),
        Student.grace_until.between(now, until),
    )


def put_window(
    session: Session, row: CollectingWindow, window: Window
) -> CollectingWindow:
    """Write a window; raises ConflictError ``window_exists``."""
    row.graduating_year, row.level = window.year, window.level
    row.station_id = window.station_id
    row.opens_at, row.closes_at = window.span.opens_at, window.span.closes_at
    level = level_key(window.level) if window.level else "*"
    row.scope = f"{window.year or '*'}/{window.station_id or '*'}/{level}"
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise ConflictError("window_exists") from None
    return row


def get_window(session: Session, campaign_id: int, window_id: int) -> CollectingWindow:
    """Return a campaign's window; raises NotFoundError."""
    row = session.get(CollectingWindow, window_id)
    if row is None or row.campaign_id != campaign_id:
        raise NotFoundError("window_not_found")
    return row


def roster_sizes(session: Session, station_id: int | None) -> dict[int, int]:
    """Return how many students each campaign has, of one station or of all."""
    query = select(Student.campaign_id, func.count()).group_by(Student.campaign_id)
    if station_id is not None:
        query = query.where(Student.station_id == station_id)
    return {row[0]: row[1] for row in session.execute(query)}


def levels_of(session: Session, campaign_id: int) -> list[str]:
    """Return the levels that occur on a campaign's roster."""
    query = select(Student.level).where(Student.campaign_id == campaign_id).distinct()
    return sorted(session.scalars(query))


def own_span(campaign: Campaign) -> Span:
    """Return the span of those no window names."""
    return Span(campaign.opens_at, campaign.closes_at)
