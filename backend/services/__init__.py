"""The use cases: what the pages, the API and the command line can ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.domain.policy import Policy
from backend.services.audit import AuditService
from backend.services.backgrounds import BackgroundService
from backend.services.batches import BatchService
from backend.services.bindings import BindingService
from backend.services.campaigns import CampaignService
from backend.services.code_packs import CodePackService
from backend.services.codes import CodeService
from backend.services.collecting import CollectingService
from backend.services.contact_sheets import ContactSheetService
from backend.services.deliveries import DeliveryService
from backend.services.delivery_packages import DeliveryPackageService
from backend.services.entries import EntryService
from backend.services.erasure import ErasureService
from backend.services.guidance import GuidanceService
from backend.services.invitations import InvitationService
from backend.services.key_rotation import KeyRotationService
from backend.services.likenesses import LikenessService
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
from backend.services.staff import StaffService
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


@dataclass(frozen=True, slots=True)
class Services:
    """Every use case, wired."""

    audit: AuditService
    backgrounds: BackgroundService
    batches: BatchService
    bindings: BindingService
    campaigns: CampaignService
    code_packs: CodePackService
    codes: CodeService
    collecting: CollectingService
    consents: ConsentService
    contact_sheets: ContactSheetService
    deliveries: DeliveryService
    delivery_packages: DeliveryPackageService
    entries: EntryService
    erasure: ErasureService
    guidance: GuidanceService
    health: HealthService
    idempotency: IdempotencyService
    likenesses: LikenessService
    invitations: InvitationService
    key_rotation: KeyRotationService
    message_consents: MessageConsentService
    message_desk: MessageDeskService
    on_site: OnSiteService
    outbox: OutboxService
    own_data: OwnDataService
    picture_checks: PictureCheckService
    policies: Mapping[str, Policy]
    posters: PosterService
    progress: ProgressService
    pushes: PushService
    reconcile: ReconcileService
    reminders: ReminderService
    review_queue: ReviewQueueService
    returned_lists: ReturnedListService
    purge: PurgeService
    retention: RetentionService
    reviews: ReviewService
    roster: RosterService
    roster_imports: RosterImportService
    search: SearchService
    second_factor: SecondFactorService
    sessions: SessionService
    sign_in: SignInService
    staff: StaffService
    staff_desk: StaffDeskService
    stations: StationService
    students: StudentService
    submissions: SubmissionService
    sweeper: FileSweeper
    verification: VerificationService
