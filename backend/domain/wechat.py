"""What is said to WeChat and heard from it, as plain values.

Openids name a person and are kept out of every ``repr``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Account(StrEnum):
    """The two accounts a school may have with WeChat; each names a sign-in channel."""

    MINI_PROGRAM = "mini_program"
    SERVICE_ACCOUNT = "service_account"


class MessageKind(StrEnum):
    """What a student is told of."""

    RETURNED = "returned"
    APPROVED = "approved"
    CLOSING = "closing"


class SendOutcome(StrEnum):
    """What became of one message; anything else is raised and may be tried again.

    ``REFUSED``: the student takes no more messages, so no consent is left.
    ``INVALID``: WeChat will never accept it as it is; the template or page is wrong.
    """

    SENT = "sent"
    REFUSED = "refused"
    INVALID = "invalid"


@dataclass(frozen=True, slots=True)
class WeChatUser:
    """Who signed in; the unionid is there only where the school joined its accounts."""

    openid: str = field(repr=False)
    unionid: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class SharedCredential:
    """A token or ticket of WeChat's that all processes share.

    Attributes:
        value: none until the first is fetched, or after WeChat refused it.
        expires_at: until when it is good.
        leased_until: until then somebody is asking for the next.
    """

    value: str | None = field(repr=False)
    expires_at: datetime | None
    leased_until: datetime | None

    def good_until(self, instant: datetime) -> bool:
        """Tell whether the value is good up to an instant."""
        return bool(self.value and self.expires_at and self.expires_at > instant)


@dataclass(frozen=True, slots=True)
class PageSignature:
    """What ``wx.config`` takes on a page of ours."""

    app_id: str
    timestamp: int
    nonce: str
    signature: str


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """A template chosen in WeChat's console.

    Attributes:
        id: WeChat's id of it.
        fields: WeChat's name of a field (``thing1``) → our value it shows (``advice``).
    """

    id: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One subscribe message, ready to send.

    Attributes:
        fields: WeChat's name of a field → its text, already within WeChat's limits.
        page: where a tap leads: a path of the mini program, an address for the
            service account.
    """

    account: Account
    openid: str = field(repr=False)
    template_id: str
    fields: Mapping[str, str] = field(repr=False)
    page: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Push:
    """One event WeChat told us of; its origin is proven.

    Attributes:
        event: WeChat's name of it, or the message type where there is none.
        key: the same for every repetition of one event.
        data: everything WeChat sent, as received.
    """

    account: Account
    event: str
    key: str
    sent_at: datetime
    data: Mapping[str, Any] = field(repr=False)
