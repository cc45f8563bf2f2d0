"""How long a package takes to go out, beside what ``zip -0`` takes for the same files."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from backend.app import make_adapters, make_services
from backend.cli.bench_rows import Family, Options, Row
from backend.crypto import Vault, new_public_id
from backend.db import entries
from backend.db.migrate import migrate
from backend.db.models import Binding, PrincipalRow, Student, Submission
from backend.domain.deliveries import Naming, NamingKey, Profile
from backend.domain.reviews import SubmissionStatus
from backend.services.delivery_types import DeliveryRequest
from backend.services.roster import NewCampaign
from backend.services.staff import OPERATOR
from backend.settings import Settings, new_key, read_settings

#: A large college's year.
PORTRAITS: Final = 20_000
#: Within what the encoder aims at.
_PORTRAIT_BYTES: Final = 34 * 1024
_ROUNDS: Final = 3
_MB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class DeliveryTiming:
    """What was measured; seconds are the best of three rounds but for the freeze."""

    portraits: int
    package_bytes: int
    freeze_s: float
    deliver_s: float
    zip_s: float
    growth_bytes: int

    @property
    def speed(self) -> float:
        """How fast a delivery is, by the speed of ``zip -0``."""
        return self.zip_s / self.deliver_s


def delivery_rows(options: Options) -> Iterator[Row]:
    """Yield the one row: a delivery as large as a large college's."""
    del options
    timing = time_delivery(PORTRAITS)
    cells = (
        f"{timing.portraits}",
        f"{timing.package_bytes / _MB:.0f} MB",
        f"{timing.freeze_s:.1f} s",
        f"{timing.deliver_s:.2f} s",
        f"{timing.zip_s:.2f} s",
        f"{timing.speed:.2f}x",
        f"{timing.growth_bytes / _MB:.0f} MB",
    )
    line = (
        f"delivery of {cells[0]} portraits, {cells[1]}: frozen in {cells[2]}, sent in "
        f"{cells[3]}, zip -0 {cells[4]}, speed {cells[5]}, memory +{cells[6]}"
    )
    yield Row(line, cells)


FAMILY: Final = Family(
    "deliveries",
    ("portraits", "package", "frozen in", "sent in", "zip -0", "speed", "memory"),
    delivery_rows,
)


def time_delivery(portraits: int) -> DeliveryTiming:
    """Time a delivery of invented portraits in a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="bizhao-bench-") as name:
        folder = Path(name)
        settings = _settings(folder)
        freeze_s, number = _prepare(settings, portraits)
        target = folder / "out.zip"
        photos = settings.photo_root
        zip_s = _best(lambda: _floor(photos, target), target)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            # In a process of its own: making the portraits must not hide the growth.
            deliver_s, growth = pool.submit(
                _deliver, _values(settings), number, target
            ).result()
        return DeliveryTiming(
            portraits=portraits,
            package_bytes=target.stat().st_size,
            freeze_s=freeze_s,
            deliver_s=deliver_s,
            zip_s=zip_s,
            growth_bytes=growth,
        )


def _settings(folder: Path) -> Settings:
    return read_settings(
        database_url=f"sqlite:///{folder / 'bench.sqlite3'}",
        photo_root=folder / "photos",
        public_url="http://localhost",
        data_keys=f"bench:{new_key()}",
        hash_key=new_key(),
    )


def _values(settings: Settings) -> dict[str, str]:
    """Return the settings as another process reads them."""
    return {
        "database_url": settings.database_url.get_secret_value(),
        "photo_root": str(settings.photo_root),
        "public_url": settings.public_url,
        "data_keys": settings.data_keys.get_secret_value(),
        "hash_key": settings.hash_key.get_secret_value(),
    }


def _best(step: Callable[[], None], target: Path) -> float:
    seconds = []
    for _ in range(_ROUNDS):
        target.unlink(missing_ok=True)
        begun = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - begun)
    return min(seconds)


def _floor(photos: Path, target: Path) -> None:
    """Pack the stored files as they lie, without compression."""
    program = shutil.which("zip")
    if program is not None:
        subprocess.run(  # noqa: S603 - our own arguments
            [program, "-0", "-q", "-r", str(target), "."], cwd=photos, check=True
        )
        return
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as package:
        for path in photos.rglob("*"):
            if path.is_file():
                package.write(path, path.name)


def _deliver(values: dict[str, str], number: str, target: Path) -> tuple[float, int]:
    """Write the package as the command does; return seconds and memory growth."""
    settings = read_settings(None, **values)
    services = make_services(settings, make_adapters(settings))
    services.deliveries.get(OPERATOR, number)
    # 5: forget the peak that importing left.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _memory("VmRSS")

    def write() -> None:
        package = services.delivery_packages.package(OPERATOR, number)
        with target.open("wb") as out:
            out.writelines(package.chunks)

    seconds = _best(write, target)
    return seconds, _memory("VmHWM") - before


def _memory(line: str) -> int:
    """Return a line of what Linux says of this process, in bytes."""
    for text in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        name, _, value = text.partition(":")
        if name == line:
            return int(value.split()[0]) * 1024
    raise LookupError(line)


def _prepare(settings: Settings, portraits: int) -> tuple[float, str]:
    """Fill a database and a store, and freeze a delivery; return how long that took."""
    migrate(settings.database_url.get_secret_value())
    adapters = make_adapters(settings)
    services = make_services(settings, adapters)
    now = datetime.now(UTC)
    campaign = services.roster.create_campaign(OPERATOR, _campaign(now)).id
    station = services.stations.create(
        OPERATOR,
        code="B01",
        name="样例函授站",
        address="示范路 1 号",
        contact="样例老师",
    ).id
    token = services.stations.create_entry(OPERATOR, campaign, station).token
    with adapters.db.transaction() as session:
        principal = PrincipalRow(kind="browser", created_at=now)
        session.add(principal)
        session.flush()
        maker = _Maker(
            vault=adapters.vault,
            photos=settings.photo_root,
            campaign_id=campaign,
            station_id=station,
            entry_id=entries.get_entry(session, token)[0].id,
            principal_id=principal.id,
            now=now,
        )
        students = [maker.student(n) for n in range(portraits)]
        session.add_all(students)
        session.flush()
        bindings = [maker.binding(n, row.id) for n, row in enumerate(students)]
        session.add_all(bindings)
        session.flush()
        session.add_all(maker.submission(row.id) for row in bindings)
    wanted = DeliveryRequest(
        campaign_id=campaign,
        profile=Profile.SCHOOL,
        naming=Naming(NamingKey.STUDENT_NO),
    )
    begun = time.perf_counter()
    number = services.deliveries.create(OPERATOR, wanted)
    return time.perf_counter() - begun, number


@dataclass(frozen=True, slots=True)
class _Maker:
    """Makes rows of invented students, each with a portrait of random bytes."""

    vault: Vault
    photos: Path
    campaign_id: int
    station_id: int
    entry_id: int
    principal_id: int
    now: datetime

    def student(self, n: int) -> Student:
        """Return a row of the roster."""
        return Student(
            campaign_id=self.campaign_id,
            station_id=self.station_id,
            name="样例",
            student_no=f"{n:012d}",
            level="专升本",
            major="保险学",
            graduating_year=self.now.year,
            class_no=f"{n // 50 + 1}班",
            id_number_sealed=self.vault.seal("1" * 18, purpose="id_number"),
            id_number_hash=f"{n:064d}",
            id_last6_hash=f"{n:064d}",
            id_last4_hash=f"{n:064d}",
            created_at=self.now,
        )

    def binding(self, n: int, student_id: int) -> Binding:
        """Return a binding with an opaque code."""
        return Binding(
            public_id=new_public_id(),
            campaign_id=self.campaign_id,
            principal_id=self.principal_id,
            entry_id=self.entry_id,
            student_id=student_id,
            code_hash=f"{n:064d}",
            raw_sealed=self.vault.seal(f"code-{n:012d}", purpose="code"),
            fingerprint=f"{n:08d}",
            stated_last6_hash=f"{n:064d}",
            created_at=self.now,
        )

    def submission(self, binding_id: int) -> Submission:
        """Return an approved photo and put its portrait where the store looks for it."""
        data = secrets.token_bytes(_PORTRAIT_BYTES)
        key = hashlib.sha256(data).hexdigest()
        # Not through the store: it waits for the disk twice a file.
        path = self.photos / key[:2] / key[2:4] / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return Submission(
            public_id=new_public_id(),
            binding_id=binding_id,
            principal_id=self.principal_id,
            source="scan",
            status=SubmissionStatus.APPROVED.value,
            sha256=key,
            portrait_key=key,
            original_type="image/jpeg",
            file={},
            report={"portrait": {"width": 480, "height": 640}},
            verdict="pass",
            policy="notice-2025",
            human_review_requested=False,
            return_reasons=[],
            created_at=self.now,
            decided_at=self.now,
        )


def _campaign(now: datetime) -> NewCampaign:
    return NewCampaign(
        name="样例采集",
        school_name="样例大学",
        school_code=None,
        graduating_years=(now.year,),
        opens_at=now - timedelta(days=1),
        closes_at=now + timedelta(days=1),
        policy="notice-2025",
        album_allowed=True,
        contact="样例老师",
        notice_version="1",
        notice_text="样例",
        retention_text="样例",
    )
