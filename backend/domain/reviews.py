"""The life of a submission: which step may follow which.

Status is changed through :func:`next_status` and nowhere else; each change is one row
of an insert-only log.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from backend.domain.errors import ConflictError


class SubmissionStatus(StrEnum):
    """Where a submission stands."""

    DRAFT = "draft"
    PENDING = "pending"
    APPROVED = "approved"
    RETURNED = "returned"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    SENT_BACK = "sent_back"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class Action(StrEnum):
    """What somebody does to a submission."""

    CONFIRM = "confirm"
    APPROVE = "approve"
    RETURN = "return"
    SUPERSEDE = "supersede"
    REOPEN = "reopen"
    REVIVE = "revive"
    WITHDRAW = "withdraw"
    DELIVER = "deliver"
    RECALL = "recall"
    ACCEPT = "accept"
    SEND_BACK = "send_back"


class Attention(StrEnum):
    """Which photos of the review queue somebody wants to see."""

    ALL = ""
    ASKED = "asked"
    WARNED = "warned"


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What narrows the review queue; empty fields do not.

    ``ASKED``: the student asked for a person. ``WARNED``: the rules pointed something out.
    """

    campaign_id: int | None = None
    station_id: int | None = None
    attention: Attention = Attention.ALL


#: How long a photo is one reviewer's alone, unless the page asks again.
CLAIM_TIME: Final = timedelta(minutes=10)
#: How long a decision can be taken back; the student is told when it is over.
UNDO_TIME: Final = timedelta(minutes=1)


#: Handed in and not replaced: at most one of these per binding.
HANDED_IN: Final = frozenset(
    {
        SubmissionStatus.PENDING,
        SubmissionStatus.APPROVED,
        SubmissionStatus.RETURNED,
        SubmissionStatus.DELIVERED,
        SubmissionStatus.ACCEPTED,
        SubmissionStatus.SENT_BACK,
    }
)

#: A portrait in one of these is settled: a new one needs staff to return it first.
SETTLED: Final = frozenset(
    {
        SubmissionStatus.APPROVED,
        SubmissionStatus.DELIVERED,
        SubmissionStatus.ACCEPTED,
    }
)

_S = SubmissionStatus
_A = Action
TRANSITIONS: Final[Mapping[tuple[SubmissionStatus, Action], SubmissionStatus]] = (
    MappingProxyType(
        {
            (_S.DRAFT, _A.CONFIRM): _S.PENDING,
            (_S.DRAFT, _A.SUPERSEDE): _S.SUPERSEDED,
            (_S.DRAFT, _A.WITHDRAW): _S.WITHDRAWN,
            (_S.PENDING, _A.APPROVE): _S.APPROVED,
            (_S.PENDING, _A.RETURN): _S.RETURNED,
            (_S.PENDING, _A.SUPERSEDE): _S.SUPERSEDED,
            (_S.PENDING, _A.WITHDRAW): _S.WITHDRAWN,
            (_S.APPROVED, _A.RETURN): _S.RETURNED,
            (_S.APPROVED, _A.REOPEN): _S.PENDING,
            (_S.RETURNED, _A.REOPEN): _S.PENDING,
            (_S.RETURNED, _A.SUPERSEDE): _S.SUPERSEDED,
            (_S.RETURNED, _A.WITHDRAW): _S.WITHDRAWN,
            (_S.APPROVED, _A.DELIVER): _S.DELIVERED,
            # A delivery that is cancelled before anything came back was never one.
            (_S.DELIVERED, _A.RECALL): _S.APPROVED,
            (_S.DELIVERED, _A.ACCEPT): _S.ACCEPTED,
            (_S.DELIVERED, _A.SEND_BACK): _S.SENT_BACK,
            # The registry corrects itself, either way.
            (_S.ACCEPTED, _A.SEND_BACK): _S.SENT_BACK,
            (_S.SENT_BACK, _A.ACCEPT): _S.ACCEPTED,
            (_S.SENT_BACK, _A.SUPERSEDE): _S.SUPERSEDED,
            (_S.SENT_BACK, _A.WITHDRAW): _S.WITHDRAWN,
            (_S.SUPERSEDED, _A.WITHDRAW): _S.WITHDRAWN,
            # A student who uploads an earlier, never confirmed photo again gets it back.
            (_S.SUPERSEDED, _A.REVIVE): _S.DRAFT,
        }
    )
)


def next_status(current: SubmissionStatus, action: Action) -> SubmissionStatus:
    """Return the status that follows.

    Raises:
        ConflictError: ``illegal_transition``: the action does not apply any more.
    """
    following = TRANSITIONS.get((current, action))
    if following is None:
        raise ConflictError(
            "illegal_transition", status=current.value, action=action.value
        )
    return following


def may(current: SubmissionStatus, action: Action) -> bool:
    """Tell whether the action applies to the status."""
    return (current, action) in TRANSITIONS
