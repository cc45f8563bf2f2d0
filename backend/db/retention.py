"""What goes when: the rules of a campaign, and the rows of each kind.

How rows are emptied is in ``emptying``. Each call handles one batch inside one
transaction, and what is done is no longer found by the next, so a crash between two
batches costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, exists, false, func, or_, select
from sqlalchemy.orm import Session

from backend.db.campaign_rules import last_closing
from backend.db.doomed_files import doom
from backend.db.emptying import EMPTY, Blanks, Gone
from backend.db.models import Binding, Campaign, Student, Submission
from backend.db.wechat_models import OutgoingMessageRow
from backend.domain.retention import DISCARDED, HELD_BACK, Kind, RetentionRules


def closing_instant(session: Session, campaign: Campaign) -> datetime:
    """Return when the last photo of a campaign can be handed in; dates count from it."""
    return last_closing(session, campaign.id)


def rules_of(campaign: Campaign) -> RetentionRules:
    """Return the rules of a campaign."""
    return RetentionRules(
        discarded=campaign.keep_discarded,
        originals=campaign.keep_originals,
        cards=campaign.keep_cards,
        messages=campaign.keep_messages,
        portraits=campaign.keep_portraits,
        identities=campaign.keep_identities,
    )


def set_rules(campaign: Campaign, rules: RetentionRules) -> None:
    """Give a campaign other rules."""
    campaign.keep_discarded = rules.discarded
    campaign.keep_originals = rules.originals
    campaign.keep_cards = rules.cards
    campaign.keep_messages = rules.messages
    campaign.keep_portraits = rules.portraits
    campaign.keep_identities = rules.identities


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a kind: a table, what narrows it, and what holds some back."""

    table: type[Any]
    where: Callable[[int], ColumnElement[bool]]
    held: ColumnElement[bool]


def _in_campaign(campaign_id: int) -> ColumnElement[bool]:
    return Submission.binding_id.in_(
        select(Binding.id).where(Binding.campaign_id == campaign_id)
    )


_IS_DISCARDED: Final = Submission.status.in_([status.value for status in DISCARDED])

_IS_HELD_BACK: Final = Submission.status == HELD_BACK.value

_BINDING_HELD_BACK: Final = exists().where(
    Submission.binding_id == Binding.id, _IS_HELD_BACK
)

_STUDENT_HELD_BACK: Final = exists().where(
    Binding.student_id == Student.id,
    Submission.binding_id == Binding.id,
    _IS_HELD_BACK,
)

_ROWS: Final[Mapping[Kind, _Rows]] = MappingProxyType(
    {
        Kind.DISCARDED: _Rows(
            Submission,
            lambda campaign: and_(
                _in_campaign(campaign), _IS_DISCARDED, Submission.erased_at.is_(None)
            ),
            false(),
        ),
        Kind.ORIGINALS: _Rows(
            Submission,
            lambda campaign: and_(
                _in_campaign(campaign),
                ~_IS_DISCARDED,
                or_(
                    Submission.original_key.is_not(None),
                    Submission.overlay_key.is_not(None),
                    Submission.other_portrait_key.is_not(None),
                ),
            ),
            _IS_HELD_BACK,
        ),
        Kind.CARDS: _Rows(
            Binding,
            lambda campaign: and_(
                Binding.campaign_id == campaign, Binding.card_key.is_not(None)
            ),
            _BINDING_HELD_BACK,
        ),
        Kind.MESSAGES: _Rows(
            OutgoingMessageRow,
            lambda campaign: OutgoingMessageRow.campaign_id == campaign,
            false(),
        ),
        Kind.PORTRAITS: _Rows(
            Submission,
            lambda campaign: and_(
                _in_campaign(campaign), ~_IS_DISCARDED, Submission.erased_at.is_(None)
            ),
            _IS_HELD_BACK,
        ),
        Kind.BINDINGS: _Rows(
            Binding,
            lambda campaign: and_(
                Binding.campaign_id == campaign, Binding.erased_at.is_(None)
            ),
            _BINDING_HELD_BACK,
        ),
        Kind.IDENTITIES: _Rows(
            Student,
            lambda campaign: and_(
                Student.campaign_id == campaign, Student.erased_at.is_(None)
            ),
            _STUDENT_HELD_BACK,
        ),
    }
)


def count(session: Session, kind: Kind, campaign_id: int) -> tuple[int, int]:
    """Return how many rows of a kind would go, and how many are held back."""
    rows = _ROWS[kind]
    held = func.coalesce(func.sum(case((rows.held, 1), else_=0)), 0)
    found = session.execute(
        select(func.count(), held)
        .select_from(rows.table)
        .where(rows.where(campaign_id))
    ).one()
    return found[0] - found[1], found[1]


def empty_batch(
    session: Session,
    kind: Kind,
    campaign_id: int,
    *,
    after: int,
    blanks: Blanks,
    at: datetime,
    limit: int,
) -> Gone:
    """Empty the next rows of a kind behind an id; nothing when none is left."""
    rows = _ROWS[kind]
    found = session.scalars(
        select(rows.table)
        .where(rows.where(campaign_id), ~rows.held, rows.table.id > after)
        .order_by(rows.table.id)
        .limit(limit)
        # A photo that is being approved meanwhile is waited for and looked at again.
        .with_for_update()
    ).all()
    gone = Gone()
    if found:
        gone.last = found[-1].id
        EMPTY[kind](session, found, gone, blanks, at)
        session.flush()
        doom(session, gone.keys, at=at)
    return gone
