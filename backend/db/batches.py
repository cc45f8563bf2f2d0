"""Batches and their files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from backend.db.collecting_models import Batch, BatchItem
from backend.db.models import Binding, Student
from backend.domain.batch import ItemState
from backend.domain.errors import NotFoundError

#: Databases bound how many values one statement may carry.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Key:
    """A number or code of a file's name; the hashes are keyed, empty for what is none."""

    text: str
    id_hash: str
    code_hash: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A student whom a key names."""

    key: str
    student_id: int
    name: str


def students_by_keys(
    session: Session,
    *,
    campaign_id: int,
    station_id: int | None,
    keys: Sequence[Key],
) -> list[Hit]:
    """Return whom keys name: by 学号, 考生号, 身份证号 or 采集码."""
    hits: list[Hit] = []
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        hits += _hits(session, campaign_id, station_id, some)
    return hits


def _hits(
    session: Session, campaign_id: int, station_id: int | None, keys: Sequence[Key]
) -> Iterator[Hit]:
    numbers = {key.text.upper(): key.text for key in keys}
    by_id = {key.id_hash: key.text for key in keys if key.id_hash}
    by_code = {key.code_hash: key.text for key in keys if key.code_hash}
    spelled = {*numbers, *numbers.values(), *map(str.lower, numbers)}
    bound = (
        select(Binding.student_id, Binding.code_hash)
        .where(Binding.campaign_id == campaign_id)
        .where(Binding.code_hash.in_(by_code))
        .where(Binding.released_at.is_(None))
        .where(Binding.student_id.is_not(None))
    )
    codes = {row[0]: row[1] for row in session.execute(bound)}
    query = (
        select(Student)
        .where(Student.campaign_id == campaign_id)
        .where(
            or_(
                Student.student_no.in_(spelled),
                Student.exam_no.in_(spelled),
                Student.id_number_hash.in_(by_id),
                Student.code_hash.in_(by_code),
                Student.id.in_(codes),
            )
        )
    )
    if station_id is not None:
        query = query.where(Student.station_id == station_id)
    for row in session.scalars(query):
        named = {
            numbers.get(row.student_no.upper()),
            numbers.get(row.exam_no.upper()),
            by_id.get(row.id_number_hash),
            by_code.get(row.code_hash or ""),
            by_code.get(codes.get(row.id) or ""),
        }
        for key in named:
            if key:
                yield Hit(key, row.id, row.name)


def get_batch(session: Session, batch_id: int, station_id: int | None) -> Batch:
    """Return a batch, of one station where one is given; raises NotFoundError."""
    row = session.get(Batch, batch_id)
    if row is None or station_id not in {None, row.station_id}:
        raise NotFoundError("batch_not_found")
    return row


def all_batches(session: Session, station_id: int | None, *, limit: int) -> list[Batch]:
    """Return the latest batches, of one station where one is given."""
    query = select(Batch).order_by(Batch.id.desc()).limit(limit)
    if station_id is not None:
        query = query.where(Batch.station_id == station_id)
    return list(session.scalars(query))


def unfinished(session: Session) -> list[int]:
    """Return the batches with files that wait, the oldest first."""
    query = select(Batch.id).where(Batch.finished_at.is_(None)).order_by(Batch.id)
    return list(session.scalars(query))


def counts(
    session: Session, batch_ids: Sequence[int]
) -> dict[int, dict[ItemState, int]]:
    """Return how many files of each batch are in each state."""
    rows = session.execute(
        select(BatchItem.batch_id, BatchItem.state, func.count())
        .where(BatchItem.batch_id.in_(batch_ids))
        .group_by(BatchItem.batch_id, BatchItem.state)
    )
    found: dict[int, dict[ItemState, int]] = {key: {} for key in batch_ids}
    for batch_id, state, count in rows:
        found[batch_id][ItemState(state)] = count
    return found


def next_waiting(session: Session, batch_id: int) -> BatchItem | None:
    """Return the next file to hand in."""
    return session.scalars(
        select(BatchItem)
        .where(BatchItem.batch_id == batch_id)
        .where(BatchItem.state == ItemState.WAITING)
        .order_by(BatchItem.position)
        .limit(1)
    ).one_or_none()


def items(
    session: Session,
    batch_id: int,
    *,
    station_id: int | None,
    states: Sequence[ItemState] = (),
    after: int = 0,
    limit: int,
) -> list[tuple[BatchItem, Student | None]]:
    """Return the files of a batch in order, with their students.

    With a station, those students only who are enrolled there now: one who went to
    another station is no longer this one's to see.
    """
    whose = Student.id == BatchItem.student_id
    if station_id is not None:
        whose = and_(whose, Student.station_id == station_id)
    query = (
        select(BatchItem, Student)
        .outerjoin(Student, whose)
        .where(BatchItem.batch_id == batch_id)
        .where(BatchItem.position > after)
        .order_by(BatchItem.position)
        .limit(limit)
    )
    if states:
        query = query.where(BatchItem.state.in_([state.value for state in states]))
    return [(item, student) for item, student in session.execute(query)]
