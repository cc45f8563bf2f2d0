"""A photographer's folder: each file matched, judged and handed in for its student.

Receiving matches the names first and keeps only the photos that are somebody's. Handing
in goes file by file, from wherever the last attempt stopped: what was done is found by
the same bytes, so nothing is done twice. Where the campaign replaces the background, each
waits until that is done; students at their phones come first. A file that breaks
something holds up no other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from backend.crypto import Vault
from backend.db import batches, entries, journal
from backend.db.batches import Key
from backend.db.collecting_models import Batch, BatchItem
from backend.db.engine import Database, Session
from backend.db.models import Staff, Student
from backend.domain.backgrounds import CHANGE_RULE, BackgroundState
from backend.domain.batch import (
    ItemState,
    match,
    read_label,
    without_rivals,
)
from backend.domain.errors import (
    DomainError,
    InvalidInputError,
    NotFoundError,
    PhotoUnreadableError,
    UnavailableError,
    Violation,
)
from backend.domain.identity import IdentityNumber
from backend.domain.report import Status, Verdict
from backend.domain.reviews import SubmissionStatus
from backend.ports import Clock, Job, Jobs, PhotoStore
from backend.services.access import require_collector
from backend.services.batch_files import BatchFile
from backend.services.batch_types import BatchItemView, BatchView
from backend.services.collecting import CollectingService, ConsentGiven
from backend.services.staff import OPERATOR
from backend.services.types import Source, StaffUser, SubmissionView
from backend.services.views import staff_user

log = structlog.get_logger(__name__)

#: Batches on the list; older ones are found by their address.
MOST_LISTED: Final = 100
#: Seconds of work a request does before it answers.
REQUEST_BUDGET: Final = 2.0
#: Somebody else's background is being replaced.
_BUSY: Final = "background_busy"
_ORIGINAL_GONE: Final = "file_not_found"
_PURPOSE: Final = "batch_name"
_INSERTED_AT_ONCE: Final = 100
_SHORTEST_CODE: Final = 8
_DETAIL_LENGTH: Final = 200
_OPEN: Final = frozenset(
    {SubmissionStatus.DRAFT, SubmissionStatus.RETURNED, SubmissionStatus.SENT_BACK}
)


class _ChangeBrokenError(Exception):
    """Replacing a background ended as nobody foresaw, or what it needs is missing."""


@dataclass(frozen=True, slots=True)
class Rounds:
    """How many seconds a job works before it ends its round, and how they pass."""

    budget: float = REQUEST_BUDGET
    timer: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep


class BatchService:
    """Receives batches, goes through them, reports."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        vault: Vault,
        store: PhotoStore,
        collecting: CollectingService,
        jobs: Jobs,
        rounds: Rounds | None = None,
    ) -> None:
        self._db = db
        self._clock = clock
        self._vault = vault
        self._store = store
        self._collecting = collecting
        self._jobs = jobs
        self._rounds = rounds or Rounds()

    def receive(
        self,
        actor: StaffUser,
        campaign_id: int,
        files: Iterable[BatchFile],
        *,
        names: Mapping[str, str],
        consent_in_writing: bool,
    ) -> BatchView:
        """Match the files' names and keep those that are somebody's.

        Args:
            actor: an administrator, or a station for its own students.
            campaign_id: which campaign the photos are for.
            files: of a folder or an archive.
            names: file name → number, where a list came along; it wins over the name.
            consent_in_writing: the school has the students' consent in writing.

        Raises:
            PermissionDeniedError: a reviewer.
            NotFoundError: ``campaign_not_found``.
            InvalidInputError: ``consent_required``; ``batch_empty``: no file at all; or
                what the archive is refused for.
        """
        require_collector(actor)
        if not consent_in_writing:
            missing = Violation("consent", "consent_required")
            raise InvalidInputError("consent_required", violations=(missing,))
        with self._db.reading() as session:
            entries.get_campaign(session, campaign_id)
        files = list(files)
        if not files:
            raise InvalidInputError("batch_empty")
        found = self._match(actor, campaign_id, files, names)
        batch_id = self._insert(actor, campaign_id, self._keep(files, found))
        self._jobs.wake(Job.BATCHES)
        return self.get(actor, batch_id)

    def latest(self, actor: StaffUser) -> tuple[BatchView, ...]:
        """Return the latest batches, a station only its own."""
        require_collector(actor)
        with self._db.reading() as session:
            rows = batches.all_batches(session, actor.station_id, limit=MOST_LISTED)
            return self._views(session, rows)

    def get(self, actor: StaffUser, batch_id: int) -> BatchView:
        """Return a batch; raises NotFoundError for none and for another station's."""
        require_collector(actor)
        with self._db.reading() as session:
            row = batches.get_batch(session, batch_id, actor.station_id)
            return self._views(session, [row])[0]

    def items(
        self,
        actor: StaffUser,
        batch_id: int,
        *,
        states: tuple[ItemState, ...] = (),
        after: int = 0,
        limit: int = 100,
    ) -> tuple[BatchItemView, ...]:
        """Return the files after a position, in the order they came."""
        require_collector(actor)
        with self._db.reading() as session:
            batches.get_batch(session, batch_id, actor.station_id)
            rows = batches.items(
                session,
                batch_id,
                station_id=actor.station_id,
                states=states,
                after=after,
                limit=limit,
            )
            return tuple(self._item_view(*row) for row in rows)

    def report(self, actor: StaffUser, batch_id: int) -> Iterator[BatchItemView]:
        """Yield every file of a batch for a report that is taken away; it is audited."""
        require_collector(actor)
        with self._db.transaction() as session:
            row = batches.get_batch(session, batch_id, actor.station_id)
            self._audit(session, actor, "batch.report", row)
        return self._all_items(actor, batch_id)

    def go_on(
        self, actor: StaffUser, batch_id: int, *, budget: float = REQUEST_BUDGET
    ) -> BatchView:
        """Hand in the next files for so many seconds, at least one of them."""
        self.get(actor, batch_id)
        self._work(batch_id, budget)
        return self.get(actor, batch_id)

    def go_on_all(self) -> int:
        """Go on with every batch that is not finished; return how many files that were.

        A job asks for this.
        """
        with self._db.reading() as session:
            waiting = batches.unfinished(session)
        return sum(
            self._work(batch_id, self._rounds.budget / len(waiting))
            for batch_id in waiting
        )

    def _match(
        self,
        actor: StaffUser,
        campaign_id: int,
        files: Iterable[BatchFile],
        names: Mapping[str, str],
    ) -> list[int | ItemState]:
        listed = {name.casefold(): number for name, number in names.items()}
        labels = [read_label(_stated(file.name, listed)) for file in files]
        keys = {key: self._key(key) for label in labels for key in label.keys}
        hits: dict[str, set[int]] = {}
        people: dict[int, str] = {}
        with self._db.reading() as session:
            for hit in batches.students_by_keys(
                session,
                campaign_id=campaign_id,
                station_id=actor.station_id,
                keys=list(keys.values()),
            ):
                hits.setdefault(hit.key, set()).add(hit.student_id)
                people[hit.student_id] = hit.name
        return without_rivals(
            [
                match(label, [hits.get(key, set()) for key in label.keys], people)
                for label in labels
            ]
        )

    def _keep(
        self, files: Iterable[BatchFile], found: Iterable[int | ItemState]
    ) -> list[BatchItem]:
        """Store the photos that are somebody's, and return what is known of each file."""
        items = []
        for position, (file, outcome) in enumerate(
            zip(files, found, strict=True), start=1
        ):
            item = BatchItem(
                position=position,
                name_sealed=self._vault.seal(file.name, purpose=_PURPOSE),
                state=ItemState.WAITING.value,
                detail="",
            )
            if isinstance(outcome, ItemState):
                item.state = outcome.value
            else:
                item.student_id = outcome
                data = file.read()
                if data is None:
                    item.state = ItemState.NOT_A_PHOTO.value
                else:
                    item.file_key = self._store.put(data)
            items.append(item)
        return items

    def _insert(
        self, actor: StaffUser, campaign_id: int, items: list[BatchItem]
    ) -> int:
        with self._db.transaction() as session:
            row = Batch(
                campaign_id=campaign_id,
                station_id=actor.station_id,
                staff_id=actor.id or None,
                brought_by=actor.username,
                created_at=self._clock.now(),
            )
            session.add(row)
            session.flush()
            for item in items:
                item.batch_id = row.id
            for start in range(0, len(items), _INSERTED_AT_ONCE):
                session.add_all(items[start : start + _INSERTED_AT_ONCE])
                session.flush()
            self._finish_if_done(session, row)
            self._audit(session, actor, "batch.receive", row, f"{len(items)} 个文件")
            return row.id

    def _key(self, text: str) -> Key:
        try:
            number = IdentityNumber.parse(text).value
        except DomainError:
            number = ""
        return Key(
            text,
            id_hash=self._vault.hash(number, purpose="id_number") if number else "",
            code_hash=self._vault.hash(text, purpose="code")
            if len(text) >= _SHORTEST_CODE
            else "",
        )

    def _work(self, batch_id: int, budget: float) -> int:
        end, done = self._rounds.timer() + budget, 0
        while True:
            try:
                if not self._hand_in_next(batch_id):
                    return done
                done += 1
            except UnavailableError as error:
                left = end - self._rounds.timer()
                if error.code != _BUSY:
                    raise
                if left > 0:
                    self._rounds.pause(min(float(error.data["retry_after"]), left))
                    continue
            if self._rounds.timer() >= end:
                return done

    def _hand_in_next(self, batch_id: int) -> bool:
        """Hand in one file; false when none waits."""
        with self._db.reading() as session:
            batch = session.get_one(Batch, batch_id)
            item = batches.next_waiting(session, batch_id)
            staff = session.get(Staff, batch.staff_id) if batch.staff_id else None
            actor = staff_user(staff) if staff else OPERATOR
        if item is None:
            return False
        state, detail = self._hand_in(actor, item)
        with self._db.transaction() as session:
            row = session.get_one(BatchItem, item.id)
            if row.state != ItemState.WAITING:
                # Somebody else went through it meanwhile.
                return True
            row.state, row.detail = state.value, detail[:_DETAIL_LENGTH]
            # The photo belongs to the submission now, or to nobody.
            row.file_key = None
            session.flush()
            self._finish_if_done(session, session.get_one(Batch, batch_id))
        return True

    def _hand_in(self, actor: StaffUser, item: BatchItem) -> tuple[ItemState, str]:
        assert item.student_id is not None  # noqa: S101 - what waits is somebody's
        assert item.file_key is not None  # noqa: S101 - and its photo is kept
        try:
            student = self._collecting.open(
                actor, item.student_id, code=None, consent=ConsentGiven.IN_WRITING
            )
            binding_id = student.binding_id or ""
            data = self._store.get(item.file_key)
            if student.status is not None and student.status not in _OPEN:
                same = self._collecting.has_same(actor, binding_id, data)
                return (ItemState.ALREADY_THERE if same else ItemState.HAS_PHOTO), ""
            view = self._collecting.submit(
                actor, binding_id, data, filename=None, source=Source.BATCH
            )
            return self._confirm(actor, view)
        except _ChangeBrokenError:
            return ItemState.BROKEN, CHANGE_RULE
        except UnavailableError:
            # Not the photo's fault: it waits.
            raise
        except PhotoUnreadableError as error:
            return ItemState.NOT_A_PHOTO, error.code
        except DomainError as error:
            exempt = error.code == "exempt"
            return (ItemState.EXEMPT if exempt else ItemState.FAILED), error.code
        except Exception as error:  # noqa: BLE001 - its text may be personal
            log.warning("batch_item_broken", item=item.id, kind=type(error).__name__)
            return ItemState.BROKEN, ""

    def _confirm(self, actor: StaffUser, view: SubmissionView) -> tuple[ItemState, str]:
        if view.status is not SubmissionStatus.DRAFT:
            return ItemState.ALREADY_THERE, ""
        due = view.background is BackgroundState.DUE
        if due and view.report.verdict is not Verdict.FAIL:
            view = self._replace_background(actor, view)
        kept = _why_kept(view)
        if view.can_confirm:
            # The consent in writing covers what the campaign does to every photo.
            shown = view.report.background
            self._collecting.confirm(actor, view.public_id, background=shown)
            return ItemState.HANDED_IN, ",".join(kept)
        failed = [f.rule for f in view.report.findings if f.status is Status.FAIL]
        others = [rule for rule in failed if not kept or rule != CHANGE_RULE]
        return ItemState.REFUSED, ",".join([*kept, *others])

    def _replace_background(
        self, actor: StaffUser, view: SubmissionView
    ) -> SubmissionView:
        try:
            return self._collecting.change_background(actor, view.public_id)
        except UnavailableError as error:
            if error.code == _BUSY:
                raise
            raise _ChangeBrokenError from error
        except NotFoundError as error:
            if error.code != _ORIGINAL_GONE:
                raise
            raise _ChangeBrokenError from error
        except DomainError:
            raise
        except Exception as error:
            log.warning("background_broken", kind=type(error).__name__)
            raise _ChangeBrokenError from error

    def _finish_if_done(self, session: Session, row: Batch) -> None:
        if batches.next_waiting(session, row.id) is None:
            row.finished_at = row.finished_at or self._clock.now()

    def _all_items(self, actor: StaffUser, batch_id: int) -> Iterator[BatchItemView]:
        after, step = 0, 500
        while page := self.items(actor, batch_id, after=after, limit=step):
            yield from page
            after = page[-1].position

    def _views(self, session: Session, rows: list[Batch]) -> tuple[BatchView, ...]:
        counts = batches.counts(session, [row.id for row in rows])
        return tuple(
            BatchView(
                id=row.id,
                campaign_id=row.campaign_id,
                campaign_name=entries.get_campaign(session, row.campaign_id).name,
                brought_by=row.brought_by,
                created_at=row.created_at,
                finished_at=row.finished_at,
                counts=counts[row.id],
            )
            for row in rows
        )

    def _item_view(self, item: BatchItem, student: Student | None) -> BatchItemView:
        return BatchItemView(
            position=item.position,
            file_name=self._vault.open(item.name_sealed, purpose=_PURPOSE),
            state=ItemState(item.state),
            detail=item.detail,
            student_id=student.id if student else None,
            student_name=student.name if student else "",
            student_no=student.student_no if student else "",
        )

    def _audit(
        self,
        session: Session,
        actor: StaffUser,
        action: str,
        row: Batch,
        detail: str = "",
    ) -> None:
        journal.append_audit(
            session,
            at=self._clock.now(),
            actor=actor.username,
            action=action,
            target=f"batch:{row.id}",
            detail=detail,
        )


def _why_kept(view: SubmissionView) -> list[str]:
    """Return what the item says where the background could not be replaced."""
    if view.background is not BackgroundState.REFUSED:
        return []
    tried = [f for f in view.report.findings if f.rule == CHANGE_RULE]
    return [f"{CHANGE_RULE}:{f.advice or ''}" for f in tried[:1]]


def _stated(file_name: str, listed: Mapping[str, str]) -> str:
    """Return the number a list gives a file, else the file's own name."""
    stem = file_name.rpartition(".")[0]
    return listed.get(file_name.casefold()) or listed.get(stem.casefold()) or file_name
