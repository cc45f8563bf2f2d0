"""The package of a delivery as it goes out, and the sheet on which it is checked."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import partial
from itertools import groupby
from typing import Final, Literal

import structlog

import qr
from backend.crypto import Vault
from backend.db import deliveries
from backend.db.deliveries import StoredRow
from backend.db.delivery_models import Delivery
from backend.db.engine import Database, Session
from backend.domain.deliveries import Profile
from backend.domain.errors import (
    DomainError,
    GoneError,
    NotFoundError,
    UnavailableError,
)
from backend.domain.identity import IdentityNumber
from backend.domain.zip_stream import zip_size, zip_stream
from backend.ports import Clock, PhotoStore
from backend.services.access import require_admin, require_desk
from backend.services.audit_trail import AuditTrail
from backend.services.delivery_lists import (
    CSV,
    MANIFEST,
    XLSX,
    ListedRow,
    open_file,
    read_manifest,
)
from backend.services.delivery_types import Package
from backend.services.types import Media, StaffUser
from backend.services.views import mask_middle

log = structlog.get_logger(__name__)

_OWN_FILES: Final = (MANIFEST, CSV, XLSX)
#: Rows of a delivery unsealed at a time.
_ROWS: Final = 500


class DeliveryPackageService:
    """Hands out what was frozen."""

    def __init__(
        self, *, db: Database, clock: Clock, vault: Vault, store: PhotoStore
    ) -> None:
        self._db = db
        self._trail = AuditTrail(clock)
        self._vault = vault
        self._store = store

    def package(self, actor: StaffUser, number: str, *, address: str = "") -> Package:
        """Return the ZIP of a delivery, the same bytes each time; audited.

        That every file is there is known before the first byte. What a file holds is
        compared with its digest when its turn comes: a damaged one ends the stream with
        an error, short of the size that was announced.

        Raises:
            PermissionDeniedError: not an administrator.
            NotFoundError: no such delivery.
            GoneError: ``delivery_cancelled``, ``delivery_purged``.
            UnavailableError: ``delivery_incomplete``: files are missing.
        """
        require_admin(actor)
        with self._db.reading() as session:
            row = deliveries.get_delivery(session, number).row
            _ensure_live(row)
            sealed = deliveries.files_of(session, row.id)
            stored = deliveries.stored_of(session, row.id)
        if len(sealed) < len(_OWN_FILES) or not all(x.portrait_key for x in stored):
            raise GoneError("delivery_purged")
        missing = sum(not self._store.has(key) for key, _ in _files(stored))
        if missing:
            raise UnavailableError("delivery_incomplete", count=missing)
        own = {
            name: open_file(sealed[name].content_sealed, self._vault)
            for name in _OWN_FILES
        }
        listed = [
            line for line in read_manifest(own[MANIFEST]) if line[1] not in _OWN_FILES
        ]
        sizes = [(name, len(own[name])) for name in _OWN_FILES]
        sizes += [
            (name, size)
            for (_, name), (_, size) in zip(listed, _files(stored), strict=True)
        ]
        self._audit(actor, "delivery.download", number, address)
        return Package(
            filename=f"bizhao-{number}.zip",
            size_bytes=zip_size(sizes),
            chunks=self._stream(number, own, listed),
        )

    def check_sheet(
        self,
        actor: StaffUser,
        number: str,
        *,
        group: Literal["class", "station"] = "class",
        address: str = "",
    ) -> Media:
        """Return the 核对表: portraits with names, for signature; a station's its own.

        Raises:
            NotFoundError: no such delivery, nothing of the station's in it, or a
                delivery whose list names nobody.
            GoneError: ``delivery_cancelled``, ``delivery_purged``.
            UnavailableError: ``storage_damaged``: a portrait cannot be read.
        """
        require_desk(actor)
        with self._db.reading() as session:
            found = deliveries.get_delivery(
                session, number, station_id=actor.station_id
            )
            _ensure_live(found.row)
            if found.row.profile != Profile.SCHOOL:
                raise NotFoundError("file_not_found")
            rows = list(self._said(session, found.row, actor.station_id))
        key = _class_of if group == "class" else _station_of
        sections = [
            qr.SheetSection(title, [self._card(*row) for row in members])
            for title, members in groupby(rows, key)
        ]
        try:
            data = qr.render_check_sheet(
                sections,
                heading=f"{found.campaign}　毕业证书照片核对表",
                note=f"交付编号 {number}。核对照片、姓名、学号和证件号，无误后本人签名。",
            )
        except qr.PictureError:
            raise UnavailableError("storage_damaged") from None
        self._audit(actor, "delivery.check_sheet", number, address)
        return Media(data, "application/pdf", f"check-sheet-{number}.pdf")

    def _stream(
        self, number: str, own: dict[str, bytes], listed: list[tuple[str, str]]
    ) -> Generator[bytes, None, None]:
        """Yield the package; the digest in the manifest is the key of the store."""

        def files() -> Iterator[tuple[str, bytes]]:
            yield from own.items()
            for digest, name in listed:
                yield name, self._store.get(digest)

        try:
            yield from zip_stream(files())
        except DomainError as error:
            log.error("package_aborted", number=number, code=error.code)  # noqa: TRY400 - a trace says no more
            raise

    def _said(
        self, session: Session, delivery: Delivery, station_id: int | None
    ) -> Iterator[tuple[dict[str, str], str]]:
        """Yield what the list says of each portrait by heading, and its key."""
        after = 0
        while rows := deliveries.items_of(
            session, delivery.id, after=after, limit=_ROWS, station_id=station_id
        ):
            for item, _, _ in rows:
                if item.row_sealed is None or item.portrait_key is None:
                    raise GoneError("delivery_purged")
                cells = ListedRow.open(item.row_sealed, self._vault).cells
                texts = [str(cell) for cell in cells]
                yield (
                    dict(zip(delivery.headings, texts, strict=True)),
                    item.portrait_key,
                )
            after = rows[-1][0].position

    def _card(self, said: dict[str, str], portrait_key: str) -> qr.SheetCard:
        return qr.SheetCard(
            picture=partial(self._store.get, portrait_key),
            lines=(
                said["姓名"],
                f"学号 {said['学号']}",
                _masked(said["身份证号"]),
                f"{said['层次']} {said['专业']}",
            ),
        )

    def _audit(self, actor: StaffUser, action: str, number: str, address: str) -> None:
        with self._db.transaction() as session:
            self._trail.record(
                session, actor, action, f"delivery:{number}", address=address
            )


def _ensure_live(row: Delivery) -> None:
    if row.cancelled_at is not None:
        raise GoneError("delivery_cancelled")


def _files(stored: list[StoredRow]) -> Iterator[tuple[str, int]]:
    """Yield key and size of every file, in the order of the manifest."""
    for row in stored:
        if row.portrait_key is not None:
            yield row.portrait_key, row.size_bytes
        if row.card_key is not None:
            yield row.card_key, row.card_size_bytes or 0


def _station_of(row: tuple[dict[str, str], str]) -> str:
    return row[0]["函授站"]


def _class_of(row: tuple[dict[str, str], str]) -> str:
    return "　".join(filter(None, (row[0]["函授站"], row[0]["班级"])))


def _masked(number: str) -> str:
    try:
        return IdentityNumber.parse(number).masked
    except DomainError:
        return mask_middle(number)
