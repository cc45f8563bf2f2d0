"""Collection codes: what the QR of a 图像采集码 card holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, repr=False)
class Claims:
    """What a structured code says of itself; unsigned, so never a proof."""

    school_code: str | None = None
    student_no: str | None = None
    level: str | None = None
    study_type: str | None = None
    masked_name: str | None = None
    id_last4: str | None = None
    branch: str | None = None
    class_no: str | None = None
    issued_at: datetime | None = None


@dataclass(frozen=True, slots=True, repr=False)
class CollectionCode:
    """One collection code; two are the same when their tokens are."""

    token: str
    claims: Claims | None = field(compare=False)
    raw: str = field(compare=False)

    @property
    def fingerprint(self) -> str:
        """The 码印 of this code."""
        raise NotImplementedError

    @property
    def needs_name(self) -> bool:
        """Whether the student must type the name: the code does not tell enough."""
        raise NotImplementedError


def parse_collection_code(text: str) -> CollectionCode:
    """Return the code a payload or a pasted text holds; raises CodeUnreadableError."""
    raise NotImplementedError


def encode_claims(token: str, claims: Claims) -> str:
    """Return a structured payload, the way the registry's cards hold it."""
    raise NotImplementedError


def fingerprint(token: str) -> str:
    """Return the 码印 of a token, for people to compare: ``ABCD-2345``."""
    raise NotImplementedError


def parse_fingerprint(text: str) -> str | None:
    """Return a typed 码印 in its one spelling, or None when the text is not one."""
    raise NotImplementedError
