from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import MetaData, inspect, select

from backend.db import migrate
from backend.db.base import Base
from backend.db.engine import Database
from backend.db.wechat_models import BindingHolder


def _tables(url: str) -> set[str]:
    db = Database(url)
    try:
        return set(inspect(db.engine).get_table_names()) - {"alembic_version"}
    finally:
        db.dispose()


def test_migrations_go_up_down_and_up_again(url: str) -> None:
    migrate.migrate(url)
    # Whole only now: the migrations import every module that has tables.
    every = set(Base.metadata.tables)
    assert _tables(url) == every
    # Raises when the models say something else than the migrations did.
    command.check(migrate.alembic_config(url))
    command.downgrade(migrate.alembic_config(url), "base")
    assert _tables(url) == set()
    migrate.migrate(url)
    migrate.migrate(url)
    assert _tables(url) == every


def _bind(db: Database, at: datetime) -> tuple[int, int]:
    """Insert a binding into the tables as they are; return its and its principal's id."""
    known = MetaData()
    known.reflect(bind=db.engine)

    def add(table: str, **values: object) -> int:
        with db.engine.begin() as connection:
            done = connection.execute(known.tables[table].insert().values(values))
        key = done.inserted_primary_key
        assert key is not None
        return int(key[0])

    campaign = add(
        "campaigns",
        name="样例采集",
        school_name="样例大学",
        graduating_years=[2026],
        opens_at=at,
        closes_at=at + timedelta(days=1),
        policy="notice-2025",
        album_allowed=True,
        contact="李老师",
        notice_version="1",
        notice_text="告知",
        retention_text="到期删除",
        created_at=at,
    )
    station = add(
        "stations", code="CS01", name="样例站", address="示范路", contact="无"
    )
    who = add("principals", kind="browser", created_at=at)
    entry = add(
        "entries", campaign_id=campaign, station_id=station, token="t", created_at=at
    )
    binding = add(
        "bindings",
        public_id="b",
        campaign_id=campaign,
        principal_id=who,
        entry_id=entry,
        code_hash="0" * 64,
        raw_sealed=b"",
        fingerprint="f",
        stated_name="",
        stated_last6_hash="0" * 64,
        created_at=at,
        release_reason="",
    )
    return binding, who


def test_who_bound_before_there_were_holders_holds_the_binding(url: str) -> None:
    migrate.migrate(url, "0001")
    at = datetime(2026, 3, 10, tzinfo=UTC)
    db = Database(url)
    try:
        binding, who = _bind(db, at)
        migrate.migrate(url)
        with db.reading() as session:
            rows = session.scalars(select(BindingHolder)).all()
    finally:
        db.dispose()
    found = [(r.binding_id, r.principal_id, r.kind, r.joined_at) for r in rows]
    assert found == [(binding, who, "browser", at)]


def test_a_database_is_current_after_migrating_and_not_before(url: str) -> None:
    db = Database(url)
    assert not migrate.is_current(db, url)
    migrate.migrate(url)
    assert migrate.is_current(db, url)
    db.dispose()


def test_the_scripts_are_found_beside_or_inside_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (migrate.migrations_folder() / "env.py").is_file()
    monkeypatch.setattr(migrate, "_BACKEND", tmp_path)
    (tmp_path / "migrations").mkdir()
    assert migrate.migrations_folder() == tmp_path / "migrations"
