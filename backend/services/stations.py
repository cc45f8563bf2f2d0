"""Stations, their entries and posters."""

from __future__ import annotations

import secrets
from typing import Final

from backend.db import entries
from backend.db.engine import Database, Session
from backend.db.entries import EntryRow
from backend.db.models import Entry, Station
from backend.domain.errors import ConflictError, InvalidInputError, Violation
from backend.ports import Clock
from backend.services.access import require_admin, require_station
from backend.services.audit_trail import AuditTrail
from backend.services.types import (
    CampaignView,
    EntryAdminView,
    StaffUser,
    StationView,
)
from backend.services.views import campaign_view, entry_view, state_of, station_view

#: 96 bits: 16 characters keep the printed code coarse enough for a cheap printer.
_TOKEN_BYTES: Final = 12
_WIDTHS: Final = {"code": 30, "name": 100, "address": 200, "contact": 200}
_REASON_LENGTH: Final = 200


class StationService:
    """Keeps stations and the entries their posters carry."""

    def __init__(self, *, db: Database, clock: Clock, public_url: str) -> None:
        self._db = db
        self._clock = clock
        self._trail = AuditTrail(clock)
        self._public_url = public_url

    def list(self, actor: StaffUser) -> tuple[StationView, ...]:
        """Return the stations the actor may see."""
        with self._db.reading() as session:
            rows = entries.all_stations(session, only=actor.station_id)
            return tuple(station_view(row) for row in rows)

    def campaigns(self, actor: StaffUser) -> tuple[CampaignView, ...]:
        """Return every campaign, newest first."""
        del actor
        with self._db.reading() as session:
            return tuple(campaign_view(row) for row in entries.all_campaigns(session))

    def create(
        self, actor: StaffUser, *, code: str, name: str, address: str, contact: str
    ) -> StationView:
        """Create a station.

        Raises:
            InvalidInputError: everything wrong with the fields.
            ConflictError: ``station_code_taken``.
        """
        require_admin(actor)
        values = _checked(code=code, name=name, address=address, contact=contact)
        with self._db.transaction() as session:
            row = entries.save_station(session, Station(**values))
            self._trail.record(session, actor, "station.create", f"station:{row.id}")
            return station_view(row)

    def update(
        self,
        actor: StaffUser,
        station_id: int,
        *,
        code: str,
        name: str,
        address: str,
        contact: str,
    ) -> StationView:
        """Change a station; raises as :meth:`create` and NotFoundError."""
        require_admin(actor)
        values = _checked(code=code, name=name, address=address, contact=contact)
        with self._db.transaction() as session:
            row = entries.get_station(session, station_id)
            for key, value in values.items():
                setattr(row, key, value)
            entries.save_station(session, row)
            self._trail.record(session, actor, "station.update", f"station:{row.id}")
            return station_view(row)

    def entries(self, actor: StaffUser, campaign_id: int) -> tuple[EntryAdminView, ...]:
        """Return a campaign's entries, the live ones first."""
        with self._db.reading() as session:
            entries.get_campaign(session, campaign_id)
            rows = entries.page_entries(session, campaign_id, actor.station_id)
            return tuple(self._view(row) for row in rows)

    def entry(self, actor: StaffUser, token: str) -> EntryAdminView:
        """Return one entry the actor may see; raises NotFoundError."""
        with self._db.reading() as session:
            row = entries.get_entry(session, token)
            require_station(actor, row[0].station_id, code="entry_not_found")
            return self._view(row)

    def create_entry(
        self, actor: StaffUser, campaign_id: int, station_id: int
    ) -> EntryAdminView:
        """Create the entry of a station; raises ConflictError when one is live."""
        require_admin(actor)
        with self._db.transaction() as session:
            entries.get_campaign(session, campaign_id)
            entries.get_station(session, station_id)
            token = self._new_entry(session, campaign_id, station_id)
            view = self._view(entries.get_entry(session, token))
            self._trail.record(session, actor, "entry.create", _target(session, token))
            return view

    def replace_entry(
        self, actor: StaffUser, token: str, reason: str
    ) -> EntryAdminView:
        """End an entry and return its successor; the old poster says it is replaced."""
        require_admin(actor)
        reason = _checked_reason(reason)
        with self._db.transaction() as session:
            old = _live(session, token)
            old.replaced_at = self._clock.now()
            session.flush()
            new = self._new_entry(session, old.campaign_id, old.station_id)
            view = self._view(entries.get_entry(session, new))
            self._trail.record(
                session, actor, "entry.replace", f"entry:{old.id}", reason
            )
            return view

    def retire_entry(self, actor: StaffUser, token: str, reason: str) -> EntryAdminView:
        """End an entry without a successor."""
        require_admin(actor)
        reason = _checked_reason(reason)
        with self._db.transaction() as session:
            old = _live(session, token)
            old.retired_at = self._clock.now()
            session.flush()
            self._trail.record(
                session, actor, "entry.retire", f"entry:{old.id}", reason
            )
            return self._view(entries.get_entry(session, token))

    def _new_entry(self, session: Session, campaign_id: int, station_id: int) -> str:
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        entries.add_entry(
            session,
            campaign_id=campaign_id,
            station_id=station_id,
            token=token,
            at=self._clock.now(),
        )
        return token

    def _view(self, row: EntryRow) -> EntryAdminView:
        now = self._clock.now()
        view = entry_view(row, now)
        entry = row[0]
        return EntryAdminView(
            token=entry.token,
            url=f"{self._public_url}/s/{entry.token}",
            campaign=view.campaign,
            station=view.station,
            state=state_of(row, now),
            created_at=entry.created_at,
            ended_at=entry.replaced_at or entry.retired_at,
        )


def _live(session: Session, token: str) -> Entry:
    entry = entries.get_entry(session, token)[0]
    if entry.replaced_at or entry.retired_at:
        raise ConflictError("entry_already_ended")
    return entry


def _target(session: Session, token: str) -> str:
    return f"entry:{entries.get_entry(session, token)[0].id}"


def _checked_reason(reason: str) -> str:
    reason = reason.strip()
    if not 0 < len(reason) <= _REASON_LENGTH:
        raise InvalidInputError(
            "invalid_input", violations=(Violation("reason", "reason_required"),)
        )
    return reason


def _checked(**fields: str) -> dict[str, str]:
    values = {key: value.strip() for key, value in fields.items()}
    wrong = tuple(
        Violation(key, "too_long" if value else "required")
        for key, value in values.items()
        if not 0 < len(value) <= _WIDTHS[key]
    )
    if wrong:
        raise InvalidInputError("invalid_input", violations=wrong)
    return values
