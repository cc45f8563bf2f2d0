"""What a search asks for, as the database takes it; cursors and the audit's words."""

from __future__ import annotations

from typing import Final

from backend.crypto import Vault
from backend.db.search import Conditions, Found, Keys, Place
from backend.domain.codes import parse_collection_code, parse_fingerprint
from backend.domain.errors import CodeUnreadableError, InvalidInputError, Violation
from backend.domain.identity import IdentityNumber, normalise_name, parse_last6
from backend.domain.query import RecordOrder, read_query
from backend.services.types import BindingStatus, SearchFilter, StaffUser

#: The cursor of the last page.
LAST_PAGE: Final = "z"
_LAST6: Final = 6
#: Conditions that may be named whole in the audit: numbers and our own words.
_PLAIN: Final = (
    "campaign_id",
    "station_id",
    "graduating_year",
    "binding_status",
    "status",
    "verdict",
    "source",
    "decided_by_id",
)
#: Typed or imported texts: only that they narrowed.
_TYPED: Final = ("keys", "level", "study_form", "class_no", "major")
_FLAGS: Final = ("not_waiting", "human_review", "quarantined")


def make_conditions(vault: Vault, actor: StaffUser, wanted: SearchFilter) -> Conditions:
    """Return the conditions of a search; a station account gets its station's.

    Raises:
        InvalidInputError: a malformed number or code; ``query_not_understood``.
    """
    status = wanted.status.value if wanted.status else None
    return Conditions(
        keys=_keys(vault, wanted),
        campaign_id=wanted.campaign_id,
        station_id=actor.station_id or wanted.station_id,
        graduating_year=wanted.graduating_year,
        level=wanted.level or None,
        class_no=wanted.class_no.strip(),
        major=wanted.major.strip(),
        study_form=wanted.study_form or None,
        binding_status=_binding_status(wanted),
        not_waiting=wanted.waiting is False,
        status="" if wanted.without_photo else status,
        verdict=wanted.verdict.value if wanted.verdict else None,
        source=wanted.source or None,
        human_review=wanted.human_review,
        quarantined=wanted.quarantined,
        submitted_from=wanted.submitted_from,
        submitted_before=wanted.submitted_before,
        decided_by_id=wanted.decided_by_id,
    )


def parse_cursor(cursor: str | None, order: RecordOrder, *, descending: bool) -> Place:
    """Return where a page starts; raises InvalidInputError for a malformed cursor."""
    if not cursor:
        return Place(order, descending)
    if cursor == LAST_PAGE:
        return Place(order, descending, at_end=True)
    kind, number = cursor[:1], cursor[1:]
    if kind not in {"a", "b"} or not (number.isascii() and number.isdecimal()):
        raise InvalidInputError(
            "invalid_input", violations=(Violation("cursor", "invalid_field"),)
        )
    if kind == "a":
        return Place(order, descending, after=int(number))
    return Place(order, descending, before=int(number))


def cursor_after(row: Found) -> str:
    """Return the cursor of the page that follows a row: it names nobody."""
    return f"a{row.entry.binding_id}"


def cursor_before(row: Found) -> str:
    """Return the cursor of the page that ends before a row."""
    return f"b{row.entry.binding_id}"


def describe(conditions: Conditions) -> str:
    """Return what narrowed a search for the audit, without anything of a person."""
    parts = [
        f"{name}={value}"
        for name in _PLAIN
        if (value := getattr(conditions, name)) is not None
    ]
    parts += [name for name in (*_TYPED, *_FLAGS) if getattr(conditions, name)]
    if conditions.submitted_from or conditions.submitted_before:
        ends = (conditions.submitted_from, conditions.submitted_before)
        parts.append("..".join(f"{end:%Y-%m-%d}" if end else "" for end in ends))
    return ", ".join(parts) or "all"


def _binding_status(wanted: SearchFilter) -> str | None:
    if wanted.waiting:
        return BindingStatus.WAITING.value
    return wanted.binding_status.value if wanted.binding_status else None


def _keys(vault: Vault, wanted: SearchFilter) -> tuple[Keys, ...]:
    keys = []
    if wanted.text.strip():
        keys.append(_text_keys(vault, wanted.text))
    if wanted.name.strip():
        keys.append(Keys(name=normalise_name(wanted.name)))
    if student_no := wanted.student_no.strip():
        keys.append(Keys(student_no=student_no))
    if number := wanted.id_number.strip():
        keys.append(_number_keys(vault, number))
    if code := wanted.code.strip():
        keys.append(_code_keys(vault, code))
    return tuple(keys)


def _text_keys(vault: Vault, text: str) -> Keys:
    query = read_query(text)
    if not query:
        raise InvalidInputError(
            "invalid_input", violations=(Violation("query", "query_not_understood"),)
        )

    def hashed(value: str, purpose: str) -> str:
        return vault.hash(value, purpose=purpose) if value else ""

    return Keys(
        name=query.name,
        student_no=query.number,
        number=query.number,
        id_number_hash=hashed(query.id_number, "id_number"),
        id_last6_hash=hashed(query.id_last6, "id_last6"),
        code_hash=hashed(query.code, "code"),
        fingerprint=query.fingerprint,
    )


def _code_keys(vault: Vault, text: str) -> Keys:
    if (fingerprint := parse_fingerprint(text)) is not None:
        return Keys(fingerprint=fingerprint)
    try:
        token = parse_collection_code(text).token
    except CodeUnreadableError as error:
        raise InvalidInputError(
            "invalid_input", violations=(Violation("collection_code", error.code),)
        ) from None
    return Keys(code_hash=vault.hash(token, purpose="code"))


def _number_keys(vault: Vault, text: str) -> Keys:
    if len(text) <= _LAST6:
        last6 = parse_last6(text, field="id_number")
        return Keys(id_last6_hash=vault.hash(last6, purpose="id_last6"))
    number = IdentityNumber.parse(text)
    return Keys(id_number_hash=vault.hash(number.value, purpose="id_number"))
