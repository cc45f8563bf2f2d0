"""Posters and entry codes of a station's entry."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import qr
from backend.services.stations import StationService
from backend.services.types import EntryAdminView, Media, StaffUser

#: Posters are read in China; the year-round offset is UTC+8.
_ZONE: Final = ZoneInfo("Asia/Shanghai")


class PosterService:
    """Draws what a station prints."""

    def __init__(self, *, stations: StationService) -> None:
        self._stations = stations

    def pdf(self, actor: StaffUser, token: str) -> Media:
        """Return the A4 poster as vector PDF; raises NotFoundError."""
        entry = self._stations.entry(actor, token)
        data = qr.render_poster_pdf([poster_spec(entry)])
        return Media(data, "application/pdf", _name(entry, "poster", "pdf"))

    def png(self, actor: StaffUser, token: str) -> Media:
        """Return the poster as a picture; raises NotFoundError."""
        entry = self._stations.entry(actor, token)
        data = qr.render_poster_png(poster_spec(entry))
        return Media(data, "image/png", _name(entry, "poster", "png"))

    def code_png(self, actor: StaffUser, token: str) -> Media:
        """Return the bare code as a picture; raises NotFoundError."""
        entry = self._stations.entry(actor, token)
        return Media(qr.render_png(entry.url), "image/png", _name(entry, "code", "png"))

    def code_svg(self, actor: StaffUser, token: str) -> Media:
        """Return the bare code as vector drawing; raises NotFoundError."""
        entry = self._stations.entry(actor, token)
        data = qr.render_svg(entry.url).encode()
        return Media(data, "image/svg+xml", _name(entry, "code", "svg"))


def poster_spec(entry: EntryAdminView) -> qr.PosterSpec:
    """Return the poster of an entry as data."""
    campaign, station = entry.campaign, entry.station
    return qr.PosterSpec(
        school=campaign.school_name,
        station=station.name,
        campaign=campaign.name,
        window=f"{_day(campaign.opens_at)} 至 {_day(campaign.closes_at)}",
        url=entry.url,
        contact=station.contact,
    )


def _day(at: datetime) -> str:
    local = at.astimezone(_ZONE)
    return f"{local.year}年{local.month}月{local.day}日"


def _name(entry: EntryAdminView, kind: str, suffix: str) -> str:
    return f"{kind}-{entry.station.code}.{suffix}"
