"""Finding bound records, and looking at one of them."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Final, Literal, cast

from backend.crypto import Vault
from backend.db import (
    bindings,
    entries,
    people,
    pushes,
    search,
    submissions,
)
from backend.db.engine import Database, Session
from backend.db.models import Binding, Staff, Submission
from backend.db.search import MOST_UNBOUND, NEVER, Conditions, Found, Place
from backend.db.search_models import RecordEntry
from backend.domain.errors import (
    DomainError,
    InvalidInputError,
    NotFoundError,
    Violation,
)
from backend.domain.identity import IdentityNumber
from backend.domain.picture_check import CheckState
from backend.domain.query import RecordOrder, read_query
from backend.domain.reviews import SubmissionStatus
from backend.ports import Clock, PhotoInspector, PhotoStore
from backend.services.access import require_admin, require_station
from backend.services.audit_trail import AuditTrail
from backend.services.binding_views import binding_view
from backend.services.search_terms import (
    LAST_PAGE,
    cursor_after,
    cursor_before,
    describe,
    make_conditions,
    parse_cursor,
)
from backend.services.submission_views import (
    ensure_shown,
    picture_keys,
    submission_view,
)
from backend.services.submissions import media_of
from backend.services.types import (
    AdminSubmission,
    BindingStatus,
    ExportedRecord,
    HistoryItem,
    Media,
    MediaKind,
    Page,
    Record,
    RecordExport,
    RecordRow,
    Role,
    SearchChoices,
    SearchFilter,
    StaffUser,
)
from backend.services.views import picture_type, station_view

__all__ = ["MOST_PER_PAGE", "MOST_UNBOUND", "SearchService"]

MOST_PER_PAGE: Final = 200
_REASON_LENGTH: Final = 200
#: A sheet of Excel holds 1,048,576 rows.
MOST_EXPORTED: Final = 1_000_000
_EXPORT_STEP: Final = 1000
_ADDRESS_PURPOSE: Final = "search"


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
        self._trail = AuditTrail(clock)
        self._vault = vault
        self._store = store

    def page(
        self,
        actor: StaffUser,
        wanted: SearchFilter,
        *,
        cursor: str | None = None,
        limit: int = 50,
        order: RecordOrder = RecordOrder.CHANGED,
        descending: bool = True,
    ) -> Page[RecordRow]:
        """Return a page of records; a station sees its own.

        Raises:
            InvalidInputError: a malformed cursor, identity number or code, or a text
                that can mean nothing (``query_not_understood``).
        """
        limit = max(1, min(limit, MOST_PER_PAGE))
        place = parse_cursor(cursor, order, descending=descending)
        conditions = make_conditions(self._vault, actor, wanted)
        with self._db.reading() as session:
            found = search.Search(session, conditions).page(place, limit + 1)
        more = len(found) > limit
        if more:
            found = found[1:] if place.backwards else found[:limit]
        has_next = place.before is not None or (more and not place.at_end)
        has_previous = more if place.backwards else place.after is not None
        return Page(
            items=tuple(self._row(row) for row in found),
            next_cursor=cursor_after(found[-1]) if found and has_next else None,
            previous_cursor=cursor_before(found[0]) if found and has_previous else None,
            last_cursor=LAST_PAGE if found and has_next else None,
        )

    def unbound(self, actor: StaffUser, wanted: SearchFilter) -> int:
        """Return how many students the text names who have bound nothing yet.

        Counts to :data:`MOST_UNBOUND`; without a text it is zero.
        """
        conditions = make_conditions(self._vault, actor, wanted)
        if not conditions.keys:
            return 0
        with self._db.reading() as session:
            return search.count_unbound(session, conditions)

    def choices(self) -> SearchChoices:
        """Return what there is to choose from; names of staff, none of students."""
        with self._db.reading() as session:
            years = {
                year
                for campaign in entries.all_campaigns(session)
                for year in campaign.graduating_years
            }
            return SearchChoices(
                years=tuple(sorted(years, reverse=True)),
                levels=tuple(search.distinct_values(session, RecordEntry.level)),
                study_forms=tuple(
                    search.distinct_values(session, RecordEntry.study_form)
                ),
                deciders=tuple(
                    (row.id, row.display_name)
                    for row in people.all_staff(session)
                    if row.role != Role.STATION
                ),
            )

    def export(
        self,
        actor: StaffUser,
        wanted: SearchFilter,
        *,
        order: RecordOrder = RecordOrder.CHANGED,
        descending: bool = True,
        whole_numbers: bool = False,
    ) -> RecordExport:
        """Return every record of a search; the export is audited before it begins.

        Args:
            actor: who asks; a station gets its own.
            wanted: what to look for.
            order: as shown.
            descending: from the last to the first.
            whole_numbers: with whole identity numbers; for administrators.

        Raises:
            ForbiddenError: whole numbers for somebody who is no administrator.
            InvalidInputError: as for :meth:`page`; ``export_too_large``.
        """
        if whole_numbers:
            require_admin(actor)
        conditions = make_conditions(self._vault, actor, wanted)
        with self._db.transaction() as session:
            count = search.Search(session, conditions).count()
            if count > MOST_EXPORTED:
                raise InvalidInputError("export_too_large")
            self._trail.record(
                session,
                actor,
                "id_number.export" if whole_numbers else "records.export",
                "records",
                f"{count} · {describe(conditions)}",
            )
        rows = self._all(conditions, order, descending, whole=whole_numbers)
        return RecordExport(count=count, rows=rows)

    def seal_text(self, text: str) -> str:
        """Return a text for an address: nobody reads it there, and it can be kept.

        A card's payload becomes its token, so that the address stays short.
        """
        code = read_query(text).code
        short = code if code and len(code) < len(text) else text
        return urlsafe_b64encode(
            self._vault.seal(short, purpose=_ADDRESS_PURPOSE)
        ).decode()

    def open_text(self, sealed: str) -> str:
        """Return the text of an address; raises InvalidInputError for any other."""
        try:
            return self._vault.open(
                urlsafe_b64decode(sealed.encode()), purpose=_ADDRESS_PURPOSE
            )
        except ValueError:
            raise InvalidInputError(
                "invalid_input", violations=(Violation("query", "invalid_field"),)
            ) from None

    def record(self, actor: StaffUser, binding_id: str) -> Record:
        """Return one record with its photos and history; raises NotFoundError."""
        with self._db.reading() as session:
            binding, found = self._get(session, actor, binding_id)
            station = entries.get_station(session, found.entry.station_id)
            return Record(
                row=self._row(found),
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
            binding, found = self._get(session, actor, binding_id)
            if found.id_number_sealed is None:
                raise NotFoundError("record_not_found")
            number = self._vault.open(found.id_number_sealed, purpose="id_number")
            self._trail.record(
                session, actor, "id_number.reveal", _target(binding), reason.strip()
            )
        return number

    def media(self, actor: StaffUser, public_id: str, kind: MediaKind) -> Media:
        """Return a picture of a submission; the reading is audited."""
        with self._db.transaction() as session:
            row, binding = submissions.get_submission(session, public_id)
            self._get(session, actor, binding.public_id, code="submission_not_found")
            ensure_shown(session, actor, row)
            self._trail.record(session, actor, f"photo.{kind.value}", _target(binding))
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
            ensure_shown(session, actor, row)
            report = submission_view(session, row, binding).report
            boxes = [f.box for f in report.findings if f.rule == rule and f.box]
            if not boxes:
                raise NotFoundError("file_not_found")
            self._trail.record(session, actor, "photo.close_up", _target(binding), rule)
        original = media_of(row, MediaKind.ORIGINAL, self._store)
        return Media(
            data=self._inspector.close_up(original.data, boxes[0], large=large),
            content_type="image/jpeg",
            filename=f"{rule}-{public_id}.jpg",
        )

    def card(self, actor: StaffUser, binding_id: str) -> Media:
        """Return the 采集码 card picture kept with a binding; audited."""
        with self._db.transaction() as session:
            binding, _ = self._get(session, actor, binding_id)
            if binding.card_key is None:
                raise NotFoundError("file_not_found")
            self._trail.record(session, actor, "card.read", _target(binding))
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
    ) -> tuple[Binding, Found]:
        try:
            binding = bindings.get_binding(session, binding_id)
        except NotFoundError:
            raise NotFoundError(code) from None
        (found,) = search.find(session, [binding.id])
        require_station(actor, found.entry.station_id, code=code)
        return binding, found

    def _all(
        self,
        conditions: Conditions,
        order: RecordOrder,
        descending: bool,  # noqa: FBT001 - passed on
        *,
        whole: bool,
    ) -> Iterator[ExportedRecord]:
        """Yield every record, a thousand at a time: no transaction stays open between."""
        after: int | None = None
        while True:
            place = Place(order, descending, after=after)
            with self._db.reading() as session:
                found = search.Search(session, conditions).page(place, _EXPORT_STEP)
            for row in found:
                shown = self._row(row)
                number = self._number(row) if whole else shown.id_number_masked
                yield ExportedRecord(row=shown, id_number=number)
            if len(found) < _EXPORT_STEP:
                return
            after = found[-1].entry.binding_id

    def _row(self, found: Found) -> RecordRow:
        entry = found.entry
        return RecordRow(
            binding_id=found.public_id,
            student_name=entry.name,
            student_no=entry.student_no,
            id_number_masked=_masked(self._number(found)),
            level=entry.level,
            major=entry.major,
            class_no=entry.class_no,
            graduating_year=entry.graduating_year or None,
            study_form=entry.study_form,
            station_name=found.station_name,
            fingerprint=found.fingerprint,
            binding_status=BindingStatus(entry.binding_status),
            submission_status=SubmissionStatus(entry.status) if entry.status else None,
            verdict=entry.verdict or None,
            source=entry.source or None,
            human_review_requested=entry.human_review,
            quarantined=entry.quarantined,
            submitted_at=entry.submitted_at if entry.submitted_at > NEVER else None,
            changed_at=entry.changed_at,
        )

    def _number(self, found: Found) -> str:
        """Return the whole identity number; empty while the student is not known."""
        if found.id_number_sealed is None:
            return ""
        return self._vault.open(found.id_number_sealed, purpose="id_number")


def _admin_view(
    session: Session, photo: Submission, binding: Binding
) -> AdminSubmission:
    decided_by = (
        session.get(Staff, photo.decided_by_id) if photo.decided_by_id else None
    )
    check = pushes.check_of(session, photo.id)
    return AdminSubmission(
        view=submission_view(session, photo, binding, for_staff=True),
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


def _target(binding: Binding) -> str:
    return f"binding:{binding.id}"


def _masked(number: str) -> str:
    if not number:
        return ""
    try:
        return IdentityNumber.parse(number).masked
    except DomainError:
        return number[:1] + "*" * (len(number) - 2) + number[-1:]
