"""A small school for the console's tests: the real application on a SQLite file.

Only the photo inspector is canned: what the console shows does not depend on how a
portrait was measured, and measuring takes longer than all of these tests together.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import io
import re
import shutil
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from apiflask import APIFlask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from backend.app import Adapters, make_services
from backend.crypto import Vault
from backend.db.engine import Database
from backend.db.models import Campaign
from backend.domain.backgrounds import BackgroundState
from backend.domain.codes import parse_collection_code
from backend.domain.errors import UnavailableError
from backend.domain.measurements import Measurements
from backend.domain.photo import FileFacts
from backend.domain.policy import Policy
from backend.domain.report import (
    Background,
    Box,
    Finding,
    PortraitFacts,
    Report,
    Status,
    Verdict,
)
from backend.imaging.code_reader import QrCodeReader
from backend.imaging.sample_card import draw_sample_card
from backend.jobs.inline import InlineJobs
from backend.logs import configure_logs
from backend.ports import PhotoInspector, WeChatGateway
from backend.services import Services
from backend.services.roster import NewCampaign, NewStudent
from backend.services.staff import OPERATOR
from backend.services.types import BindingView, Role, SessionInfo, SubmissionView
from backend.settings import new_key, read_settings
from backend.storage.local import LocalPhotoStore
from backend.web.auth import STAFF_COOKIE
from backend.web.context import WebContext
from tests.apps import web_app
from tests.databases import migrated_sqlite
from tests.domain.judging import good
from tests.factories import SCHOOL_CODE, SCHOOL_NAME, make_student
from tests.fakes import (
    CannedPortrayal,
    Replacing,
    SaidByWeChat,
    cheap_passwords,
    with_refusal,
)

PASSWORD: Final = "correct horse battery staple"
START: Final = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
ADDRESS: Final = "203.0.113.9"
HUMAN_RULE: Final = "jewellery"
STANDARD_COLOUR: Final = (100, 197, 255)
NECK: Final = Box(10, 40, 28, 20)
EARS: Final = Box(6, 10, 36, 12)
_FILE: Final = "school.sqlite3"
_DATA_KEY: Final = new_key()
_HASH_KEY: Final = new_key()
_PASSWORDS: Final = cheap_passwords()


@dataclass
class HandClock:
    """A clock that goes when it is told to."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at


def jpeg(colour: tuple[int, int, int], size: tuple[int, int] = (48, 64)) -> bytes:
    """Return a picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", quality=90)
    return out.getvalue()


@dataclass(frozen=True)
class CannedInspection:
    """What looking at any photo yields."""

    file: FileFacts
    report: Report
    portrait: bytes | None
    overlay: bytes | None
    likeness: str | None
    own_background: CannedPortrayal | None = None


@dataclass
class CannedInspector:
    """Finds the same in every photo; ``fails`` makes the next ones unacceptable.

    The portrait with the standard background is of another colour than the first.
    """

    fails: bool = False
    seen: int = 0
    ears: Status = Status.PASS
    likeness: str | None = None
    replacing: Replacing = Replacing.DONE

    def inspect(
        self,
        data: bytes,
        *,
        filename: str | None,
        policy: Policy,
        today: date | None = None,
        background: Background = Background.KEEP,
    ) -> CannedInspection:
        del filename, today
        standard = background is Background.STANDARD
        if standard and self.replacing is Replacing.BUSY:
            raise UnavailableError("background_busy", retry_after=2)
        self.seen += 1
        facts = FileFacts(
            sha256="0" * 64,
            size_bytes=len(data),
            format="JPEG",
            width=48,
            height=64,
            bits_per_sample=8,
            components=3,
            colour="rgb",
            dpi=None,
            jpeg_quality=90,
            jpeg_quality_exact=True,
            trailing_bytes=0,
            orientation=1,
            frames=1,
            extension="jpg",
            taken_on=date(2026, 3, 1),
        )
        status = Status.FAIL if self.fails else Status.PASS
        findings = (
            _finding("face_count", ("B1",), status),
            _finding("sharpness", ("B3",), Status.WARN),
            _finding(HUMAN_RULE, ("P3",), Status.HUMAN, NECK),
            _finding("ears_visible", ("P1",), self.ears, EARS),
        )
        portrait = None if self.fails else jpeg((200, 210, 220), (480, 640))
        report = Report(
            policy="notice-2025",
            verdict=Verdict.FAIL if self.fails else Verdict.WARN,
            findings=findings,
            crop=None,
            portrait=None
            if portrait is None
            else PortraitFacts(
                width=480,
                height=640,
                bytes=len(portrait),
                quality=90,
                dpi=300,
                crown_px=80,
                eye_line_px=250,
                face_width_px=220,
                centre_offset_px=0,
            ),
            picture_width=48,
            picture_height=64,
        )
        del policy
        seen = CannedInspection(
            file=facts,
            report=report,
            portrait=portrait,
            overlay=jpeg((10, 20, 30)),
            likeness=None
            if self.fails
            else self.likeness or hashlib.sha256(data).hexdigest(),
        )
        if not standard or portrait is None:
            return seen
        if self.replacing is Replacing.REFUSED:
            return replace(seen, report=with_refusal(report))
        return replace(
            seen,
            report=replace(report, background=Background.STANDARD),
            portrait=jpeg(STANDARD_COLOUR, (480, 640)),
            own_background=CannedPortrayal(report, portrait),
        )

    def close_up(self, data: bytes, box: Box, *, large: bool = False) -> bytes:
        """Return a picture of the box's size, coloured by how large it is."""
        del data
        size = (round(box.width), round(box.height))
        return jpeg((0, 200, 0) if large else (200, 0, 0), size)

    def glance(
        self,
        data: bytes,  # noqa: ARG002 - the shape of the port
        *,
        picture: tuple[int, int],  # noqa: ARG002 - the shape of the port
    ) -> Measurements:
        return good()

    def warm_up(self) -> None:
        """Nothing is loaded."""


def _finding(
    rule: str, clauses: tuple[str, ...], status: Status, box: Box | None = None
) -> Finding:
    return Finding(
        rule=rule,
        clauses=clauses,
        status=status,
        value=None,
        limit=None,
        unit="",
        box=box,
        certainty=None,
    )


@dataclass
class School:
    """The running application and what is in it."""

    app: APIFlask
    services: Services
    clock: HandClock
    inspector: CannedInspector
    db: Database
    campaign: int = 0
    stations: dict[str, int] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)
    sessions: dict[int, SessionInfo] = field(default_factory=dict)

    def client(self, username: str | None = None) -> FlaskClient:
        """Return a browser, signed in when a user name is given."""
        client = self.app.test_client()
        if username is not None:
            new = self.services.staff.sign_in(username, PASSWORD, address=ADDRESS)
            client.set_cookie(STAFF_COOKIE, new.token)
        return client

    def bind(self, n: int, *, station: str = "CS01", card: bool = False) -> BindingView:
        """Bind the n-th student, who pasted the collection code or sent its card."""
        student = make_student(n)
        session = self.services.sessions.start().session
        self.sessions[n] = session
        who, token = session.principal, self.entries[station]
        self.services.consents.record(who, token, portrait=True, identity_number=True)
        codes = self.services.codes
        if card:
            code = parse_collection_code(student.payload)
            picture = draw_sample_card(code, school_name=SCHOOL_NAME)
            reading = codes.read_picture(who, token, picture, address=ADDRESS)
        else:
            reading = codes.read_text(who, token, student.payload, address=ADDRESS)
        return self.services.bindings.bind(
            who,
            token,
            reading_id=reading.public_id,
            id_last6=student.id_number[-6:],
            name=None,
            address=ADDRESS,
        )

    def hand_in(self, n: int, *, station: str = "CS01") -> SubmissionView:
        """Bind the n-th student and confirm a photo."""
        binding = self.bind(n, station=station)
        return self.photo(n, binding)

    def photo(self, n: int, binding: BindingView) -> SubmissionView:
        """Hand in and confirm another photo for a bound student."""
        who = self.sessions[n].principal
        photo = jpeg((n % 200, self.inspector.seen % 200, 90))
        draft = self.services.submissions.submit(
            who, binding.public_id, photo, filename="a.jpg"
        )
        if self.inspector.fails:
            return self.services.submissions.request_review(who, draft.public_id)
        if draft.background is BackgroundState.DUE:
            draft = self.services.backgrounds.change(who, draft.public_id)
        return self.services.submissions.confirm(
            who, draft.public_id, background=draft.report.background
        )

    def replace_backgrounds(self) -> None:
        """Have the campaign replace the background of the photos that come from now on."""
        with self.db.transaction() as session:
            campaign = session.get_one(Campaign, self.campaign)
            campaign.background = Background.STANDARD.value


def make_school(
    folder: Path,
    *,
    students: int = 12,
    wechat: WeChatGateway | None = None,
    inspector: PhotoInspector | None = None,
    **settings: Any,
) -> School:
    """Return a school with two stations, a campaign, a roster and four accounts.

    A school is filled once; hashing its passwords takes longer than most tests.
    """
    filled = _filled(students)
    shutil.copy(filled.database, folder)
    school = _open(folder, wechat, inspector, **settings)
    school.campaign = filled.campaign
    school.stations, school.entries = dict(filled.stations), dict(filled.entries)
    return school


@dataclass(frozen=True)
class _Filled:
    """A school's database file and what is in it."""

    database: Path
    campaign: int
    stations: dict[str, int]
    entries: dict[str, str]


@functools.cache
def _filled(students: int) -> _Filled:
    folder = Path(tempfile.mkdtemp(prefix="school-"))
    atexit.register(shutil.rmtree, folder)
    migrated_sqlite(folder / _FILE)
    school = _open(folder)
    _fill(school, students)
    # Closing the last connection writes everything into the one file.
    school.db.dispose()
    return _Filled(folder / _FILE, school.campaign, school.stations, school.entries)


def _open(
    folder: Path,
    wechat: WeChatGateway | None = None,
    inspector: PhotoInspector | None = None,
    **more: Any,
) -> School:
    url = f"sqlite:///{folder / _FILE}"
    settings = read_settings(
        database_url=url,
        photo_root=folder / "photos",
        public_url="http://localhost",
        data_keys=f"k1:{_DATA_KEY}",
        hash_key=_HASH_KEY,
        mini_program={"app_id": f"wx{'0' * 16}", "secret": "of nobody"},
        **more,
    )
    db, clock, canned = Database(url), HandClock(), CannedInspector()
    adapters = Adapters(
        db=db,
        vault=Vault(keys=settings.keys, current="k1", hash_key=settings.hash_key_bytes),
        store=LocalPhotoStore(settings.photo_root),
        inspector=inspector or canned,
        reader=QrCodeReader(),
        clock=clock,
        passwords=_PASSWORDS,
        wechat=wechat or SaidByWeChat(),
        jobs=InlineJobs(),
    )
    configure_logs()
    services = make_services(settings, adapters)
    context = WebContext(
        services=services,
        public_url=settings.public_url,
        secure_cookies=settings.secure_cookies,
        max_upload_bytes=settings.max_upload_bytes,
        max_batch_bytes=settings.max_batch_bytes,
    )
    return School(web_app(context), services, clock, canned, db)


def _fill(school: School, students: int) -> None:
    services = school.services
    for code, name in (("CS01", "长沙样例函授站"), ("ZZ02", "株洲示范函授站")):
        station = services.stations.create(
            OPERATOR, code=code, name=name, address="示范路 1 号", contact="李老师"
        )
        school.stations[code] = station.id
    school.campaign = services.roster.create_campaign(
        OPERATOR,
        NewCampaign(
            name="2026届样例采集",
            school_name=SCHOOL_NAME,
            school_code=SCHOOL_CODE,
            graduating_years=(2025, 2026),
            opens_at=START - timedelta(days=1),
            closes_at=START + timedelta(days=90),
            policy="notice-2025",
            album_allowed=True,
            contact="王老师",
            notice_version="1",
            notice_text="告知",
            retention_text="毕业后一年删除",
        ),
    ).id
    for code, station_id in school.stations.items():
        entry = services.stations.create_entry(OPERATOR, school.campaign, station_id)
        school.entries[code] = entry.token
    services.roster.add_students(
        OPERATOR,
        school.campaign,
        [_student(n, "CS01" if n % 2 == 0 else "ZZ02") for n in range(students)],
    )
    accounts: tuple[tuple[str, Role, str | None], ...] = (
        ("admin", Role.ADMIN, None),
        ("reviewer", Role.REVIEWER, None),
        ("cs01", Role.STATION, "CS01"),
        ("zz02", Role.STATION, "ZZ02"),
    )
    for username, role, at in accounts:
        services.staff.add(
            OPERATOR,
            username=username,
            display_name=f"{username} 老师",
            role=role,
            station_id=school.stations[at] if at else None,
            password=PASSWORD,
        )


def _student(n: int, station: str) -> NewStudent:
    student = make_student(n)
    return NewStudent(
        station_code=station,
        name=student.name,
        student_no=student.student_no,
        id_number=student.id_number,
        level=student.level,
        major="保险学",
        graduating_year=2026,
    )


_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def csrf_of(page: TestResponse) -> str:
    """Return the token of the forms on a page."""
    found = _TOKEN.search(page.text)
    assert found is not None
    return found[1]


def send(
    client: FlaskClient,
    page: str,
    to: str,
    **fields: str | list[str] | tuple[io.BytesIO, str],
) -> TestResponse:
    """Send a form of the page, with the token the page carries."""
    token = csrf_of(client.get(page))
    return client.post(to, data={"csrf_token": token, **fields})
