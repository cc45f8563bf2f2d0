"""Whether a collection code and what a student typed lead to one enrolment.

The decision is one pure function. What may be told to whom:

* Before the roster is looked at, an answer depends only on what the caller brought and
  on the campaign's public school code, so it tells nothing new: the name is missing
  (``name_required``), the code names another school (``code_of_other_school``), or the
  code and the typing contradict each other (``identity_mismatch``).
* That somebody else has bound this very code (``code_taken``) is told to whoever holds
  the code. A code is not guessable and says nothing of the roster.
* A roster row counts only when it proves the person: the last six match and the name
  does (in full, or through a mask that shows at least one character). Rows that match
  in part are dropped before anything is decided, so a wrong name, a wrong last six, a
  wrong 学号 and a person who is on no roster all get the same answer: the request waits
  for the station. It is no oracle for who is enrolled, and a mistake in the roster
  itself is not a dead end. Trying all last sixes still ends in a hit, therefore callers
  must count a ``Wait`` and a refusal alike as a failed attempt.
* Every other answer (exempt, taken, other enrolment and its level, the roster's code
  differs, several enrolments) is told only to a caller who has proved the person.

A live binding without a student was never proven, so it cannot keep the proven person
from the code: ``Bind.waiting_binding_id`` names it.

A student may come through a second channel, the mini program after the web page or the
other way round, and is then somebody else to WeChat. Whoever brings the very code that is
bound and proves the person like the first time joins that binding (:class:`Join`), but
only as a user of WeChat, and only where no other user of the same channel holds it: so
a second WeChat user never joins by the channel of the first.

Staff who photograph a student on site, or bring a photographer's folder, hold the binding
on the student's behalf. The student who proves to be the person later joins it by any
channel (:class:`Join`), or brings it the code it lacks (:class:`Adopt`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from backend.domain.codes import Claims, CollectionCode
from backend.domain.identity import name_matches_mask, normalise_name
from backend.domain.levels import levels_conflict


class WaitReason(StrEnum):
    """Why a person at the station has to look."""

    NOT_ON_ROSTER = "not_on_roster"
    SEVERAL_ENROLMENTS = "several_enrolments"


class RefusalCode(StrEnum):
    """The stable codes of a refusal; the value goes into RefusedError or ConflictError."""

    NAME_REQUIRED = "name_required"
    IDENTITY_MISMATCH = "identity_mismatch"
    CODE_OF_OTHER_SCHOOL = "code_of_other_school"
    CODE_OF_OTHER_ENROLMENT = "code_of_other_enrolment"
    CODE_TAKEN = "code_taken"
    STUDENT_TAKEN = "student_taken"
    STUDENT_HAS_OTHER_CODE = "student_has_other_code"
    CODE_DIFFERS_FROM_ROSTER = "code_differs_from_roster"
    EXEMPT = "exempt"


@dataclass(frozen=True, slots=True)
class Typed:
    """What the student typed; ``id_last6`` comes from ``parse_last6``."""

    name: str | None = field(repr=False)
    id_last6: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class CampaignFacts:
    """What a campaign tells everyone; no school code means it is not compared."""

    id: int
    school_code: str | None


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One candidate of the campaign's roster, compared by keyed hashes beforehand.

    Attributes:
        student_no: empty when the roster has none.
        station_id: none when the roster names no station.
        id_last6_matches: the typed six are the last six of the identity number.
        id_last4_matches: the four in the code's claims are its last four; none when
            the code claims none.
        code_matches: the roster's code is this one; none when it carries no code.
    """

    student_id: int
    station_id: int | None
    name: str = field(repr=False)
    student_no: str = field(repr=False)
    level: str
    id_last6_matches: bool
    id_last4_matches: bool | None
    code_matches: bool | None
    exempt: bool


@dataclass(frozen=True, slots=True)
class Holding:
    """One live binding; ``student_id`` is none while it waits for the roster.

    Attributes:
        mine: the caller holds it.
        joinable: the caller came by a channel of WeChat by which nobody holds it yet, or
            only staff hold it, on the student's behalf.
        codeless: staff hold it, and nobody has brought the code yet.
    """

    binding_id: int
    student_id: int | None
    mine: bool
    joinable: bool = False
    codeless: bool = False


@dataclass(frozen=True, slots=True)
class BindingFacts:
    """The live bindings of this code (active or waiting) and of the candidates."""

    of_code: Holding | None = None
    of_students: Mapping[int, Holding] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bind:
    """Bind to this student.

    Attributes:
        other_station: the poster scanned belongs to another station; say so.
        waiting_binding_id: a live request without a student that holds the code. Mine:
            make it active. Somebody else's: it was never proven, so release it in the
            same transaction.
    """

    student_id: int
    other_station: bool
    waiting_binding_id: int | None = None


@dataclass(frozen=True, slots=True)
class AlreadyMine:
    """The same principal has bound exactly this before: hand out the receipt."""

    binding_id: int


@dataclass(frozen=True, slots=True)
class Join:
    """The same person by another channel: let the caller hold the binding as well."""

    binding_id: int


@dataclass(frozen=True, slots=True)
class Adopt:
    """Staff bound the proven student without a code: the caller holds it, with the code."""

    binding_id: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Keep the request for the station; ``waiting_binding_id`` is my earlier one."""

    reason: WaitReason
    waiting_binding_id: int | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Refuse; ``level`` is the 层次 whose code is needed, when that may be told."""

    code: RefusalCode
    level: str | None = None


Outcome = Bind | AlreadyMine | Join | Adopt | Wait | Refuse


def decide(
    code: CollectionCode,
    typed: Typed,
    campaign: CampaignFacts,
    candidates: Sequence[RosterRow],
    *,
    scanning_station_id: int | None,
    bindings: BindingFacts,
) -> Outcome:
    """Return what becomes of one request to bind.

    Args:
        code: as parsed; its claims are checked, never believed.
        typed: what the student typed.
        campaign: the campaign of the scanned poster.
        candidates: the rows worth looking at, in any order: at least every row of the
            campaign whose last six match.
        scanning_station_id: the station of the scanned poster, if it has one.
        bindings: the live bindings of this code and of the candidates.
    """
    refused = _refused_unseen(code, typed, campaign)
    if refused is not None:
        return refused
    holding = bindings.of_code
    if _is_closed(holding):
        return Refuse(RefusalCode.CODE_TAKEN)
    person = [row for row in candidates if _proves_person(row, typed, code.claims)]
    enrolments = [row for row in person if _same_enrolment(row, code.claims)]
    if not enrolments:
        return _no_enrolment(person, holding)
    row = _the_one(enrolments, holding)
    if row is None:
        return _wait(WaitReason.SEVERAL_ENROLMENTS, holding)
    return _bind_to(row, holding, bindings, scanning_station_id)


def _is_closed(holding: Holding | None) -> bool:
    """Tell whether the code is proven somebody's, and the caller cannot be them."""
    if holding is None or holding.student_id is None:
        return False
    return not (holding.mine or holding.joinable)


def _refused_unseen(
    code: CollectionCode, typed: Typed, campaign: CampaignFacts
) -> Refuse | None:
    """Refuse by what the caller brought alone, without the roster."""
    claims = code.claims
    school = claims.school_code if claims else None
    if school and campaign.school_code and school != campaign.school_code:
        return Refuse(RefusalCode.CODE_OF_OTHER_SCHOOL)
    if code.needs_name and not normalise_name(typed.name or ""):
        return Refuse(RefusalCode.NAME_REQUIRED)
    if claims and not _agrees_with_card(typed, claims):
        return Refuse(RefusalCode.IDENTITY_MISMATCH)
    return None


def _agrees_with_card(typed: Typed, claims: Claims) -> bool:
    if claims.id_last4 and not typed.id_last6.endswith(claims.id_last4):
        return False
    stated = normalise_name(typed.name or "")
    if stated and claims.masked_name:
        return name_matches_mask(stated, claims.masked_name)
    return True


def _proves_person(row: RosterRow, typed: Typed, claims: Claims | None) -> bool:
    """Say whether the caller has shown to be this person: last six and name."""
    if not row.id_last6_matches or row.id_last4_matches is False:
        return False
    stated = normalise_name(typed.name or "")
    if stated:
        return normalise_name(row.name).casefold() == stated.casefold()
    masked = claims.masked_name if claims else None
    # A mask of nothing but wildcards never gets here: the code needs the name then.
    return bool(masked) and name_matches_mask(row.name, masked or "")


def _same_enrolment(row: RosterRow, claims: Claims | None) -> bool:
    """Say whether the row may be the 学籍 the code names; an opaque code names none."""
    if claims is None:
        return True
    numbers = {normalise_name(claims.student_no or ""), normalise_name(row.student_no)}
    if len(numbers - {""}) > 1:
        return False
    return not levels_conflict(claims.level, row.level)


def _no_enrolment(person: list[RosterRow], holding: Holding | None) -> Outcome:
    # An exempt 学籍 needs no code: then the code's own is simply not on the roster.
    levels = {row.level for row in person if not row.exempt}
    if not levels:
        return _wait(WaitReason.NOT_ON_ROSTER, holding)
    level = levels.pop() if len(levels) == 1 else None
    return Refuse(RefusalCode.CODE_OF_OTHER_ENROLMENT, level=level)


def _the_one(enrolments: list[RosterRow], holding: Holding | None) -> RosterRow | None:
    """Return the only row, or the one already mine, or the one that has this code."""
    held = [
        row for row in enrolments if holding and row.student_id == holding.student_id
    ]
    coded = [row for row in enrolments if row.code_matches]
    for rows in (held, enrolments, coded):
        if len(rows) == 1:
            return rows[0]
    return None


def _wait(reason: WaitReason, holding: Holding | None) -> Outcome:
    if holding is None:
        return Wait(reason)
    if not holding.mine:
        return Refuse(RefusalCode.CODE_TAKEN)
    if holding.student_id is None:
        return Wait(reason, waiting_binding_id=holding.binding_id)
    return Refuse(RefusalCode.IDENTITY_MISMATCH)


def _bind_to(
    row: RosterRow,
    holding: Holding | None,
    bindings: BindingFacts,
    scanning_station_id: int | None,
) -> Outcome:
    """Decide for the proven person and the one enrolment."""
    if holding and holding.student_id is not None:
        if holding.student_id != row.student_id:
            return Refuse(RefusalCode.CODE_TAKEN)
        known = AlreadyMine if holding.mine else Join
        return known(holding.binding_id)
    held = bindings.of_students.get(row.student_id)
    # A request of one's own that waits may have a photo of its own: that is for the
    # station to sort out, by releasing one of the two.
    free = held if held and held.codeless and holding is None else None
    refusal = _refusal_of_student(row, None if free else held)
    if refusal is not None:
        return Refuse(refusal)
    if free:
        return Adopt(free.binding_id)
    stations = {row.station_id, scanning_station_id} - {None}
    return Bind(
        student_id=row.student_id,
        other_station=len(stations) > 1,
        waiting_binding_id=holding.binding_id if holding else None,
    )


def _refusal_of_student(row: RosterRow, held: Holding | None) -> RefusalCode | None:
    if row.exempt:
        return RefusalCode.EXEMPT
    if held is not None:
        if held.mine:
            return RefusalCode.STUDENT_HAS_OTHER_CODE
        return RefusalCode.STUDENT_TAKEN
    if row.code_matches is False:
        return RefusalCode.CODE_DIFFERS_FROM_ROSTER
    return None
