"""What WeChat's error codes mean to this service.

The codes are WeChat's global and per-call return codes. The texts beside them vary and
are never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backend.domain.errors import (
    DomainError,
    InvalidInputError,
    NotAuthenticatedError,
    PermissionDeniedError,
    RefusedError,
    UnavailableError,
    UpstreamError,
)

#: The access token is not good (any more): another one may be.
STALE_TOKEN: Final = frozenset({40001, 40014, 42001})
#: The system is busy: a second later it may not be.
BUSY: Final = -1

#: Of a subscribe message: no consent is left, or messages are switched off.
MESSAGE_REFUSED: Final = frozenset({43101})
#: Of a subscribe message: this one will never be taken.
MESSAGE_INVALID: Final = frozenset({40003, 40037, 41030, 43107, 45168, 47003})

_MINUTE, _DAY_QUOTA = 60, 3600
_RID: Final = re.compile(r"rid: ([0-9a-f-]{8,40})")


def _code_invalid() -> DomainError:
    return NotAuthenticatedError("wechat_code_invalid")


def _misconfigured() -> DomainError:
    return UnavailableError("wechat_misconfigured")


def _inactive() -> DomainError:
    return RefusedError("wechat_user_inactive")


_ERRORS: Final[Mapping[int, object]] = MappingProxyType(
    {
        # A code: invented or expired, used, missing.
        **dict.fromkeys((40029, 40163, 41008), _code_invalid),
        40226: lambda: PermissionDeniedError("wechat_user_blocked"),
        # Credentials: secret, app id, address not on the list, frozen, no permission.
        **dict.fromkeys(
            (40013, 40125, 40164, 40243, 41002, 41004, 48001, 89503), _misconfigured
        ),
        # Limits: per minute, per day.
        45011: lambda: UnavailableError("wechat_busy", retry_after=_MINUTE),
        45009: lambda: UnavailableError("wechat_busy", retry_after=_DAY_QUOTA),
        BUSY: lambda: UnavailableError("wechat_busy", retry_after=_MINUTE),
        # A mini-program code.
        40169: lambda: InvalidInputError("wechat_scene_invalid"),
        41030: lambda: InvalidInputError("wechat_page_unknown"),
        # A picture check: not a user, or not one of the last two hours.
        **dict.fromkeys((40003, 61010), _inactive),
    }
)


def error_for(code: int | None) -> DomainError:
    """Return our error for a code; what we do not know is no usable answer."""
    make = _ERRORS.get(code) if code is not None else None
    if callable(make):
        found = make()
        if isinstance(found, DomainError):
            return found
    return UpstreamError("wechat_unreachable")


def request_id(text: object) -> str:
    """Return WeChat's own id of a request out of its message, for its support."""
    found = _RID.search(str(text))
    return found.group(1) if found else ""
