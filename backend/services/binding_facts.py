"""What is known of a request to bind: facts for the decision, and its refusals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backend.crypto import Vault
from backend.db import bindings
from backend.db.bindings import CandidateKeys
from backend.db.engine import Session
from backend.db.entries import EntryRow
from backend.db.models import Binding, Campaign, CodeReadingRow, Student
from backend.domain.binding import (
    BindingFacts,
    CampaignFacts,
    Holding,
    Outcome,
    RefusalCode,
    Refuse,
    RosterRow,
    Typed,
    decide,
)
from backend.domain.codes import Claims, CollectionCode
from backend.domain.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    RefusedError,
    Violation,
)
from backend.domain.identity import name_matches_mask
from backend.domain.levels import levels_conflict
from backend.services.types import Principal, PrincipalKind

_CONFLICTS: Final = frozenset(
    {
        RefusalCode.CODE_TAKEN,
        RefusalCode.STUDENT_TAKEN,
        RefusalCode.STUDENT_HAS_OTHER_CODE,
    }
)


@dataclass(frozen=True, slots=True, repr=False)
class BindRequest:
    """One request to bind, in the form it is compared in."""

    principal: Principal
    entry: EntryRow
    reading: CodeReadingRow
    code: CollectionCode
    code_hash: str
    last6_hash: str
    typed: Typed


def waiting_request(entry: EntryRow, row: Binding, code: CollectionCode) -> BindRequest:
    """Return the request that a waiting binding once was."""
    claims = code.claims
    stated = row.stated_name
    typed_name = None if claims and stated == claims.masked_name else stated or None
    return BindRequest(
        # Nobody asks here: what is waiting joins nothing.
        principal=Principal(id=row.principal_id, kind=PrincipalKind.BROWSER),
        entry=entry,
        reading=CodeReadingRow(),
        code=code,
        code_hash=row.code_hash or "",
        last6_hash=row.stated_last6_hash,
        # Of the six characters only the hash was kept. That they end in the four the
        # code claims was found out before the request was let wait.
        typed=Typed(
            name=typed_name, id_last6=(claims.id_last4 or "") if claims else ""
        ),
    )


def decide_request(session: Session, vault: Vault, request: BindRequest) -> Outcome:
    """Gather the facts of a request and return the decision."""
    _, campaign, station = request.entry
    claims = request.code.claims
    keys = CandidateKeys(
        campaign_id=campaign.id,
        student_no=claims.student_no if claims else None,
        last6_hash=request.last6_hash,
        code_hash=request.code_hash,
    )
    students = bindings.candidates(session, keys)
    return decide(
        request.code,
        request.typed,
        CampaignFacts(id=campaign.id, school_code=campaign.school_code),
        [_roster_row(vault, student, request) for student in students],
        scanning_station_id=station.id,
        bindings=_facts(session, request, [student.id for student in students]),
    )


def refusal(outcome: Refuse) -> DomainError:
    """Return the error that goes with a refusal."""
    code = outcome.code.value
    if outcome.code is RefusalCode.NAME_REQUIRED:
        return InvalidInputError(code, violations=(Violation("name", "required"),))
    if outcome.code in _CONFLICTS:
        return ConflictError(code)
    if outcome.level:
        return RefusedError(code, level=outcome.level)
    return RefusedError(code)


def ensure_same_student(
    session: Session, vault: Vault, row: Binding, code: CollectionCode
) -> None:
    """Raise RefusedError when a code cannot be the one of the student bound."""
    claims = code.claims or Claims()
    campaign = session.get_one(Campaign, row.campaign_id)
    if campaign.school_code and claims.school_code not in {None, campaign.school_code}:
        raise RefusedError("code_of_other_school")
    if row.student_id is None:
        return
    student = session.get_one(Student, row.student_id)
    if student.code_hash not in {None, vault.hash(code.token, purpose="code")}:
        raise RefusedError("code_differs_from_roster")
    if not _agrees(vault, student, claims):
        raise RefusedError("identity_mismatch")
    if levels_conflict(claims.level, student.level):
        raise RefusedError("code_of_other_enrolment", level=student.level)


def _agrees(vault: Vault, student: Student, claims: Claims) -> bool:
    """Say whether nothing the code claims of the person is otherwise."""
    if claims.student_no and claims.student_no != student.student_no:
        return False
    if claims.masked_name and not name_matches_mask(student.name, claims.masked_name):
        return False
    return _last4_matches(vault, student, claims) is not False


def _last4_matches(
    vault: Vault, student: Student, claims: Claims | None
) -> bool | None:
    last4 = claims.id_last4 if claims else None
    if last4 is None:
        return None
    return student.id_last4_hash == vault.hash(last4.upper(), purpose="id_last4")


def _roster_row(vault: Vault, student: Student, request: BindRequest) -> RosterRow:
    return RosterRow(
        student_id=student.id,
        station_id=student.station_id,
        name=student.name,
        student_no=student.student_no,
        level=student.level,
        id_last6_matches=student.id_last6_hash == request.last6_hash,
        id_last4_matches=_last4_matches(vault, student, request.code.claims),
        code_matches=None
        if student.code_hash is None
        else student.code_hash == request.code_hash,
        exempt=student.exempt_reason is not None,
    )


def _facts(
    session: Session, request: BindRequest, student_ids: list[int]
) -> BindingFacts:
    rows = bindings.live_bindings(
        session,
        campaign_id=request.entry[1].id,
        code_hash=request.code_hash,
        student_ids=student_ids,
    )
    holders = bindings.holders_of(session, [row.id for row in rows])
    who = request.principal

    def holding(row: Binding) -> Holding:
        kinds = {holder.kind for holder in holders[row.id]}
        return Holding(
            binding_id=row.id,
            student_id=row.student_id,
            mine=any(holder.id == who.id for holder in holders[row.id]),
            joinable=kinds == {PrincipalKind.STAFF}
            or (who.kind is not PrincipalKind.BROWSER and who.kind not in kinds),
            codeless=row.code_hash is None,
        )

    of_code = [row for row in rows if row.code_hash == request.code_hash]
    return BindingFacts(
        of_code=holding(of_code[0]) if of_code else None,
        of_students={row.student_id: holding(row) for row in rows if row.student_id},
    )
