"""A database of as many records as a bench asks for, filled by whole sets.

Neither triggers nor indexes stand in the way while it is filled; identity numbers are one
sealed value, so that opening them costs what it does.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import create_engine, make_url, text

from backend.db.base import Base
from backend.db.engine import Database
from backend.db.migrate import migrate

START: Final = datetime(2020, 1, 1, tzinfo=UTC)
_STATIONS: Final = 100
_FILLED: Final = ("students", "bindings", "submissions", "picture_checks", "records")
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
#: Every step of a photo came a day after it was handed in.
_COPY: Final = (
    "INSERT INTO records SELECT f.binding_id, f.campaign_id, f.station_id,"
    " f.graduating_year, f.level, f.class_no, f.major, f.study_form, f.name,"
    " f.student_no, f.binding_status, f.submission_id, f.status, f.verdict, f.source,"
    " f.human_review, f.quarantined, f.decided_by_id, f.submitted_at,"
    " f.submitted_at + interval '1 day' FROM record_facts f"
)


@contextmanager
def filled_database(url: str, rows: int, sealed: bytes) -> Iterator[Database]:
    """Yield a database of so many records, dropped afterwards.

    Args:
        url: of a PostgreSQL server where databases may be made and triggers put aside.
        rows: how many students, each bound and with a photo.
        sealed: the identity number of all of them.
    """
    server = create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"bizhao_bench_{secrets.token_hex(4)}"
    with server.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    address = make_url(url).set(database=name).render_as_string(hide_password=False)
    db = Database(address)
    try:
        migrate(address)
        _fill(db, rows, sealed)
        yield db
    finally:
        db.dispose()
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        server.dispose()


def _fill(db: Database, rows: int, sealed: bytes) -> None:
    values: Mapping[str, Any] = {
        "rows": rows,
        "stations": _STATIONS,
        "start": START,
        "end": START + timedelta(days=3000),
        "sealed": sealed,
    }
    tables = [Base.metadata.tables[name] for name in _FILLED]
    with db.engine.begin() as connection:
        for table in tables:
            connection.execute(text(f"ALTER TABLE {table.name} DISABLE TRIGGER ALL"))
            for index in table.indexes:
                index.drop(connection)
        for statement in _FILL.split(";"):
            asked = {k: v for k, v in values.items() if f":{k}" in statement}
            connection.execute(text(statement), asked)
        # What the records are made of is looked up by index.
        for table in tables:
            if table.name == "records":
                connection.execute(text("ANALYZE"))
                connection.execute(text(_COPY))
            for index in table.indexes:
                index.create(connection)
    autocommit = db.engine.execution_options(isolation_level="AUTOCOMMIT")
    with autocommit.connect() as connection:
        connection.execute(text("VACUUM ANALYZE"))
