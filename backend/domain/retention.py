"""How long what is kept: days after a campaign's closing, and fixed periods for traces.

What belongs to a campaign follows its rules. What belongs to no campaign (a session, a
sign-in on its way, a counted wrong guess) is kept for a fixed time that is the same
everywhere, because no campaign could say which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from backend.domain.errors import Violation
from backend.domain.reviews import SubmissionStatus

#: Ten years; whoever needs longer needs an archive, not a collecting service.
MOST_DAYS: Final = 3650


class Kind(StrEnum):
    """What goes at a date of a campaign, in the order in which it goes."""

    DISCARDED = "discarded"
    ORIGINALS = "originals"
    CARDS = "cards"
    MESSAGES = "messages"
    PORTRAITS = "portraits"
    BINDINGS = "bindings"
    IDENTITIES = "identities"


class Trace(StrEnum):
    """What is kept for a fixed time, whatever the campaign."""

    SIGN_INS = "sign_ins"
    READINGS = "readings"
    ANSWERS = "answers"
    ATTEMPTS = "attempts"
    SESSIONS = "sessions"
    PUSHES = "pushes"
    OPENIDS = "openids"


#: From the end of what it was for: expiry, the last failure, the answer, the arrival.
TRACE_TIMES: Final[Mapping[Trace, timedelta]] = MappingProxyType(
    {
        Trace.SIGN_INS: timedelta(days=1),
        Trace.READINGS: timedelta(days=1),
        Trace.ANSWERS: timedelta(days=7),
        Trace.ATTEMPTS: timedelta(days=30),
        Trace.SESSIONS: timedelta(days=30),
        Trace.PUSHES: timedelta(days=30),
        # Of somebody who holds no record and has no session any more.
        Trace.OPENIDS: timedelta(days=30),
    }
)

#: Photos that lead to no certificate.
DISCARDED: Final = frozenset(
    {
        SubmissionStatus.DRAFT,
        SubmissionStatus.RETURNED,
        SubmissionStatus.SUPERSEDED,
        SubmissionStatus.WITHDRAWN,
    }
)

#: Approved and not delivered yet: nothing of it goes, however late it is.
HELD_BACK: Final = SubmissionStatus.APPROVED


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """Days after the closing of a campaign.

    Attributes:
        discarded: photos replaced, returned, withdrawn or never confirmed.
        originals: the pictures students took, and the marked ones made of them.
        cards: pictures of collection codes.
        messages: what was told by WeChat, and whom.
        portraits: finished portraits and the reports on them.
        identities: names, numbers and codes; statistics stay.
    """

    discarded: int = 90
    originals: int = 180
    cards: int = 180
    messages: int = 180
    portraits: int = 365
    identities: int = 730

    def days(self, kind: Kind) -> int:
        """Return the days after which a kind goes; a binding goes with the identity."""
        name = "identities" if kind is Kind.BINDINGS else kind.value
        days: int = getattr(self, name)
        return days

    def due_at(self, kind: Kind, closing: datetime) -> datetime:
        """Return the instant from which a kind goes."""
        return closing + timedelta(days=self.days(kind))

    def violations(self) -> tuple[Violation, ...]:
        """Return what is wrong with the rules.

        A portrait outlives the original it was made of, and a name goes last: a picture
        of somebody without a name is of no use to anybody.
        """
        wrong = [
            Violation(name, "retention_days")
            for name, days in asdict(self).items()
            if not 1 <= days <= MOST_DAYS
        ]
        if wrong:
            # What is no number of days cannot be compared either.
            return tuple(wrong)
        if self.portraits < self.originals:
            wrong.append(Violation("portraits", "retention_order"))
        if self.identities < max(getattr(self, each.name) for each in fields(self)):
            wrong.append(Violation("identities", "retention_order"))
        return tuple(wrong)
