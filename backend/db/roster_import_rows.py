"""The rows and problems found in a roster file, and who is missing from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.db.bulk import insert_many
from backend.db.campaign_models import RosterImportProblem, RosterImportRow
from backend.db.models import Station, Student

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


def add_rows(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that can be imported."""
    if rows:
        insert_many(session, RosterImportRow, rows)


def add_problems(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert problems."""
    if rows:
        insert_many(session, RosterImportProblem, rows)


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


def forget_findings(session: Session, import_id: int) -> None:
    """Delete what an earlier look at the file found."""
    for table in (RosterImportRow, RosterImportProblem):
        session.execute(delete(table).where(table.import_id == import_id))
