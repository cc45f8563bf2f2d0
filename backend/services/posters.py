"""Posters and entry codes of a station's entry."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import qr
from backend.domain.errors import UpstreamError
from backend.ports import WeChatGateway
from backend.services.stations import StationService
from backend.services.types import EntryAdminView, Media, StaffUser

#: Posters are read in China; the year-round offset is UTC+8.
_ZONE: Final = ZoneInfo("Asia/Shanghai")
#: The second symbol is 56 mm wide: this is 390 dpi.
_SYMBOL_PX: Final = 860


class PosterService:
    """Draws what a station prints.

    The mini-program code is fetched each time a poster with it is asked for: WeChat makes
    the same one again, and nothing is kept that could become another entry's.
    """

    def __init__(
        self, *, stations: StationService, gateway: WeChatGateway, page: str
    ) -> None:
        self._stations = stations
        self._gateway = gateway
        self._page = page

    def pdf(self, actor: StaffUser, token: str, *, mini_program: bool = False) -> Media:
        """Return the A4 poster as vector PDF.

        Args:
            actor: who asks.
            token: of the entry.
            mini_program: print the mini-program code beside the code.

        Raises:
            NotFoundError: no such entry, or ``wechat_not_configured``.
            InvalidInputError, UpstreamError, UnavailableError: there is no mini-program
                code to be had now; the poster without it can be.
        """
        entry = self._stations.entry(actor, token)
        spec = self._spec(entry, mini_program=mini_program)
        data = _drawn(lambda: qr.render_poster_pdf([spec]))
        return Media(data, "application/pdf", _name(entry, "poster", "pdf"))

    def png(self, actor: StaffUser, token: str, *, mini_program: bool = False) -> Media:
        """Return the poster as a picture; the arguments and errors of :meth:`pdf`."""
        entry = self._stations.entry(actor, token)
        spec = self._spec(entry, mini_program=mini_program)
        data = _drawn(lambda: qr.render_poster_png(spec))
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

    def _spec(self, entry: EntryAdminView, *, mini_program: bool) -> qr.PosterSpec:
        if not mini_program:
            return poster_spec(entry)
        symbol = self._gateway.mini_program_code(
            scene=entry.token, page=self._page, width=_SYMBOL_PX
        )
        return poster_spec(entry, symbol)


def poster_spec(
    entry: EntryAdminView, mini_program_code: bytes | None = None
) -> qr.PosterSpec:
    """Return the poster of an entry as data."""
    campaign, station = entry.campaign, entry.station
    return qr.PosterSpec(
        school=campaign.school_name,
        station=station.name,
        campaign=campaign.name,
        window=f"{_day(campaign.opens_at)} 至 {_day(campaign.closes_at)}",
        url=entry.url,
        contact=station.contact,
        mini_program_code=mini_program_code,
    )


def _drawn(draw: Callable[[], bytes]) -> bytes:
    """Return what is drawn; a symbol that is no picture is no answer of WeChat's."""
    try:
        return draw()
    except qr.PictureError:
        raise UpstreamError("wechat_unreachable") from None


def _day(at: datetime) -> str:
    local = at.astimezone(_ZONE)
    return f"{local.year}年{local.month}月{local.day}日"


def _name(entry: EntryAdminView, kind: str, suffix: str) -> str:
    return f"{kind}-{entry.station.code}.{suffix}"
