"""The composition root: the only place where adapters are chosen and wired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from backend import policies
from backend.crypto import FileCipher, Passwords, Vault
from backend.db.engine import Database
from backend.imaging.code_reader import QrCodeReader
from backend.imaging.inspector import MediaPipeInspector
from backend.logs import configure_logs
from backend.services import Services
from backend.services.audit import AuditService
from backend.services.bindings import BindingService
from backend.services.codes import CodeService
from backend.services.entries import EntryService
from backend.services.guidance import GuidanceService
from backend.services.limits import AttemptLimiter
from backend.services.posters import PosterService
from backend.services.reviews import ReviewService
from backend.services.roster import RosterService
from backend.services.search import SearchService
from backend.services.sessions import ConsentService, SessionService
from backend.services.sign_in import SignInService
from backend.services.staff import StaffService
from backend.services.stations import StationService
from backend.services.submissions import SubmissionService
from backend.services.upkeep import (
    HealthService,
    IdempotencyService,
    ReconcileService,
)
from backend.services.verification import VerificationService
from backend.settings import Settings, read_settings
from backend.storage.local import LocalPhotoStore
from backend.web.context import WebContext
from backend.web.factory import make_web_app
from backend.wechat.absent import NoWeChat

if TYPE_CHECKING:
    from apiflask import APIFlask

    from backend.ports import (
        Clock,
        CodeReader,
        PhotoInspector,
        PhotoStore,
        WeChatGateway,
    )


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Adapters:
    """The outside of the service; tests replace what they must."""

    db: Database
    vault: Vault
    store: PhotoStore
    inspector: PhotoInspector
    reader: CodeReader
    clock: Clock
    passwords: Passwords
    wechat: WeChatGateway


def make_adapters(settings: Settings) -> Adapters:
    """Build the adapters the settings ask for."""
    keys = settings.keys
    photo_key = settings.photo_key_bytes
    return Adapters(
        db=Database(settings.database_url.get_secret_value()),
        vault=Vault(
            keys=keys, current=next(iter(keys)), hash_key=settings.hash_key_bytes
        ),
        store=LocalPhotoStore(
            settings.photo_root, cipher=FileCipher(photo_key) if photo_key else None
        ),
        inspector=MediaPipeInspector(),
        reader=QrCodeReader(),
        clock=SystemClock(),
        passwords=Passwords(),
        wechat=NoWeChat(),
    )


def make_services(settings: Settings, parts: Adapters) -> Services:
    """Wire every use case to the adapters."""
    db, clock, vault, store = parts.db, parts.clock, parts.vault, parts.store
    limiter = AttemptLimiter(vault=vault)
    shipped = {name: policies.load(name) for name in policies.names()}
    sessions = SessionService(
        db=db, clock=clock, lifetime=timedelta(hours=settings.session_hours)
    )
    stations = StationService(db=db, clock=clock, public_url=settings.public_url)
    return Services(
        audit=AuditService(db=db),
        bindings=BindingService(db=db, clock=clock, vault=vault, limiter=limiter),
        codes=CodeService(
            db=db,
            clock=clock,
            vault=vault,
            store=store,
            reader=parts.reader,
            limiter=limiter,
        ),
        consents=ConsentService(db=db, clock=clock),
        entries=EntryService(db=db, clock=clock),
        guidance=GuidanceService(
            db=db, clock=clock, inspector=parts.inspector, policies=shipped
        ),
        health=HealthService(db=db, store=store, inspector=parts.inspector),
        idempotency=IdempotencyService(db=db, clock=clock),
        policies=shipped,
        posters=PosterService(
            stations=stations,
            gateway=parts.wechat,
            page=settings.mini_program.page if settings.mini_program else "",
        ),
        reconcile=ReconcileService(db=db, clock=clock, store=store),
        reviews=ReviewService(db=db, clock=clock),
        roster=RosterService(db=db, clock=clock, vault=vault),
        search=SearchService(
            db=db, clock=clock, vault=vault, store=store, inspector=parts.inspector
        ),
        sessions=sessions,
        sign_in=SignInService(
            db=db,
            clock=clock,
            vault=vault,
            gateway=parts.wechat,
            limiter=limiter,
            sessions=sessions,
            public_url=settings.public_url,
        ),
        staff=StaffService(
            db=db,
            clock=clock,
            limiter=limiter,
            passwords=parts.passwords,
            lifetime=timedelta(hours=settings.staff_session_hours),
            idle=timedelta(minutes=settings.staff_idle_minutes),
        ),
        stations=stations,
        submissions=SubmissionService(
            db=db,
            clock=clock,
            store=store,
            inspector=parts.inspector,
            policies=shipped,
        ),
        verification=VerificationService(db=db, clock=clock),
    )


def create_app(
    settings: Settings | None = None, adapters: Adapters | None = None
) -> APIFlask:
    """Return the web application, configured from the environment by default."""
    settings = settings or read_settings()
    configure_logs()
    services = make_services(settings, adapters or make_adapters(settings))
    context = WebContext(
        services=services,
        public_url=settings.public_url,
        secure_cookies=settings.secure_cookies,
        max_upload_bytes=settings.max_upload_bytes,
    )
    return make_web_app(context, proxies=settings.proxies)
