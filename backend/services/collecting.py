"""Staff act for a student: take the photo on site, or bring a photographer's folder.

Each student they act for has a principal of its own, held by staff beside the student's
own: so consents, bindings and photos are one person's each, as on every other way in.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from enum import StrEnum
from typing import Final

from backend.crypto import Vault, new_public_id
from backend.db import bindings, collecting, entries, journal, people, submissions
from backend.db.bindings import LostRaceError
from backend.db.collecting import CollectRow, Lookup
from backend.db.engine import Database, Session
from backend.db.models import Binding, Campaign, Entry, Student
from backend.domain.campaigns import EntryState
from backend.domain.codes import CollectionCode, parse_collection_code
from backend.domain.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    Violation,
)
from backend.domain.identity import IdentityNumber, normalise_name, parse_last6
from backend.domain.report import Background
from backend.ports import Clock
from backend.services.access import require_collector
from backend.services.admission import ensure_window
from backend.services.backgrounds import BackgroundService
from backend.services.binding_facts import ensure_same_student
from backend.services.entries import refuse_state
from backend.services.sessions import PURPOSES
from backend.services.submission_views import ensure_shown
from backend.services.submissions import SubmissionService
from backend.services.types import (
    CollectStudent,
    Media,
    MediaKind,
    Principal,
    PrincipalKind,
    Source,
    StaffUser,
    SubmissionView,
)
from backend.services.views import state_of

MOST_FOUND: Final = 20
_MOST_RACES: Final = 5
_TOKEN_BYTES: Final = 12
#: Codes are long; a shorter text is a name or a number.
_SHORTEST_CODE: Final = 19


class ConsentGiven(StrEnum):
    """How a consent reached staff; kept as the consent's channel."""

    IN_PERSON = "in_person"
    #: The school has it in writing, for everyone in a photographer's folder.
    IN_WRITING = "in_writing"


class CollectingService:
    """Finds students, binds on their behalf, hands photos in for them."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        vault: Vault,
        submissions: SubmissionService,
        backgrounds: BackgroundService,
    ) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._submissions = submissions
        self._backgrounds = backgrounds

    def find(
        self, actor: StaffUser, campaign_id: int, text: str
    ) -> tuple[CollectStudent, ...]:
        """Return the students a typed or scanned text may mean, at most ``MOST_FOUND``.

        A text may be a collection code, the beginning of a name, a 学号, a 考生号, or an
        identity number, whole or its last six.
        """
        require_collector(actor)
        with self._db.reading() as session:
            entries.get_campaign(session, campaign_id)
            rows = collecting.find_students(
                session,
                campaign_id=campaign_id,
                station_id=actor.station_id,
                wanted=self._lookup(text),
                limit=MOST_FOUND,
            )
            return self._views(session, rows)

    def get(self, actor: StaffUser, student_id: int) -> CollectStudent:
        """Return one student; raises NotFoundError for none and for another station's."""
        require_collector(actor)
        with self._db.reading() as session:
            row = collecting.get_student(session, student_id, actor.station_id)
            return self._views(session, [row])[0]

    def open(
        self,
        actor: StaffUser,
        student_id: int,
        *,
        code: str | None,
        consent: ConsentGiven | None,
        card_key: str | None = None,
    ) -> CollectStudent:
        """Hold the student's binding on their behalf; the same call again changes nothing.

        Args:
            actor: an administrator, or an account of the student's station.
            student_id: whose photo it will be.
            code: what the QR of their collection code holds, where they have it there.
            consent: how both consents were given; none when they were not.
            card_key: the kept picture of the code's card.

        Raises:
            NotFoundError: ``student_not_found``.
            InvalidInputError: ``consent_required``.
            CodeUnreadableError: the code is not one.
            RefusedError: ``exempt``, or the code is not this student's.
            ConflictError: ``student_has_other_code``, ``code_taken``,
                ``campaign_not_open``.
            GoneError: the campaign, or the student's window, has ended.
        """
        require_collector(actor)
        if consent is None:
            missing = tuple(Violation(field, "consent_required") for field in PURPOSES)
            raise InvalidInputError("consent_required", violations=missing)
        parsed = parse_collection_code(code) if code else None
        for _ in range(_MOST_RACES):
            try:
                with self._db.transaction() as session:
                    row = collecting.get_student(session, student_id, actor.station_id)
                    binding = self._hold(session, actor, row, consent)
                    if parsed is not None:
                        self._bring_code(session, actor, binding, parsed, card_key)
                    row = collecting.get_student(session, student_id, actor.station_id)
                    return self._views(session, [row])[0]
            except LostRaceError:
                continue
        raise ConflictError("code_taken")

    def submit(
        self,
        actor: StaffUser,
        binding_id: str,
        data: bytes,
        *,
        filename: str | None,
        source: Source,
    ) -> SubmissionView:
        """Judge a photo taken for a student; raises as ``SubmissionService.submit``."""
        who = self._acting(actor, binding_id)
        return self._submissions.submit(
            who, binding_id, data, filename=filename, source=source
        )

    def has_same(self, actor: StaffUser, binding_id: str, data: bytes) -> bool:
        """Tell whether these very bytes were handed in for the binding before."""
        self._acting(actor, binding_id)
        sha256 = hashlib.sha256(data).hexdigest()
        with self._db.reading() as session:
            binding = bindings.get_binding(session, binding_id)
            return submissions.find_same_bytes(session, binding.id, sha256) is not None

    def change_background(self, actor: StaffUser, submission_id: str) -> SubmissionView:
        """Replace the background that is due; raises as ``BackgroundService.change``."""
        who = self._acting_on(actor, submission_id)
        return self._backgrounds.change(who, submission_id)

    def choose_background(
        self, actor: StaffUser, submission_id: str, background: Background
    ) -> SubmissionView:
        """Take one portrait or the other; raises as ``BackgroundService.choose``."""
        who = self._acting_on(actor, submission_id)
        return self._backgrounds.choose(who, submission_id, background)

    def confirm(
        self,
        actor: StaffUser,
        submission_id: str,
        *,
        background: Background | None = None,
    ) -> SubmissionView:
        """Hand a judged photo in for the student, who agreed to its background."""
        who = self._acting_on(actor, submission_id)
        return self._submissions.confirm(who, submission_id, background=background)

    def request_review(
        self,
        actor: StaffUser,
        submission_id: str,
        *,
        background: Background | None = None,
    ) -> SubmissionView:
        """Hand in a photo the rules refuse, for a person to look at."""
        who = self._acting_on(actor, submission_id)
        service = self._submissions
        return service.request_review(who, submission_id, background=background)

    def media(self, actor: StaffUser, submission_id: str, kind: MediaKind) -> Media:
        """Return a picture of a student's photo.

        Raises:
            NotFoundError: no such photo, or of nobody staff act for.
            ConflictError: ``quarantined``: for administrators only.
        """
        who = self._acting_on(actor, submission_id)
        with self._db.reading() as session:
            photo, _ = submissions.get_submission(session, submission_id)
            ensure_shown(session, actor, photo)
        return self._submissions.media(who, submission_id, kind)

    def _hold(
        self,
        session: Session,
        actor: StaffUser,
        row: CollectRow,
        consent: ConsentGiven,
    ) -> Binding:
        student, _, binding = row
        if student.exempt_reason is not None:
            raise RefusedError("exempt")
        entry = self._entry(session, student)
        state = state_of(entries.get_entry_by_id(session, entry.id), self._clock.now())
        if state in {EntryState.NOT_YET_OPEN, EntryState.CLOSED}:
            refuse_state(state)
        now = self._clock.now()
        ensure_window(session.get_one(Campaign, student.campaign_id), student, now=now)
        kind = PrincipalKind.STAFF.value
        holder = collecting.staff_holder(session, binding.id, kind) if binding else None
        if binding is None or holder is None:
            what = "joined" if binding else "bound"
            holder = people.add_principal(session, kind=kind, at=now)
            binding = binding or self._bind(session, student, entry, holder.id)
            if not bindings.add_holder(
                session, binding.id, holder.id, kind=kind, at=now
            ):
                raise LostRaceError
            _log(session, actor, binding, what, at=now)
        self._record_consents(session, actor, student, holder.id, consent)
        return binding

    def _bind(
        self, session: Session, student: Student, entry: Entry, principal_id: int
    ) -> Binding:
        row = Binding(
            public_id=new_public_id(),
            campaign_id=student.campaign_id,
            principal_id=principal_id,
            entry_id=entry.id,
            student_id=student.id,
            fingerprint="",
            stated_name=student.name,
            stated_last6_hash=student.id_last6_hash,
            created_at=self._clock.now(),
        )
        bindings.save_binding(session, row)
        return row

    def _bring_code(
        self,
        session: Session,
        actor: StaffUser,
        binding: Binding,
        code: CollectionCode,
        card_key: str | None,
    ) -> None:
        ensure_same_student(session, self._vault, binding, code)
        hashed = self._vault.hash(code.token, purpose="code")
        if binding.code_hash == hashed:
            return
        if binding.code_hash is not None:
            raise ConflictError("student_has_other_code")
        binding.code_hash = hashed
        binding.raw_sealed = self._vault.seal(code.raw, purpose="code")
        binding.fingerprint = code.fingerprint
        binding.card_key = card_key
        bindings.save_binding(session, binding)
        _log(session, actor, binding, "code_added", at=self._clock.now())

    def _entry(self, session: Session, student: Student) -> Entry:
        """Return the entry of the student's station, made when there is none yet."""
        return collecting.find_entry(
            session, campaign_id=student.campaign_id, station_id=student.station_id
        ) or entries.add_entry(
            session,
            campaign_id=student.campaign_id,
            station_id=student.station_id,
            token=secrets.token_urlsafe(_TOKEN_BYTES),
            at=self._clock.now(),
        )

    def _record_consents(
        self,
        session: Session,
        actor: StaffUser,
        student: Student,
        principal_id: int,
        consent: ConsentGiven,
    ) -> None:
        campaign = session.get_one(Campaign, student.campaign_id)
        for purpose in PURPOSES:
            people.add_consent(
                session,
                principal_id=principal_id,
                campaign_id=campaign.id,
                purpose=purpose,
                notice_version=campaign.notice_version,
                channel=consent.value,
                given_at=self._clock.now(),
                witness_id=actor.id or None,
            )

    def _acting_on(self, actor: StaffUser, submission_id: str) -> Principal:
        with self._db.reading() as session:
            _, binding = submissions.get_submission(session, submission_id)
            public_id = binding.public_id
        try:
            return self._acting(actor, public_id)
        except NotFoundError:
            raise NotFoundError("submission_not_found") from None

    def _acting(self, actor: StaffUser, binding_id: str) -> Principal:
        """Return the principal by whom staff hold a binding of a student they may serve."""
        require_collector(actor)
        with self._db.reading() as session:
            binding = bindings.get_binding(session, binding_id)
            if binding.student_id is None:
                raise NotFoundError("binding_not_found")
            try:
                collecting.get_student(session, binding.student_id, actor.station_id)
            except NotFoundError:
                raise NotFoundError("binding_not_found") from None
            holder = collecting.staff_holder(
                session, binding.id, PrincipalKind.STAFF.value
            )
        if holder is None:
            raise NotFoundError("binding_not_found")
        return Principal(id=holder.id, kind=PrincipalKind.STAFF, acting=actor.username)

    def _views(
        self, session: Session, rows: list[CollectRow]
    ) -> tuple[CollectStudent, ...]:
        held = [binding.id for _, _, binding in rows if binding]
        statuses = collecting.latest_statuses(session, held)
        return tuple(
            CollectStudent(
                id=student.id,
                campaign_id=student.campaign_id,
                name=student.name,
                student_no=student.student_no,
                id_number_masked=self._masked(student),
                level=student.level,
                major=student.major,
                class_no=student.class_no,
                station_name=station.name,
                fingerprint=binding.fingerprint if binding else "",
                binding_id=binding.public_id if binding else None,
                status=statuses.get(binding.id) if binding else None,
                exempt_reason=student.exempt_reason,
            )
            for student, station, binding in rows
        )

    def _masked(self, student: Student) -> str:
        opened = self._vault.open(student.id_number_sealed, purpose="id_number")
        return IdentityNumber.parse(opened).masked

    def _lookup(self, text: str) -> Lookup:
        text = normalise_name(text)
        code = _code(text)
        if code is not None:
            claims = code.claims
            return Lookup(
                number=(claims.student_no or "") if claims else "",
                code_hash=self._vault.hash(code.token, purpose="code"),
            )
        number, last6 = _identity_number(text), _last6(text)
        return Lookup(
            name="" if any(char.isdigit() for char in text) else text,
            number=text,
            id_number_hash=self._vault.hash(number, purpose="id_number")
            if number
            else "",
            id_last6_hash=self._vault.hash(last6, purpose="id_last6") if last6 else "",
        )


def _code(text: str) -> CollectionCode | None:
    if len(text) < _SHORTEST_CODE:
        return None
    try:
        return parse_collection_code(text)
    except DomainError:
        return None


def _identity_number(text: str) -> str | None:
    try:
        return IdentityNumber.parse(text).value
    except DomainError:
        return None


def _last6(text: str) -> str | None:
    try:
        return parse_last6(text)
    except DomainError:
        return None


def _log(
    session: Session, actor: StaffUser, binding: Binding, what: str, *, at: datetime
) -> None:
    bindings.add_event(
        session, binding.id, what=what, by="staff", at=at, who=actor.username
    )
    journal.append_audit(
        session,
        at=at,
        actor=actor.username,
        action=f"binding.{what}",
        target=f"binding:{binding.id}",
    )
