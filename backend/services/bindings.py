"""Binding: principal + collection code + student, once.

Gather the facts, let :func:`backend.domain.binding.decide` decide, apply. Two requests
that race both decide "bind"; the unique indexes let one through, and the other decides
again on what is true then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from backend.crypto import Vault, new_public_id
from backend.db import bindings, entries
from backend.db.bindings import CandidateKeys, LostRaceError
from backend.db.engine import Database, Session
from backend.db.entries import EntryRow
from backend.db.models import Binding, CodeReadingRow, Student
from backend.domain.binding import (
    AlreadyMine,
    Bind,
    BindingFacts,
    CampaignFacts,
    Holding,
    Outcome,
    RefusalCode,
    Refuse,
    RosterRow,
    Typed,
    Wait,
    decide,
)
from backend.domain.campaigns import EntryState
from backend.domain.codes import CollectionCode, parse_collection_code
from backend.domain.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    RefusedError,
    Violation,
)
from backend.domain.identity import name_matches_mask, normalise_name, parse_last6
from backend.ports import Clock
from backend.services.binding_views import binding_view
from backend.services.codes import reading_view
from backend.services.entries import refuse_state
from backend.services.limits import AttemptLimiter, Limit
from backend.services.sessions import ensure_consent
from backend.services.types import (
    BindingView,
    CodeReading,
    Principal,
)
from backend.services.views import state_of

#: One phone may serve a family or a class monitor's helpers, not a whole class.
MOST_BINDINGS: Final = 10
_FREE_PER_PRINCIPAL: Final = 5
#: A school's dormitory shares one address.
_FREE_PER_ADDRESS: Final = 60
_FREE_PER_CODE: Final = 5
#: Losing this often means the index refuses for another reason than a race.
_MOST_RACES: Final = 5

_CONFLICTS: Final = frozenset(
    {
        RefusalCode.CODE_TAKEN,
        RefusalCode.STUDENT_TAKEN,
        RefusalCode.STUDENT_HAS_OTHER_CODE,
    }
)


@dataclass(frozen=True, slots=True)
class _Request:
    """One request to bind, in the form it is compared in."""

    principal: Principal
    entry: EntryRow
    reading: CodeReadingRow
    code: CollectionCode
    code_hash: str
    last6_hash: str
    typed: Typed


class BindingService:
    """Binds, shows, replaces."""

    def __init__(
        self, *, db: Database, clock: Clock, vault: Vault, limiter: AttemptLimiter
    ) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._limiter = limiter

    def reading(
        self, principal: Principal, entry_token: str, reading_id: str
    ) -> CodeReading:
        """Return a reading of this principal again; raises NotFoundError."""
        with self._db.reading() as session:
            row = self._reading(session, principal, entry_token, reading_id)
            return reading_view(row, self._code(row.raw_sealed))

    def bind(
        self,
        principal: Principal,
        entry_token: str,
        *,
        reading_id: str,
        id_last6: str,
        name: str | None,
        address: str,
    ) -> BindingView:
        """Bind a code to the one student all facts meet, or let it wait.

        Raises:
            NotFoundError: ``reading_not_found``, ``entry_not_found``.
            InvalidInputError: what was typed is malformed, or ``name_required``.
            RefusedError, ConflictError: as the decision says.
            TooManyAttemptsError: too many wrong guesses.
        """
        typed = Typed(
            name=normalise_name(name) if name and name.strip() else None,
            id_last6=parse_last6(id_last6),
        )
        for _ in range(_MOST_RACES):
            try:
                with self._db.transaction() as session:
                    request = self._request(
                        session, principal, entry_token, reading_id, typed
                    )
                    result = self._attempt(session, request, address)
            except LostRaceError:
                continue
            if isinstance(result, DomainError):
                raise result
            return result
        raise ConflictError("code_taken")

    def mine(self, principal: Principal, entry_token: str) -> tuple[BindingView, ...]:
        """Return this principal's live bindings in the entry's campaign."""
        self._resolve_waiting(principal, entry_token)
        with self._db.reading() as session:
            _, campaign, _ = entries.get_entry(session, entry_token)
            rows = bindings.bindings_of(session, principal.id, campaign.id)
            return tuple(self._view(session, row) for row in rows)

    def everywhere(self, principal: Principal) -> tuple[BindingView, ...]:
        """Return this principal's live bindings in all campaigns, oldest first."""
        with self._db.reading() as session:
            tokens = bindings.entry_tokens_of(session, principal.id)
        return tuple(view for token in tokens for view in self.mine(principal, token))

    def get(self, principal: Principal, public_id: str) -> BindingView:
        """Return one binding of this principal; raises NotFoundError."""
        with self._db.reading() as session:
            row = bindings.get_binding(session, public_id, principal_id=principal.id)
            return self._view(session, row)

    def replace_code(
        self, principal: Principal, public_id: str, *, reading_id: str
    ) -> BindingView:
        """Exchange the code of a binding before its photo is confirmed.

        Raises:
            NotFoundError: not this principal's binding or reading.
            ConflictError: ``code_locked`` after confirming, ``code_taken``.
            RefusedError: ``identity_mismatch``, ``code_differs_from_roster``.
        """
        now = self._clock.now()
        try:
            with self._db.transaction() as session:
                row = bindings.get_binding(
                    session, public_id, principal_id=principal.id
                )
                if bindings.has_handed_in(session, row.id):
                    raise ConflictError("code_locked")
                token = entries.get_entry_by_id(session, row.entry_id)[0].token
                reading = self._reading(session, principal, token, reading_id)
                code = self._code(reading.raw_sealed)
                self._ensure_same_student(session, row, code)
                row.code_hash = self._vault.hash(code.token, purpose="code")
                row.raw_sealed = reading.raw_sealed
                row.card_key = reading.card_key
                row.fingerprint = code.fingerprint
                bindings.save_binding(session, row)
                bindings.add_event(
                    session, row.id, what="code_replaced", by="student", at=now
                )
                return self._view(session, row)
        except LostRaceError:
            raise ConflictError("code_taken") from None

    def _attempt(
        self, session: Session, request: _Request, address: str
    ) -> BindingView | DomainError:
        """Decide and apply; a refusal is returned so that its count is committed."""
        now = self._clock.now()
        limits = (
            Limit("bind", str(request.principal.id), _FREE_PER_PRINCIPAL),
            Limit("bind-address", address, _FREE_PER_ADDRESS),
            Limit("bind-code", request.code_hash, _FREE_PER_CODE),
        )
        self._limiter.ensure_allowed(session, *limits, now=now)
        outcome = self._decide(session, request)
        if isinstance(outcome, Refuse):
            if outcome.code is RefusalCode.IDENTITY_MISMATCH:
                self._limiter.record_failure(session, *limits, now=now)
            return _refusal(outcome)
        row = self._apply(session, request, outcome)
        if isinstance(outcome, Wait):
            # Waiting is also the answer to a wrong guess at somebody's last six.
            self._limiter.record_failure(session, *limits, now=now)
        else:
            self._limiter.forget(session, limits[0], limits[2])
        return self._view(session, row)

    def _decide(self, session: Session, request: _Request) -> Outcome:
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
            [self._roster_row(student, request) for student in students],
            scanning_station_id=station.id,
            bindings=self._facts(session, request, [s.id for s in students]),
        )

    def _roster_row(self, student: Student, request: _Request) -> RosterRow:
        claims = request.code.claims
        last4 = claims.id_last4 if claims else None
        return RosterRow(
            student_id=student.id,
            station_id=student.station_id,
            name=student.name,
            student_no=student.student_no,
            level=student.level,
            id_last6_matches=student.id_last6_hash == request.last6_hash,
            id_last4_matches=None
            if last4 is None
            else student.id_last4_hash
            == self._vault.hash(last4.upper(), purpose="id_last4"),
            code_matches=None
            if student.code_hash is None
            else student.code_hash == request.code_hash,
            exempt=student.exempt_reason is not None,
        )

    def _facts(
        self, session: Session, request: _Request, student_ids: list[int]
    ) -> BindingFacts:
        def holding(row: Binding) -> Holding:
            return Holding(
                binding_id=row.id,
                student_id=row.student_id,
                mine=row.principal_id == request.principal.id,
            )

        of_code = bindings.live_binding_of_code(
            session, request.entry[1].id, request.code_hash
        )
        held = bindings.live_bindings_of_students(session, student_ids)
        return BindingFacts(
            of_code=holding(of_code) if of_code else None,
            of_students={
                row.student_id: holding(row) for row in held if row.student_id
            },
        )

    def _apply(
        self, session: Session, request: _Request, outcome: Bind | AlreadyMine | Wait
    ) -> Binding:
        if isinstance(outcome, AlreadyMine):
            return session.get_one(Binding, outcome.binding_id)
        now = self._clock.now()
        student_id = outcome.student_id if isinstance(outcome, Bind) else None
        earlier = (
            session.get_one(Binding, outcome.waiting_binding_id)
            if outcome.waiting_binding_id
            else None
        )
        if earlier is not None and earlier.principal_id == request.principal.id:
            # What was typed now replaces what was typed wrongly before.
            earlier.stated_name = request.typed.name or earlier.stated_name
            earlier.stated_last6_hash = request.last6_hash
            if earlier.student_id != student_id:
                self._activate(session, earlier, student_id)
            return earlier
        if earlier is not None:
            earlier.released_at = now
            earlier.release_reason = "superseded"
            session.flush()
            bindings.add_event(
                session, earlier.id, what="superseded", by="system", at=now
            )
        self._ensure_room(session, request)
        return self._insert(session, request, student_id)

    def _insert(
        self, session: Session, request: _Request, student_id: int | None
    ) -> Binding:
        entry, campaign, _ = request.entry
        claims = request.code.claims
        now = self._clock.now()
        row = Binding(
            public_id=new_public_id(),
            campaign_id=campaign.id,
            principal_id=request.principal.id,
            entry_id=entry.id,
            student_id=student_id,
            code_hash=request.code_hash,
            raw_sealed=request.reading.raw_sealed,
            fingerprint=request.code.fingerprint,
            card_key=request.reading.card_key,
            stated_name=request.typed.name
            or (claims.masked_name if claims else None)
            or "",
            stated_last6_hash=request.last6_hash,
            created_at=now,
        )
        bindings.save_binding(session, row)
        bindings.add_event(
            session,
            row.id,
            what="bound" if student_id else "waiting",
            by="student",
            at=now,
        )
        return row

    def _activate(self, session: Session, row: Binding, student_id: int | None) -> None:
        row.student_id = student_id
        bindings.save_binding(session, row)
        bindings.add_event(
            session, row.id, what="bound", by="system", at=self._clock.now()
        )

    def _resolve_waiting(self, principal: Principal, entry_token: str) -> None:
        """Bind what was waiting, once the roster has the student."""
        with self._db.reading() as session:
            entry = entries.get_entry(session, entry_token)
            rows = bindings.bindings_of(session, principal.id, entry[1].id)
            waiting = [row.id for row in rows if row.student_id is None]
        for binding_id in waiting:
            try:
                with self._db.transaction() as session:
                    row = session.get_one(Binding, binding_id)
                    outcome = self._decide(session, self._as_request(entry, row))
                    if isinstance(outcome, Bind):
                        self._activate(session, row, outcome.student_id)
            except LostRaceError:
                continue

    def _as_request(self, entry: EntryRow, row: Binding) -> _Request:
        named = row.stated_name and "*" not in row.stated_name
        return _Request(
            principal=Principal(id=row.principal_id, kind="browser"),
            entry=entry,
            reading=CodeReadingRow(),
            code=self._code(row.raw_sealed),
            code_hash=row.code_hash,
            last6_hash=row.stated_last6_hash,
            # The six characters themselves were never kept; only their hash is.
            typed=Typed(name=row.stated_name if named else None, id_last6=""),
        )

    def _request(
        self,
        session: Session,
        principal: Principal,
        entry_token: str,
        reading_id: str,
        typed: Typed,
    ) -> _Request:
        entry = entries.get_entry(session, entry_token)
        state = state_of(entry, self._clock.now())
        if state is not EntryState.OPEN:
            refuse_state(state)
        ensure_consent(session, principal, entry[1].id)
        reading = self._reading(session, principal, entry_token, reading_id)
        code = self._code(reading.raw_sealed)
        return _Request(
            principal=principal,
            entry=entry,
            reading=reading,
            code=code,
            code_hash=self._vault.hash(code.token, purpose="code"),
            last6_hash=self._vault.hash(typed.id_last6, purpose="id_last6"),
            typed=typed,
        )

    def _ensure_room(self, session: Session, request: _Request) -> None:
        held = bindings.bindings_of(session, request.principal.id, request.entry[1].id)
        if len(held) >= MOST_BINDINGS:
            raise ConflictError("too_many_bindings")

    def _ensure_same_student(
        self, session: Session, row: Binding, code: CollectionCode
    ) -> None:
        if row.student_id is None or code.claims is None:
            return
        student = session.get_one(Student, row.student_id)
        claims = code.claims
        code_hash = self._vault.hash(code.token, purpose="code")
        if student.code_hash not in {None, code_hash}:
            raise RefusedError("code_differs_from_roster")
        last4 = claims.id_last4
        wrong = (
            (claims.student_no and claims.student_no != student.student_no)
            or (
                claims.masked_name
                and not name_matches_mask(student.name, claims.masked_name)
            )
            or (
                last4
                and student.id_last4_hash
                != self._vault.hash(last4.upper(), purpose="id_last4")
            )
        )
        if wrong:
            raise RefusedError("identity_mismatch")

    def _reading(
        self, session: Session, principal: Principal, entry_token: str, reading_id: str
    ) -> CodeReadingRow:
        _, campaign, _ = entries.get_entry(session, entry_token)
        return bindings.get_reading(
            session,
            reading_id,
            principal_id=principal.id,
            campaign_id=campaign.id,
            now=self._clock.now(),
        )

    def _code(self, sealed: bytes) -> CollectionCode:
        return parse_collection_code(self._vault.open(sealed, purpose="code"))

    def _view(self, session: Session, row: Binding) -> BindingView:
        return binding_view(session, row)


def _refusal(outcome: Refuse) -> DomainError:
    code = outcome.code.value
    if outcome.code is RefusalCode.NAME_REQUIRED:
        return InvalidInputError(code, violations=(Violation("name", "required"),))
    if outcome.code in _CONFLICTS:
        return ConflictError(code)
    if outcome.level:
        return RefusedError(code, level=outcome.level)
    return RefusedError(code)
