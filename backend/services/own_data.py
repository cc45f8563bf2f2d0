"""What we hold of somebody, for themselves: to look at and to take along."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from backend.crypto import Vault
from backend.db import bindings, entries, retention, rights, submissions
from backend.db.engine import Database, Session
from backend.db.models import Binding, Station, Student
from backend.domain.errors import DomainError
from backend.domain.identity import IdentityNumber
from backend.domain.outbox import MessageState
from backend.domain.wechat import MessageKind
from backend.messages.retention import promise
from backend.ports import Clock, PhotoStore
from backend.services.binding_views import binding_view
from backend.services.erasure import Receipt, is_settled, kept_until, receipt_view
from backend.services.submission_views import picture_keys, submission_view
from backend.services.types import BindingView, MediaKind, Principal, SubmissionView
from backend.services.views import mask_middle, picture_type

#: Who looked, where it was no account of the console.
_OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class OwnConsent:
    """One consent: to what, to which notice, when, and whether it still stands."""

    campaign_name: str
    purpose: str
    notice_version: str
    channel: str
    given_at: datetime
    withdrawn_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnIdentity:
    """What the roster says of a student; numbers are never shown whole."""

    name: str = field(repr=False)
    id_number_masked: str = field(repr=False)
    student_no_masked: str = field(repr=False)
    exam_no_masked: str = field(repr=False)
    level: str
    major: str
    graduating_year: int
    class_no: str
    station_name: str


@dataclass(frozen=True, slots=True)
class OwnLook:
    """What staff looked at: the act, the role of who did it, how often, when last."""

    action: str
    role: str
    times: int
    last_at: datetime


@dataclass(frozen=True, slots=True)
class OwnMessage:
    """One message to the student; its words were made when it was sent."""

    kind: MessageKind
    state: MessageState
    created_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnPhoto:
    """One photo with the pictures that are still kept of it."""

    view: SubmissionView
    pictures: tuple[MediaKind, ...]


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """One binding and everything kept with it."""

    binding: BindingView
    campaign_name: str
    promise: str
    identity: OwnIdentity | None
    has_card: bool
    photos: tuple[OwnPhoto, ...]
    looks: tuple[OwnLook, ...]
    settled: bool
    kept_until: datetime


@dataclass(frozen=True, slots=True)
class OwnData:
    """All of it."""

    at: datetime
    consents: tuple[OwnConsent, ...]
    records: tuple[OwnRecord, ...]
    messages: tuple[OwnMessage, ...]
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class OwnPicture:
    """One picture to take along, under a neutral name."""

    name: str
    data: bytes = field(repr=False)


class OwnDataService:
    """Collects what belongs to a principal, and nothing of anybody else."""

    def __init__(
        self, *, db: Database, clock: Clock, vault: Vault, store: PhotoStore
    ) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._store = store

    def collect(self, principal: Principal) -> OwnData:
        """Return everything we hold of a principal."""
        with self._db.reading() as session:
            held = bindings.live_bindings_of(session, principal.id)
            return OwnData(
                at=self._clock.now(),
                consents=_consents(session, principal),
                records=tuple(self._record(session, row) for row in held),
                messages=_messages(session, principal),
                receipts=tuple(
                    receipt_view(row)
                    for row in rights.erasures_of(session, principal.id)
                ),
            )

    def pictures(self, principal: Principal) -> Iterator[OwnPicture]:
        """Yield every picture we hold of a principal, one in memory at a time."""
        with self._db.reading() as session:
            wanted = [
                item
                for number, row in enumerate(
                    bindings.live_bindings_of(session, principal.id), start=1
                )
                for item in _files(session, number, row)
            ]
        for name, key in wanted:
            try:
                data = self._store.get(key)
            except DomainError:
                # Deleted by its date since the list was made.
                continue
            suffix = picture_type(data).removeprefix("image/").replace("jpeg", "jpg")
            yield OwnPicture(f"{name}.{suffix}", data)

    def _record(self, session: Session, row: Binding) -> OwnRecord:
        campaign = entries.get_campaign(session, row.campaign_id)
        return OwnRecord(
            binding=binding_view(session, row),
            campaign_name=campaign.name,
            promise=promise(retention.rules_of(campaign)),
            identity=self._identity(session, row),
            has_card=row.card_key is not None,
            photos=tuple(
                OwnPhoto(
                    submission_view(session, photo, row), tuple(picture_keys(photo))
                )
                for photo in submissions.submissions_of(session, row.id)
            ),
            looks=_looks(session, row),
            settled=is_settled(session, row),
            kept_until=kept_until(session, campaign),
        )

    def _identity(self, session: Session, row: Binding) -> OwnIdentity | None:
        if row.student_id is None:
            return None
        student = session.get_one(Student, row.student_id)
        return OwnIdentity(
            name=student.name,
            id_number_masked=self._masked_number(student),
            student_no_masked=mask_middle(student.student_no),
            exam_no_masked=mask_middle(student.exam_no),
            level=student.level,
            major=student.major,
            graduating_year=student.graduating_year,
            class_no=student.class_no,
            station_name=session.get_one(Station, student.station_id).name,
        )

    def _masked_number(self, student: Student) -> str:
        number = self._vault.open(student.id_number_sealed, purpose="id_number")
        try:
            return IdentityNumber.parse(number).masked
        except DomainError:
            return mask_middle(number, keep=1)


def _consents(session: Session, principal: Principal) -> tuple[OwnConsent, ...]:
    return tuple(
        OwnConsent(
            campaign_name=name,
            purpose=row.purpose,
            notice_version=row.notice_version,
            channel=row.channel,
            given_at=row.given_at,
            withdrawn_at=row.withdrawn_at,
        )
        for row, name in rights.consents_of(session, principal.id)
    )


def _messages(session: Session, principal: Principal) -> tuple[OwnMessage, ...]:
    return tuple(
        OwnMessage(
            kind=MessageKind(row.kind),
            state=MessageState(row.state),
            created_at=row.created_at,
            settled_at=row.settled_at,
        )
        for row in rights.messages_of(session, principal.id)
    )


def _looks(session: Session, row: Binding) -> tuple[OwnLook, ...]:
    return tuple(
        OwnLook(action, role or _OPERATOR, times, last)
        for action, role, times, last in rights.looks_at(session, row.id)
    )


def _files(session: Session, number: int, row: Binding) -> Iterator[tuple[str, str]]:
    folder = f"record-{number}"
    if row.card_key:
        yield f"{folder}/collection-code", row.card_key
    photos = reversed(submissions.submissions_of(session, row.id))
    for place, photo in enumerate(photos, start=1):
        for kind, key in picture_keys(photo).items():
            yield f"{folder}/photo-{place}-{kind.value}", key
