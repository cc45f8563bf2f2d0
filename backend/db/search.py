"""Bound records in pages: by key, so that a deep page costs what the first one does.

One narrow row a binding is read in the order asked for, through an index of that order;
only what stands on the page is joined to the rest. What staff type to name a student is
looked up first, by its own index, and becomes a handful of ids.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    exists,
    false,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from backend.db.models import Binding, Station, Student
from backend.db.search_models import RecordEntry
from backend.domain.query import RecordOrder
from backend.domain.reviews import SubmissionStatus

#: A column and the key that is compared with it.
_Lookups = tuple[tuple[InstrumentedAttribute[Any], str], ...]
#: More of one number would be an error of the roster; a name is not looked up here.
_MOST_KEYED: Final = 500
#: Further of those not bound are not counted: the number is there to be seen, not used.
MOST_UNBOUND: Final = 100
_ORDERS: Final[dict[RecordOrder, tuple[InstrumentedAttribute[Any], ...]]] = {
    RecordOrder.CHANGED: (RecordEntry.changed_at,),
    RecordOrder.SUBMITTED: (RecordEntry.submitted_at,),
    RecordOrder.NAME: (RecordEntry.name,),
    RecordOrder.STUDENT_NO: (RecordEntry.student_no,),
    RecordOrder.CLASS: (
        RecordEntry.station_id,
        RecordEntry.class_no,
        RecordEntry.student_no,
    ),
}
#: Equal or not: columns that are compared with the condition of the same name.
_EXACT: Final = (
    "campaign_id",
    "station_id",
    "graduating_year",
    "level",
    "study_form",
    "binding_status",
    "status",
    "verdict",
    "source",
    "decided_by_id",
)
_STUDENT_KEYS: Final[_Lookups] = (
    (Student.exam_no, "number"),
    (Student.certificate_no, "number"),
    (Student.id_number_hash, "id_number_hash"),
    (Student.id_last6_hash, "id_last6_hash"),
)
_BINDING_KEYS: Final[_Lookups] = (
    (Binding.stated_last6_hash, "id_last6_hash"),
    (Binding.code_hash, "code_hash"),
    (Binding.fingerprint, "fingerprint"),
)
#: So many are sorted sooner than an order is searched for them.
_FEW: Final = 10_000
_MOST_VALUES: Final = 60
#: What the records have for "not handed in".
NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
#: Above every character that stands in a text.
_LAST: Final = chr(0x10FFFF)


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """What one text may be; any of it suffices. Hashes are keyed, empty is none."""

    name: str = ""
    student_no: str = ""
    number: str = ""
    id_number_hash: str = ""
    id_last6_hash: str = ""
    code_hash: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What narrows a search; empty fields do not.

    Attributes:
        keys: each of them must be met.
        class_no, major: beginnings.
        status: empty text means that there is no photo at all.
    """

    keys: tuple[Keys, ...] = ()
    campaign_id: int | None = None
    station_id: int | None = None
    graduating_year: int | None = None
    level: str | None = None
    class_no: str = ""
    major: str = ""
    study_form: str | None = None
    binding_status: str | None = None
    status: str | None = None
    verdict: str | None = None
    source: str | None = None
    human_review: bool = False
    quarantined: bool = False
    submitted_from: datetime | None = None
    submitted_before: datetime | None = None
    decided_by_id: int | None = None
    not_waiting: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page starts, in reading order: after or before a binding, or the end."""

    order: RecordOrder
    descending: bool
    after: int | None = None
    before: int | None = None
    at_end: bool = False

    @property
    def backwards(self) -> bool:
        """Whether rows are read from the page's last to its first."""
        return self.at_end or self.before is not None


@dataclass(frozen=True, slots=True)
class Found:
    """One record of a page."""

    entry: RecordEntry
    public_id: str
    fingerprint: str
    station_name: str
    id_number_sealed: bytes | None


class Search:
    """One search: the keys are looked up once, the pages as often as asked for."""

    def __init__(self, session: Session, wanted: Conditions) -> None:
        if session.get_bind().dialect.name == "postgresql":
            # A plan made for any condition would suit one that is seldom true badly.
            session.execute(text("SET LOCAL plan_cache_mode = force_custom_plan"))
        self._session = session
        self._station_id = wanted.station_id
        self._days = _days(wanted)
        self._wheres = [
            *self._days,
            *_narrow(wanted),
            *(_named(session, keys) for keys in wanted.keys),
        ]

    def page(self, place: Place, limit: int) -> list[Found]:
        """Return the rows of a place in reading order.

        A place that is not there (any more) for whoever searches is the beginning.
        """
        read = self._rows(place.order)
        columns = [*(read[c.key] for c in _ORDERS[place.order]), read["binding_id"]]
        falling = place.descending != place.backwards
        query = select(read["binding_id"])
        if read is RecordEntry.__table__.c:
            query = query.where(*self._wheres)
        start = place.before if place.before is not None else place.after
        key = self._key(place.order, start) if start is not None else None
        if key is not None:
            here = tuple_(*columns)
            query = query.where(here < key if falling else here > key)
        query = query.order_by(*(c.desc() if falling else c.asc() for c in columns))
        ids = list(self._session.scalars(query.limit(limit)))
        found = {row.entry.binding_id: row for row in find(self._session, ids)}
        rows = [found[one] for one in ids]
        return rows[::-1] if place.backwards else rows

    def count(self) -> int:
        """Return how many records there are."""
        query = select(func.count()).select_from(RecordEntry).where(*self._wheres)
        return self._session.execute(query).scalar_one()

    def _rows(self, order: RecordOrder) -> ReadOnlyColumnCollection[str, Any]:
        """Return what is sorted: the records, or the few of some days found beforehand.

        Days go with other orders (the lately changed were lately handed in), which the
        planner does not know: it would read an order for long before the days begin.
        """
        if not self._days or order is RecordOrder.SUBMITTED:
            return RecordEntry.__table__.c
        some = select(RecordEntry.binding_id).where(*self._days).limit(_FEW + 1)
        counted = select(func.count()).select_from(some.subquery())
        if self._session.execute(counted).scalar_one() > _FEW:
            return RecordEntry.__table__.c
        columns = (*_ORDERS[order], RecordEntry.binding_id)
        few = select(*columns).where(*self._wheres).cte("few")
        return few.prefix_with("MATERIALIZED", dialect="postgresql").c

    def _key(self, order: RecordOrder, binding_id: int) -> ColumnElement[Any] | None:
        """Return a row's values to compare with; another station's row has none.

        Else a station could learn where a stranger's name falls among its own.
        """
        columns = (*_ORDERS[order], RecordEntry.binding_id)
        query = select(*columns).where(RecordEntry.binding_id == binding_id)
        if self._station_id is not None:
            query = query.where(RecordEntry.station_id == self._station_id)
        row = self._session.execute(query).one_or_none()
        if row is None:
            return None
        return tuple_(
            *(
                literal(value, column.type)
                for column, value in zip(columns, row, strict=True)
            )
        )


def find(session: Session, binding_ids: Sequence[int]) -> list[Found]:
    """Return records by the ids of their bindings, in any order."""
    rows = session.execute(
        select(
            RecordEntry,
            Binding.public_id,
            Binding.fingerprint,
            Station.name,
            Student.id_number_sealed,
        )
        .join(Binding, Binding.id == RecordEntry.binding_id)
        .join(Station, Station.id == RecordEntry.station_id)
        # A binding that was erased names nobody any more.
        .outerjoin(
            Student,
            and_(Student.id == Binding.student_id, Binding.erased_at.is_(None)),
        )
        .where(RecordEntry.binding_id.in_(binding_ids))
    )
    return [Found(*row) for row in rows]


def count_unbound(session: Session, wanted: Conditions) -> int:
    """Return how many students of the roster the keys name who have no binding.

    At most ``MOST_UNBOUND`` are counted; campaign and station narrow, nothing else.
    """
    live = exists().where(
        Binding.student_id == Student.id, Binding.released_at.is_(None)
    )
    query = select(Student.id).where(
        ~live, *(_names_student(keys) for keys in wanted.keys)
    )
    if wanted.campaign_id is not None:
        query = query.where(Student.campaign_id == wanted.campaign_id)
    if wanted.station_id is not None:
        query = query.where(Student.station_id == wanted.station_id)
    counted = select(func.count()).select_from(query.limit(MOST_UNBOUND).subquery())
    return session.execute(counted).scalar_one()


def distinct_values(session: Session, column: InstrumentedAttribute[str]) -> list[str]:
    """Return the few values of an indexed column in order, a probe of the index each."""
    first = select(func.min(column).label("value")).cte("steps", recursive=True)
    following = select(func.min(column)).where(column > first.c.value).scalar_subquery()
    steps = first.union_all(select(following).where(first.c.value.is_not(None)))
    query = select(steps.c.value).where(steps.c.value > "")
    return list(session.scalars(query.limit(_MOST_VALUES)))


def _narrow(wanted: Conditions) -> list[ColumnElement[bool]]:
    found = [
        getattr(RecordEntry, name) == value
        for name in _EXACT
        if (value := getattr(wanted, name)) is not None
    ]
    for column, start in (
        (RecordEntry.class_no, wanted.class_no),
        (RecordEntry.major, wanted.major),
    ):
        if start:
            found.append(_starts(column, start))
    if wanted.not_waiting:
        found.append(RecordEntry.binding_status != "waiting")
    if wanted.human_review:
        found.append(RecordEntry.human_review)
    if wanted.quarantined:
        found.append(RecordEntry.quarantined)
    elif wanted.status == SubmissionStatus.PENDING.value:
        # Photos put aside are not for reviewers until an administrator has looked.
        found.append(~RecordEntry.quarantined)
    return found


def _days(wanted: Conditions) -> list[ColumnElement[bool]]:
    found = []
    if wanted.submitted_from is not None:
        found.append(RecordEntry.submitted_at >= wanted.submitted_from)
    if wanted.submitted_before is not None:
        found.append(RecordEntry.submitted_at < wanted.submitted_before)
        # What was not handed in at all was not handed in early either.
        found.append(RecordEntry.submitted_at > NEVER)
    return found


def _starts(column: InstrumentedAttribute[str], start: str) -> ColumnElement[bool]:
    """Say as a range of the index what a prefix is."""
    return and_(column >= start, column < start + _LAST)


def _named(session: Session, keys: Keys) -> ColumnElement[bool]:
    """Say which records a text names: those looked up by number, those of a name."""
    ways = _lookups(keys)
    ids = list(session.scalars(union_all(*ways).limit(_MOST_KEYED))) if ways else []
    parts: list[ColumnElement[bool]] = []
    if ids:
        parts.append(RecordEntry.binding_id.in_(ids))
    if keys.name:
        parts.append(_starts(RecordEntry.name, keys.name))
    return or_(false(), *parts)


def _lookups(keys: Keys) -> list[Select[int]]:
    ways: list[Select[int]] = []
    if keys.student_no:
        ways.append(
            select(RecordEntry.binding_id).where(
                RecordEntry.student_no == keys.student_no
            )
        )
    for column, name in _STUDENT_KEYS:
        if value := getattr(keys, name):
            ways.append(
                select(Binding.id)
                .join(Student, Student.id == Binding.student_id)
                .where(column == value)
            )
    for column, name in _BINDING_KEYS:
        if value := getattr(keys, name):
            ways.append(select(Binding.id).where(column == value))
    return ways


def _names_student(keys: Keys) -> ColumnElement[bool]:
    parts = [
        column == value
        for column, name in ((Student.student_no, "student_no"), *_STUDENT_KEYS)
        if (value := getattr(keys, name))
    ]
    if keys.name:
        parts.append(Student.name.startswith(keys.name, autoescape=True))
    return or_(false(), *parts)
