"""What came back from the registry: its list is read, looked at, and applied once."""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, field, replace
from typing import Any, Final

from backend.crypto import Vault, new_public_id
from backend.db import deliveries, entries, outbox, returned_lists, submissions
from backend.db.bindings import LostRaceError
from backend.db.delivery_models import ReturnedListRow
from backend.db.engine import Database, Session
from backend.db.models import Campaign
from backend.db.returned_lists import AskedRow
from backend.domain.errors import ConflictError, InvalidInputError
from backend.domain.identity import normalise_name
from backend.domain.registry_answers import (
    Answer,
    AnsweredRow,
    find_columns,
    read_answer,
)
from backend.domain.reviews import Action, SubmissionStatus, may, next_status
from backend.domain.wechat import MessageKind
from backend.messages.deliveries import ANSWERS
from backend.ports import Clock, Job, Jobs
from backend.services.access import require_admin
from backend.services.admission import let_redo
from backend.services.audit_trail import AuditTrail
from backend.services.delivery_types import AnswerCounts, ReturnedListView
from backend.services.outbox import tell_holders
from backend.services.types import StaffUser
from backend.sheets.cells import Note, SheetRow
from backend.sheets.read import sheet_rows

_PURPOSE: Final = "returned_list"
#: Rows looked at for the headings; lists begin with a title or two.
_TITLE_ROWS: Final = 20
#: Rows named one by one; more are only counted.
MOST_NAMED: Final = 200
_LONGEST_WORDS: Final = 40
_MOST_WORDS: Final = 20
#: With the registry, or answered by it.
_ASKED: Final = frozenset(
    {
        SubmissionStatus.DELIVERED,
        SubmissionStatus.ACCEPTED,
        SubmissionStatus.SENT_BACK,
    }
)


@dataclass(frozen=True, slots=True)
class _Change:
    """One photo whose status changes."""

    submission_id: int
    before: SubmissionStatus
    answer: Answer

    @property
    def action(self) -> Action:
        return Action.SEND_BACK if self.answer.sends_back else Action.ACCEPT


@dataclass(slots=True)
class _Reading:
    """What a list would do, gathered row by row."""

    changes: dict[int, _Change] = field(default_factory=dict)
    seen: dict[int, Answer] = field(default_factory=dict)
    unmatched: list[int] = field(default_factory=list)
    ambiguous: list[int] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    already: int = 0
    nothing_yet: int = 0
    not_waiting: int = 0

    def take(self, row: AnsweredRow, found: Sequence[AskedRow]) -> None:
        """Take a row with the students it may mean."""
        answer = read_answer(row.words)
        if answer is None:
            self.unknown[row.words[:_LONGEST_WORDS]] += 1
        elif not found:
            self.unmatched.append(row.number)
        elif len(found) > 1:
            self.ambiguous.append(row.number)
        elif answer is Answer.NOTHING_YET:
            self.nothing_yet += 1
        elif found[0].submission_id is None or found[0].status not in _ASKED:
            self.not_waiting += 1
        else:
            self._answer(
                row, found[0].submission_id, SubmissionStatus(found[0].status), answer
            )

    def _answer(
        self,
        row: AnsweredRow,
        submission_id: int,
        status: SubmissionStatus,
        answer: Answer,
    ) -> None:
        if self.seen.setdefault(submission_id, answer) is not answer:
            # Two rows, two answers: nobody can say which is the later one.
            self.changes.pop(submission_id, None)
            self.ambiguous.append(row.number)
            return
        change = _Change(submission_id, status, answer)
        if may(status, change.action):
            self.changes[submission_id] = change
        else:
            self.already += 1

    def counts(self, rows: int) -> AnswerCounts:
        """Return what was gathered."""
        back = Counter(
            change.answer
            for change in self.changes.values()
            if change.answer.sends_back
        )
        return AnswerCounts(
            rows=rows,
            accepted=len(self.changes) - back.total(),
            sent_back=back.total(),
            reasons=dict(back),
            already=self.already,
            nothing_yet=self.nothing_yet,
            not_waiting=self.not_waiting,
            unmatched=tuple(self.unmatched),
            ambiguous=tuple(self.ambiguous),
            unknown=dict(self.unknown.most_common(_MOST_WORDS)),
        )


class ReturnedListService:
    """Takes the platform's list in and tells the students."""

    def __init__(self, *, db: Database, clock: Clock, vault: Vault, jobs: Jobs) -> None:
        self._db = db
        self._clock = clock
        self._trail = AuditTrail(clock)
        self._vault = vault
        self._jobs = jobs

    def receive(self, actor: StaffUser, campaign_id: int, data: bytes) -> str:
        """Keep a list to be looked at and return its id; nothing is applied yet.

        The same file finds what it was received as.

        Raises:
            PermissionDeniedError: not an administrator.
            NotFoundError: no such campaign.
            InvalidInputError: ``returned_list_columns``: no column with the answer or
                none with a number, or the codes of :func:`sheet_rows`.
        """
        require_admin(actor)
        rows = _answered(sheet_rows(io.BytesIO(data)))
        row = ReturnedListRow(
            public_id=new_public_id(),
            campaign_id=campaign_id,
            sha256=hashlib.sha256(data).hexdigest(),
            rows_sealed=self._vault.seal(
                json.dumps([astuple(row) for row in rows], ensure_ascii=False),
                purpose=_PURPOSE,
            ),
            made_by=actor.username,
            created_at=self._clock.now(),
        )
        with self._db.transaction() as session:
            entries.get_campaign(session, campaign_id)
            if not returned_lists.add_list(session, row):
                return returned_lists.find_list(
                    session, campaign_id, row.sha256
                ).public_id
        return row.public_id

    def get(self, actor: StaffUser, public_id: str) -> ReturnedListView:
        """Return what a list would do now, or did; raises NotFoundError."""
        require_admin(actor)
        with self._db.reading() as session:
            row, campaign = returned_lists.get_list(session, public_id)
            if row.outcome is not None:
                return _view(row, campaign, _counts(row.outcome))
            reading, rows = self._read(session, row)
        return _view(row, campaign, reading.counts(rows))

    def apply(self, actor: StaffUser, public_id: str) -> ReturnedListView:
        """Write the answers and tell who has to hand in again; a second time does nothing.

        Raises:
            NotFoundError: no such list.
            ConflictError: ``delivery_raced``: a photo changed meanwhile.
        """
        require_admin(actor)
        with self._db.transaction() as session:
            row, campaign = returned_lists.get_list(session, public_id, lock=True)
            if row.outcome is not None:
                return _view(row, campaign, _counts(row.outcome))
            reading, rows = self._read(session, row)
            counts = reading.counts(rows)
            changes = list(reading.changes.values())
            self._accept(session, actor, changes)
            for change in changes:
                if change.before is not SubmissionStatus.DELIVERED or (
                    change.answer.sends_back
                ):
                    self._correct(session, actor, change)
            row.applied_at = self._clock.now()
            row.outcome = asdict(
                replace(
                    counts,
                    unmatched=counts.unmatched[:MOST_NAMED],
                    ambiguous=counts.ambiguous[:MOST_NAMED],
                    # What is not understood may say anything of anybody.
                    unknown={"": sum(counts.unknown.values())},
                )
            )
            row.rows_sealed = None
            session.flush()
            self._trail.record(
                session,
                actor,
                "delivery.answers",
                f"campaign:{campaign.id}",
                f"已接受 {counts.accepted}，退回 {counts.sent_back}",
            )
        self._jobs.wake(Job.MESSAGES)
        return _view(row, campaign, _counts(row.outcome))

    def _read(self, session: Session, row: ReturnedListRow) -> tuple[_Reading, int]:
        text = self._vault.open(row.rows_sealed or b"", purpose=_PURPOSE)
        rows = [AnsweredRow(*values) for values in json.loads(text)]
        index = _Index(returned_lists.students_of(session, row.campaign_id))
        reading = _Reading()
        for answered in rows:
            number = answered.id_number
            hashed = self._vault.hash(number, purpose="id_number") if number else ""
            reading.take(answered, index.find(answered, hashed))
        return reading, len(rows)

    def _accept(
        self, session: Session, actor: StaffUser, changes: Iterable[_Change]
    ) -> None:
        """Write the answer most photos get, all at once."""
        before = SubmissionStatus.DELIVERED
        deliveries.move_all(
            session,
            [
                change.submission_id
                for change in changes
                if change.before is before and not change.answer.sends_back
            ],
            before,
            next_status(before, Action.ACCEPT),
            who=actor.username,
            at=self._clock.now(),
        )

    def _correct(self, session: Session, actor: StaffUser, change: _Change) -> None:
        """Send one photo back with its reason, or take that back."""
        now = self._clock.now()
        row, binding = returned_lists.submission_with_binding(
            session, change.submission_id
        )
        row.status = next_status(SubmissionStatus(row.status), change.action).value
        reason = ANSWERS[change.answer]
        row.return_reasons = [reason] if change.answer.sends_back else []
        row.return_note = ""
        try:
            submissions.save_submission(session, row)
        except LostRaceError:
            raise ConflictError("delivery_raced") from None
        submissions.add_event(
            session,
            row.id,
            status=row.status,
            by="staff",
            at=now,
            who=actor.username,
            note=reason,
        )
        outbox.cancel_of(session, row.id, at=now)
        if change.answer.sends_back:
            let_redo(session, binding, now=now)
            tell_holders(session, MessageKind.RETURNED, binding, row, at=now, due=now)


class _Index:
    """The students of a campaign by each of their numbers."""

    def __init__(self, students: Iterable[AskedRow]) -> None:
        self._by: dict[str, defaultdict[str, list[AskedRow]]] = {
            name: defaultdict(list)
            for name in ("id_number_hash", "student_no", "exam_no")
        }
        for student in students:
            for name, known in self._by.items():
                known[getattr(student, name)].append(student)

    def find(self, row: AnsweredRow, id_number_hash: str) -> list[AskedRow]:
        """Return who meets every number the row gives."""
        given = {
            "id_number_hash": id_number_hash,
            "student_no": row.student_no,
            "exam_no": row.exam_no,
        }
        sets = [self._by[name].get(value, []) for name, value in given.items() if value]
        if not sets:
            return []
        return [one for one in sets[0] if all(one in others for others in sets[1:])]


def _answered(rows: Iterable[SheetRow]) -> list[AnsweredRow]:
    """Return the rows below the headings, which are found by their words."""
    columns: dict[str, int] | None = None
    found = []
    for looked, row in enumerate(rows):
        if columns is not None:
            found.append(_answered_row(row, columns))
        elif looked >= _TITLE_ROWS:
            break
        else:
            columns = find_columns(row.cells)
    if columns is None:
        raise InvalidInputError("returned_list_columns")
    return found


def _answered_row(row: SheetRow, columns: dict[str, int]) -> AnsweredRow:
    def cell(name: str) -> str:
        at = columns.get(name, len(row.cells))
        if at >= len(row.cells) or row.notes.get(at) is Note.LOST_TAIL:
            return ""
        return normalise_name(row.cells[at]).strip("'")

    return AnsweredRow(
        number=row.number,
        id_number=cell("id_number").upper(),
        student_no=cell("student_no"),
        exam_no=cell("exam_no"),
        words=cell("answer"),
    )


def _view(
    row: ReturnedListRow, campaign: Campaign, counts: AnswerCounts
) -> ReturnedListView:
    return ReturnedListView(
        public_id=row.public_id,
        campaign_id=campaign.id,
        campaign_name=campaign.name,
        created_at=row.created_at,
        applied_at=row.applied_at,
        counts=counts,
    )


def _counts(outcome: dict[str, Any]) -> AnswerCounts:
    values = {
        **outcome,
        "reasons": {Answer(key): count for key, count in outcome["reasons"].items()},
        "unmatched": tuple(outcome["unmatched"]),
        "ambiguous": tuple(outcome["ambiguous"]),
    }
    return AnswerCounts(**values)
