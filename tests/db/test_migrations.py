from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import insert, inspect, select
from sqlalchemy.orm import Session

from backend.db import migrate
from backend.db.base import Base
from backend.db.engine import Database
from backend.db.models import Binding, Campaign, Entry, PrincipalRow, Station
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


def _bind(session: Session, at: datetime) -> tuple[int, int]:
    """Insert a binding as the first tables had it; return its and its principal's id."""
    campaign = Campaign(
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
    station = Station(code="CS01", name="样例站", address="示范路", contact="无")
    session.add_all([campaign, station])
    session.flush()
    # Principals had fewer columns then.
    who = session.execute(
        insert(Base.metadata.tables["principals"])
        .values(kind="browser", created_at=at)
        .returning(PrincipalRow.id)
    ).scalar_one()
    entry = Entry(
        campaign_id=campaign.id, station_id=station.id, token="t", created_at=at
    )
    session.add(entry)
    session.flush()
    binding = Binding(
        public_id="b",
        campaign_id=campaign.id,
        principal_id=who,
        entry_id=entry.id,
        code_hash="0" * 64,
        raw_sealed=b"",
        fingerprint="f",
        stated_last6_hash="0" * 64,
        created_at=at,
    )
    session.add(binding)
    session.flush()
    return binding.id, who


def test_who_bound_before_there_were_holders_holds_the_binding(url: str) -> None:
    migrate.migrate(url, "0001")
    at = datetime(2026, 3, 10, tzinfo=UTC)
    db = Database(url)
    try:
        with db.transaction() as session:
            binding, who = _bind(session, at)
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
