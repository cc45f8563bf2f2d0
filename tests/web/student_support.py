"""An application with invented students, a real database, and an inspector that obeys.

What the inspector says is chosen by the name of the uploaded file, so that every page of
a report can be seen without measuring a face. Codes are read for real.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from werkzeug.test import TestResponse

from backend.app import Adapters, make_adapters, make_services
from backend.db.models import Campaign
from backend.domain.codes import parse_collection_code
from backend.domain.errors import PhotoUnreadableError, UnavailableError
from backend.domain.measurements import Measurements
from backend.domain.photo import FileFacts
from backend.domain.policy import Policy
from backend.domain.report import (
    Background,
    Box,
    Crop,
    Finding,
    PortraitFacts,
    Report,
    Status,
    Verdict,
)
from backend.imaging.sample_card import draw_sample_card
from backend.jobs.inline import InlineJobs
from backend.ports import PhotoInspector, WeChatGateway
from backend.services import Services
from backend.services.roster import NewCampaign, NewStudent
from backend.services.staff import OPERATOR
from backend.services.types import EntryAdminView, StaffUser
from backend.settings import Settings, new_key, read_settings
from backend.web.context import WebContext
from tests.apps import web_app
from tests.databases import migrated_sqlite
from tests.domain.judging import good, head
from tests.factories import (
    SCHOOL_CODE,
    SCHOOL_NAME,
    InventedStudent,
    make_student,
)
from tests.fakes import CannedPortrayal, Replacing, cheap_passwords, with_refusal

START = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
NOTICE = "一、样例告知。\n二、只用于测试。"


@dataclass(slots=True)
class SettableClock:
    """Tells the time it was given."""

    time: datetime = START

    def now(self) -> datetime:
        return self.time


@dataclass(frozen=True, slots=True)
class FixedInspection:
    file: FileFacts
    report: Report
    portrait: bytes | None
    overlay: bytes | None
    likeness: str | None
    own_background: CannedPortrayal | None = None


class ObedientInspector:
    """Finds what the file's name says: pass, warn, fail or unframed.

    A picture that is looked at again without a name is what it was before.
    """

    def __init__(self) -> None:
        self.replacing = Replacing.DONE
        self._kinds: dict[bytes, str] = {}

    def inspect(
        self,
        data: bytes,
        *,
        filename: str | None,
        policy: Policy,  # noqa: ARG002 - the shape of the port
        today: date | None = None,  # noqa: ARG002 - the shape of the port
        background: Background = Background.KEEP,
    ) -> FixedInspection:
        standard = background is Background.STANDARD
        if standard and self.replacing is Replacing.BUSY:
            raise UnavailableError("background_busy", retry_after=2)
        known = self._kinds.get(data, "pass")
        kind = filename.partition(".")[0] if filename else known
        if kind == "broken":
            raise PhotoUnreadableError("not_a_picture")
        self._kinds[data] = kind
        portrait = picture(480, 640) if kind != "unframed" else None
        seen = FixedInspection(
            file=_facts(data),
            report=make_report(kind),
            portrait=portrait,
            overlay=picture(600, 800),
            likeness=None,
        )
        if not standard or portrait is None:
            return seen
        if self.replacing is Replacing.REFUSED:
            return replace(seen, report=with_refusal(seen.report))
        return replace(
            seen,
            report=replace(seen.report, background=Background.STANDARD),
            portrait=picture(480, 640, seed=1),
            own_background=CannedPortrayal(seen.report, portrait),
        )

    def close_up(
        self,
        data: bytes,  # noqa: ARG002 - the shape of the port
        box: Box,
        *,
        large: bool = False,
    ) -> bytes:
        side = 720 if large else 360
        return picture(side, max(1, round(side * box.height / box.width)))

    def glance(
        self,
        data: bytes,  # noqa: ARG002 - the shape of the port
        *,
        picture: tuple[int, int],
    ) -> Measurements:
        """Find a good head in every frame, moved into the picture's scale."""
        scale = picture[0] / 480
        return good(
            picture_width=picture[0],
            picture_height=picture[1],
            geometry=head().moved(scale, 0, 0),
        )

    def warm_up(self) -> None:
        """Nothing to load."""


def make_report(kind: str) -> Report:
    """Return a report with the verdict asked for."""
    findings = [
        Finding("face_count", ("B1",), Status.PASS, value=1.0, limit=(1.0, 1.0)),
        Finding("sharpness", ("B3",), Status.PASS, value=1.1, limit=(0.5, None)),
        Finding("jewellery", ("P3",), Status.HUMAN),
    ]
    if kind in {"warn", "fail", "unframed"}:
        findings.append(
            Finding(
                "roll", ("P1",), Status.WARN, 3.4, (-3.0, 3.0), "deg", certainty=0.8
            )
        )
    if kind in {"fail", "unframed"}:
        box = Box(120, 90, 200, 60)
        findings += [
            Finding("eyes_open", ("P1",), Status.FAIL, 0.09, (0.15, None), "", box),
            Finding("mouth_closed", ("P1",), Status.FAIL, 0.2, (None, 0.08), "", box),
        ]
    verdict = {"pass": Verdict.PASS, "warn": Verdict.WARN}.get(kind, Verdict.FAIL)
    framed = kind != "unframed"
    return Report(
        policy="notice-2025",
        verdict=verdict,
        findings=tuple(findings),
        crop=Crop(30, 40, 480, 640) if framed else None,
        portrait=PortraitFacts(480, 640, 34000, 92, 300, 82.0, 250.0, 220.0, 1.5)
        if framed
        else None,
        picture_width=600,
        picture_height=800,
    )


def picture(width: int, height: int, *, seed: int = 0, format: str = "JPEG") -> bytes:  # noqa: A002 - Pillow's own word
    """Return a drawn head and shoulders; another seed makes other bytes."""
    image = Image.new("RGB", (width, height), (143, 205 - 12 * seed, 243))
    draw = ImageDraw.Draw(image)
    w, h = width, height
    draw.ellipse((w * 0.1, h * 0.72, w * 0.9, h * 1.4), fill=(233, 228, 216))
    draw.ellipse((w * 0.3, h * 0.2, w * 0.7, h * 0.68), fill=(240, 207, 180))
    draw.chord((w * 0.3, h * 0.17, w * 0.7, h * 0.55), 180, 360, fill=(43, 47, 54))
    out = io.BytesIO()
    image.save(out, format)
    return out.getvalue()


@dataclass(slots=True)
class Stage:
    """The application with one campaign, two stations and a roster."""

    app: APIFlask
    services: Services
    adapters: Adapters
    clock: SettableClock
    entry: EntryAdminView
    other_entry: EntryAdminView
    admin: StaffUser
    people: list[InventedStudent] = field(default_factory=list)

    @property
    def token(self) -> str:
        return self.entry.token

    @property
    def inspector(self) -> PhotoInspector:
        return self.adapters.inspector

    def replace_backgrounds(self) -> None:
        """Have the campaign replace the background of the photos that come from now on."""
        with self.adapters.db.transaction() as session:
            campaign = session.get_one(Campaign, self.entry.campaign.id)
            campaign.background = Background.STANDARD.value

    def card(self, n: int) -> bytes:
        """Return the card picture of the n-th student."""
        code = parse_collection_code(self.people[n].payload)
        return draw_sample_card(code, school_name=SCHOOL_NAME)


def make_stage(
    folder: Path,
    *,
    album_allowed: bool = True,
    max_bytes: int = 0,
    inspector: PhotoInspector | None = None,
    wechat: WeChatGateway | None = None,
    more: dict[str, Any] | None = None,
) -> Stage:
    """Return a seeded application on a fresh SQLite file, with ``more`` settings."""
    limit = {"max_upload_bytes": max_bytes} if max_bytes else {}
    settings = _settings(folder, limit | (more or {}))
    migrated_sqlite(folder / "student.db")
    clock = SettableClock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("backend.app.Passwords", cheap_passwords)
        made = make_adapters(settings)
    adapters = Adapters(
        db=made.db,
        vault=made.vault,
        store=made.store,
        inspector=inspector or ObedientInspector(),
        reader=made.reader,
        clock=clock,
        passwords=made.passwords,
        wechat=wechat or made.wechat,
        jobs=InlineJobs(),
    )
    services = make_services(settings, adapters)
    app = web_app(
        WebContext(
            services=services,
            public_url=settings.public_url,
            secure_cookies=False,
            max_upload_bytes=settings.max_upload_bytes,
            max_batch_bytes=1024**3,
        )
    )
    app.testing = True
    return _seed(app, services, adapters, clock, album_allowed=album_allowed)


def _seed(
    app: APIFlask,
    services: Services,
    adapters: Adapters,
    clock: SettableClock,
    *,
    album_allowed: bool,
) -> Stage:
    campaign = services.roster.create_campaign(
        OPERATOR,
        NewCampaign(
            name="2026 届函授毕业生毕业信息采集",
            school_name=SCHOOL_NAME,
            school_code=SCHOOL_CODE,
            graduating_years=(2025, 2026),
            opens_at=START - timedelta(days=1),
            closes_at=START + timedelta(days=30),
            policy="notice-2025",
            album_allowed=album_allowed,
            contact="继续教育学院 000-0000000",
            notice_version="2026-1",
            notice_text=NOTICE,
            retention_text="照片保存到毕业证书发放后 6 个月。",
        ),
    )
    stations = [
        services.stations.create(
            OPERATOR, code=code, name=name, address="样例路 1 号", contact="000-1111111"
        )
        for code, name in (("ZD01", "样例第一函授站"), ("ZD02", "样例第二函授站"))
    ]
    entries = [
        services.stations.create_entry(OPERATOR, campaign.id, station.id)
        for station in stations
    ]
    # The last one is on no roster.
    people = [make_student(n) for n in range(5)]
    services.roster.add_students(
        OPERATOR,
        campaign.id,
        [_roster_row(p, "ZD02" if p.number == 3 else "ZD01") for p in people[:4]],
    )
    return Stage(
        app, services, adapters, clock, entries[0], entries[1], OPERATOR, people
    )


def _roster_row(person: InventedStudent, station_code: str) -> NewStudent:
    return NewStudent(
        station_code=station_code,
        name=person.name,
        student_no=person.student_no,
        id_number=person.id_number,
        level=person.level,
        major="保险学",
        graduating_year=2026,
        class_no=person.class_no,
    )


def _settings(folder: Path, more: dict[str, Any]) -> Settings:
    usual: dict[str, Any] = {
        "database_url": f"sqlite:///{folder / 'student.db'}",
        "photo_root": folder / "photos",
        "public_url": "http://localhost",
        "data_keys": f"t1:{new_key()}",
        "hash_key": new_key(),
    }
    return read_settings(**usual | more)


def _facts(data: bytes) -> FileFacts:
    return FileFacts(
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        format="JPEG",
        width=600,
        height=800,
        bits_per_sample=8,
        components=3,
        colour="rgb",
        dpi=None,
        jpeg_quality=75,
        jpeg_quality_exact=True,
        trailing_bytes=0,
        orientation=1,
        frames=1,
        extension="jpg",
        taken_on=None,
    )


@dataclass(slots=True)
class Browser:
    """A browser without JavaScript: follows forms as they stand on the page."""

    client: FlaskClient
    page: TestResponse | None = None

    csrf: str = ""

    def get(self, path: str) -> TestResponse:
        self.page = self.client.get(path)
        if not (self.page.mimetype or "").startswith("image/"):
            found = re.search(r'name="csrf_token" value="([^"]+)"', self.text)
            self.csrf = found.group(1) if found else self.csrf
        return self.page

    def post(
        self,
        path: str,
        data: Mapping[str, object] | None = None,
        *,
        csrf: str | None = None,
    ) -> TestResponse:
        """Send a form with the token of the page last seen, and follow its redirect."""
        fields = {"csrf_token": self.csrf if csrf is None else csrf, **(data or {})}
        self.page = self.client.post(path, data=fields)
        if self.page.status_code in {302, 303}:
            return self.get(self.page.location)
        return self.page

    @property
    def text(self) -> str:
        assert self.page is not None
        return self.page.get_data(as_text=True)

    @property
    def path(self) -> str:
        assert self.page is not None
        return self.page.request.path


def file(data: bytes, name: str) -> tuple[io.BytesIO, str]:
    """Return a file field for the test client."""
    return io.BytesIO(data), name


def consent(browser: Browser, token: str) -> None:
    """Agree to both."""
    browser.get(f"/s/{token}/consent")
    browser.post(f"/s/{token}/consent", {"portrait": "yes", "identity_number": "yes"})


def bind(browser: Browser, stage: Stage, n: int, *, token: str | None = None) -> str:
    """Go from the poster to a binding and return its id."""
    token = token or stage.token
    consent(browser, token)
    browser.post(f"/s/{token}/code", {"picture": file(stage.card(n), "card.png")})
    assert "/bind/" in browser.path, browser.text
    browser.post(browser.path, {"id_last6": stage.people[n].id_number[-6:]})
    assert "/bound/" in browser.path, browser.text
    return browser.path.rpartition("/")[2]


def upload(
    browser: Browser, stage: Stage, binding: str, kind: str, *, seed: int = 0
) -> str:
    """Hand a photo in and return the submission's id."""
    path = f"/s/{stage.token}/photo/{binding}"
    browser.get(path)
    browser.post(path, {"photo": file(picture(600, 800, seed=seed), f"{kind}.jpg")})
    assert "/submission/" in browser.path, browser.text
    return browser.path.rpartition("/")[2]
