"""Looking through an imported file: what each row would change and what is wrong.

Rows pass in batches: understood and hashed with nothing open, held against the roster
and written down in one short transaction. Nothing grows with the file.
"""

from __future__ import annotations

import base64
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from itertools import chain, islice
from operator import attrgetter
from typing import Any, Final

from backend.crypto import Vault
from backend.db import entries, roster_import_rows, roster_imports, roster_students
from backend.db.campaign_models import RosterImport
from backend.db.engine import Database, Session
from backend.db.models import Student
from backend.domain.campaigns import level_key
from backend.domain.errors import InvalidInputError
from backend.domain.roster import (
    HEAD_ROWS,
    Column,
    Head,
    Line,
    Problem,
    RosterRow,
    Setting,
    Severity,
    find_head,
    mask,
    station_names,
    tidy_number,
    understand,
)
from backend.ports import Clock
from backend.services.roster_types import Counts, ImportState
from backend.sheets.read import sheet_rows

#: Longer than a batch takes.
LEASE: Final = timedelta(minutes=5)
#: More problems than anybody reads are counted and not listed.
MOST_PROBLEMS: Final = 20_000
_BATCH: Final = 500
_SAMPLES: Final = 5
_SAMPLE_WIDTH: Final = 30
_IDENTITY: Final = re.compile(r"\d{14,17}[\dX]")
FIELDS: Final = tuple(RosterRow.__dataclass_fields__)
_VALUES: Final = attrgetter(*FIELDS)
#: What a later file may correct, beside the identity number and the code.
COMPARED: Final = (
    "name", "exam_no", "certificate_no", "level", "major", "study_form",
    "graduating_year", "class_no", "station_id",
)  # fmt: skip
#: The hashes by which rows of one file are told to be duplicates.
_KEYED: Final = frozenset({"student_no", "person", "exam_no", "certificate", "code"})


@dataclass(slots=True)
class _Found:
    """What one row came to."""

    line: Line
    row: RosterRow | None
    problems: list[Problem]
    hashes: Mapping[str, str | None] = field(default_factory=dict)
    kind: str = "new"
    student: Student | None = None
    changes: dict[str, list[str]] = field(default_factory=dict)
    flagged: bool = False

    @property
    def good(self) -> RosterRow | None:
        """The row, unless something forbids it."""
        failed = any(p.severity is Severity.ERROR for p in self.problems)
        return None if failed else self.row


def seal_file(vault: Vault, data: bytes) -> list[bytes]:
    """Return a file in sealed pieces."""
    size = 256 * 1024
    pieces = (data[at : at + size] for at in range(0, len(data), size))
    return [
        vault.seal(base64.b64encode(piece).decode(), purpose="roster_file")
        for piece in pieces
    ]


def open_row(vault: Vault, sealed: bytes) -> RosterRow:
    """Return a row as it was understood."""
    values = json.loads(vault.open(sealed, purpose="roster_row"))
    return RosterRow(**dict(zip(FIELDS, values, strict=True)))


def setting_of(
    row: RosterImport, years: Iterable[int], stations: Mapping[str, int]
) -> Setting:
    """Return what an import's rows are held against."""
    known = frozenset(years)
    only = next(iter(known)) if len(known) == 1 else None
    return Setting(
        mapping={Column(name): at for name, at in row.mapping.items()},
        years=known,
        stations=stations,
        station_id=row.station_id,
        year=row.graduating_year or only,
    )


class RosterChecker:
    """Looks through one imported file."""

    def __init__(self, *, db: Database, clock: Clock, vault: Vault) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault

    def check(self, import_id: int) -> None:
        """Find out what every row would change and what is wrong with it.

        Raises:
            InvalidInputError: the file cannot be read; ``sheet_empty``.
        """
        with self._db.transaction() as session:
            roster_import_rows.forget_findings(session, import_id)
            row = roster_imports.get_import(session, import_id)
            campaign = entries.get_campaign(session, row.campaign_id)
            stations = entries.all_stations(session)
        names = {station.id: station.name for station in stations}
        spellings = station_names((s.id, s.code, s.name) for s in stations)
        lines = self._lines(import_id)
        first = list(islice(lines, HEAD_ROWS))
        head = _head(row, first)
        samples = [line.cells for line in first if line.number > head.row][:_SAMPLES]
        with self._db.transaction() as session:
            row = roster_imports.get_import(session, import_id)
            row.head_row, row.headings = head.row, list(head.headings)
            row.mapping = {column.value: at for column, at in head.mapping.items()}
            row.samples_sealed = self._seal(_cut(samples), "roster_sample")
        setting = setting_of(row, campaign.graduating_years, spellings)
        look = _Look(self, self._db, row, setting, names)
        below = (line for line in chain(first, lines) if line.number > head.row)
        if not setting.missing:
            for batch in _batches(below):
                look.at(batch)
        self._finish(look)

    def _lines(self, import_id: int) -> Iterator[Line]:
        for row in sheet_rows(self._file(import_id)):
            yield Line(row.number, row.cells, row.notes)

    def _file(self, import_id: int) -> io.BytesIO:
        data = io.BytesIO()
        with self._db.reading() as session:
            for piece in roster_imports.pieces_of(session, import_id):
                text = self._vault.open(piece, purpose="roster_file")
                data.write(base64.b64decode(text))
        return data

    def _finish(self, look: _Look) -> None:
        """Take out what stands twice in the file, count, and say it is ready."""
        import_id = look.import_id
        with self._db.transaction() as session:
            twice = list(roster_import_rows.duplicates_of(session, import_id))
            rows = sorted({found.sheet_row for found in twice})
            look.write_problems(
                session,
                (
                    (
                        found.sheet_row,
                        Problem("duplicate_in_file", Column(found.field)),
                        found.other_row,
                    )
                    for found in twice
                ),
            )
            roster_import_rows.drop_rows(session, import_id, rows)
            kinds = roster_import_rows.kinds_of(session, import_id)
            missing = roster_import_rows.count_missing(
                session, import_id, look.campaign_id
            )
            look.counts["bad"] += len(rows)
            counts = Counts(**{**look.counts, **kinds, "missing": missing})
            roster_imports.change_state(
                session,
                import_id,
                of=[ImportState.CHECKING],
                state=ImportState.READY,
                counts=asdict(counts),
                rows_done=look.counts["rows"],
                leased_until=None,
            )

    def understand(self, line: Line, setting: Setting) -> _Found:
        """Return what a row says, with the hashes it is looked up by."""
        row, problems = understand(line, setting)
        return _Found(line, row, problems, self._hashes(row) if row else {})

    def record(self, import_id: int, found: _Found, row: RosterRow) -> dict[str, Any]:
        """Return a good row as it is kept."""
        changes = found.changes or None
        return {
            "import_id": import_id,
            "sheet_row": found.line.number,
            "kind": found.kind,
            "flagged": found.flagged,
            "student_id": found.student.id if found.student else None,
            "station_id": row.station_id,
            "row_sealed": self._seal(_VALUES(row), "roster_row"),
            "changes_sealed": self._seal(changes, "roster_change") if changes else None,
            **{f"{k}_key": _key(v) for k, v in found.hashes.items() if k in _KEYED},
        }

    def problem(
        self, import_id: int, sheet_row: int, problem: Problem, at: int | None
    ) -> dict[str, Any]:
        """Return a problem as it is kept."""
        shown = problem.shown
        return {
            "import_id": import_id,
            "sheet_row": sheet_row,
            "column_at": at,
            "field": problem.column or "",
            "code": problem.code,
            "severity": problem.severity,
            "shown_sealed": self._vault.seal(shown, purpose="roster_problem")
            if shown
            else None,
        }

    def identity_shown(self, student: Student) -> str:
        """Return the masked identity number a student has now."""
        number = self._vault.open(student.id_number_sealed, purpose="id_number")
        return mask(Column.ID_NUMBER, number)

    def written(
        self, session: Session, import_id: int, counts: Mapping[str, int]
    ) -> None:
        """Write down how far the look is; whoever waits for it reads that."""
        roster_imports.change_state(
            session,
            import_id,
            of=[ImportState.CHECKING],
            rows_done=counts["rows"],
            leased_until=self._clock.now() + LEASE,
        )

    def _seal(self, value: object, purpose: str) -> bytes:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return self._vault.seal(text, purpose=purpose)

    def _hashes(self, row: RosterRow) -> dict[str, str | None]:
        key = self._vault.hash
        person = f"{row.id_number}/{level_key(row.level)}"
        return {
            "id_number": key(row.id_number, purpose="id_number"),
            "student_no": key(row.student_no, purpose="roster_student_no"),
            "person": key(person, purpose="roster_person"),
            "exam_no": _or_none(row.exam_no, key, "roster_exam_no"),
            "certificate": _or_none(row.certificate_no, key, "roster_certificate"),
            "code": _or_none(row.code_token, key, "code"),
        }


class _Look:
    """One pass through a file."""

    def __init__(
        self,
        checker: RosterChecker,
        db: Database,
        row: RosterImport,
        setting: Setting,
        station_names: Mapping[int, str],
    ) -> None:
        self.campaign_id = row.campaign_id
        self.import_id = row.id
        self.counts: Counter[str] = Counter()
        self._checker = checker
        self._db = db
        self._setting = setting
        self._stations = station_names
        self._kept = 0

    def at(self, lines: Sequence[Line]) -> None:
        """Look at some rows and write down what is found."""
        checker = self._checker
        found = [
            checker.understand(line, self._setting)
            for line in lines
            if self._tells_of_somebody(line)
        ]
        with self._db.transaction() as session:
            self._hold_against_roster(session, [one for one in found if one.row])
            roster_import_rows.add_rows(
                session,
                [
                    checker.record(self.import_id, one, row)
                    for one in found
                    if (row := one.good) is not None
                ],
            )
            self.write_problems(
                session,
                ((one.line.number, p, None) for one in found for p in one.problems),
            )
            self.counts["rows"] += len(found)
            self.counts["bad"] += sum(one.good is None for one in found)
            checker.written(session, self.import_id, self.counts)

    def write_problems(
        self, session: Session, problems: Iterable[tuple[int, Problem, int | None]]
    ) -> None:
        """Count problems, and keep them while somebody may still read them."""
        rows = []
        for sheet_row, problem, other_row in problems:
            error = problem.severity is Severity.ERROR
            self.counts["errors" if error else "warnings"] += 1
            if self._kept >= MOST_PROBLEMS:
                self.counts["unlisted"] += 1
                continue
            self._kept += 1
            at = self._setting.mapping.get(problem.column) if problem.column else None
            kept = self._checker.problem(self.import_id, sheet_row, problem, at)
            rows.append({**kept, "other_row": other_row})
        roster_import_rows.add_problems(session, rows)

    def _tells_of_somebody(self, line: Line) -> bool:
        """Tell a student's row from sums, remarks and signatures below the table."""
        places = [
            self._setting.mapping[column]
            for column in (Column.NAME, Column.STUDENT_NO, Column.ID_NUMBER)
        ]
        return any(at < len(line.cells) and line.cells[at].strip() for at in places)

    def _hold_against_roster(self, session: Session, found: Sequence[_Found]) -> None:
        rows = [one.row for one in found if one.row]
        students = roster_students.students_by_number(
            session, self.campaign_id, [row.student_no for row in rows]
        )
        taken = _Taken(session, self.campaign_id, found)
        for one in found:
            if one.row is None:
                continue
            one.student = students.get(one.row.student_no)
            one.problems += taken.problems(one, one.row)
            if one.student is not None:
                one.changes = self._changes(one, one.row, one.student)
                one.kind = "changed" if one.changes else "unchanged"
        whose = [
            one.student.id
            for one in found
            if one.student and one.changes.keys() & {"name", "id_number"}
        ]
        bound = roster_students.bound_among(session, whose) if whose else set()
        for one in found:
            one.flagged = one.student is not None and one.student.id in bound

    def _changes(
        self, one: _Found, row: RosterRow, student: Student
    ) -> dict[str, list[str]]:
        """Return what a row corrects; an empty cell leaves what there is."""
        changes = {}
        for name in COMPARED:
            old, new = getattr(student, name), getattr(row, name)
            if new and old != new:
                changes[name] = [self._shown(name, old), self._shown(name, new)]
        if student.id_number_hash != one.hashes["id_number"]:
            changes["id_number"] = [
                self._checker.identity_shown(student),
                mask(Column.ID_NUMBER, row.id_number),
            ]
        if row.code_token and student.code_hash is None:
            changes["code"] = ["", mask(Column.CODE, row.code_token)]
        return changes

    def _shown(self, name: str, value: str | int) -> str:
        if name == "station_id":
            return self._stations.get(int(value), "")
        return str(value)


class _Taken:
    """What other students of the roster have that no two may."""

    def __init__(
        self, session: Session, campaign_id: int, found: Sequence[_Found]
    ) -> None:
        def holders(column: Any, values: Iterable[str | None]) -> Any:
            return roster_students.holders_of_keys(
                session, campaign_id, column, [value for value in values if value]
            )

        rows = [one.row for one in found if one.row]
        self._people = holders(
            Student.id_number_hash, (one.hashes["id_number"] for one in found)
        )
        self._certificates = holders(
            Student.certificate_no, (row.certificate_no for row in rows)
        )
        self._codes = holders(Student.code_hash, (one.hashes["code"] for one in found))

    def problems(self, one: _Found, row: RosterRow) -> Iterator[Problem]:
        """Yield what forbids a row."""
        mine = one.student.id if one.student else None
        others = [
            level
            for student_id, level in self._people.get(one.hashes["id_number"], ())
            if student_id != mine
        ]
        if level_key(row.level) in map(level_key, others):
            shown = mask(Column.ID_NUMBER, row.id_number)
            yield Problem("person_on_roster", Column.ID_NUMBER, shown=shown)
        for student_id, _ in self._certificates.get(row.certificate_no, ()):
            if student_id != mine:
                shown = mask(Column.CERTIFICATE_NO, row.certificate_no)
                yield Problem("certificate_taken", Column.CERTIFICATE_NO, shown=shown)
        for student_id, _ in self._codes.get(one.hashes["code"], ()):
            if student_id != mine:
                yield Problem("code_on_roster", Column.CODE)
        code = one.hashes["code"]
        if code and one.student and one.student.code_hash not in {None, code}:
            yield Problem("code_differs", Column.CODE)


def _head(row: RosterImport, first: Sequence[Line]) -> Head:
    """Return the heading row: as somebody said, else as it is found."""
    if row.head_row is not None:
        mapping = {Column(name): at for name, at in row.mapping.items()}
        return Head(row.head_row, tuple(row.headings), mapping)
    found = find_head(first)
    if found is None:
        raise InvalidInputError("sheet_empty")
    return found


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    rest = iter(lines)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _cut(rows: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return rows as they are shown: what may be an identity number is masked."""
    return [
        [
            mask(Column.ID_NUMBER, cell)
            if _IDENTITY.fullmatch(tidy_number(cell))
            else cell[:_SAMPLE_WIDTH]
            for cell in row
        ]
        for row in rows
    ]


def _key(digest: str | None) -> int | None:
    """Return as much of a keyed hash as fits an integer: 60 bits."""
    return None if digest is None else int(digest[:15], 16)


def _or_none(text: str, key: Any, purpose: str) -> str | None:
    return key(text, purpose=purpose) if text else None
