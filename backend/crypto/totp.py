"""Time-based one-time passwords as authenticator apps make them (RFC 6238)."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import Final

import pyotp

#: Seconds a code is shown; apps know no other length.
STEP_SECONDS: Final = 30
#: One step either way: phones are wrong by seconds, people slow (RFC 6238 §5.2).
_WINDOW: Final = (0, -1, 1)


def new_secret() -> str:
    """Return 160 random bits in base32, the length RFC 4226 §4 recommends."""
    return pyotp.random_base32()


def provisioning_uri(secret: str, *, account: str, issuer: str) -> str:
    """Return the ``otpauth://`` address that an app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def code_at(secret: str, at: datetime) -> str:
    """Return the six digits shown at an instant."""
    return pyotp.TOTP(secret).at(at)


def matching_step(secret: str, code: str, at: datetime) -> int | None:
    """Return the time step a code belongs to; none when it is wrong at that instant."""
    now = int(at.timestamp()) // STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in (now + shift for shift in _WINDOW):
        if hmac.compare_digest(totp.at(step * STEP_SECONDS).encode(), code.encode()):
            return step
    return None
