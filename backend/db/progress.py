"""Where students stand: one expression, and every list and number made with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeVarTuple, cast

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    exists,
    func,
    or_,
    select,
    text,
    tuple_,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from backend.db.models import (
    Binding,
    Campaign,
    Entry,
    PrincipalRow,
    Station,
    Student,
    Submission,
)
from backend.db.wechat_models import BindingHolder, MessageConsent, OutgoingMessageRow
from backend.domain.progress import GROUPS, Group, Stage
from backend.domain.reviews import HANDED_IN, SubmissionStatus

Ts = TypeVarTuple("Ts")

_HANDED_IN: Final = [status.value for status in HANDED_IN]
_HandedIn = aliased(Submission)
_Draft = aliased(Submission)
_Released = aliased(Binding)

#: The stage of a student; a handed-in photo's status bears the stage's name.
_STAGE: Final = case(
    (Student.exempt_reason.is_not(None), Stage.EXEMPT.value),
    (_HandedIn.id.is_not(None), _HandedIn.status),
    (_Draft.id.is_not(None), Stage.DRAFT.value),
    (Binding.id.is_not(None), Stage.STARTED.value),
    (exists().where(_Released.student_id == Student.id), Stage.STARTED.value),
    else_=Stage.NEVER_SCANNED.value,
).label("stage")

_ORDERS: Final[Mapping[str, tuple[InstrumentedAttribute[Any], ...]]] = {
    "student_no": (Student.student_no,),
    "class": (Student.class_no, Student.student_no),
    "station": (Student.station_id, Student.class_no, Student.student_no),
}

#: Where a student stands in an order: the values of its columns.
Place = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which students of a campaign; none does not narrow, an empty class is a class."""

    campaign_id: int
    station_id: int | None = None
    class_no: str | None = None
    level: str | None = None
    graduating_year: int | None = None
    stages: frozenset[Stage] | None = None


@dataclass(frozen=True, slots=True)
class StudentLine:
    """A student with what tells how far they have come."""

    student: Student
    station: Station
    stage: Stage
    binding_id: str | None
    photo: Submission | None


@dataclass(frozen=True, slots=True)
class Receiver:
    """A holder in WeChat who agreed to be reminded of a student's missing photo."""

    student_id: int
    principal_id: int
    reminded: bool


def stage_counts(session: Session, scope: Scope) -> list[tuple[int, Stage, int]]:
    """Return (station, stage, students)."""
    _ensure_interpreted(session)
    rows = _with_progress(select(Student.station_id, _STAGE), scope).subquery()
    found = session.execute(
        select(rows.c.station_id, rows.c.stage, func.count()).group_by(
            rows.c.station_id, rows.c.stage
        )
    )
    return [(row[0], Stage(row[1]), row[2]) for row in found]


def class_counts(session: Session, scope: Scope) -> list[tuple[str, Stage, int]]:
    """Return (class, stage, students)."""
    _ensure_interpreted(session)
    rows = _with_progress(select(Student.class_no, _STAGE), scope).subquery()
    found = session.execute(
        select(rows.c.class_no, rows.c.stage, func.count())
        .group_by(rows.c.class_no, rows.c.stage)
        .order_by(rows.c.class_no)
    )
    return [(row[0], Stage(row[1]), row[2]) for row in found]


def day_counts(session: Session, scope: Scope) -> dict[date, tuple[int, int]]:
    """Return (handed in, passed) by day where the school is, of the photos that count."""
    _ensure_interpreted(session)
    handed_in = func.coalesce(_HandedIn.confirmed_at, _HandedIn.created_at)
    passed = case(
        (
            _HandedIn.status.in_([stage.value for stage in GROUPS[Group.PASSED]]),
            _day(session, func.coalesce(_HandedIn.decided_at, handed_in)),
        )
    )
    rows = (
        _with_progress(
            select(_day(session, handed_in).label("submitted"), passed.label("passed")),
            scope,
        )
        .where(Student.exempt_reason.is_(None), _HandedIn.id.is_not(None))
        .subquery()
    )
    found = session.execute(
        select(rows.c.submitted, rows.c.passed, func.count()).group_by(
            rows.c.submitted, rows.c.passed
        )
    )
    counted: dict[date, tuple[int, int]] = {}
    for submitted, decided, count in found:
        _count(counted, submitted, (count, 0))
        if decided is not None:
            _count(counted, decided, (0, count))
    return counted


def page_students(
    session: Session,
    scope: Scope,
    *,
    order: str,
    after: Place | None,
    before: Place | None,
    limit: int,
) -> list[StudentLine]:
    """Return students in one of the orders, after or before a place in it."""
    _ensure_interpreted(session)
    columns = _ORDERS[order]
    # The page is found first: how far they have come is then read for its rows only,
    # unless that is what the list is narrowed by.
    ids = select(Student.id)
    chosen = _narrow(ids, scope) if scope.stages is None else _with_progress(ids, scope)
    if before is not None:
        chosen = chosen.where(tuple_(*columns) < tuple_(*before))
    elif after is not None:
        chosen = chosen.where(tuple_(*columns) > tuple_(*after))
    chosen = chosen.order_by(
        *(column if before is None else column.desc() for column in columns)
    )
    wide = select(Student, Station, _STAGE, Binding.public_id, _HandedIn).join(
        Station, Station.id == Student.station_id
    )
    query = _with_progress(wide, Scope(scope.campaign_id)).where(
        Student.id.in_(chosen.limit(limit).subquery().select())
    )
    return [
        # The outer joins make the last two optional, which the types do not know.
        StudentLine(
            row[0], row[1], Stage(row[2]), row[3], cast("Submission | None", row[4])
        )
        for row in session.execute(query.order_by(*columns))
    ]


def place_of(line: StudentLine, order: str) -> Place:
    """Return where a student stands in an order."""
    student = line.student
    return {
        "student_no": (student.student_no,),
        "class": (student.class_no, student.student_no),
        "station": (student.station_id, student.class_no, student.student_no),
    }[order]


def find_place(
    session: Session, scope: Scope, order: str, student_id: int
) -> Place | None:
    """Return where the student of an id stands, if they are the caller's to see."""
    query = select(*_ORDERS[order]).where(
        Student.id == student_id, Student.campaign_id == scope.campaign_id
    )
    if scope.station_id is not None:
        query = query.where(Student.station_id == scope.station_id)
    found = session.execute(query).one_or_none()
    return tuple(found) if found is not None else None


def choices(session: Session, scope: Scope) -> list[tuple[str, int, str]]:
    """Return each (level, graduating year, class) of the students in the scope."""
    query = select(Student.level, Student.graduating_year, Student.class_no).distinct()
    found = session.execute(_narrow(query, scope))
    return [(row[0], row[1], row[2]) for row in found]


def names(session: Session, scope: Scope) -> list[tuple[str, Stage, str]]:
    """Return (class, stage, name) in the order of the 学号."""
    query = _with_progress(select(Student.class_no, _STAGE, Student.name), scope)
    found = session.execute(query.order_by(Student.class_no, Student.student_no))
    return [(row[0], Stage(row[1]), row[2]) for row in found]


def waiting_bindings(session: Session, campaign_id: int, station_id: int | None) -> int:
    """Return how many bindings wait for their student to come onto the roster."""
    query = (
        select(func.count())
        .select_from(Binding)
        .where(Binding.campaign_id == campaign_id)
        .where(Binding.student_id.is_(None))
        .where(Binding.released_at.is_(None))
    )
    if station_id is not None:
        query = query.join(Entry, Entry.id == Binding.entry_id).where(
            Entry.station_id == station_id
        )
    return session.execute(query).scalar_one()


def live_entry_tokens(
    session: Session, campaign_id: int, station_id: int | None
) -> dict[int, str]:
    """Return the tokens of a campaign's live entries by their stations."""
    query = (
        select(Entry.station_id, Entry.token)
        .where(Entry.campaign_id == campaign_id)
        .where(Entry.replaced_at.is_(None), Entry.retired_at.is_(None))
    )
    if station_id is not None:
        query = query.where(Entry.station_id == station_id)
    return {row[0]: row[1] for row in session.execute(query)}


def newest_campaign(session: Session, now: datetime) -> Campaign | None:
    """Return the newest campaign that is open, else the newest of all."""
    is_open = and_(Campaign.opens_at <= now, Campaign.closes_at > now)
    return session.scalars(
        select(Campaign).order_by(is_open.desc(), Campaign.id.desc()).limit(1)
    ).one_or_none()


def receivers(
    session: Session,
    scope: Scope,
    *,
    templates: Collection[tuple[str, str]],
    kind: str,
    since: datetime,
) -> list[Receiver]:
    """Return who can be reminded by WeChat of the photos missing in the scope.

    Args:
        session: where to look.
        scope: whose photos are missing.
        templates: (channel, template) of the messages somebody may have agreed to.
        kind: the message's kind.
        since: a message of this kind since then means: reminded already.
    """
    reminded = (
        exists()
        .where(OutgoingMessageRow.principal_id == BindingHolder.principal_id)
        .where(OutgoingMessageRow.campaign_id == Binding.campaign_id)
        .where(OutgoingMessageRow.kind == kind)
        .where(OutgoingMessageRow.created_at >= since)
    )
    agreed = or_(
        *(
            and_(PrincipalRow.kind == channel, MessageConsent.template_id == template)
            for channel, template in templates
        )
    )
    query = (
        _with_progress(select(Student.id, BindingHolder.principal_id, reminded), scope)
        .join(BindingHolder, BindingHolder.binding_id == Binding.id)
        .join(PrincipalRow, PrincipalRow.id == BindingHolder.principal_id)
        .join(MessageConsent, MessageConsent.principal_id == PrincipalRow.id)
        .where(agreed, MessageConsent.remaining > 0)
        .order_by(Student.id, BindingHolder.principal_id)
    )
    return [Receiver(*row) for row in session.execute(query)]


def _with_progress(query: Select[*Ts], scope: Scope) -> Select[*Ts]:
    """Join to each student what their stage is read from, and narrow to the scope."""
    joined = (
        query.select_from(Student)
        .outerjoin(
            Binding,
            and_(
                Binding.student_id == Student.id,
                Binding.released_at.is_(None),
                # As the student's: only this campaign's bindings have to be read.
                Binding.campaign_id == scope.campaign_id,
            ),
        )
        .outerjoin(
            _HandedIn,
            and_(_HandedIn.binding_id == Binding.id, _HandedIn.status.in_(_HANDED_IN)),
        )
        .outerjoin(
            _Draft,
            and_(
                _Draft.binding_id == Binding.id,
                _Draft.status == SubmissionStatus.DRAFT.value,
            ),
        )
    )
    if scope.stages is not None:
        wanted = sorted(stage.value for stage in scope.stages)
        joined = joined.where(_STAGE.element.in_(wanted))
        if scope.stages <= GROUPS[Group.SUBMITTED]:
            # Says nothing new, but lets the photos' own index find the few.
            joined = joined.where(_HandedIn.status.in_(wanted))
    return _narrow(joined, scope)


def _narrow(query: Select[*Ts], scope: Scope) -> Select[*Ts]:
    query = query.where(Student.campaign_id == scope.campaign_id)
    for column, value in (
        (Student.station_id, scope.station_id),
        (Student.class_no, scope.class_no),
        (Student.level, scope.level),
        (Student.graduating_year, scope.graduating_year),
    ):
        if value is not None:
            query = query.where(column == value)
    return query


def _ensure_interpreted(session: Session) -> None:
    """Keep PostgreSQL from compiling a query, which takes longer than these run."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL jit = off"))


def _day(session: Session, instant: ColumnElement[Any]) -> ColumnElement[str]:
    """Return the day of an instant where the school is, as ``2026-03-01``."""
    if session.get_bind().dialect.name == "postgresql":
        local = func.timezone("Asia/Shanghai", instant)
        return func.to_char(local, "YYYY-MM-DD")
    return func.date(instant, "+8 hours")


def _count(
    counted: dict[date, tuple[int, int]], day: str, more: tuple[int, int]
) -> None:
    at = date.fromisoformat(day)
    submitted, passed = counted.get(at, (0, 0))
    counted[at] = (submitted + more[0], passed + more[1])
