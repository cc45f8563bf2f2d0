"""Collection codes: what the QR of a 图像采集码 card holds.

As far as two public programs agree, the payload is base64 of UTF-8 JSON with ten short
keys around an opaque token, unsigned; official texts call it encrypted. So both are
read: a structured payload yields claims to be checked against the roster, anything
else that is not plainly something else is kept as opaque text. Neither proves who
somebody is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from backend.domain.errors import CodeUnreadableError
from backend.domain.foreign_codes import name_foreign_code
from backend.domain.identity import shows_anything

SHORTEST = 8
LONGEST = 2000  # characters without blanks; a real card holds about 300
_HOPELESS = 4 * LONGEST
_LONGEST_CLAIM = 100

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FULL_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,3}")
_OPAQUE = re.compile(r"[!-~]+")

# Crockford's base 32: no I, L, O (read as 1, 1, 0) and no U (read as V).
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LOOK_ALIKES = str.maketrans("ILOU", "110V")
_FINGERPRINT = re.compile(rf"([{_ALPHABET}]{{4}})[-–—]?([{_ALPHABET}]{{4}})")


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

    def __repr__(self) -> str:
        return "Claims(***)"


@dataclass(frozen=True, slots=True, repr=False)
class CollectionCode:
    """One collection code; two are the same when their tokens are.

    Attributes:
        token: what the code is; stays the same when the card is downloaded again.
        claims: what a structured payload says; none when the payload is opaque.
        raw: the payload as it was read, for the next party.
    """

    token: str
    claims: Claims | None = field(compare=False)
    raw: str = field(compare=False)

    def __repr__(self) -> str:
        kind = "opaque" if self.claims is None else "structured"
        return f"CollectionCode(***, {kind})"

    @property
    def fingerprint(self) -> str:
        """The 码印 of this code."""
        return fingerprint(self.token)

    @property
    def needs_name(self) -> bool:
        """Whether the student must type the name: the code does not tell enough."""
        return (
            self.claims is None
            or not self.claims.student_no
            or not shows_anything(self.claims.masked_name or "")
        )


def fingerprint(token: str) -> str:
    """Return the 码印 of a token, for people to compare: ``7Q4M-0XKD``.

    Forty bits of SHA-256 as eight characters without look-alikes. Two given codes share
    one with a chance of 1 in 1.1 million million; among 1,000 codes any two do with
    1 in 2.2 million, among 100,000 with 1 in 220. It is for eyes, never a key.
    """
    digest = hashlib.sha256(b"collection code\0" + token.encode()).digest()
    number = int.from_bytes(digest[:5])
    letters = "".join(_ALPHABET[number >> shift & 31] for shift in range(35, -1, -5))
    return f"{letters[:4]}-{letters[4:]}"


def parse_fingerprint(text: str) -> str | None:
    """Return a typed 码印 in its one spelling, or None when the text is not one."""
    folded = "".join(text.translate(_FULL_WIDTH).split()).upper()
    found = _FINGERPRINT.fullmatch(folded.translate(_LOOK_ALIKES))
    return f"{found[1]}-{found[2]}" if found else None


def encode_claims(token: str, claims: Claims) -> str:
    """Return a structured payload of the ten known keys, as the registry's cards do."""
    age = (claims.issued_at or _EPOCH) - _EPOCH
    values = {
        "sjc": str(age // timedelta(milliseconds=1)),
        "cjm": token,
        "yxdm": claims.school_code or "",
        "zjhm": claims.id_last4 or "",
        "xh": claims.student_no or "",
        "cc": claims.level or "",
        "xllb": claims.study_type or "",
        "fy": claims.branch or "",
        "xm": claims.masked_name or "",
        "bh": claims.class_no or "",
    }
    text = json.dumps(values, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


def parse_collection_code(text: str) -> CollectionCode:
    """Return the code that a payload or a pasted text holds.

    Accepts standard or url-safe base64, with or without padding, broken by blanks or
    lines, of UTF-8 or GBK JSON; the JSON itself; or opaque printable ASCII of 8 to 2000
    characters. Full-width characters are folded.

    Raises:
        CodeUnreadableError: ``code_too_short``, ``code_too_long``,
            ``code_not_understood``, or the name of a foreign kind:
            ``code_is_station_poster``, ``code_is_web_address``, ``code_is_payment``,
            ``code_is_wechat``, ``code_is_identity_number``, ``code_is_phone_number``,
            ``code_is_number``. Never carries the text.
    """
    if len(text) > _HOPELESS:
        raise CodeUnreadableError("code_too_long")
    raw = _without_invisible(text).strip()
    folded = raw.translate(_FULL_WIDTH)
    compact = "".join(folded.split())
    if len(compact) > LONGEST:
        raise CodeUnreadableError("code_too_long")
    if compact.startswith("{"):
        return _structured(_json_object(folded), raw)
    foreign = name_foreign_code(compact)
    if foreign:
        raise CodeUnreadableError(foreign)
    values = _base64_object(compact)
    if values is not None:
        return _structured(values, raw)
    return _opaque(folded, raw)


def _without_invisible(text: str) -> str:
    """Drop zero-width characters; refuse control characters and the like."""
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if category in {"Cc", "Cs", "Cn"} and character not in "\t\r\n":
            raise CodeUnreadableError("code_not_understood")
        if category != "Cf":
            kept.append(character)
    return "".join(kept)


def _opaque(folded: str, raw: str) -> CollectionCode:
    token = "".join(line.strip() for line in folded.splitlines())
    if len(token) < SHORTEST:
        raise CodeUnreadableError("code_too_short")
    if not _OPAQUE.fullmatch(token):
        raise CodeUnreadableError("code_not_understood")
    return CollectionCode(token=token, claims=None, raw=raw)


def _json_object(text: str) -> dict[str, object] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _base64_object(text: str) -> dict[str, object] | None:
    if not _BASE64.fullmatch(text):
        return None
    letters = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        data = base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except binascii.Error:
        return None
    for encoding in ("utf-8-sig", "gbk"):
        try:
            return _json_object(data.decode(encoding))
        except UnicodeDecodeError:
            continue
    return None


def _structured(values: dict[str, object] | None, raw: str) -> CollectionCode:
    # Not raised where the JSON failed: that error would carry the payload along.
    token = values.get("cjm") if values else None
    if not isinstance(token, str | int) or isinstance(token, bool) or values is None:
        raise CodeUnreadableError("code_not_understood")
    token = str(token).strip()
    if not token or not token.isprintable():
        raise CodeUnreadableError("code_not_understood")
    claims = Claims(
        school_code=_claim(values, "yxdm"),
        student_no=_claim(values, "xh"),
        level=_claim(values, "cc"),
        study_type=_claim(values, "xllb"),
        masked_name=_claim(values, "xm"),
        id_last4=_last4(_claim(values, "zjhm")),
        branch=_claim(values, "fy"),
        class_no=_claim(values, "bh"),
        issued_at=_instant(_claim(values, "sjc")),
    )
    return CollectionCode(token=token, claims=claims, raw=raw)


def _claim(values: dict[str, object], key: str) -> str | None:
    value = values.get(key)
    if not isinstance(value, str | int) or isinstance(value, bool):
        return None
    folded = str(value).translate(_FULL_WIDTH)
    text = "".join(c for c in folded if c.isprintable()).strip()
    return text[:_LONGEST_CLAIM] or None


def _last4(text: str | None) -> str | None:
    """Return the last four letters or digits; brackets and masks do not count."""
    letters = "".join(c for c in (text or "").upper() if c.isascii() and c.isalnum())
    return letters[-4:] if len(letters) >= len("1234") else None


def _instant(text: str | None) -> datetime | None:
    """Return the instant of milliseconds since 1970, when it is a possible one."""
    if not text or not re.fullmatch(r"[0-9]{12,13}", text):
        return None
    return _EPOCH + timedelta(milliseconds=int(text))
