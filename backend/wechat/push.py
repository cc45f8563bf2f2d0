"""Proving and reading what WeChat pushes.

The signature of the address covers only the time and a nonce; an encrypted body has one
of its own, and names inside whom it is for. So with a key set, plain bodies are refused.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from xml.parsers.expat import ExpatError

import xmltodict
from wechatpy.crypto import WeChatCrypto

from backend.domain.errors import InvalidInputError, PermissionDeniedError
from backend.domain.wechat import Account, Push

#: How far a push may lie from our clock; WeChat repeats within seconds.
FRESHNESS: Final = timedelta(minutes=5)
#: An instant before this is no time of a push.
_LATEST: Final = 2**33


class PushReader:
    """Reads the pushes of one account."""

    def __init__(
        self, account: Account, *, app_id: str, token: str, key: str | None
    ) -> None:
        self._account = account
        self._token = token
        self._crypto = WeChatCrypto(token, key, app_id) if key else None

    def greeting(self, query: Mapping[str, str], now: datetime) -> str:
        """Return the text WeChat wants back; raises PermissionDeniedError."""
        self._prove(query, now)
        return query.get("echostr", "")[:200]

    def read(self, query: Mapping[str, str], body: bytes, now: datetime) -> Push:
        """Return the event.

        Raises:
            PermissionDeniedError: ``push_signature_invalid``.
            InvalidInputError: ``malformed_request``: proven, and not understood.
        """
        self._prove(query, now)
        data = _parse(body)
        if "Encrypt" in data or self._crypto is not None:
            data = _parse(self._decrypt(query, data).encode())
        return self._push(data)

    def _prove(self, query: Mapping[str, str], now: datetime) -> None:
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        _compare(query.get("signature", ""), self._token, timestamp, nonce)
        if abs(now - _instant(timestamp)) > FRESHNESS:
            raise PermissionDeniedError("push_signature_invalid")

    def _decrypt(self, query: Mapping[str, str], data: Mapping[str, Any]) -> str:
        cipher = data.get("Encrypt")
        if self._crypto is None or not isinstance(cipher, str):
            raise PermissionDeniedError("push_signature_invalid")
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        signature = query.get("msg_signature", "")
        # wechatpy compares as well, but not in constant time.
        _compare(signature, self._token, timestamp, nonce, cipher)
        try:
            text = self._crypto.decrypt_message(
                {"Encrypt": cipher}, signature, timestamp, nonce
            )
        except Exception:  # noqa: BLE001 - padding, base64, length, somebody else's
            raise PermissionDeniedError("push_signature_invalid") from None
        return text if isinstance(text, str) else bytes(text).decode("utf-8", "replace")

    def _push(self, data: Mapping[str, Any]) -> Push:
        event = data.get("Event") or data.get("MsgType")
        if not isinstance(event, str):
            raise InvalidInputError("malformed_request")
        try:
            canonical = json.dumps(data, sort_keys=True, ensure_ascii=False)
        except (TypeError, ValueError, RecursionError):
            raise InvalidInputError("malformed_request") from None
        trace = data.get("trace_id")
        return Push(
            account=self._account,
            event=event,
            key=f"trace:{trace}"
            if isinstance(trace, str)
            else hashlib.sha256(canonical.encode()).hexdigest(),
            sent_at=_instant(str(data.get("CreateTime", ""))),
            data=data,
        )


def _compare(given: str, *parts: str) -> None:
    """Raise unless the signature is the SHA-1 of the sorted parts, as WeChat makes it."""
    digest = hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False)
    if not hmac.compare_digest(given.encode(), digest.hexdigest().encode()):
        raise PermissionDeniedError("push_signature_invalid")


def _instant(text: str) -> datetime:
    """Return the instant of a Unix time; what is none lies far in the past."""
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0  # noqa: PLR2004 - digits of the year 5138
    return datetime.fromtimestamp(min(seconds, _LATEST), UTC)


def _parse(body: bytes) -> dict[str, Any]:
    """Return the fields of JSON or of WeChat's ``<xml>``."""
    text = body.decode("utf-8", "replace").strip()
    try:
        found = (
            xmltodict.parse(text).get("xml")
            if text.startswith("<")
            else json.loads(text)
        )
    except (ValueError, ExpatError, RecursionError):
        raise InvalidInputError("malformed_request") from None
    if not isinstance(found, dict):
        raise InvalidInputError("malformed_request")
    return found
