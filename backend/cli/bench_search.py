"""The search of ``bizhao bench``: pages of records at 10,000 and at 1,000,000.

Both databases are filled by statements over whole sets, without the triggers that keep
the records in use; identity numbers are one sealed value, so that opening them costs
what it does. The pages are those of the service, and the two sizes are asked in turn, so
that a busy machine slows both.
"""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import create_engine, make_url, text

from backend.crypto import Vault
from backend.db.engine import Database
from backend.db.migrate import migrate
from backend.domain.query import RecordOrder
from backend.domain.report import Verdict
from backend.domain.reviews import SubmissionStatus
from backend.ports import Clock, PhotoInspector, PhotoStore
from backend.services.search import SearchService
from backend.services.staff import OPERATOR
from backend.services.types import BindingStatus, SearchFilter

SMALL: Final = 10_000
LARGE: Final = 1_000_000
_START: Final = datetime(2020, 1, 1, tzinfo=UTC)
_STATIONS: Final = 100
_NUMBER: Final = "11010519491231002X"
#: Six campaigns, one a year, each with a sixth of the students, in order of time.
#: Surnames are as uneven as real ones are.
_FILL: Final = r"""
INSERT INTO campaigns (id, name, school_name, school_code, graduating_years, opens_at,
    closes_at, policy, album_allowed, contact, notice_version, notice_text,
    retention_text, created_at) SELECT n, '样例采集 ' || n, '样例大学', '12345',
    json_build_array(2019 + n), :start, :end, 'notice-2025', true, '无', '1', '', '',
    :start FROM generate_series(1, 6) n;

INSERT INTO stations (id, code, name, address, contact) SELECT n, 'S' || n, '样例站 ' || n,
    '', '' FROM generate_series(1, :stations) n;

INSERT INTO staff (id, username, display_name, role, password_hash, created_at) SELECT
    n, 'r' || n, '审核 ' || n, 'reviewer', '', :start FROM generate_series(1, 20) n;

INSERT INTO principals (id, kind, created_at) VALUES (1, 'browser', :start);

INSERT INTO entries (id, campaign_id, station_id, token, created_at) SELECT (c - 1) *
    :stations + s, c, s, 't' || c || '-' || s, :start FROM generate_series(1, 6) c,
    generate_series(1, :stations) s;

INSERT INTO students (id, campaign_id, station_id, name, student_no, exam_no,
    certificate_no, level, major, study_form, graduating_year, class_no,
    id_number_sealed, id_number_hash, id_last6_hash, id_last4_hash, created_at) SELECT
    n, 1 + n * 6 / (:rows + 1), 1 + (random() * (:stations - 1))::int, chr(19968 + (300
    * power(random(), 3))::int) || chr(20500 + (random() * 900)::int) || chr(23000 +
    (random() * 900)::int), lpad(n::text, 12, '0'), 'K' || n, 'Z' || n,
    (ARRAY['高起专','专升本','高起本'])[1 + (random() * 2)::int], '专业' || (random() * 80)::int,
    (ARRAY['函授','业余'])[1 + (random())::int], 2020 + n * 6 / (:rows + 1), '班' || n / 40,
    :sealed, md5('i' || n), md5('l' || n), '', :start FROM generate_series(1, :rows) n;

INSERT INTO bindings (id, public_id, campaign_id, principal_id, entry_id, student_id,
    code_hash, raw_sealed, fingerprint, stated_name, stated_last6_hash, created_at,
    released_at, release_reason) SELECT n, 'b' || n, 1 + n * 6 / (:rows + 1), 1, 1 + (n
    * 6 / (:rows + 1)) * :stations, CASE WHEN n % 100 = 1 THEN NULL ELSE n END, md5('c'
    || n), '\x00', upper(substr(md5('f' || n), 1, 9)), '待', md5('l' || n), :start, CASE
    WHEN n % 50 = 2 THEN cast(:end AS timestamptz) END, '' FROM generate_series(1,
    :rows) n;

INSERT INTO submissions (id, public_id, binding_id, principal_id, source, status,
    version, sha256, original_type, file, report, verdict, policy,
    human_review_requested, return_reasons, return_note, created_at, confirmed_at,
    decided_at, decided_by_id) SELECT n, 's' || n, n, 1, CASE WHEN n % 20 = 0 THEN
    'batch' WHEN n % 10 = 1 THEN 'on_site' ELSE 'scan' END, CASE WHEN n % 1000 = 7 THEN
    'sent_back' WHEN n % 100 = 3 THEN 'returned' WHEN n > :rows * 0.97 THEN 'pending'
    ELSE 'delivered' END, 1, md5('p' || n), 'image/jpeg', '{}', '{}', CASE WHEN n % 5 =
    0 THEN 'warn' WHEN n % 40 = 1 THEN 'fail' ELSE 'pass' END, 'notice-2025', n % 40 =
    1, '[]', '', :start, :start + (n * 6.0 / :rows) * interval '365 days', :start, CASE
    WHEN n < :rows * 0.97 THEN 1 + (random() * 19)::int END FROM generate_series(1,
    :rows) n;

INSERT INTO picture_checks (id, submission_id, state, label, attempts, due_at,
    created_at) SELECT n, n * 2000, 'risky', '', 1, :start, :start FROM
    generate_series(1, :rows / 2000) n
"""
_COPY: Final = (
    "INSERT INTO records SELECT f.binding_id, f.campaign_id, f.station_id,"
    " f.graduating_year, f.level, f.class_no, f.major, f.study_form, f.name,"
    " f.student_no, f.binding_status, f.submission_id, f.status, f.verdict, f.source,"
    " f.human_review, f.quarantined, f.decided_by_id, f.submitted_at,"
    " f.submitted_at + interval '1 day' FROM record_facts f"
)
_FILLED: Final = ("students", "bindings", "submissions", "picture_checks")


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of question; ``wanted`` is asked of both sizes."""

    name: str
    wanted: Callable[[int], SearchFilter]
    order: RecordOrder = RecordOrder.CHANGED
    last: bool = False


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds a page of one question at both sizes."""

    shape: str
    small: list[float] = field(default_factory=list)
    large: list[float] = field(default_factory=list)

    @property
    def p95s(self) -> tuple[float, float]:
        """Of the small and of the large database."""
        return _p95(self.small), _p95(self.large)

    @property
    def ratio(self) -> float:
        """How many times slower the large one answers, at p95."""
        small, large = self.p95s
        return large / small

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of a table."""
        small, large = self.p95s
        medians = statistics.median(self.small), statistics.median(self.large)
        return (
            self.shape,
            *(f"{value:.1f} ms" for value in (medians[0], small, medians[1], large)),
            f"{self.ratio:.2f}x",
        )


COLUMNS: Final = (
    "search",
    f"p50 at {SMALL:,}",
    f"p95 at {SMALL:,}",
    f"p50 at {LARGE:,}",
    f"p95 at {LARGE:,}",
    "p95 ratio",
)


def run(
    url: str, *, small: int = SMALL, large: int = LARGE, rounds: int = 20
) -> Iterator[Timing]:
    """Fill two databases on a PostgreSQL server and time every shape on both.

    Args:
        url: of a server where databases may be made and triggers put aside.
        small: records of the one.
        large: records of the other.
        rounds: pages of each shape, from different places.
    """
    with _filled(url, small) as first, _filled(url, large) as second:
        for shape in SHAPES:
            timing = Timing(shape.name)
            for number in range(rounds + 1):
                times = (
                    _ask(first, shape, number, small),
                    _ask(second, shape, number, large),
                )
                # The first answer also fills caches.
                if number:
                    timing.small.append(times[0])
                    timing.large.append(times[1])
            yield timing


def _ask(search: SearchService, shape: Shape, number: int, rows: int) -> float:
    wanted = shape.wanted(1 + number * 7919 % rows)
    descending = shape.order.latest_first
    # The last page, or one somewhere in the middle: offsets would show there.
    cursor = "z" if shape.last else f"a{1 + number * 104_729 % rows}"
    begun = time.perf_counter()
    search.page(
        OPERATOR, wanted, cursor=cursor, order=shape.order, descending=descending
    )
    return (time.perf_counter() - begun) * 1000


def _filters() -> Iterator[tuple[str, Callable[[int], SearchFilter]]]:
    """Yield each filter of the page by itself, and some together."""
    plain: dict[str, dict[str, Any]] = {
        "all": {},
        "campaign": {"campaign_id": 3},
        "station": {"station_id": 7},
        "campaign + station": {"campaign_id": 3, "station_id": 7},
        "year": {"graduating_year": 2021},
        "level": {"level": "高起专"},
        "major": {"major": "专业17"},
        "study form": {"study_form": "业余"},
        "sent back": {"status": SubmissionStatus.SENT_BACK},
        "returned": {"status": SubmissionStatus.RETURNED},
        "pending": {"status": SubmissionStatus.PENDING},
        "no such status": {"status": SubmissionStatus.ACCEPTED},
        "waiting": {"binding_status": BindingStatus.WAITING},
        "released": {"binding_status": BindingStatus.RELEASED},
        "verdict": {"verdict": Verdict.FAIL},
        "source": {"source": "batch"},
        "human review": {"human_review": True},
        "quarantined": {"quarantined": True},
        "decided by": {"decided_by_id": 4},
        "one week": {
            "submitted_from": _START + timedelta(days=900),
            "submitted_before": _START + timedelta(days=907),
        },
        "station + returned + level": {
            "station_id": 7,
            "status": SubmissionStatus.RETURNED,
            "level": "高起专",
        },
    }
    for name, values in plain.items():
        yield name, _always(SearchFilter(**values))
    yield "class", lambda n: SearchFilter(class_no=f"班{n // 40}")
    yield "surname", _always(SearchFilter(text="丁"))


def _texts() -> Iterator[tuple[str, Callable[[int], SearchFilter]]]:
    yield (
        "name",
        lambda n: SearchFilter(text=f"{chr(19968 + n % 300)}{chr(20500 + n % 900)}"),
    )
    yield "学号", lambda n: SearchFilter(text=f"{n:0>12}")
    yield "考生号", lambda n: SearchFilter(text=f"K{n}")
    yield "身份证号", _always(SearchFilter(text=_NUMBER))
    yield "last six", _always(SearchFilter(text=_NUMBER[-6:]))
    yield "采集码", lambda n: SearchFilter(text=f"sample token {n}")
    yield "码印", _always(SearchFilter(text="7Q4M-0XKD"))


def _always(wanted: SearchFilter) -> Callable[[int], SearchFilter]:
    return lambda _: wanted


SHAPES: Final = (
    *(
        Shape(
            f"{name}, by {order.value}{', last page' if last else ''}", ask, order, last
        )
        for name, ask in _filters()
        for order in RecordOrder
        for last in (False, True)
    ),
    *(Shape(f"text: {name}", ask) for name, ask in _texts()),
)


@contextmanager
def _filled(url: str, rows: int) -> Iterator[SearchService]:
    """Yield the search on a database of so many records, dropped afterwards."""
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"bizhao_bench_{secrets.token_hex(4)}"
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    address = make_url(url).set(database=name).render_as_string(hide_password=False)
    db = Database(address)
    vault = Vault(keys={"k": secrets.token_bytes(32)}, current="k", hash_key=b"bench")
    try:
        migrate(address)
        _fill(db, rows, vault.seal(_NUMBER, purpose="id_number"))
        yield SearchService(
            db=db,
            vault=vault,
            clock=cast("Clock", None),
            store=cast("PhotoStore", None),
            inspector=cast("PhotoInspector", None),
        )
    finally:
        db.dispose()
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        server.dispose()


def _fill(db: Database, rows: int, sealed: bytes) -> None:
    values: Mapping[str, Any] = {
        "rows": rows,
        "stations": _STATIONS,
        "start": _START,
        "end": _START + timedelta(days=3000),
        "sealed": sealed,
    }
    with db.engine.begin() as connection:
        for table in _FILLED:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        for statement in _FILL.split(";"):
            asked = {k: v for k, v in values.items() if f":{k}" in statement}
            connection.execute(text(statement), asked)
        connection.execute(text("ANALYZE"))
        connection.execute(text(_COPY))
    with db.engine.connect().execution_options(
        isolation_level="AUTOCOMMIT"
    ) as connection:
        connection.execute(text("VACUUM ANALYZE"))


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20, method="inclusive")[-1]
