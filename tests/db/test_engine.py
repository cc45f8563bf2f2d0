from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from backend.db.base import Base
from backend.db.engine import Database
from backend.db.models import BindingEvent, PrincipalRow, Station
from backend.domain.errors import InvalidInputError

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=timezone(timedelta(hours=8)))


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    made = Database(url)
    Base.metadata.create_all(made.engine)
    yield made
    made.dispose()


def _count(db: Database) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(PrincipalRow)) or 0


def _principal(at: datetime = NOW) -> PrincipalRow:
    return PrincipalRow(kind="browser", created_at=at)


def test_a_transaction_commits_as_a_whole(db: Database) -> None:
    with db.transaction() as session:
        session.add_all([_principal(), _principal()])
    assert _count(db) == 2


def test_an_error_rolls_everything_back(db: Database) -> None:
    def break_off() -> None:
        with db.transaction() as session:
            session.add(_principal())
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        break_off()
    assert _count(db) == 0


def test_instants_come_back_in_utc(db: Database) -> None:
    with db.transaction() as session:
        session.add(_principal())
    with db.reading() as session:
        at = session.scalars(select(PrincipalRow.created_at)).one()
    assert at == NOW
    assert at.tzinfo is UTC


def test_a_naive_instant_is_refused(db: Database) -> None:
    with (
        pytest.raises(StatementError, match="time zone"),
        db.transaction() as session,
    ):
        session.add(_principal(datetime(2026, 3, 10)))  # noqa: DTZ001 - the fault tested


def test_foreign_keys_are_enforced(db: Database) -> None:
    with pytest.raises(IntegrityError), db.transaction() as session:
        session.add(BindingEvent(binding_id=9, what="bound", by="student", at=NOW))


def test_a_reader_does_not_wait_for_a_writer(db: Database) -> None:
    writing, done = Event(), Event()

    def write() -> None:
        with db.transaction() as session:
            session.add(_principal())
            session.flush()
            writing.set()
            done.wait(timeout=60)

    writer = Thread(target=write)
    writer.start()
    assert writing.wait(timeout=60)
    assert _count(db) == 0
    done.set()
    writer.join()
    assert _count(db) == 1


def test_an_integer_no_column_holds_is_bad_input(db: Database) -> None:
    with pytest.raises(InvalidInputError), db.reading() as session:
        session.get(Station, 2**70)


def test_errors_do_not_carry_the_values(db: Database) -> None:
    with pytest.raises(DBAPIError) as caught, db.transaction() as session:
        session.add(
            BindingEvent(
                binding_id=9, what="bound", by="student", note="张测试", at=NOW
            )
        )
    assert "张测试" not in str(caught.value)


def test_a_check_raises_when_nothing_answers(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'no' / 'folder.sqlite3'}")
    with pytest.raises(DBAPIError):
        db.check()


def test_a_check_passes_where_a_database_answers(db: Database) -> None:
    db.check()
