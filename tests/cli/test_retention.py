"""``bizhao purge`` and ``bizhao rotate-keys`` on an installation of their own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from backend.app import make_adapters, make_services
from backend.cli import main
from backend.services.roster import NewCampaign, NewStudent
from backend.services.staff import OPERATOR
from backend.settings import new_key, read_settings
from tests.databases import migrated_sqlite
from tests.factories import SCHOOL_CODE, SCHOOL_NAME, make_student


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments), catch_exceptions=False)


@pytest.fixture
def keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An installation with a campaign that closed three years ago; its data keys."""
    monkeypatch.chdir(tmp_path)
    keys = f"k1:{new_key()}"
    for name, value in {
        "DATABASE_URL": migrated_sqlite(tmp_path / "closed.sqlite3"),
        "PHOTO_ROOT": str(tmp_path / "photos"),
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "DATA_KEYS": keys,
        "HASH_KEY": new_key(),
    }.items():
        monkeypatch.setenv(f"BIZHAO_{name}", value)
    settings = read_settings()
    services = make_services(settings, make_adapters(settings))
    closed = datetime.now(UTC) - timedelta(days=3 * 365)
    campaign = services.roster.create_campaign(
        OPERATOR,
        NewCampaign(
            name="2023届样例采集",
            school_name=SCHOOL_NAME,
            school_code=SCHOOL_CODE,
            graduating_years=(2023,),
            opens_at=closed - timedelta(days=30),
            closes_at=closed,
            policy="notice-2025",
            album_allowed=True,
            contact="王老师",
            notice_version="1",
            notice_text="告知",
            retention_text="",
        ),
    )
    services.stations.create(
        OPERATOR, code="CS01", name="样例站", address="示范路", contact="李老师"
    )
    person = make_student(0)
    services.roster.add_students(
        OPERATOR,
        campaign.id,
        [
            NewStudent(
                station_code="CS01",
                name=person.name,
                student_no=person.student_no,
                id_number=person.id_number,
                level=person.level,
                major="保险学",
                graduating_year=2023,
            )
        ],
    )
    return keys


def test_a_dry_run_tells_and_a_run_deletes(keys: str) -> None:
    assert keys
    for _ in range(2):
        told = run("purge", "--dry-run")
        assert told.exit_code == 0, told.output
        assert "2023届样例采集" in told.output
        line = next(x for x in told.output.splitlines() if "identities" in x)
        assert line.split()[1] == "due"
        assert line.endswith(" 1 rows")
    assert run("purge").output.endswith("1 rows and files deleted\n")
    assert run("purge").output.endswith("\n0 rows and files deleted\n")
    assert "whole: " in run("verify-audit").output


def test_keys_are_rotated_until_nothing_is_left(
    keys: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = f"k2:{new_key()}"
    monkeypatch.setenv("BIZHAO_DATA_KEYS", newer)
    alone = run("rotate-keys")
    assert alone.exit_code == 1
    assert "1 cannot be read" in alone.output
    monkeypatch.setenv("BIZHAO_DATA_KEYS", f"{newer},{keys}")
    assert "1 wait" in run("rotate-keys", "--dry-run").output
    assert "older keys may go" in run("rotate-keys").output
    assert "1 wait" not in run("rotate-keys", "--dry-run").output
