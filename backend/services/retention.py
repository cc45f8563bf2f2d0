"""The dates of a campaign, seen and changed by an administrator."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from backend.db import entries, retention
from backend.db.engine import Database, Session
from backend.db.models import Campaign
from backend.domain.errors import ConflictError, InvalidInputError
from backend.domain.retention import Kind, RetentionRules
from backend.messages.retention import promise
from backend.ports import Clock
from backend.services.access import require_admin
from backend.services.audit_trail import AuditTrail
from backend.services.purge import PurgeLine, purge_lines
from backend.services.types import StaffUser


@dataclass(frozen=True, slots=True)
class CampaignRetention:
    """How long a campaign's data is kept, and what is next to go."""

    campaign_id: int
    campaign_name: str
    closing: datetime
    rules: RetentionRules
    promise: str
    lines: tuple[PurgeLine, ...]

    @property
    def due_rows(self) -> int:
        """How much the next purge deletes."""
        return sum(line.rows for line in self.lines if line.is_due)


@dataclass(frozen=True, slots=True)
class CampaignDates:
    """When something of a campaign goes next; counting it takes its own page.

    Attributes:
        next_kind: none when every date is over.
    """

    campaign_id: int
    campaign_name: str
    closing: datetime
    next_kind: Kind | None
    next_at: datetime | None


class RetentionService:
    """Shows and changes the rules."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._trail = AuditTrail(clock)

    def list(self, actor: StaffUser) -> tuple[CampaignDates, ...]:
        """Return every campaign with its next date, newest first."""
        require_admin(actor)
        with self._db.reading() as session:
            return tuple(
                self._dates(session, campaign)
                for campaign in entries.all_campaigns(session)
            )

    def get(
        self,
        actor: StaffUser,
        campaign_id: int,
        *,
        instead: RetentionRules | None = None,
    ) -> CampaignRetention:
        """Return a campaign's dates, or what they would be by other rules.

        Raises:
            NotFoundError: ``campaign_not_found``.
        """
        require_admin(actor)
        with self._db.reading() as session:
            campaign = entries.get_campaign(session, campaign_id)
            return self._view(
                session, campaign, instead or retention.rules_of(campaign)
            )

    def change(
        self,
        actor: StaffUser,
        campaign_id: int,
        rules: RetentionRules,
        *,
        deleting: bool = False,
    ) -> CampaignRetention:
        """Give a campaign other rules; audited with what they were.

        Raises:
            PermissionDeniedError: not an administrator.
            NotFoundError: ``campaign_not_found``.
            InvalidInputError: ``retention_days``, ``retention_order``.
            ConflictError: ``retention_deletes``, with the number of ``rows`` that the
                next purge would delete because of the change; unless ``deleting``
                says that this is wanted.
        """
        require_admin(actor)
        if violations := rules.violations():
            raise InvalidInputError("invalid_input", violations=violations)
        with self._db.transaction() as session:
            campaign = entries.get_campaign(session, campaign_id)
            before = self._view(session, campaign, retention.rules_of(campaign))
            after = self._view(session, campaign, rules)
            more = after.due_rows - before.due_rows
            if more > 0 and not deleting:
                raise ConflictError("retention_deletes", rows=more)
            retention.set_rules(campaign, rules)
            self._trail.record(
                session,
                actor,
                "retention.change",
                f"campaign:{campaign_id}",
                _difference(before.rules, rules),
            )
        return after

    def _dates(self, session: Session, campaign: Campaign) -> CampaignDates:
        closing = retention.closing_instant(session, campaign)
        rules = retention.rules_of(campaign)
        dates = [(rules.due_at(kind, closing), kind) for kind in Kind]
        coming = [date for date in dates if date[0] > self._clock.now()]
        # Of several at one instant the one that goes first.
        next_at, next_kind = min(coming, key=lambda date: date[0], default=(None, None))
        return CampaignDates(campaign.id, campaign.name, closing, next_kind, next_at)

    def _view(
        self, session: Session, campaign: Campaign, rules: RetentionRules
    ) -> CampaignRetention:
        return CampaignRetention(
            campaign_id=campaign.id,
            campaign_name=campaign.name,
            closing=retention.closing_instant(session, campaign),
            rules=rules,
            promise=promise(rules),
            lines=purge_lines(session, campaign, rules, self._clock.now()),
        )


def _difference(old: RetentionRules, new: RetentionRules) -> str:
    was = asdict(old)
    return " ".join(
        f"{name}={was[name]}→{days}"
        for name, days in asdict(new).items()
        if was[name] != days
    )
