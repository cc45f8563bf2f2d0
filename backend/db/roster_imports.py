"""Files on their way into a roster, and the roster's rows by the hundred."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

import psycopg
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    String,
    and_,
    any_,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.db.base import Base
from backend.db.campaign_models import (
    RosterImport,
    RosterImportFile,
    RosterImportProblem,
    RosterImportRow,
)
from backend.db.models import Binding, Station, Student
from backend.domain.errors import ConflictError, NotFoundError

#: The states somebody is to work in; each is claimed by a lease.
WORKING: Final = ("checking", "applying")
_AT_ONCE: Final = 1000
_KEYS: Final[Mapping[str, InstrumentedAttribute[Any]]] = {
    "student_no": RosterImportRow.student_no_key,
    "id_number": RosterImportRow.person_key,
    "exam_no": RosterImportRow.exam_no_key,
    "certificate_no": RosterImportRow.certificate_key,
    "code": RosterImportRow.code_key,
}


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A row that says the same as an earlier one where no two may."""

    sheet_row: int
    other_row: int
    field: str


def get_import(session: Session, import_id: int) -> RosterImport:
    """Return an import; raises NotFoundError."""
    row = session.get(RosterImport, import_id)
    if row is None:
        raise NotFoundError("import_not_found")
    return row


def imports_of(session: Session, campaign_id: int, limit: int) -> list[RosterImport]:
    """Return a campaign's imports, newest first."""
    return list(
        session.scalars(
            select(RosterImport)
            .where(RosterImport.campaign_id == campaign_id)
            .order_by(RosterImport.id.desc())
            .limit(limit)
        )
    )


def add_import(
    session: Session, row: RosterImport, pieces: Sequence[bytes]
) -> RosterImport:
    """Insert an import with its file, sealed in pieces."""
    session.add(row)
    session.flush()
    session.execute(
        insert(RosterImportFile),
        [
            {"import_id": row.id, "ordinal": n, "data_sealed": piece}
            for n, piece in enumerate(pieces)
        ],
    )
    return row


def pieces_of(session: Session, import_id: int) -> list[bytes]:
    """Return the sealed pieces of an import's file, in order."""
    return list(
        session.scalars(
            select(RosterImportFile.data_sealed)
            .where(RosterImportFile.import_id == import_id)
            .order_by(RosterImportFile.ordinal)
        )
    )


def change_state(
    session: Session, import_id: int, *, of: Sequence[str], **values: Any
) -> bool:
    """Write to an import if it is in one of the states; false when it is not."""
    done = session.execute(
        update(RosterImport)
        .where(RosterImport.id == import_id)
        .where(RosterImport.state.in_(of))
        .values(**values)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined] # an update has one


def claim(session: Session, *, now: datetime, until: datetime) -> int | None:
    """Take the oldest import that waits for somebody; return its id."""
    free = or_(RosterImport.leased_until.is_(None), RosterImport.leased_until < now)
    waiting = session.scalars(
        select(RosterImport.id)
        .where(RosterImport.state.in_(WORKING))
        .where(free)
        .order_by(RosterImport.id)
    ).all()
    for import_id in waiting:
        taken = session.execute(
            update(RosterImport)
            .where(RosterImport.id == import_id)
            .where(RosterImport.state.in_(WORKING))
            .where(free)
            .values(leased_until=until)
        )
        if taken.rowcount:  # type: ignore[attr-defined] # an update has one
            return import_id
    return None


def forget_findings(session: Session, import_id: int) -> None:
    """Delete what an earlier look at the file found."""
    for table in (RosterImportRow, RosterImportProblem):
        session.execute(delete(table).where(table.import_id == import_id))


def forget_file(session: Session, import_id: int) -> None:
    """Delete the pieces of an import's file."""
    session.execute(
        delete(RosterImportFile).where(RosterImportFile.import_id == import_id)
    )


def expired(session: Session, now: datetime) -> list[int]:
    """Return the imports whose file, rows and problems are to be removed."""
    return list(
        session.scalars(
            select(RosterImport.id)
            .where(RosterImport.expires_at <= now)
            .where(RosterImport.state.not_in(WORKING))
        )
    )


def _insert(
    session: Session, into: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Insert many rows past the mapper, which takes longer than the database."""
    if session.get_bind().dialect.name == "postgresql":
        _copy(session, into, rows)
        return
    session.execute(insert(into.__table__), [*map(dict, rows)])  # type: ignore[arg-type] # a table


def _copy(
    session: Session, into: type[Base], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Send rows by COPY, which takes a fifth of the time of as many INSERTs.

    Raises:
        psycopg.IntegrityError: as the statement would; SQLAlchemy does not see it.
    """
    connection = session.connection()
    dialect = connection.dialect
    columns = [
        column
        for column in into.__table__.columns
        if column.key in rows[0] or (column.default and column.default.is_scalar)
    ]
    ways = [
        (
            column.key,
            column.default.arg if column.default is not None else None,
            column.type.dialect_impl(dialect).bind_processor(dialect),
        )
        for column in columns
    ]
    names = ", ".join(column.name for column in columns)
    raw = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    with (
        raw.cursor() as cursor,
        cursor.copy(f"COPY {into.__tablename__} ({names}) FROM STDIN") as copy,
    ):
        for row in rows:
            values = (
                (row.get(key, default), prepare) for key, default, prepare in ways
            )
            copy.write_row([prepare(v) if prepare else v for v, prepare in values])


def add_rows(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that can be imported."""
    if rows:
        _insert(session, RosterImportRow, rows)


def add_problems(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert problems."""
    if rows:
        _insert(session, RosterImportProblem, rows)


def duplicates_of(session: Session, import_id: int) -> Iterator[Duplicate]:
    """Yield each row that shares a key with others, with the first other of them."""
    for field, key in _KEYS.items():
        mine = and_(RosterImportRow.import_id == import_id, key.is_not(None))
        twice = (
            select(key.label("key"))
            .where(mine)
            .group_by(key)
            .having(func.count() > 1)
            .subquery()
        )
        rows = session.execute(
            select(key, RosterImportRow.sheet_row)
            .join(twice, twice.c.key == key)
            .where(mine)
            .order_by(key, RosterImportRow.sheet_row)
        ).all()
        yield from _paired(field, [(row[0], row[1]) for row in rows])


def _paired(field: str, rows: Sequence[tuple[int, int]]) -> Iterator[Duplicate]:
    first: dict[int, int] = {}
    for at, (key, sheet_row) in enumerate(rows):
        if key not in first:
            first[key] = sheet_row
            yield Duplicate(sheet_row, rows[at + 1][1], field)
        else:
            yield Duplicate(sheet_row, first[key], field)


def drop_rows(session: Session, import_id: int, sheet_rows: Sequence[int]) -> None:
    """Delete rows that turned out not to be importable."""
    for at in range(0, len(sheet_rows), _AT_ONCE):
        session.execute(
            delete(RosterImportRow)
            .where(RosterImportRow.import_id == import_id)
            .where(RosterImportRow.sheet_row.in_(sheet_rows[at : at + _AT_ONCE]))
        )


def kinds_of(session: Session, import_id: int) -> dict[str, int]:
    """Return how many rows are new, changed and unchanged, and how many flagged."""
    counts = session.execute(
        select(RosterImportRow.kind, func.count())
        .where(RosterImportRow.import_id == import_id)
        .group_by(RosterImportRow.kind)
    )
    flagged = session.execute(
        select(func.count())
        .where(RosterImportRow.import_id == import_id)
        .where(RosterImportRow.flagged)
    ).scalar_one()
    return {**{row[0]: row[1] for row in counts}, "flagged": flagged}


def rows_after(
    session: Session, import_id: int, *, kinds: Sequence[str], after: int, limit: int
) -> list[RosterImportRow]:
    """Return rows of some kinds below a row of the sheet, in its order."""
    return list(
        session.scalars(
            select(RosterImportRow)
            .where(RosterImportRow.import_id == import_id)
            .where(RosterImportRow.kind.in_(kinds))
            .where(RosterImportRow.sheet_row > after)
            .order_by(RosterImportRow.sheet_row)
            .limit(limit)
        )
    )


def problems_after(
    session: Session,
    import_id: int,
    *,
    severity: str,
    after: tuple[int, int],
    limit: int,
) -> list[RosterImportProblem]:
    """Return problems below (row, id), in the order of the sheet."""
    row, last = RosterImportProblem.sheet_row, RosterImportProblem.id
    return list(
        session.scalars(
            select(RosterImportProblem)
            .where(RosterImportProblem.import_id == import_id)
            .where(RosterImportProblem.severity == severity)
            .where(or_(row > after[0], and_(row == after[0], last > after[1])))
            .order_by(row, last)
            .limit(limit)
        )
    )


def count_missing(session: Session, import_id: int, campaign_id: int) -> int:
    """Return how many students of the file's stations are not in the file."""
    query = select(func.count()).select_from(Student)
    return session.execute(query.where(_missing(import_id, campaign_id))).scalar_one()


def missing_after(
    session: Session, import_id: int, campaign_id: int, *, after: int, limit: int
) -> list[tuple[Student, Station]]:
    """Return students of the file's stations who are not in it, by their id."""
    rows = session.execute(
        select(Student, Station)
        .join(Station, Station.id == Student.station_id)
        .where(_missing(import_id, campaign_id))
        .where(Student.id > after)
        .order_by(Student.id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def _missing(import_id: int, campaign_id: int) -> ColumnElement[bool]:
    mine = RosterImportRow.import_id == import_id
    stations = select(RosterImportRow.station_id).where(mine).distinct()
    told = (
        select(RosterImportRow.sheet_row)
        .where(mine)
        .where(RosterImportRow.student_id == Student.id)
        .exists()
    )
    return and_(
        Student.campaign_id == campaign_id, Student.station_id.in_(stations), ~told
    )


def _among(
    session: Session, column: InstrumentedAttribute[Any], values: Sequence[str]
) -> ColumnElement[bool]:
    """Return the condition that a text column has one of many values.

    PostgreSQL takes one array sooner than five hundred parameters.
    """
    if session.get_bind().dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(String)))
    return column.in_(values)


def students_by_number(
    session: Session, campaign_id: int, numbers: Sequence[str]
) -> dict[str, Student]:
    """Return a campaign's students by 学号."""
    rows = session.scalars(
        select(Student)
        .where(Student.campaign_id == campaign_id)
        .where(_among(session, Student.student_no, numbers))
    )
    return {row.student_no: row for row in rows}


def holders_of_keys(
    session: Session,
    campaign_id: int,
    column: InstrumentedAttribute[Any],
    values: Sequence[str],
) -> dict[str, list[tuple[int, str]]]:
    """Return (id, level) of the students who have one of the values in a column."""
    found: dict[str, list[tuple[int, str]]] = {}
    if not values:
        return found
    rows = session.execute(
        select(column, Student.id, Student.level)
        .where(Student.campaign_id == campaign_id)
        .where(_among(session, column, values))
    )
    for value, student_id, level in rows:
        found.setdefault(value, []).append((student_id, level))
    return found


def bound_among(session: Session, student_ids: Sequence[int]) -> set[int]:
    """Return which of the students have a live binding."""
    return set(
        session.scalars(
            select(Binding.student_id)
            .where(Binding.student_id.in_(student_ids))
            .where(Binding.released_at.is_(None))
        )
    )


def insert_students(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert students; raises ConflictError ``roster_changed`` for one there already."""
    if not rows:
        return
    try:
        _insert(session, Student, rows)
    except (IntegrityError, psycopg.IntegrityError):
        raise ConflictError("roster_changed") from None


def update_students(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write what is given beside the ``id`` of each; raises as insert_students."""
    if not rows:
        return
    try:
        session.execute(update(Student), [*map(dict, rows)])
    except IntegrityError:
        raise ConflictError("roster_changed") from None
