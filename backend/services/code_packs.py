"""The 采集码 cards of a class or station in one file, under numbers and nothing else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Final

import qr
from backend.crypto import Vault
from backend.db import code_packs, entries
from backend.db.code_packs import CardRow
from backend.db.engine import Database
from backend.domain.errors import ConflictError, UnavailableError
from backend.domain.zip_stream import zip_stream
from backend.ports import Clock, PhotoStore
from backend.services.access import require_desk, require_station
from backend.services.audit_trail import AuditTrail
from backend.services.delivery_lists import (
    CSV,
    XLSX,
    payload_of,
    picture_suffix,
)
from backend.services.delivery_types import Package
from backend.services.types import StaffUser
from backend.sheets.write import Column, csv_lines, write_xlsx

_HEADINGS: Final = ("序号", "码印")


class CodePackService:
    """Hands out the cards for whoever scans them next."""

    def __init__(
        self, *, db: Database, clock: Clock, vault: Vault, store: PhotoStore
    ) -> None:
        self._db = db
        self._trail = AuditTrail(clock)
        self._vault = vault
        self._store = store

    def pack(
        self,
        actor: StaffUser,
        campaign_id: int,
        *,
        station_id: int | None = None,
        class_no: str = "",
        address: str = "",
    ) -> Package:
        """Return a ZIP of the cards of everybody bound; audited.

        A code that was pasted has no card: its QR is drawn.

        Raises:
            PermissionDeniedError: not a station's account and no administrator.
            NotFoundError: no such campaign, or another station's.
            ConflictError: ``no_codes``.
            UnavailableError: ``delivery_incomplete``: files are missing.
        """
        require_desk(actor)
        if station_id is not None:
            require_station(actor, station_id, code="station_not_found")
        station_id = actor.station_id or station_id
        with self._db.transaction() as session:
            entries.get_campaign(session, campaign_id)
            if station_id is not None:
                entries.get_station(session, station_id)
            rows = code_packs.cards_of(
                session, campaign_id, station_id=station_id, class_no=class_no
            )
            if not rows:
                raise ConflictError("no_codes")
            missing = sum(
                row.card_key is not None and not self._store.has(row.card_key)
                for row in rows
            )
            if missing:
                raise UnavailableError("delivery_incomplete", count=missing)
            self._trail.record(
                session,
                actor,
                "code_pack.download",
                f"campaign:{campaign_id}",
                f"{len(rows)}",
                address=address,
            )
        return Package("codes.zip", None, zip_stream(self._files(rows)))

    def classes(
        self, actor: StaffUser, campaign_id: int
    ) -> tuple[tuple[int, str, str], ...]:
        """Return (station id, station, class) of the students bound, in order."""
        require_desk(actor)
        with self._db.reading() as session:
            return tuple(
                code_packs.classes_of(session, campaign_id, station_id=actor.station_id)
            )

    def _files(self, rows: list[CardRow]) -> Iterator[tuple[str, bytes]]:
        listed = [(at, row.fingerprint) for at, row in enumerate(rows, start=1)]
        book = io.BytesIO()
        write_xlsx(book, [Column(heading) for heading in _HEADINGS], listed)
        yield XLSX, book.getvalue()
        yield CSV, b"".join(csv_lines(_HEADINGS, listed))
        for at, row in enumerate(rows, start=1):
            data = self._picture(row)
            yield f"{at:06d}.{picture_suffix(data)}", data

    def _picture(self, row: CardRow) -> bytes:
        if row.card_key is not None:
            return self._store.get(row.card_key)
        payload = payload_of(row.code_sealed, self._vault)
        return qr.render_png(payload, error_correction="M")
