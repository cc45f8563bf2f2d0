"""The composition root: the only place where adapters are chosen and wired."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from backend import policies
from backend.crypto import FileCipher, Passwords, Vault
from backend.db.engine import Database
from backend.domain.wechat import Account, MessageKind, MessageTemplate
from backend.imaging.code_reader import QrCodeReader
from backend.imaging.inspector import MediaPipeInspector
from backend.jobs.inline import InlineJobs
from backend.jobs.queue import QueuedJobs, make_worker
from backend.logs import configure_logs
from backend.ports import Job
from backend.services import Services
from backend.services.audit import AuditService
from backend.services.backgrounds import BackgroundService
from backend.services.batches import REQUEST_BUDGET, BatchService, Rounds
from backend.services.bindings import BindingService
from backend.services.campaigns import CampaignService
from backend.services.code_packs import CodePackService
from backend.services.codes import CodeService
from backend.services.collecting import CollectingService
from backend.services.contact_sheets import ContactSheetService
from backend.services.credentials import SharedCredentials
from backend.services.deliveries import DeliveryService
from backend.services.delivery_packages import DeliveryPackageService
from backend.services.entries import EntryService
from backend.services.erasure import ErasureService
from backend.services.guidance import GuidanceService
from backend.services.invitations import InvitationService
from backend.services.key_rotation import KeyRotationService
from backend.services.likenesses import LikenessService
from backend.services.limits import AttemptLimiter
from backend.services.message_consents import MessageConsentService
from backend.services.message_desk import MessageDeskService
from backend.services.on_site import OnSiteService
from backend.services.outbox import OutboxService
from backend.services.own_data import OwnDataService
from backend.services.picture_checks import PictureCheckService
from backend.services.posters import PosterService
from backend.services.progress import ProgressService
from backend.services.purge import FileSweeper, PurgeService
from backend.services.pushes import PushService
from backend.services.reminders import ReminderService
from backend.services.retention import RetentionService
from backend.services.returned_lists import ReturnedListService
from backend.services.review_queue import ReviewQueueService
from backend.services.reviews import ReviewService
from backend.services.roster import RosterService
from backend.services.roster_imports import RosterImportService
from backend.services.search import SearchService
from backend.services.second_factor import SecondFactorService
from backend.services.sessions import ConsentService, SessionService
from backend.services.sign_in import SignInService
from backend.services.staff import SessionRules, StaffService
from backend.services.staff_desk import StaffDeskService
from backend.services.stations import StationService
from backend.services.students import StudentService
from backend.services.submissions import SubmissionService
from backend.services.upkeep import (
    HealthService,
    IdempotencyService,
    ReconcileService,
)
from backend.services.verification import VerificationService
from backend.settings import Settings, SettingsError, read_settings
from backend.storage.local import LocalPhotoStore
from backend.web.context import WebContext
from backend.web.factory import make_web_app
from backend.wechat import AccountKeys, WeChatPyGateway

if TYPE_CHECKING:
    from collections.abc import Callable

    from apiflask import APIFlask
    from celery import Celery

    from backend.ports import (
        Clock,
        CodeReader,
        Jobs,
        PhotoInspector,
        PhotoStore,
        WeChatGateway,
    )


#: Seconds a worker spends on batches before it makes room for other jobs.
_ROUND: Final = 60.0


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
    jobs: Jobs


def make_adapters(settings: Settings) -> Adapters:
    """Build the adapters the settings ask for."""
    keys = settings.keys
    photo_key = settings.photo_key_bytes
    db, clock = Database(settings.database_url.get_secret_value()), SystemClock()
    vault = Vault(keys=keys, current=next(iter(keys)), hash_key=settings.hash_key_bytes)
    return Adapters(
        db=db,
        vault=vault,
        store=LocalPhotoStore(
            settings.photo_root, cipher=FileCipher(photo_key) if photo_key else None
        ),
        inspector=MediaPipeInspector(shared=settings.photo_root),
        reader=QrCodeReader(),
        clock=clock,
        passwords=Passwords(),
        wechat=make_gateway(settings, db=db, vault=vault, clock=clock),
        jobs=QueuedJobs(settings.redis_url.get_secret_value())
        if settings.redis_url
        else InlineJobs(),
    )


def make_gateway(
    settings: Settings, *, db: Database, vault: Vault, clock: Clock
) -> WeChatPyGateway:
    """Build the way to WeChat; an account without settings is one we do not have."""
    return WeChatPyGateway(
        {
            account: AccountKeys(
                app_id=given.app_id,
                secret=given.secret.get_secret_value(),
                push_token=given.push_token.get_secret_value()
                if given.push_token
                else None,
                push_key=given.push_key.get_secret_value() if given.push_key else None,
            )
            for account, given in settings.wechat_accounts.items()
        },
        api_url=settings.wechat_api_url,
        open_url=settings.wechat_open_url,
        store=SharedCredentials(db=db, vault=vault),
        clock=clock,
    )


def make_services(settings: Settings, parts: Adapters) -> Services:
    """Wire every use case to the adapters."""
    db, clock, vault, store = parts.db, parts.clock, parts.vault, parts.store
    jobs, gateway = parts.jobs, parts.wechat
    limiter = AttemptLimiter(vault=vault)
    templates = _templates(settings)
    shipped = {name: policies.load(name) for name in policies.names()}
    sessions = SessionService(
        db=db, clock=clock, lifetime=timedelta(hours=settings.session_hours)
    )
    second_factor = SecondFactorService(
        db=db, clock=clock, vault=vault, limiter=limiter
    )
    staff_rules = SessionRules(
        lifetime=timedelta(hours=settings.staff_session_hours),
        idle=timedelta(minutes=settings.staff_idle_minutes),
        admins_need_factor=settings.admins_need_totp,
    )
    stations = StationService(db=db, clock=clock, public_url=settings.public_url)
    message_consents = MessageConsentService(
        db=db, clock=clock, vault=vault, templates=templates
    )
    submissions = SubmissionService(
        db=db,
        clock=clock,
        store=store,
        inspector=parts.inspector,
        policies=shipped,
        jobs=jobs,
        content_check=settings.content_check,
    )
    backgrounds = BackgroundService(
        db=db, clock=clock, store=store, inspector=parts.inspector, policies=shipped
    )
    picture_checks = PictureCheckService(
        db=db,
        clock=clock,
        vault=vault,
        store=store,
        gateway=gateway,
        public_url=settings.public_url,
    )
    collecting = CollectingService(
        db=db,
        clock=clock,
        vault=vault,
        submissions=submissions,
        backgrounds=backgrounds,
    )
    sweeper = FileSweeper(db=db, clock=clock, store=store)
    services = Services(
        audit=AuditService(db=db, clock=clock, vault=vault),
        backgrounds=backgrounds,
        batches=BatchService(
            db=db,
            clock=clock,
            vault=vault,
            store=store,
            collecting=collecting,
            jobs=jobs,
            # A worker has time; whoever waits for an answer has not.
            rounds=Rounds(REQUEST_BUDGET if isinstance(jobs, InlineJobs) else _ROUND),
        ),
        bindings=BindingService(db=db, clock=clock, vault=vault, limiter=limiter),
        campaigns=CampaignService(db=db, clock=clock, policies=shipped),
        code_packs=CodePackService(db=db, clock=clock, vault=vault, store=store),
        codes=CodeService(
            db=db,
            clock=clock,
            vault=vault,
            store=store,
            reader=parts.reader,
            limiter=limiter,
        ),
        collecting=collecting,
        consents=ConsentService(db=db, clock=clock),
        contact_sheets=ContactSheetService(db=db, clock=clock),
        deliveries=DeliveryService(db=db, clock=clock, vault=vault, store=store),
        delivery_packages=DeliveryPackageService(
            db=db, clock=clock, vault=vault, store=store
        ),
        entries=EntryService(db=db, clock=clock),
        erasure=ErasureService(db=db, clock=clock, vault=vault, jobs=jobs),
        guidance=GuidanceService(
            db=db, clock=clock, inspector=parts.inspector, policies=shipped
        ),
        health=HealthService(db=db, store=store, inspector=parts.inspector),
        idempotency=IdempotencyService(db=db, clock=clock),
        likenesses=LikenessService(db=db),
        invitations=InvitationService(
            db=db,
            clock=clock,
            limiter=limiter,
            passwords=parts.passwords,
            public_url=settings.public_url,
        ),
        key_rotation=KeyRotationService(db=db, vault=vault),
        message_consents=message_consents,
        message_desk=MessageDeskService(db=db, clock=clock, jobs=jobs),
        on_site=OnSiteService(db=db, clock=clock, reader=parts.reader),
        outbox=OutboxService(
            db=db,
            clock=clock,
            vault=vault,
            gateway=gateway,
            jobs=jobs,
            templates=templates,
            pages=_message_pages(settings),
        ),
        own_data=OwnDataService(db=db, clock=clock, vault=vault, store=store),
        picture_checks=picture_checks,
        policies=shipped,
        posters=PosterService(
            db=db,
            clock=clock,
            stations=stations,
            gateway=gateway,
            page=settings.mini_program.page if settings.mini_program else "",
        ),
        progress=ProgressService(db=db, clock=clock, public_url=settings.public_url),
        purge=PurgeService(db=db, clock=clock, vault=vault, sweeper=sweeper),
        pushes=PushService(
            db=db,
            clock=clock,
            vault=vault,
            gateway=gateway,
            jobs=jobs,
            handlers={
                "wxa_media_check": picture_checks.apply_answer,
                "subscribe_msg_popup_event": message_consents.apply_event,
                "subscribe_msg_change_event": message_consents.apply_event,
            },
        ),
        reconcile=ReconcileService(db=db, clock=clock, store=store),
        reminders=ReminderService(db=db, clock=clock, jobs=jobs, templates=templates),
        review_queue=ReviewQueueService(db=db, clock=clock, jobs=jobs),
        returned_lists=ReturnedListService(db=db, clock=clock, vault=vault, jobs=jobs),
        retention=RetentionService(db=db, clock=clock),
        reviews=ReviewService(db=db, clock=clock, jobs=jobs),
        roster=RosterService(db=db, clock=clock, vault=vault, policies=shipped),
        roster_imports=RosterImportService(db=db, clock=clock, vault=vault, jobs=jobs),
        search=SearchService(
            db=db, clock=clock, vault=vault, store=store, inspector=parts.inspector
        ),
        second_factor=second_factor,
        sessions=sessions,
        sign_in=SignInService(
            db=db,
            clock=clock,
            vault=vault,
            gateway=gateway,
            limiter=limiter,
            sessions=sessions,
            public_url=settings.public_url,
        ),
        sweeper=sweeper,
        staff=StaffService(
            db=db,
            clock=clock,
            limiter=limiter,
            passwords=parts.passwords,
            second_factor=second_factor,
            rules=staff_rules,
        ),
        staff_desk=StaffDeskService(db=db, clock=clock, idle=staff_rules.idle),
        stations=stations,
        submissions=submissions,
        students=StudentService(db=db, clock=clock, vault=vault),
        verification=VerificationService(db=db, clock=clock),
    )
    if isinstance(jobs, InlineJobs):
        jobs.assign(job_handlers(services))
    return services


def job_handlers(services: Services) -> dict[Job, Callable[[], object]]:
    """Return who does which job."""
    return {
        Job.MESSAGES: services.outbox.send_due,
        Job.REMINDERS: services.outbox.remind,
        Job.PUSHES: services.pushes.handle_open,
        Job.PICTURE_CHECKS: services.picture_checks.ask_due,
        Job.BATCHES: services.batches.go_on_all,
        Job.ROSTER_IMPORTS: services.roster_imports.work,
        Job.DOOMED_FILES: services.sweeper.sweep,
        Job.PURGE: services.purge.run,
    }


def create_worker(settings: Settings | None = None) -> Celery:
    """Return the Celery application, configured from the environment by default.

    Raises:
        SettingsError: there is no queue to work for.
    """
    settings = settings or read_settings()
    if settings.redis_url is None:
        raise SettingsError("BIZHAO_REDIS_URL: a worker needs a queue")
    configure_logs()
    services = make_services(settings, make_adapters(settings))
    return make_worker(settings.redis_url.get_secret_value(), job_handlers(services))


def _templates(
    settings: Settings,
) -> dict[Account, dict[MessageKind, MessageTemplate]]:
    return {
        account: {
            kind: MessageTemplate(template.id, template.fields)
            for kind, template in given.templates.items()
        }
        for account, given in settings.wechat_accounts.items()
    }


def _message_pages(settings: Settings) -> dict[Account, str]:
    """Return where a message leads; ``{token}`` stands for the student's entry."""
    mini_program = settings.mini_program
    return {
        Account.MINI_PROGRAM: f"{mini_program.page if mini_program else ''}?scene={{token}}",
        Account.SERVICE_ACCOUNT: f"{settings.public_url}/s/{{token}}",
    }


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
        max_batch_bytes=settings.max_batch_bytes,
    )
    return make_web_app(context, proxies=settings.proxies)
