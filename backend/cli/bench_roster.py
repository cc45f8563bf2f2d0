"""How fast a roster is taken in, and how much memory grows with it.

Each database in a process of its own, so that no peak hides another: a sheet of invented
people is written, an import of a thousand rows warms up, then the large one is timed.
"""

from __future__ import annotations

import io
import resource
import secrets
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import click

from backend import policies
from backend.app import SystemClock
from backend.cli.bench_rows import Family, Options, Row
from backend.crypto import Vault
from backend.db.engine import Database
from backend.db.migrate import migrate
from backend.db.scratch import scratch_database
from backend.domain.identity import check_character
from backend.jobs.inline import InlineJobs
from backend.services.roster import NewCampaign, RosterService
from backend.services.roster_imports import RosterImportService
from backend.services.roster_types import ImportState
from backend.services.staff import OPERATOR
from backend.services.stations import StationService
from backend.sheets.write import Column, write_xlsx

_HEADINGS: Final = (
    "函授站", "姓名", "学号", "身份证号", "性别", "出生日期", "层次", "专业名称",
    "学习形式", "班级", "毕业届", "考生号", "证书编号", "备注",
)  # fmt: skip
_STATIONS: Final = 20
_WARM: Final = 1000
_KB: Final = 1024


@dataclass(frozen=True, slots=True)
class Timing:
    """What one import took; seconds and megabytes."""

    rows: int
    check: float
    apply: float
    growth: float


def roster_rows(options: Options) -> Iterator[Row]:
    """Reading, checking, sealing and storing a roster of fourteen columns."""
    kinds: list[tuple[str, str | None]] = [("SQLite", None)]
    if options.postgresql:
        kinds.append(("PostgreSQL", options.postgresql))
    for name, server in kinds:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            timing = pool.submit(measure, server, options.roster_rows).result()
        yield _row(name, timing)


FAMILY: Final = Family(
    "roster",
    ("database", "rows", "looked through", "written", "rows/s", "memory"),
    roster_rows,
)


def measure(server: str | None, rows: int) -> Timing:
    """Import a roster into a fresh database; return what it took."""
    with tempfile.TemporaryDirectory() as folder, _database(server, folder) as url:
        migrate(url)
        db = Database(url)
        try:
            return _measure(db, rows)
        finally:
            db.dispose()


def _measure(db: Database, rows: int) -> Timing:
    vault = Vault(
        keys={"bench": secrets.token_bytes(32)},
        current="bench",
        hash_key=secrets.token_bytes(32),
    )
    clock = SystemClock()
    imports = RosterImportService(db=db, clock=clock, vault=vault, jobs=InlineJobs())
    campaign = _campaign(db, vault, clock)
    warm, sheet = _sheet(0, _WARM), _sheet(_WARM, rows)
    _import(imports, campaign, warm)
    db.analyse()
    before = _peak()
    started = time.perf_counter()
    made = imports.upload(OPERATOR, campaign, sheet, "bench.xlsx", at_once=True)
    checked = time.perf_counter()
    done = imports.apply(OPERATOR, made.id, good_rows_only=False, at_once=True)
    finished = time.perf_counter()
    if done.state is not ImportState.APPLIED or done.counts.new != rows:
        raise click.ClickException(f"the import stopped: {done.error_code}")
    return Timing(rows, checked - started, finished - checked, _peak() - before)


def _import(imports: RosterImportService, campaign: int, sheet: io.BytesIO) -> None:
    made = imports.upload(OPERATOR, campaign, sheet, "warm.xlsx", at_once=True)
    imports.apply(OPERATOR, made.id, good_rows_only=False, at_once=True)


def _campaign(db: Database, vault: Vault, clock: SystemClock) -> int:
    stations = StationService(db=db, clock=clock, public_url="http://localhost")
    for n in range(_STATIONS):
        stations.create(
            OPERATOR, code=f"B{n:02d}", name=f"样例第{n}站", address="无", contact="无"
        )
    now = datetime.now(UTC)
    new = NewCampaign(
        name="样例",
        school_name="样例大学",
        school_code=None,
        graduating_years=(2026,),
        opens_at=now,
        closes_at=now + timedelta(days=1),
        policy="notice-2025",
        album_allowed=True,
        contact="无",
        notice_version="1",
        notice_text="无",
        retention_text="无",
    )
    roster = RosterService(
        db=db,
        clock=clock,
        vault=vault,
        policies={new.policy: policies.load(new.policy)},
    )
    return roster.create_campaign(OPERATOR, new).id


def _sheet(first: int, count: int) -> io.BytesIO:
    """Return a sheet of invented people; 999999 is no region, so they are nobody."""
    out = io.BytesIO()
    columns = [Column(heading) for heading in _HEADINGS]
    write_xlsx(out, columns, (_person(first + n) for n in range(count)))
    out.seek(0)
    return out


def _person(n: int) -> list[str]:
    born = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=n // 500)
    first17 = f"999999{born:%Y%m%d}{n % 500 * 2:03d}"
    return [
        f"B{n % _STATIONS:02d}",
        "样例" + "甲乙丙丁戊己庚辛壬癸"[n % 10],
        f"2023{n:08d}",
        first17 + check_character(first17),
        "女",
        f"{born:%Y%m%d}",
        "专升本",
        "会计学",
        "函授",
        f"样例{n % 300}班",
        "2026",
        f"26{n:012d}",
        f"9999952026050{n:05d}" if n < 10**5 else "",
        "",
    ]


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _KB


@contextmanager
def _database(server: str | None, folder: str) -> Iterator[str]:
    if server is None:
        yield f"sqlite:///{Path(folder) / 'bench.sqlite3'}"
        return
    with scratch_database(server) as url:
        yield url


def _row(name: str, timing: Timing) -> Row:
    rate = timing.rows / (timing.check + timing.apply)
    cells = (
        name,
        f"{timing.rows}",
        f"{timing.check:.1f} s",
        f"{timing.apply:.1f} s",
        f"{rate:.0f}",
        f"+{timing.growth:.0f} MB",
    )
    line = (
        f"roster {name}: {cells[1]} rows, looked through in {cells[2]}, written in "
        f"{cells[3]}, {cells[4]} rows/s, memory {cells[5]}"
    )
    return Row(line, cells)
