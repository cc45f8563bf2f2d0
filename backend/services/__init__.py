"""The use cases: what the pages, the API and the command line can ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.domain.policy import Policy
from backend.services.audit import AuditService
from backend.services.bindings import BindingService
from backend.services.codes import CodeService
from backend.services.entries import EntryService
from backend.services.erasure import ErasureService
from backend.services.guidance import GuidanceService
from backend.services.key_rotation import KeyRotationService
from backend.services.message_consents import MessageConsentService
from backend.services.message_desk import MessageDeskService
from backend.services.outbox import OutboxService
from backend.services.own_data import OwnDataService
from backend.services.picture_checks import PictureCheckService
from backend.services.posters import PosterService
from backend.services.purge import FileSweeper, PurgeService
from backend.services.pushes import PushService
from backend.services.retention import RetentionService
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


@dataclass(frozen=True, slots=True)
class Services:
    """Every use case, wired."""

    audit: AuditService
    bindings: BindingService
    codes: CodeService
    consents: ConsentService
    entries: EntryService
    erasure: ErasureService
    guidance: GuidanceService
    health: HealthService
    idempotency: IdempotencyService
    key_rotation: KeyRotationService
    message_consents: MessageConsentService
    message_desk: MessageDeskService
    outbox: OutboxService
    own_data: OwnDataService
    picture_checks: PictureCheckService
    policies: Mapping[str, Policy]
    posters: PosterService
    purge: PurgeService
    pushes: PushService
    reconcile: ReconcileService
    retention: RetentionService
    reviews: ReviewService
    roster: RosterService
    search: SearchService
    sessions: SessionService
    sign_in: SignInService
    staff: StaffService
    stations: StationService
    submissions: SubmissionService
    sweeper: FileSweeper
    verification: VerificationService
