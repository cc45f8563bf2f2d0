"""Posters and entry codes of a station's entry."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from zipfile import ZipFile, ZipInfo
from zoneinfo import ZoneInfo

import qr
from backend.db import journal, posters
from backend.db.engine import Database
from backend.domain.errors import ConflictError, UpstreamError
from backend.ports import Clock, WeChatGateway
from backend.services.stations import StationService
from backend.services.types import (
    EntryAdminView,
    Media,
    PosterPrintView,
    PosterState,
    StaffUser,
    StreamedFile,
)
from qr import Size

__all__ = ["PosterService", "Size", "poster_spec"]

#: Posters are read in China; the year-round offset is UTC+8.
_ZONE: Final = ZoneInfo("Asia/Shanghai")
#: The second symbol is 56 mm wide: this is 390 dpi.
_SYMBOL_PX: Final = 860
#: Stations named one by one in an audited act; the list of prints has all of them.
_MOST_NAMED: Final = 20
#: Characters that some file system refuses, or that a shell reads as its own.
_UNSAFE: Final = re.compile(r"[^\w（）()-]+")
_LONGEST_NAME: Final = 60


class PosterService:
    """Draws what a station prints, and notes what was.

    The mini-program code is fetched each time a poster with it is asked for: WeChat makes
    the same one again, and nothing is kept that could become another entry's. Nothing is
    drawn of an entry that has ended: its code would lead nowhere.
    """

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        stations: StationService,
        gateway: WeChatGateway,
        page: str,
    ) -> None:
        self._db = db
        self._clock = clock
        self._stations = stations
        self._gateway = gateway
        self._page = page

    def pdf(
        self,
        actor: StaffUser,
        token: str,
        *,
        mini_program: bool = False,
        size: Size = Size.A4,
    ) -> Media:
        """Return the poster as vector PDF.

        Args:
            actor: who asks.
            token: of the entry.
            mini_program: print the mini-program code beside the code; not on a sign.
            size: of the paper.

        Raises:
            NotFoundError: no such entry, or ``wechat_not_configured``.
            ConflictError: ``entry_already_ended``.
            InvalidInputError, UpstreamError, UnavailableError: there is no mini-program
                code to be had now; the poster without it can be.
        """
        entry = self._live(actor, token)
        spec = self._spec(entry, mini_program=mini_program)
        data = _drawn(lambda: qr.render_poster_pdf([spec], size=size))
        self._note(actor, [entry], size, "pdf")
        return Media(data, "application/pdf", _name(entry, _kind(size), "pdf"))

    def png(
        self,
        actor: StaffUser,
        token: str,
        *,
        mini_program: bool = False,
        size: Size = Size.A4,
    ) -> Media:
        """Return the poster as a picture; the arguments and errors of :meth:`pdf`."""
        entry = self._live(actor, token)
        spec = self._spec(entry, mini_program=mini_program)
        data = _drawn(lambda: qr.render_poster_png(spec, size=size))
        self._note(actor, [entry], size, "png")
        return Media(data, "image/png", _name(entry, _kind(size), "png"))

    def all_pdf(
        self, actor: StaffUser, campaign_id: int, *, size: Size = Size.A4
    ) -> Media:
        """Return the posters of a campaign's live entries in one PDF, by station code.

        Raises:
            NotFoundError: no such campaign.
            ConflictError: ``no_live_entries``.
        """
        found = self._all_live(actor, campaign_id)
        data = qr.render_poster_pdf(map(poster_spec, found), size=size)
        self._note(actor, found, size, "pdf")
        return Media(data, "application/pdf", f"{_kind(size)}s-{campaign_id}.pdf")

    def all_zip(
        self, actor: StaffUser, campaign_id: int, *, size: Size = Size.A4
    ) -> StreamedFile:
        """Return one PDF a station in an archive, drawn while it is handed out.

        Raises the errors of :meth:`all_pdf`.
        """
        found = self._all_live(actor, campaign_id)
        self._note(actor, found, size, "zip")
        return StreamedFile(
            _zipped(found, size), "application/zip", f"{_kind(size)}s-{campaign_id}.zip"
        )

    def states(self, actor: StaffUser, campaign_id: int) -> tuple[PosterState, ...]:
        """Return a campaign's entries with what was printed of them, live ones first."""
        found = self._stations.entries(actor, campaign_id)
        prints: dict[str, list[PosterPrintView]] = {}
        with self._db.reading() as session:
            for token, row in posters.latest_prints(
                session, campaign_id, actor.station_id
            ):
                view = PosterPrintView(row.size, row.who, row.at)
                prints.setdefault(token, []).append(view)
        return tuple(
            PosterState(
                entry=entry,
                prints=tuple(prints.get(entry.token, ())),
                recall=entry.ended_at is not None,
            )
            for entry in found
        )

    def code_png(self, actor: StaffUser, token: str) -> Media:
        """Return the bare code as a picture; the errors of :meth:`code_svg`."""
        entry = self._live(actor, token)
        return Media(qr.render_png(entry.url), "image/png", _name(entry, "code", "png"))

    def code_svg(self, actor: StaffUser, token: str) -> Media:
        """Return the bare code as vector drawing.

        Raises:
            NotFoundError: no such entry.
            ConflictError: ``entry_already_ended``.
        """
        entry = self._live(actor, token)
        data = qr.render_svg(entry.url).encode()
        return Media(data, "image/svg+xml", _name(entry, "code", "svg"))

    def _live(self, actor: StaffUser, token: str) -> EntryAdminView:
        entry = self._stations.entry(actor, token)
        if entry.ended_at is not None:
            raise ConflictError("entry_already_ended")
        return entry

    def _all_live(self, actor: StaffUser, campaign_id: int) -> list[EntryAdminView]:
        entries = self._stations.entries(actor, campaign_id)
        found = [entry for entry in entries if entry.ended_at is None]
        if not found:
            raise ConflictError("no_live_entries")
        return found

    def _note(
        self, actor: StaffUser, found: list[EntryAdminView], size: Size, kind: str
    ) -> None:
        """Keep who printed what, as a list for the desk and as one act for the audit."""
        now = self._clock.now()
        codes = ", ".join(entry.station.code for entry in found[:_MOST_NAMED])
        more = " …" if len(found) > _MOST_NAMED else ""
        with self._db.transaction() as session:
            posters.add_prints(
                session,
                [entry.token for entry in found],
                size=size.value,
                who=actor.username,
                at=now,
            )
            journal.append_audit(
                session,
                at=now,
                actor=actor.username,
                action="posters.print",
                target=f"campaign:{found[0].campaign.id}",
                detail=f"{size.value} {kind}, {len(found)}: {codes}{more}",
            )

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
        station_code=station.code,
        mini_program_code=mini_program_code,
    )


def _drawn(draw: Callable[[], bytes]) -> bytes:
    """Return what is drawn; a symbol that is no picture is no answer of WeChat's."""
    try:
        return draw()
    except qr.PictureError:
        raise UpstreamError("wechat_unreachable") from None


class _Sink(io.RawIOBase):
    """Takes what an archive writes until somebody fetches it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """Say that it can be written to; it cannot be sought in."""
        return True

    def write(self, data: Any) -> int:
        """Keep the bytes."""
        part = bytes(data)
        self._parts.append(part)
        return len(part)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def _zipped(found: Sequence[EntryAdminView], size: Size) -> Iterator[bytes]:
    """Yield an archive a poster at a time; the same bytes for the same posters."""
    sink = _Sink()
    with ZipFile(sink, "w") as archive:
        for number, entry in enumerate(found, start=1):
            name = _UNSAFE.sub("-", f"{entry.station.code}-{entry.station.name}")
            # A member without a time has the format's first: nothing tells the days apart.
            member = ZipInfo(f"{number:03d}-{name[:_LONGEST_NAME]}.pdf")
            archive.writestr(
                member, qr.render_poster_pdf([poster_spec(entry)], size=size)
            )
            yield sink.take()
    yield sink.take()


def _kind(size: Size) -> str:
    return {Size.A4: "poster", Size.A3: "poster-A3", Size.SIGN: "sign"}[size]


def _day(at: datetime) -> str:
    local = at.astimezone(_ZONE)
    return f"{local.year}年{local.month}月{local.day}日"


def _name(entry: EntryAdminView, kind: str, suffix: str) -> str:
    return f"{kind}-{entry.station.code}.{suffix}"
