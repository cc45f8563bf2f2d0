"""The use cases: what the pages, the API and the command line can ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.domain.policy import Policy
from backend.services.audit import AuditService
from backend.services.bindings import BindingService
from backend.services.codes import CodeService
from backend.services.entries import EntryService
from backend.services.guidance import GuidanceService
from backend.services.invitations import InvitationService
from backend.services.message_consents import MessageConsentService
from backend.services.message_desk import MessageDeskService
from backend.services.outbox import OutboxService
from backend.services.picture_checks import PictureCheckService
from backend.services.posters import PosterService
from backend.services.pushes import PushService
from backend.services.reviews import ReviewService
from backend.services.roster import RosterService
from backend.services.search import SearchService
from backend.services.second_factor import SecondFactorService
from backend.services.sessions import ConsentService, SessionService
from backend.services.sign_in import SignInService
from backend.services.staff import StaffService
from backend.services.staff_desk import StaffDeskService
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
    guidance: GuidanceService
    health: HealthService
    idempotency: IdempotencyService
    invitations: InvitationService
    message_consents: MessageConsentService
    message_desk: MessageDeskService
    outbox: OutboxService
    picture_checks: PictureCheckService
    policies: Mapping[str, Policy]
    posters: PosterService
    pushes: PushService
    reconcile: ReconcileService
    reviews: ReviewService
    roster: RosterService
    search: SearchService
    second_factor: SecondFactorService
    sessions: SessionService
    sign_in: SignInService
    staff: StaffService
    staff_desk: StaffDeskService
    stations: StationService
    submissions: SubmissionService
    verification: VerificationService
