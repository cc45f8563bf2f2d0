"""Binding: principal + collection code + student, once.

Gather the facts, let :func:`backend.domain.binding.decide` decide, apply. Two requests
that race both decide "bind"; the unique indexes let one through, and the other decides
again on what is true then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from backend.crypto import Vault, new_public_id
from backend.db import bindings, entries
from backend.db.bindings import LostRaceError
from backend.db.engine import Database, Session
from backend.db.entries import EntryRow
from backend.db.models import Binding, CodeReadingRow
from backend.domain.binding import (
    Adopt,
    AlreadyMine,
    Bind,
    Join,
    RefusalCode,
    Refuse,
    Typed,
    Wait,
)
from backend.domain.campaigns import EntryState
from backend.domain.codes import CollectionCode, parse_collection_code
from backend.domain.errors import ConflictError, DomainError, NotFoundError
from backend.domain.identity import normalise_name, parse_last6
from backend.ports import Clock
from backend.services.binding_facts import (
    BindRequest,
    decide_request,
    ensure_same_student,
    refusal,
    waiting_request,
)
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
                ensure_same_student(session, self._vault, row, code)
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
        self, session: Session, request: BindRequest, address: str
    ) -> BindingView | DomainError:
        """Decide and apply; a refusal is returned so that its count is committed."""
        now = self._clock.now()
        limits = (
            Limit("bind", str(request.principal.id), _FREE_PER_PRINCIPAL),
            Limit("bind-address", address, _FREE_PER_ADDRESS),
            Limit("bind-code", request.code_hash, _FREE_PER_CODE),
        )
        self._limiter.ensure_allowed(session, *limits, now=now)
        outcome = decide_request(session, self._vault, request)
        if isinstance(outcome, Refuse):
            if outcome.code is RefusalCode.IDENTITY_MISMATCH:
                self._limiter.record_failure(session, *limits, now=now)
            return refusal(outcome)
        row = self._apply(session, request, outcome)
        if isinstance(outcome, Wait):
            # Waiting is also the answer to a wrong guess at somebody's last six.
            self._limiter.record_failure(session, *limits, now=now)
        elif isinstance(outcome, Bind | Join | Adopt):
            # Asking for one's receipt again proves nothing new: between two guesses it
            # would wipe the count.
            self._limiter.forget(session, limits[0], limits[2])
        return self._view(session, row)

    def _apply(
        self,
        session: Session,
        request: BindRequest,
        outcome: Bind | AlreadyMine | Join | Adopt | Wait,
    ) -> Binding:
        if isinstance(outcome, AlreadyMine):
            return session.get_one(Binding, outcome.binding_id)
        if isinstance(outcome, Join | Adopt):
            row = self._join(session, request, outcome)
            if isinstance(outcome, Adopt):
                self._bring_code(session, row, request)
            return row
        now = self._clock.now()
        student_id = outcome.student_id if isinstance(outcome, Bind) else None
        earlier = (
            session.get_one(Binding, outcome.waiting_binding_id)
            if outcome.waiting_binding_id
            else None
        )
        if earlier is not None and self._is_mine(session, earlier, request.principal):
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
        self, session: Session, request: BindRequest, student_id: int | None
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
        bindings.add_holder(
            session,
            row.id,
            request.principal.id,
            kind=request.principal.kind,
            at=now,
        )
        bindings.add_event(
            session,
            row.id,
            what="bound" if student_id else "waiting",
            by="student",
            at=now,
        )
        return row

    def _bring_code(self, session: Session, row: Binding, request: BindRequest) -> None:
        if row.code_hash is not None:
            # Somebody brought a code since the decision.
            raise LostRaceError
        row.code_hash = request.code_hash
        row.raw_sealed = request.reading.raw_sealed
        row.fingerprint = request.code.fingerprint
        row.card_key = request.reading.card_key
        bindings.save_binding(session, row)
        bindings.add_event(
            session, row.id, what="code_added", by="student", at=self._clock.now()
        )

    def _join(
        self, session: Session, request: BindRequest, outcome: Join | Adopt
    ) -> Binding:
        self._ensure_room(session, request)
        row = session.get_one(Binding, outcome.binding_id)
        if not join_binding(session, row, request.principal, at=self._clock.now()):
            # Another user of the channel came first, or the same tap came twice.
            raise LostRaceError
        return row

    @staticmethod
    def _is_mine(session: Session, row: Binding, principal: Principal) -> bool:
        holders = bindings.holders_of(session, [row.id])[row.id]
        return any(holder.id == principal.id for holder in holders)

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
                    self._resolve(session, entry, binding_id)
            except LostRaceError:
                continue

    def _resolve(self, session: Session, entry: EntryRow, binding_id: int) -> None:
        row = session.get_one(Binding, binding_id, with_for_update=True)
        if row.student_id is not None or row.released_at is not None:
            return
        request = waiting_request(entry, row, self._code(row.raw_sealed))
        outcome = decide_request(session, self._vault, request)
        if isinstance(outcome, Bind):
            self._activate(session, row, outcome.student_id)

    def _request(
        self,
        session: Session,
        principal: Principal,
        entry_token: str,
        reading_id: str,
        typed: Typed,
    ) -> BindRequest:
        entry = entries.get_entry(session, entry_token)
        state = state_of(entry, self._clock.now())
        if state is not EntryState.OPEN:
            refuse_state(state)
        ensure_consent(session, principal, entry[1].id)
        reading = self._reading(session, principal, entry_token, reading_id)
        code = self._code(reading.raw_sealed)
        return BindRequest(
            principal=principal,
            entry=entry,
            reading=reading,
            code=code,
            code_hash=self._vault.hash(code.token, purpose="code"),
            last6_hash=self._vault.hash(typed.id_last6, purpose="id_last6"),
            typed=typed,
        )

    def _ensure_room(self, session: Session, request: BindRequest) -> None:
        held = bindings.bindings_of(session, request.principal.id, request.entry[1].id)
        if len(held) >= MOST_BINDINGS:
            raise ConflictError("too_many_bindings")

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

    def _code(self, sealed: bytes | None) -> CollectionCode:
        if sealed is None:
            raise NotFoundError("reading_not_found")
        return parse_collection_code(self._vault.open(sealed, purpose="code"))

    def _view(self, session: Session, row: Binding) -> BindingView:
        return binding_view(session, row)


def join_binding(
    session: Session, row: Binding, principal: Principal, *, at: datetime
) -> bool:
    """Let a principal hold a binding as well, and log by which channel they came.

    False, and nothing is changed, where somebody of that channel holds it.
    """
    joined = bindings.add_holder(
        session, row.id, principal.id, kind=principal.kind, at=at
    )
    if joined:
        bindings.add_event(
            session,
            row.id,
            what="joined",
            by="student",
            at=at,
            note=principal.kind.value,
        )
    return joined
