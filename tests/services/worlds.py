"""A small invented school on a real database, copied from one that is filled once."""

from __future__ import annotations

import functools
import io
import secrets
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from PIL import Image
from pydantic import SecretStr
from sqlalchemy import URL, Engine, create_engine, make_url, select, text

from backend.app import Adapters, make_services
from backend.crypto import Vault, new_public_id
from backend.db.base import Base
from backend.db.engine import Database
from backend.db.migrate import migrate
from backend.db.models import CodeReadingRow, Consent, PrincipalRow, Student
from backend.domain.backgrounds import BackgroundState
from backend.domain.errors import DomainError
from backend.domain.report import Background, Verdict
from backend.domain.wechat import MessageKind
from backend.imaging.code_reader import QrCodeReader
from backend.jobs.inline import InlineJobs
from backend.ports import PhotoInspector
from backend.services import Services
from backend.services.roster import NewCampaign, NewStudent
from backend.services.sessions import PURPOSES
from backend.services.staff import OPERATOR
from backend.services.types import (
    BindingView,
    CodeReading,
    Principal,
    PrincipalKind,
    Role,
    StaffUser,
    SubmissionView,
)
from backend.settings import (
    Settings,
    WeChatAccount,
    WeChatTemplate,
    new_key,
    read_settings,
)
from backend.storage.local import LocalPhotoStore
from tests import postgresql
from tests.factories import SCHOOL_CODE, SCHOOL_NAME, InventedStudent, make_student
from tests.fakes import CannedInspector, FixedClock, SaidByWeChat, cheap_passwords

PASSWORD: Final = "an invented passphrase"
ADDRESS: Final = "203.0.113.9"
#: Students 0 to 7 are on the roster; even ones at CS01, odd ones at ZZ02.
ON_ROSTER: Final = 8
_DATA_KEY, _HASH_KEY = new_key(), new_key()
_PASSWORDS: Final = cheap_passwords()

#: The same for both accounts; where WeChat itself stands, a fake does.
TEMPLATES: Final = {
    kind: WeChatTemplate(
        id=f"template-of-{kind}", fields={"thing1": "school", "thing2": "advice"}
    )
    for kind in MessageKind
}

T = TypeVar("T")


@dataclass(frozen=True)
class Template:
    """A filled database that tests copy."""

    kind: str
    source: str
    campaign: int
    stations: dict[str, int]
    entries: dict[str, str]
    staff: dict[str, StaffUser]
    rows: dict[str, list[dict[str, Any]]] = field(repr=False)


@dataclass
class World:
    """The services on a fresh database, and what is in it."""

    services: Services
    adapters: Adapters
    settings: Settings
    clock: FixedClock
    inspector: CannedInspector
    wechat: SaidByWeChat
    campaign: int
    stations: dict[str, int]
    entries: dict[str, str]
    staff: dict[str, StaffUser]
    _photos: int = field(default=0)

    @property
    def db(self) -> Database:
        return self.adapters.db

    @property
    def entry(self) -> str:
        return self.entries["CS01"]

    def inspected_by(self, inspector: PhotoInspector) -> Services:
        """Return the services with another inspector."""
        return make_services(self.settings, replace(self.adapters, inspector=inspector))

    def principal(self, *, entry: str | None = None, consent: bool = True) -> Principal:
        """Return a new principal, who consented unless told otherwise."""
        who = self.services.sessions.start().session.principal
        if consent:
            self.services.consents.record(
                who,
                entry or self.entry,
                portrait=True,
                identity_number=True,
            )
        return who

    def readings(self, payloads: list[str]) -> list[tuple[Principal, str]]:
        """Return a consenting principal with a reading for each payload, in one go."""
        now = self.clock.now()
        people = [PrincipalRow(kind="browser", created_at=now) for _ in payloads]
        with self.db.transaction() as session:
            session.add_all(people)
            session.flush()
            session.add_all(
                Consent(
                    principal_id=row.id,
                    campaign_id=self.campaign,
                    purpose=purpose,
                    notice_version="1",
                    channel="browser",
                    given_at=now,
                )
                for row in people
                for purpose in PURPOSES
            )
            kept = [
                CodeReadingRow(
                    public_id=new_public_id(),
                    principal_id=row.id,
                    campaign_id=self.campaign,
                    raw_sealed=self.adapters.vault.seal(payload, purpose="code"),
                    source="pasted",
                    created_at=now,
                    expires_at=now + timedelta(hours=1),
                )
                for row, payload in zip(people, payloads, strict=True)
            ]
            session.add_all(kept)
        return [
            (Principal(row.principal_id, PrincipalKind.BROWSER), row.public_id)
            for row in kept
        ]

    def read(
        self, who: Principal, payload: str, *, entry: str | None = None
    ) -> CodeReading:
        """Paste a code."""
        return self.services.codes.read_text(
            who, entry or self.entry, payload, address=ADDRESS
        )

    def bind(
        self,
        who: Principal,
        student: InventedStudent,
        *,
        payload: str | None = None,
        last6: str | None = None,
        name: str | None = None,
        entry: str | None = None,
        address: str = ADDRESS,
    ) -> BindingView:
        """Paste the student's code, or another, and bind it."""
        reading = self.read(who, payload or student.payload, entry=entry)
        return self.services.bindings.bind(
            who,
            entry or self.entry,
            reading_id=reading.public_id,
            id_last6=last6 or student.id_number[-6:],
            name=name,
            address=address,
        )

    def bound(self, n: int) -> tuple[Principal, BindingView]:
        """Return a new principal who has bound the n-th student."""
        who = self.principal()
        return who, self.bind(who, make_student(n))

    def photo(self) -> bytes:
        """Return other bytes each time."""
        self._photos += 1
        return f"photo {self._photos}".encode()

    def submit(self, who: Principal, binding: BindingView) -> SubmissionView:
        """Upload another photo."""
        return self.services.submissions.submit(
            who, binding.public_id, self.photo(), filename="me.jpg"
        )

    def pending(
        self, n: int, verdict: Verdict = Verdict.PASS
    ) -> tuple[Principal, BindingView, SubmissionView]:
        """Bind the n-th student and hand a photo in."""
        who, binding = self.bound(n)
        self.inspector.verdict = verdict
        draft = self.submit(who, binding)
        return who, binding, self.hand_in(who, draft)

    def hand_in(self, who: Principal, draft: SubmissionView) -> SubmissionView:
        """Hand a draft in, with the background it is to have."""
        service = self.services.submissions
        if draft.background is BackgroundState.DUE:
            draft = self.services.backgrounds.change(who, draft.public_id)
        shown = draft.report.background
        if draft.report.verdict is Verdict.FAIL:
            return service.request_review(who, draft.public_id, background=shown)
        return service.confirm(who, draft.public_id, background=shown)

    def replace_backgrounds(self, background: Background = Background.STANDARD) -> None:
        """Have the campaign replace the background of what comes from now on, or not."""
        changed = new_campaign(self, background=background)
        self.services.campaigns.update(OPERATOR, self.campaign, changed)

    def add_student(self, student: InventedStudent, **changes: object) -> None:
        """Put one more student on the roster."""
        new = replace(new_student(student, "CS01"), **changes)  # type: ignore[arg-type] # any of its fields
        self.services.roster.add_students(OPERATOR, self.campaign, [new])

    def enrol(self, student: InventedStudent, station: str) -> None:
        """Enrol a student of the roster at another station."""
        with self.db.transaction() as session:
            row = session.scalars(
                select(Student).where(Student.student_no == student.student_no)
            ).one()
            row.station_id = self.stations[station]


class Templates:
    """Makes one filled database of a kind, once; PostgreSQL's is dropped at the end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, Template] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if "postgresql" in self._made:
            drop_database(make_url(self._made["postgresql"].source))

    def get(self, kind: str) -> Template:
        """Return the filled database."""
        if kind not in self._made:
            url = (
                f"sqlite:///{self._folder / 'template.sqlite3'}"
                if kind == "sqlite"
                else make_database().render_as_string(hide_password=False)
            )
            migrate(url)
            self._made[kind] = _fill(kind, url, self._folder)
        return self._made[kind]


@functools.cache
def _server() -> Engine:
    url = postgresql.server_url()
    assert url is not None
    return create_engine(url, isolation_level="AUTOCOMMIT")


def make_database() -> URL:
    """Create an empty PostgreSQL database and return its address."""
    name = f"bizhao_test_{secrets.token_hex(6)}"
    with _server().connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
        # What a power cut would do is not tested here.
        connection.execute(
            text(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        )
    return _server().url.set(database=name)


def drop_database(url: URL) -> None:
    """Drop a database that :func:`make_database` made."""
    with _server().connect() as connection:
        connection.execute(
            text(f'DROP DATABASE IF EXISTS "{url.database}" WITH (FORCE)')
        )


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the address of an empty database of a kind."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'fresh.sqlite3'}"
        return
    url = make_database()
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        drop_database(url)


@contextmanager
def open_world(template: Template, folder: Path) -> Iterator[World]:
    """Yield the services on a filled database as if nothing had happened in it yet.

    A file is copied. PostgreSQL waits for a checkpoint before it drops a database, so
    there the rows are put back instead.
    """
    url = template.source
    if template.kind == "sqlite":
        url = f"sqlite:///{folder / 'school.sqlite3'}"
        shutil.copy(str(make_url(template.source).database), folder / "school.sqlite3")
    world = _open(url, folder)
    if template.kind != "sqlite":
        _put_back(world.db, template.rows)
    world.campaign, world.staff = template.campaign, dict(template.staff)
    world.stations, world.entries = dict(template.stations), dict(template.entries)
    try:
        yield world
    finally:
        world.db.dispose()


def _put_back(db: Database, rows: dict[str, list[dict[str, Any]]]) -> None:
    tables = Base.metadata.sorted_tables
    with db.engine.begin() as connection:
        # All in one go: most tables are empty, and asking is what takes time.
        emptied = [str(table.delete()) for table in reversed(tables)]
        connection.exec_driver_sql(";".join(emptied))
        for table in tables:
            if rows[table.name]:
                connection.execute(table.insert(), rows[table.name])


def _all_rows(db: Database) -> dict[str, list[dict[str, Any]]]:
    with db.engine.connect() as connection:
        return {
            table.name: [
                dict(row) for row in connection.execute(table.select()).mappings()
            ]
            for table in Base.metadata.sorted_tables
        }


def _open(url: str, folder: Path) -> World:
    settings = read_settings(
        database_url=url,
        photo_root=folder / "photos",
        public_url="https://photos.example.edu",
        data_keys=f"k1:{_DATA_KEY}",
        hash_key=_HASH_KEY,
        mini_program=WeChatAccount(
            app_id="wx" + "0" * 16, secret=SecretStr("none"), templates=TEMPLATES
        ),
        service_account=WeChatAccount(
            app_id="wx" + "1" * 16, secret=SecretStr("none"), templates=TEMPLATES
        ),
        content_check=True,
    )
    clock, inspector, wechat = FixedClock(), CannedInspector(), SaidByWeChat()
    adapters = Adapters(
        db=Database(url),
        vault=Vault(keys=settings.keys, current="k1", hash_key=settings.hash_key_bytes),
        store=LocalPhotoStore(settings.photo_root),
        inspector=inspector,
        reader=QrCodeReader(),
        clock=clock,
        passwords=_PASSWORDS,
        wechat=wechat,
        jobs=InlineJobs(),
    )
    services = make_services(settings, adapters)
    return World(services, adapters, settings, clock, inspector, wechat, 0, {}, {}, {})


def _fill(kind: str, url: str, folder: Path) -> Template:
    world = _open(url, folder)
    services = world.services
    campaign = services.roster.create_campaign(OPERATOR, new_campaign(world)).id
    stations, entries = {}, {}
    for code, name in (("CS01", "长沙样例函授站"), ("ZZ02", "株洲示范函授站")):
        station = services.stations.create(
            OPERATOR, code=code, name=name, address="示范路 1 号", contact="李老师"
        )
        stations[code] = station.id
        entry = services.stations.create_entry(OPERATOR, campaign, station.id)
        entries[code] = entry.token
    services.roster.add_students(
        OPERATOR,
        campaign,
        [
            new_student(make_student(n), "ZZ02" if n % 2 else "CS01")
            for n in range(ON_ROSTER)
        ],
    )
    staff = {
        name: services.staff.add(
            OPERATOR,
            username=name,
            display_name=f"{name} 老师",
            role=role,
            station_id=stations.get(at),
            password=PASSWORD,
        )
        for name, role, at in (
            ("admin", Role.ADMIN, ""),
            ("reviewer", Role.REVIEWER, ""),
            ("cs01", Role.STATION, "CS01"),
            ("zz02", Role.STATION, "ZZ02"),
        )
    }
    rows = _all_rows(world.db)
    # Closing the last connection lets the database be copied as it is.
    world.db.dispose()
    return Template(kind, url, campaign, stations, entries, staff, rows)


def new_campaign(world: World, **changes: object) -> NewCampaign:
    """Return a campaign that is open now for a month."""
    new = NewCampaign(
        name="2026届样例采集",
        school_name=SCHOOL_NAME,
        school_code=SCHOOL_CODE,
        graduating_years=(2026,),
        opens_at=world.clock.now() - timedelta(days=1),
        closes_at=world.clock.now() + timedelta(days=30),
        policy="notice-2025",
        album_allowed=True,
        contact="王老师",
        notice_version="1",
        notice_text="告知",
        retention_text="毕业后一年删除",
    )
    return replace(new, **changes)  # type: ignore[arg-type] # any of its fields


def new_student(student: InventedStudent, station: str) -> NewStudent:
    """Return the roster row of an invented student."""
    return NewStudent(
        station_code=station,
        name=student.name,
        student_no=student.student_no,
        id_number=student.id_number,
        level=student.level,
        major="保险学",
        graduating_year=2026,
        class_no=student.class_no,
    )


def at_once(
    tasks: list[Callable[[], T]], *, threads: int = 16
) -> list[T | DomainError]:
    """Run tasks in threads that start together; a refusal is an answer too."""
    started = Barrier(min(threads, len(tasks)))

    def run(number: int) -> T | DomainError:
        if number < started.parties:
            started.wait(timeout=60)
        try:
            return tasks[number]()
        except DomainError as error:
            return error

    with ThreadPoolExecutor(max_workers=started.parties) as pool:
        return list(pool.map(run, range(len(tasks))))


def picture(colour: tuple[int, int, int] = (90, 120, 150)) -> bytes:
    """Return a small real JPEG."""
    out = io.BytesIO()
    Image.new("RGB", (48, 64), colour).save(out, "JPEG")
    return out.getvalue()
