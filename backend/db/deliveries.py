"""Deliveries: what may go into one, what is in one, what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVarTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

from backend.db.bindings import LostRaceError
from backend.db.delivery_models import Delivery, DeliveryFile, DeliveryItem
from backend.db.models import (
    Binding,
    Campaign,
    Station,
    Student,
    Submission,
    SubmissionEvent,
)
from backend.domain.errors import ConflictError, NotFoundError
from backend.domain.reviews import SETTLED, SubmissionStatus

Ts = TypeVarTuple("Ts")

#: Ids in one statement, far below what either database takes.
_CHUNK: Final = 500
_SETTLED: Final = [status.value for status in SETTLED]


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """An approved portrait with all that a list may say of it."""

    submission_id: int
    status: str
    portrait_key: str
    verdict: str
    policy: str
    background: str
    file: dict[str, Any]
    decided_at: datetime | None
    width: int
    height: int
    binding_id: str
    code_sealed: bytes | None = field(repr=False)
    card_key: str | None
    fingerprint: str
    name: str = field(repr=False)
    id_number_sealed: bytes = field(repr=False)
    student_no: str = field(repr=False)
    exam_no: str = field(repr=False)
    certificate_no: str = field(repr=False)
    class_no: str
    level: str
    major: str
    study_form: str
    graduating_year: int
    station_id: int
    station_code: str
    station_name: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What narrows a delivery."""

    campaign_id: int
    profile: str
    station_id: int | None
    graduating_year: int | None


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """A delivery with how much is in it, as far as its reader may see."""

    row: Delivery
    campaign: str
    station: str | None
    items: int
    size_bytes: int


def candidates(session: Session, wanted: Wanted) -> list[CandidateRow]:
    """Return the portraits not delivered to this receiver yet, in the list's order."""
    facts = Submission.report["portrait"]
    query = (
        select(
            Submission.id,
            Submission.status,
            Submission.portrait_key,
            Submission.verdict,
            Submission.policy,
            Submission.background,
            Submission.file,
            Submission.decided_at,
            facts["width"].as_integer(),
            facts["height"].as_integer(),
            Binding.public_id,
            Binding.raw_sealed,
            Binding.card_key,
            Binding.fingerprint,
            Student.name,
            Student.id_number_sealed,
            Student.student_no,
            Student.exam_no,
            Student.certificate_no,
            Student.class_no,
            Student.level,
            Student.major,
            Student.study_form,
            Student.graduating_year,
            Station.id,
            Station.code,
            Station.name,
        )
        .select_from(Submission)
        .join(Binding, Binding.id == Submission.binding_id)
        .join(Student, Student.id == Binding.student_id)
        .join(Station, Station.id == Student.station_id)
        .order_by(Station.code, Student.class_no, Student.student_no, Submission.id)
    )
    query = _deliverable(query, wanted).where(~_delivered_to(wanted.profile))
    return [CandidateRow(*row) for row in session.execute(query)]


def earlier_count(session: Session, wanted: Wanted) -> int:
    """Return how many portraits this receiver has already."""
    query = (
        select(func.count())
        .select_from(Submission)
        .join(Binding, Binding.id == Submission.binding_id)
        .join(Student, Student.id == Binding.student_id)
    )
    query = _deliverable(query, wanted).where(_delivered_to(wanted.profile))
    return session.execute(query).scalar_one()


def waiting_count(session: Session, campaign_id: int) -> int:
    """Return how many approved portraits belong to nobody on the roster yet."""
    return session.execute(
        select(func.count())
        .select_from(Submission)
        .join(Binding, Binding.id == Submission.binding_id)
        .where(Binding.campaign_id == campaign_id)
        .where(Binding.student_id.is_(None))
        .where(Binding.released_at.is_(None))
        .where(Submission.status == SubmissionStatus.APPROVED)
    ).scalar_one()


def _deliverable(query: Select[*Ts], wanted: Wanted) -> Select[*Ts]:
    query = (
        query.where(Binding.campaign_id == wanted.campaign_id)
        .where(Binding.released_at.is_(None))
        .where(Submission.status.in_(_SETTLED))
        .where(Submission.portrait_key.is_not(None))
    )
    if wanted.station_id is not None:
        query = query.where(Student.station_id == wanted.station_id)
    if wanted.graduating_year is not None:
        query = query.where(Student.graduating_year == wanted.graduating_year)
    return query


def _delivered_to(profile: str) -> Any:
    return exists().where(
        DeliveryItem.submission_id == Submission.id,
        DeliveryItem.profile == profile,
        DeliveryItem.cancelled_at.is_(None),
    )


def next_number(session: Session, year: int) -> str:
    """Return the number after the last of a year; the unique index settles a race."""
    used = session.execute(
        select(func.count())
        .select_from(Delivery)
        .where(Delivery.number.startswith(f"{year}-"))
    ).scalar_one()
    return f"{year}-{used + 1:04d}"


def add_delivery(session: Session, row: Delivery) -> None:
    """Insert a delivery; raises LostRaceError when its number was taken meanwhile."""
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise LostRaceError from None


def add_items(session: Session, items: Sequence[dict[str, Any]]) -> None:
    """Insert portraits of a delivery; raises ConflictError when another took one."""
    try:
        session.execute(insert(DeliveryItem), list(items))
    except IntegrityError:
        raise ConflictError("delivery_raced") from None


def move_all(
    session: Session,
    ids: Iterable[int],
    before: SubmissionStatus,
    after: SubmissionStatus,
    *,
    who: str,
    at: datetime,
    note: str = "",
) -> None:
    """Change the status of many photos and log it, all of them or none.

    Raises:
        ConflictError: ``delivery_raced``: one of them is not what it was.
    """
    for chunk in _chunks(ids):
        done = session.execute(
            update(Submission)
            .where(Submission.id.in_(chunk))
            .where(Submission.status == before)
            .values(status=after.value, version=Submission.version + 1)
            .execution_options(synchronize_session=False)
        )
        if done.rowcount != len(chunk):  # type: ignore[attr-defined] # an update has one
            raise ConflictError("delivery_raced")
        session.execute(
            insert(SubmissionEvent),
            [
                {
                    "submission_id": submission_id,
                    "status": after.value,
                    "by": "staff",
                    "who": who,
                    "note": note,
                    "at": at,
                }
                for submission_id in chunk
            ],
        )


def ensure_settled(session: Session, ids: Iterable[int]) -> None:
    """Raise ConflictError unless all these photos are still in force."""
    for chunk in _chunks(ids):
        count = session.execute(
            select(func.count())
            .select_from(Submission)
            .where(Submission.id.in_(chunk))
            .where(Submission.status.in_(_SETTLED))
        ).scalar_one()
        if count != len(chunk):
            raise ConflictError("delivery_raced")


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    left = iter(ids)
    while chunk := list(islice(left, _CHUNK)):
        yield chunk


def get_delivery(
    session: Session, number: str, *, station_id: int | None = None
) -> SummaryRow:
    """Return a delivery; with a station, only one that holds portraits of it.

    Raises:
        NotFoundError: no such delivery, or nothing of the station's in it.
    """
    query = _summaries(station_id).where(Delivery.number == number)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFoundError("delivery_not_found")
    return SummaryRow(*found)


def page_deliveries(
    session: Session, *, before: int | None, limit: int, station_id: int | None
) -> list[SummaryRow]:
    """Return deliveries, the newest first; with a station, those that hold its own."""
    query = _summaries(station_id).order_by(Delivery.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Delivery.id < before)
    return [SummaryRow(*row) for row in session.execute(query)]


def _of_station(station_id: int) -> ColumnElement[bool]:
    """Tell whether a portrait is a station's: delivered for it, its student still there.

    Of a student who went to another station the list goes on to tell name and numbers,
    which are no longer this one's to see.
    """
    elsewhere = (
        select(Student.id)
        .join(Binding, Binding.student_id == Student.id)
        .join(Submission, Submission.binding_id == Binding.id)
        .where(Submission.id == DeliveryItem.submission_id)
        .where(Student.station_id != station_id)
        .correlate(DeliveryItem)
        .exists()
    )
    return and_(DeliveryItem.station_id == station_id, ~elsewhere)


def _summaries(station_id: int | None) -> Select[Any]:
    within = (
        select(
            DeliveryItem.delivery_id,
            func.count().label("photos"),
            func.sum(
                DeliveryItem.size_bytes + func.coalesce(DeliveryItem.card_size_bytes, 0)
            ).label("size_bytes"),
        )
        .group_by(DeliveryItem.delivery_id)
        .order_by(None)
    )
    if station_id is not None:
        within = within.where(_of_station(station_id))
    sums = within.subquery()
    return (
        select(Delivery, Campaign.name, Station.name, sums.c.photos, sums.c.size_bytes)
        .join(sums, sums.c.delivery_id == Delivery.id)
        .join(Campaign, Campaign.id == Delivery.campaign_id)
        .outerjoin(Station, Station.id == Delivery.station_id)
    )


def status_counts(
    session: Session, delivery_id: int, *, station_id: int | None = None
) -> dict[str, int]:
    """Return where the portraits of a delivery stand now."""
    query = (
        select(Submission.status, func.count())
        .join(DeliveryItem, DeliveryItem.submission_id == Submission.id)
        .where(DeliveryItem.delivery_id == delivery_id)
        .group_by(Submission.status)
    )
    if station_id is not None:
        query = query.where(_of_station(station_id))
    return {row[0]: row[1] for row in session.execute(query)}


def items_of(
    session: Session,
    delivery_id: int,
    *,
    after: int,
    limit: int,
    station_id: int | None = None,
) -> list[tuple[DeliveryItem, str, str]]:
    """Return portraits after a position, each with its status and binding."""
    query = (
        select(DeliveryItem, Submission.status, Binding.public_id)
        .join(Submission, Submission.id == DeliveryItem.submission_id)
        .join(Binding, Binding.id == Submission.binding_id)
        .where(DeliveryItem.delivery_id == delivery_id)
        .where(DeliveryItem.position > after)
        .order_by(DeliveryItem.position)
        .limit(limit)
    )
    if station_id is not None:
        query = query.where(_of_station(station_id))
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


@dataclass(frozen=True, slots=True)
class StoredRow:
    """Where the files of one portrait are, and how large."""

    portrait_key: str | None
    size_bytes: int
    card_key: str | None
    card_size_bytes: int | None


def stored_of(session: Session, delivery_id: int) -> list[StoredRow]:
    """Return the files of a delivery in its order."""
    rows = session.execute(
        select(
            DeliveryItem.portrait_key,
            DeliveryItem.size_bytes,
            DeliveryItem.card_key,
            DeliveryItem.card_size_bytes,
        )
        .where(DeliveryItem.delivery_id == delivery_id)
        .order_by(DeliveryItem.position)
    )
    return [StoredRow(*row) for row in rows]


def files_of(session: Session, delivery_id: int) -> dict[str, DeliveryFile]:
    """Return the lists and the manifest of a delivery by name."""
    rows = session.scalars(
        select(DeliveryFile).where(DeliveryFile.delivery_id == delivery_id)
    )
    return {row.name: row for row in rows}


def came_back(session: Session, delivery_id: int) -> bool:
    """Tell whether the registry answered for anything in a delivery."""
    return any(
        status != SubmissionStatus.DELIVERED
        for status in status_counts(session, delivery_id)
    )


def only_here(session: Session, delivery_id: int) -> list[int]:
    """Return the photos of a delivery that no other receiver was given."""
    other = aliased(DeliveryItem)
    return list(
        session.scalars(
            select(DeliveryItem.submission_id)
            .where(DeliveryItem.delivery_id == delivery_id)
            .where(
                ~exists().where(
                    other.submission_id == DeliveryItem.submission_id,
                    other.delivery_id != delivery_id,
                    other.cancelled_at.is_(None),
                )
            )
        )
    )


def cancel_items(session: Session, delivery_id: int, *, at: datetime) -> None:
    """Let the portraits of a delivery be delivered again."""
    session.execute(
        update(DeliveryItem)
        .where(DeliveryItem.delivery_id == delivery_id)
        .values(cancelled_at=at)
    )


def of_binding(
    session: Session, binding_id: str, *, station_id: int | None
) -> list[tuple[Delivery, str, str]]:
    """Return the deliveries that hold photos of a binding, with photo and status."""
    query = (
        select(Delivery, Submission.public_id, Submission.status)
        .join(DeliveryItem, DeliveryItem.delivery_id == Delivery.id)
        .join(Submission, Submission.id == DeliveryItem.submission_id)
        .join(Binding, Binding.id == Submission.binding_id)
        .where(Binding.public_id == binding_id)
        .order_by(Delivery.id)
    )
    if station_id is not None:
        query = query.where(_of_station(station_id))
    return [(row[0], row[1], row[2]) for row in session.execute(query)]
