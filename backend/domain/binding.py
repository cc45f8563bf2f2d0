"""Whether a collection code and what a student typed lead to one enrolment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from backend.domain.codes import CollectionCode


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
    """One live binding; ``student_id`` is none while it waits for the roster."""

    binding_id: int
    student_id: int | None
    mine: bool


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
class Wait:
    """Keep the request for the station; ``waiting_binding_id`` is my earlier one."""

    reason: WaitReason
    waiting_binding_id: int | None = None


@dataclass(frozen=True, slots=True)
class Refuse:
    """Refuse; ``level`` is the 层次 whose code is needed, when that may be told."""

    code: RefusalCode
    level: str | None = None


Outcome = Bind | AlreadyMine | Wait | Refuse


def decide(
    code: CollectionCode,
    typed: Typed,
    campaign: CampaignFacts,
    candidates: Sequence[RosterRow],
    *,
    scanning_station_id: int | None,
    bindings: BindingFacts,
) -> Outcome:
    """Return what becomes of one request to bind."""
    raise NotImplementedError
