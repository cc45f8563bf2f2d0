"""Finding bound records, and looking at one of them."""

from __future__ import annotations

from typing import Final, Literal, cast

from backend.crypto import Vault
from backend.db import bindings, journal, pushes, search, submissions
from backend.db.engine import Database, Session
from backend.db.models import Binding, Entry, Staff, Station, Student, Submission
from backend.db.search import Conditions, FoundRow
from backend.domain.codes import parse_collection_code, parse_fingerprint
from backend.domain.errors import (
    CodeUnreadableError,
    ConflictError,
    DomainError,
    InvalidInputError,
    NotFoundError,
    Violation,
)
from backend.domain.identity import IdentityNumber, normalise_name, parse_last6
from backend.domain.picture_check import CheckState
from backend.domain.reviews import SubmissionStatus
from backend.ports import Clock, PhotoInspector, PhotoStore
from backend.services.access import require_station
from backend.services.binding_views import binding_status, binding_view
from backend.services.submission_views import picture_keys, submission_view
from backend.services.submissions import media_of
from backend.services.types import (
    AdminSubmission,
    HistoryItem,
    Media,
    MediaKind,
    Page,
    Record,
    RecordRow,
    Role,
    SearchFilter,
    StaffUser,
)
from backend.services.views import picture_type, station_view

MOST_PER_PAGE: Final = 200
_REASON_LENGTH: Final = 200
_LAST6: Final = 6


class SearchService:
    """Answers staff: who is bound, with which photo, in which state."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        vault: Vault,
        store: PhotoStore,
        inspector: PhotoInspector,
    ) -> None:
        self._db = db
        self._inspector = inspector
        self._clock = clock
        self._vault = vault
        self._store = store

    def page(
        self,
        actor: StaffUser,
        wanted: SearchFilter,
        *,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[RecordRow]:
        """Return a page of records, newest first; a station sees its own.

        Raises:
            InvalidInputError: a malformed cursor, identity number or code.
        """
        limit = max(1, min(limit, MOST_PER_PAGE))
        after, before = _parse_cursor(cursor)
        conditions = self._conditions(actor, wanted)
        with self._db.reading() as session:
            found = search.page_records(
                session, conditions, after=after, before=before, limit=limit + 1
            )
            aside = pushes.quarantined_among(
                session, [row[3].id for row in found if row[3]]
            )
        more = len(found) > limit
        if more:
            found = found[1:] if before is not None else found[:limit]
        has_next = more if before is None else True
        has_previous = more if before is not None else after is not None
        return Page(
            items=tuple(self._row(row, aside) for row in found),
            next_cursor=f"a{found[-1][0].id}" if found and has_next else None,
            previous_cursor=f"b{found[0][0].id}" if found and has_previous else None,
        )

    def record(self, actor: StaffUser, binding_id: str) -> Record:
        """Return one record with its photos and history; raises NotFoundError."""
        with self._db.reading() as session:
            row = self._get(session, actor, binding_id)
            binding, _, station, _, _ = row
            return Record(
                row=self._row(
                    row,
                    pushes.quarantined_among(session, [row[3].id] if row[3] else []),
                ),
                station=station_view(station),
                binding=binding_view(session, binding),
                submissions=tuple(
                    _admin_view(session, photo, binding)
                    for photo in submissions.submissions_of(session, binding.id)
                ),
                history=_history(session, binding.id),
                has_card=binding.card_key is not None,
            )

    def submission(self, actor: StaffUser, public_id: str) -> AdminSubmission:
        """Return one submission of a record the actor may see; raises NotFoundError."""
        with self._db.reading() as session:
            row, binding = submissions.get_submission(session, public_id)
            self._get(session, actor, binding.public_id, code="submission_not_found")
            return _admin_view(session, row, binding)

    def reveal_id_number(self, actor: StaffUser, binding_id: str, reason: str) -> str:
        """Return the full 身份证号; the reading and its reason are audited.

        Raises:
            InvalidInputError: no reason given.
            NotFoundError: no such record, or the student is not on the roster.
        """
        if not 0 < len(reason.strip()) <= _REASON_LENGTH:
            raise InvalidInputError(
                "invalid_input", violations=(Violation("reason", "reason_required"),)
            )
        with self._db.transaction() as session:
            binding, student, *_ = self._get(session, actor, binding_id)
            if student is None:
                raise NotFoundError("record_not_found")
            number = self._vault.open(student.id_number_sealed, purpose="id_number")
            self._audit(session, actor, "id_number.reveal", binding, reason.strip())
        return number

    def media(self, actor: StaffUser, public_id: str, kind: MediaKind) -> Media:
        """Return a picture of a submission; the reading is audited."""
        with self._db.transaction() as session:
            row, binding = submissions.get_submission(session, public_id)
            self._get(session, actor, binding.public_id, code="submission_not_found")
            _ensure_shown(session, actor, row)
            self._audit(session, actor, f"photo.{kind.value}", binding)
        return media_of(row, kind, self._store)

    def close_up(
        self, actor: StaffUser, public_id: str, rule: str, *, large: bool = False
    ) -> Media:
        """Return the region of the upload that a finding means; audited like it.

        Raises:
            NotFoundError: no such submission, or nothing to look at closely.
        """
        with self._db.transaction() as session:
            row, binding = submissions.get_submission(session, public_id)
            self._get(session, actor, binding.public_id, code="submission_not_found")
            _ensure_shown(session, actor, row)
            report = submission_view(session, row, binding).report
            boxes = [f.box for f in report.findings if f.rule == rule and f.box]
            if not boxes:
                raise NotFoundError("file_not_found")
            self._audit(session, actor, "photo.close_up", binding, rule)
        original = media_of(row, MediaKind.ORIGINAL, self._store)
        return Media(
            data=self._inspector.close_up(original.data, boxes[0], large=large),
            content_type="image/jpeg",
            filename=f"{rule}-{public_id}.jpg",
        )

    def card(self, actor: StaffUser, binding_id: str) -> Media:
        """Return the 采集码 card picture kept with a binding; audited."""
        with self._db.transaction() as session:
            binding, *_ = self._get(session, actor, binding_id)
            if binding.card_key is None:
                raise NotFoundError("file_not_found")
            self._audit(session, actor, "card.read", binding)
        data = self._store.get(binding.card_key)
        return Media(
            data=data,
            content_type=picture_type(data),
            filename=f"card-{binding.public_id}",
        )

    def _get(
        self,
        session: Session,
        actor: StaffUser,
        binding_id: str,
        *,
        code: str = "record_not_found",
    ) -> FoundRow:
        try:
            binding = bindings.get_binding(session, binding_id)
        except NotFoundError:
            raise NotFoundError(code) from None
        student = (
            session.get_one(Student, binding.student_id) if binding.student_id else None
        )
        station_id = (
            student.station_id
            if student
            else session.get_one(Entry, binding.entry_id).station_id
        )
        require_station(actor, station_id, code=code)
        return (
            binding,
            student,
            session.get_one(Station, station_id),
            submissions.find_handed_in(session, binding.id),
            submissions.find_draft(session, binding.id),
        )

    def _conditions(self, actor: StaffUser, wanted: SearchFilter) -> Conditions:
        code_hash, fingerprint = self._code(wanted.code.strip())
        number_hash, last6_hash = self._number(wanted.id_number.strip())
        return Conditions(
            campaign_id=wanted.campaign_id,
            station_id=actor.station_id or wanted.station_id,
            name=normalise_name(wanted.name) if wanted.name.strip() else "",
            student_no=wanted.student_no.strip(),
            id_number_hash=number_hash,
            id_last6_hash=last6_hash,
            code_hash=code_hash,
            fingerprint=fingerprint,
            status=wanted.status,
            waiting=wanted.waiting,
            quarantined=wanted.quarantined,
        )

    def _code(self, text: str) -> tuple[str, str]:
        if not text:
            return "", ""
        if (fingerprint := parse_fingerprint(text)) is not None:
            return "", fingerprint
        try:
            token = parse_collection_code(text).token
        except CodeUnreadableError as error:
            raise InvalidInputError(
                "invalid_input", violations=(Violation("collection_code", error.code),)
            ) from None
        return self._vault.hash(token, purpose="code"), ""

    def _number(self, text: str) -> tuple[str, str]:
        if not text:
            return "", ""
        if len(text) <= _LAST6:
            last6 = parse_last6(text, field="id_number")
            return "", self._vault.hash(last6, purpose="id_last6")
        number = IdentityNumber.parse(text)
        return self._vault.hash(number.value, purpose="id_number"), ""

    def _row(self, found: FoundRow, aside: set[int]) -> RecordRow:
        binding, student, station, handed_in, draft = found
        photo = handed_in or draft
        return RecordRow(
            binding_id=binding.public_id,
            student_name=student.name if student else binding.stated_name,
            student_no=student.student_no if student else "",
            id_number_masked=self._masked(student),
            level=student.level if student else "",
            major=student.major if student else "",
            station_name=station.name,
            fingerprint=binding.fingerprint,
            binding_status=binding_status(binding),
            submission_status=SubmissionStatus(photo.status) if photo else None,
            verdict=photo.verdict if photo else None,
            human_review_requested=bool(photo and photo.human_review_requested),
            quarantined=bool(handed_in and handed_in.id in aside),
            submitted_at=photo.confirmed_at if photo else None,
        )

    def _masked(self, student: Student | None) -> str:
        if student is None:
            return ""
        number = self._vault.open(student.id_number_sealed, purpose="id_number")
        try:
            return IdentityNumber.parse(number).masked
        except DomainError:
            return number[:1] + "*" * (len(number) - 2) + number[-1:]

    def _audit(
        self,
        session: Session,
        actor: StaffUser,
        action: str,
        binding: Binding,
        detail: str = "",
    ) -> None:
        journal.append_audit(
            session,
            at=self._clock.now(),
            actor=actor.username,
            action=action,
            target=f"binding:{binding.id}",
            detail=detail,
        )


def _ensure_shown(session: Session, actor: StaffUser, photo: Submission) -> None:
    """Keep what may be forbidden content from everybody but administrators."""
    if actor.role is not Role.ADMIN and pushes.is_quarantined(session, photo.id):
        raise ConflictError("quarantined")


def _admin_view(
    session: Session, photo: Submission, binding: Binding
) -> AdminSubmission:
    decided_by = (
        session.get(Staff, photo.decided_by_id) if photo.decided_by_id else None
    )
    check = pushes.check_of(session, photo.id)
    return AdminSubmission(
        view=submission_view(session, photo, binding, name_staff=True),
        source=photo.source,
        file=photo.file,
        decided_by=decided_by.display_name if decided_by else "",
        check=CheckState(check.state) if check else None,
        pictures=frozenset(picture_keys(photo)),
    )


def _history(session: Session, binding_id: int) -> tuple[HistoryItem, ...]:
    return tuple(
        HistoryItem(
            status=event.what,
            at=event.at,
            by=cast("Literal['student', 'staff', 'system']", event.by),
            note=event.note,
            who=event.who,
        )
        for event in bindings.events_of(session, binding_id)
    )


def _parse_cursor(cursor: str | None) -> tuple[int | None, int | None]:
    if not cursor:
        return None, None
    kind, number = cursor[:1], cursor[1:]
    if kind not in {"a", "b"} or not (number.isascii() and number.isdecimal()):
        raise InvalidInputError(
            "invalid_input", violations=(Violation("cursor", "invalid_field"),)
        )
    return (int(number), None) if kind == "a" else (None, int(number))
