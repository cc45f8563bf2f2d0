"""Campaigns and the students who belong to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from backend.crypto import Vault
from backend.db import entries, roster
from backend.db.engine import Database
from backend.db.models import Campaign, Student
from backend.domain.codes import parse_collection_code
from backend.domain.errors import InvalidInputError, Violation
from backend.domain.identity import IdentityNumber, normalise_name
from backend.domain.policy import Policy
from backend.domain.report import Background
from backend.ports import Clock
from backend.services.access import require_admin
from backend.services.types import CampaignView, StaffUser
from backend.services.views import campaign_view


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCampaign:
    """What a campaign is made of.

    Attributes:
        background: what becomes of it; none leaves a campaign as it is, and a new one
            as its policy says.
    """

    name: str
    school_name: str
    school_code: str | None
    graduating_years: tuple[int, ...]
    opens_at: datetime
    closes_at: datetime
    policy: str
    album_allowed: bool
    contact: str
    notice_version: str
    notice_text: str
    retention_text: str
    background: Background | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStudent:
    """One row of a roster."""

    station_code: str
    name: str = field(repr=False)
    student_no: str = field(repr=False)
    id_number: str = field(repr=False)
    level: str
    major: str
    graduating_year: int
    exam_no: str = field(default="", repr=False)
    study_form: str = "函授"
    class_no: str = ""
    code: str | None = field(default=None, repr=False)
    exempt_reason: str | None = None


class RosterService:
    """Creates campaigns and puts students on their roster."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        vault: Vault,
        policies: Mapping[str, Policy],
    ) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._policies = policies

    def is_empty(self) -> bool:
        """Tell whether no campaign exists yet."""
        with self._db.reading() as session:
            return not entries.all_campaigns(session)

    def create_campaign(self, actor: StaffUser, new: NewCampaign) -> CampaignView:
        """Create a campaign.

        Raises:
            PermissionDeniedError: not an administrator.
            InvalidInputError: the window ends before it starts.
            ConflictError: ``campaign_name_taken``.
        """
        require_admin(actor)
        if new.opens_at >= new.closes_at:
            raise InvalidInputError(
                "invalid_input", violations=(Violation("closes_at", "invalid_field"),)
            )
        row = Campaign(
            name=new.name,
            school_name=new.school_name,
            school_code=new.school_code,
            graduating_years=list(new.graduating_years),
            opens_at=new.opens_at,
            closes_at=new.closes_at,
            policy=new.policy,
            album_allowed=new.album_allowed,
            background=new.background
            or self._policies[new.policy].background.treatment,
            contact=new.contact,
            notice_version=new.notice_version,
            notice_text=new.notice_text,
            retention_text=new.retention_text,
            created_at=self._clock.now(),
        )
        with self._db.transaction() as session:
            return campaign_view(roster.add_campaign(session, row))

    def add_students(
        self, actor: StaffUser, campaign_id: int, new: Sequence[NewStudent]
    ) -> int:
        """Put students on a campaign's roster, all or none; return how many.

        Raises:
            PermissionDeniedError: not an administrator.
            InvalidInputError: an identity number that is not one.
            NotFoundError: no such campaign, or a station code nobody has.
            ConflictError: ``student_no_taken``.
        """
        require_admin(actor)
        with self._db.transaction() as session:
            entries.get_campaign(session, campaign_id)
            stations = roster.station_ids(session)
            roster.add_students(
                session,
                [self._row(campaign_id, stations, student) for student in new],
            )
        return len(new)

    def _row(
        self, campaign_id: int, stations: roster.StationIds, new: NewStudent
    ) -> Student:
        number = IdentityNumber.parse(new.id_number)
        code = parse_collection_code(new.code).token if new.code else None
        vault = self._vault
        return Student(
            campaign_id=campaign_id,
            station_id=stations.get(new.station_code),
            name=normalise_name(new.name),
            student_no=new.student_no,
            exam_no=new.exam_no,
            level=new.level,
            major=new.major,
            study_form=new.study_form,
            graduating_year=new.graduating_year,
            class_no=new.class_no,
            exempt_reason=new.exempt_reason,
            id_number_sealed=vault.seal(number.value, purpose="id_number"),
            id_number_hash=vault.hash(number.value, purpose="id_number"),
            id_last6_hash=vault.hash(number.last6, purpose="id_last6"),
            id_last4_hash=vault.hash(number.last4, purpose="id_last4"),
            code_hash=vault.hash(code, purpose="code") if code else None,
            created_at=self._clock.now(),
        )
