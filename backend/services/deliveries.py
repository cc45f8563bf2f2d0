"""Deliveries: what is approved and new, frozen under a number.

What a package says is settled when it is made: its portraits by their digests, its list
by a sealed copy. So the same package can be had again, byte for byte, whatever the roster
says by then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import qr
from backend.crypto import Vault
from backend.db import deliveries, entries
from backend.db.bindings import LostRaceError
from backend.db.deliveries import CandidateRow, SummaryRow, Wanted
from backend.db.delivery_models import Delivery, DeliveryFile, DeliveryItem
from backend.db.engine import Database, Session
from backend.domain.deliveries import (
    Fault,
    Naming,
    NamingKey,
    Person,
    Profile,
    check_naming,
    name_files,
)
from backend.domain.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    UnavailableError,
    Violation,
)
from backend.domain.reviews import Action, SubmissionStatus, next_status
from backend.messages.deliveries import HEADINGS, PROFILES
from backend.ports import Clock, PhotoStore
from backend.services.access import require_admin, require_desk
from backend.services.audit_trail import AuditTrail
from backend.services.delivery_lists import (
    ListedRow,
    StoredPicture,
    list_files,
    listed_row,
    payload_of,
    person_of,
    picture_suffix,
    seal_file,
)
from backend.services.delivery_types import (
    DeliveryDetail,
    DeliveryItemView,
    DeliveryPreview,
    DeliveryProblem,
    DeliveryRef,
    DeliveryRequest,
    DeliveryView,
)
from backend.services.types import Page, Role, StaffUser

ITEMS_PER_PAGE: Final = 100
_PER_PAGE: Final = 50
_MOST_RACES: Final = 20
_LOCAL: Final = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class _Ready:
    """A portrait whose files were looked at."""

    row: CandidateRow
    person: Person
    photo: StoredPicture
    card: StoredPicture | None


@dataclass(frozen=True, slots=True)
class _Listed:
    """A portrait with its place in the package."""

    ready: _Ready
    listed: ListedRow


class DeliveryService:
    """Makes deliveries, shows them, cancels them."""

    def __init__(
        self, *, db: Database, clock: Clock, vault: Vault, store: PhotoStore
    ) -> None:
        self._db = db
        self._clock = clock
        self._trail = AuditTrail(clock)
        self._vault = vault
        self._store = store

    def preview(self, actor: StaffUser, request: DeliveryRequest) -> DeliveryPreview:
        """Return what a delivery would hold now, and what cannot be in it.

        Raises:
            PermissionDeniedError: not an administrator.
            InvalidInputError: a naming that does not suit the receiver.
            NotFoundError: no such campaign.
        """
        require_admin(actor)
        naming = check_naming(request.profile, request.naming)
        wanted = _wanted(request)
        with self._db.reading() as session:
            entries.get_campaign(session, request.campaign_id)
            found = deliveries.candidates(session, wanted)
            earlier = deliveries.earlier_count(session, wanted)
            waiting = deliveries.waiting_count(session, request.campaign_id)
        there: list[CandidateRow] = []
        missing: list[CandidateRow] = []
        for row in found:
            (there if self._store.has(row.portrait_key) else missing).append(row)
        people = [person_of(row, self._vault) for row in there]
        names = name_files(people, naming)
        kept = [row for row, name in zip(there, names, strict=True) if not name.fault]
        return DeliveryPreview(
            ready=len(kept),
            stations=tuple(Counter(row.station_name for row in kept).items()),
            problems=(
                *(_problem(row, Fault.FILE_MISSING) for row in missing),
                *(
                    _problem(row, name.fault)
                    for row, name in zip(there, names, strict=True)
                    if name.fault
                ),
            ),
            earlier=earlier,
            waiting=waiting,
            example=next((name.name for name in names if name.name), ""),
        )

    def create(
        self, actor: StaffUser, request: DeliveryRequest, *, leave_out: bool = False
    ) -> str:
        """Freeze a delivery and return its number.

        Args:
            actor: an administrator.
            request: what it shall hold.
            leave_out: leave out what has a problem; a later delivery will hold it.

        Raises:
            PermissionDeniedError: not an administrator.
            InvalidInputError: a naming that does not suit the receiver.
            NotFoundError: no such campaign.
            ConflictError: ``delivery_has_problems``, ``nothing_to_deliver``, or
                ``delivery_raced``: a photo changed, or another delivery took it.
        """
        require_admin(actor)
        naming = check_naming(request.profile, request.naming)
        with self._db.reading() as session:
            entries.get_campaign(session, request.campaign_id)
            found = deliveries.candidates(session, _wanted(request))
        listed = self._listed(request.profile, naming, found)
        if len(listed) < len(found) and not leave_out:
            raise ConflictError("delivery_has_problems", count=len(found) - len(listed))
        if not listed:
            raise ConflictError("nothing_to_deliver")
        sealed = self._sealed(request.profile, listed)
        for _ in range(_MOST_RACES):
            try:
                with self._db.transaction() as session:
                    row = self._row(session, actor, request, naming)
                    self._add(session, row, listed, sealed)
                    self._deliver(session, actor, row, listed)
                    self._trail.record(
                        session,
                        actor,
                        "delivery.create",
                        f"delivery:{row.number}",
                        f"{PROFILES[request.profile]} {len(listed)} 张",
                    )
            except LostRaceError:
                continue
            return row.number
        raise ConflictError("delivery_raced")

    def cancel(self, actor: StaffUser, number: str) -> None:
        """Take a delivery back as if it had not been made; asking again does nothing.

        Its package can be had no more, and what only it held may be delivered again.

        Raises:
            ConflictError: ``delivery_answered``: the registry answered for part of it.
        """
        require_admin(actor)
        now = self._clock.now()
        with self._db.transaction() as session:
            row = deliveries.get_delivery(session, number).row
            if row.cancelled_at is not None:
                return
            if deliveries.came_back(session, row.id):
                raise ConflictError("delivery_answered")
            approved = next_status(SubmissionStatus.DELIVERED, Action.RECALL)
            deliveries.move_all(
                session,
                deliveries.only_here(session, row.id),
                SubmissionStatus.DELIVERED,
                approved,
                who=actor.username,
                at=now,
                note=number,
            )
            deliveries.cancel_items(session, row.id, at=now)
            row.cancelled_at, row.cancelled_by = now, actor.username
            session.flush()
            self._trail.record(session, actor, "delivery.cancel", f"delivery:{number}")

    def page(self, actor: StaffUser, cursor: str | None = None) -> Page[DeliveryView]:
        """Return deliveries, the newest first; a station's are those that hold its own.

        Raises:
            InvalidInputError: a malformed cursor.
        """
        require_desk(actor)
        before = _position(cursor)
        with self._db.reading() as session:
            rows = deliveries.page_deliveries(
                session,
                before=before,
                limit=_PER_PAGE + 1,
                station_id=actor.station_id,
            )
        more = len(rows) > _PER_PAGE
        rows = rows[:_PER_PAGE]
        return Page(
            items=tuple(_view(row) for row in rows),
            next_cursor=str(rows[-1].row.id) if more else None,
        )

    def get(self, actor: StaffUser, number: str) -> DeliveryDetail:
        """Return a delivery; a station sees of it what is its own.

        Raises:
            NotFoundError: no such delivery, or nothing of the station's in it.
        """
        require_desk(actor)
        with self._db.reading() as session:
            found = deliveries.get_delivery(
                session, number, station_id=actor.station_id
            )
            counts = deliveries.status_counts(
                session, found.row.id, station_id=actor.station_id
            )
            came_back = deliveries.came_back(session, found.row.id)
        return DeliveryDetail(
            delivery=_view(found),
            counts={SubmissionStatus(key): count for key, count in counts.items()},
            can_cancel=actor.role is Role.ADMIN
            and found.row.cancelled_at is None
            and not came_back,
        )

    def items(
        self, actor: StaffUser, number: str, cursor: str | None = None
    ) -> Page[DeliveryItemView]:
        """Return what is in a delivery, a hundred at a time; raises as :meth:`get`."""
        require_desk(actor)
        after = _position(cursor) or 0
        with self._db.reading() as session:
            delivery = deliveries.get_delivery(
                session, number, station_id=actor.station_id
            ).row
            rows = deliveries.items_of(
                session,
                delivery.id,
                after=after,
                limit=ITEMS_PER_PAGE + 1,
                station_id=actor.station_id,
            )
        more = len(rows) > ITEMS_PER_PAGE
        rows = rows[:ITEMS_PER_PAGE]
        return Page(
            items=tuple(
                self._item(delivery, item, status, binding_id)
                for item, status, binding_id in rows
            ),
            next_cursor=str(rows[-1][0].position) if more else None,
        )

    def of_record(self, actor: StaffUser, binding_id: str) -> tuple[DeliveryRef, ...]:
        """Return the deliveries a record's photos are in, oldest first."""
        with self._db.reading() as session:
            found = deliveries.of_binding(
                session, binding_id, station_id=actor.station_id
            )
        return tuple(
            DeliveryRef(
                number=row.number,
                profile=Profile(row.profile),
                submission_id=submission_id,
                status=SubmissionStatus(status),
                created_at=row.created_at,
                cancelled=row.cancelled_at is not None,
            )
            for row, submission_id, status in found
        )

    def _listed(
        self, profile: Profile, naming: Naming, found: Sequence[CandidateRow]
    ) -> list[_Listed]:
        """Read every file once, and give what is whole and has a name its place."""
        ready = [
            item for row in found if (item := self._ready(profile, row)) is not None
        ]
        listed: list[_Listed] = []
        names = name_files([item.person for item in ready], naming)
        for item, name in zip(ready, names, strict=True):
            if name.fault is None:
                row = listed_row(
                    profile,
                    len(listed) + 1,
                    name.name,
                    item.person,
                    item.row,
                    item.photo,
                    item.card,
                )
                listed.append(_Listed(item, row))
        return listed

    def _ready(self, profile: Profile, row: CandidateRow) -> _Ready | None:
        """Return a portrait with its files; none when one is missing or damaged."""
        try:
            photo = self._picture(row.portrait_key)
            card = self._card(row) if profile is Profile.COLLECTING_UNIT else None
        except (NotFoundError, UnavailableError):
            return None
        return _Ready(row, person_of(row, self._vault), photo, card)

    def _picture(self, key: str) -> StoredPicture:
        data = self._store.get(key)
        return StoredPicture(key, len(data), picture_suffix(data))

    def _card(self, row: CandidateRow) -> StoredPicture | None:
        """Return the card's picture; a pasted code's is drawn and kept like one."""
        if row.card_key is not None:
            return self._picture(row.card_key)
        payload = payload_of(row.code_sealed, self._vault)
        if not payload:
            return None
        data = qr.render_png(payload, error_correction="M")
        return StoredPicture(self._store.put(data), len(data), "png")

    def _sealed(
        self, profile: Profile, listed: Sequence[_Listed]
    ) -> dict[str, tuple[int, bytes]]:
        """Return the package's own files by name: size, and content sealed."""
        files = list_files(
            profile,
            [(item.listed, item.ready.photo, item.ready.card) for item in listed],
        )
        return {
            name: (len(content), seal_file(content, self._vault))
            for name, content in files.items()
        }

    def _row(
        self,
        session: Session,
        actor: StaffUser,
        request: DeliveryRequest,
        naming: Naming,
    ) -> Delivery:
        now = self._clock.now()
        row = Delivery(
            number=deliveries.next_number(session, now.astimezone(_LOCAL).year),
            campaign_id=request.campaign_id,
            profile=request.profile.value,
            naming=naming.key.value,
            pattern=naming.pattern,
            by_station=naming.by_station,
            station_id=request.station_id,
            graduating_year=request.graduating_year,
            headings=list(HEADINGS[request.profile]),
            made_by=actor.username,
            created_at=now,
        )
        deliveries.add_delivery(session, row)
        return row

    def _add(
        self,
        session: Session,
        row: Delivery,
        listed: Sequence[_Listed],
        sealed: dict[str, tuple[int, bytes]],
    ) -> None:
        session.add_all(
            DeliveryFile(
                delivery_id=row.id, name=name, size_bytes=size, content_sealed=content
            )
            for name, (size, content) in sealed.items()
        )
        deliveries.add_items(
            session,
            [
                {
                    "delivery_id": row.id,
                    "position": position,
                    "submission_id": item.ready.row.submission_id,
                    "station_id": item.ready.row.station_id,
                    "profile": row.profile,
                    "portrait_key": item.ready.photo.key,
                    "sha256": item.ready.photo.key,
                    "size_bytes": item.ready.photo.size_bytes,
                    "card_key": item.ready.card.key if item.ready.card else None,
                    "card_size_bytes": item.ready.card.size_bytes
                    if item.ready.card
                    else None,
                    "row_sealed": item.listed.seal(self._vault),
                }
                for position, item in enumerate(listed, start=1)
            ],
        )

    def _deliver(
        self,
        session: Session,
        actor: StaffUser,
        row: Delivery,
        listed: Sequence[_Listed],
    ) -> None:
        """Write that the portraits are delivered; another receiver's are already."""
        found = [item.ready.row for item in listed]
        approved = SubmissionStatus.APPROVED
        deliveries.ensure_settled(
            session, [item.submission_id for item in found if item.status != approved]
        )
        deliveries.move_all(
            session,
            [item.submission_id for item in found if item.status == approved],
            approved,
            next_status(approved, Action.DELIVER),
            who=actor.username,
            at=row.created_at,
            note=row.number,
        )

    def _item(
        self, delivery: Delivery, item: DeliveryItem, status: str, binding_id: str
    ) -> DeliveryItemView:
        said: dict[str, object] = {}
        file_name = ""
        if item.row_sealed is not None:
            listed = ListedRow.open(item.row_sealed, self._vault)
            file_name = listed.file_name
            said = dict(zip(delivery.headings, listed.cells, strict=True))
        return DeliveryItemView(
            position=item.position,
            file_name=file_name,
            student_name=str(said.get("姓名", "")),
            student_no=str(said.get("学号", "")),
            class_no=str(said.get("班级", "")),
            station_name=str(said.get("函授站", "")),
            status=SubmissionStatus(status),
            binding_id=binding_id,
        )


def _wanted(request: DeliveryRequest) -> Wanted:
    return Wanted(
        campaign_id=request.campaign_id,
        profile=request.profile.value,
        station_id=request.station_id,
        graduating_year=request.graduating_year,
    )


def _problem(row: CandidateRow, fault: Fault) -> DeliveryProblem:
    return DeliveryProblem(
        binding_id=row.binding_id,
        student_name=row.name,
        student_no=row.student_no,
        station_name=row.station_name,
        fault=fault,
    )


def _view(found: SummaryRow) -> DeliveryView:
    row = found.row
    return DeliveryView(
        id=row.id,
        number=row.number,
        campaign_id=row.campaign_id,
        campaign_name=found.campaign,
        profile=Profile(row.profile),
        naming=Naming(NamingKey(row.naming), row.pattern, row.by_station),
        station_name=found.station or "",
        graduating_year=row.graduating_year,
        items=found.items,
        size_bytes=found.size_bytes,
        made_by=row.made_by,
        created_at=row.created_at,
        cancelled_at=row.cancelled_at,
        cancelled_by=row.cancelled_by,
    )


def _position(cursor: str | None) -> int | None:
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdecimal()):
        raise InvalidInputError(
            "invalid_input", violations=(Violation("cursor", "invalid_field"),)
        )
    return int(cursor)
