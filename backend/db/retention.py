"""What goes when: the rows of each kind, and how they are emptied.

Rows stay where numbers are counted from them; what tells who it was goes. Each call
handles one batch inside one transaction, and what is done is no longer found by the
next, so a crash between two batches costs nothing.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    delete,
    exists,
    false,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.db.campaign_models import (
    RosterImport,
    RosterImportFile,
    RosterImportProblem,
    RosterImportRow,
)
from backend.db.campaign_rules import last_closing
from backend.db.collecting_models import Batch, BatchItem
from backend.db.delivery_models import (
    Delivery,
    DeliveryFile,
    DeliveryItem,
    ReturnedListRow,
)
from backend.db.models import (
    Attempt,
    Binding,
    BindingEvent,
    Campaign,
    CodeReadingRow,
    IdempotentAnswer,
    PrincipalRow,
    Student,
    StudentSession,
    Submission,
    SubmissionEvent,
)
from backend.db.retention_models import DoomedFile, PurgeProgress
from backend.db.review_models import (
    Likeness,
    LikenessBand,
    ReviewClaim,
    ReviewSkip,
    SecondLook,
)
from backend.db.upkeep import FILE_COLUMNS
from backend.db.wechat_models import (
    BindingHolder,
    MessageConsent,
    OutgoingMessageRow,
    PictureCheck,
    PushRow,
    SignInState,
)
from backend.domain.retention import DISCARDED, HELD_BACK, Kind, RetentionRules, Trace

Reference = InstrumentedAttribute[Any]

#: Rows that are deleted with what they refer to, by the column that refers. The files
#: they name (see ``upkeep.FILE_COLUMNS``) go with them.
GOES_WITH_SUBMISSION: Final[tuple[Reference, ...]] = (
    PictureCheck.submission_id,
    ReviewClaim.submission_id,
    ReviewSkip.submission_id,
    SecondLook.submission_id,
    Likeness.submission_id,
    LikenessBand.submission_id,
)
GOES_WITH_BINDING: Final[tuple[Reference, ...]] = (BindingHolder.binding_id,)
GOES_WITH_STUDENT: Final[tuple[Reference, ...]] = (BatchItem.student_id,)

#: What a name is replaced with.
NAME_ERASED: Final = "已删除"


@dataclass(frozen=True, slots=True)
class Blanks:
    """Nothing, sealed for each purpose: whoever opens an emptied value reads nothing."""

    code: bytes = field(repr=False)
    id_number: bytes = field(repr=False)


@dataclass(slots=True)
class Gone:
    """What one batch emptied: references of rows, and the keys of their files."""

    rows: list[str] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    #: The id of the last row, behind which the next batch begins.
    last: int = 0

    @property
    def digest(self) -> str:
        """The hash of the list of what went, in a fixed order."""
        listed = "\n".join([*sorted(self.rows), *sorted(self.keys)])
        return hashlib.sha256(listed.encode()).hexdigest()


def closing_instant(session: Session, campaign: Campaign) -> datetime:
    """Return when the last photo of a campaign can be handed in; dates count from it."""
    return last_closing(session, campaign.id)


def rules_of(campaign: Campaign) -> RetentionRules:
    """Return the rules of a campaign."""
    return RetentionRules(
        discarded=campaign.keep_discarded,
        originals=campaign.keep_originals,
        cards=campaign.keep_cards,
        messages=campaign.keep_messages,
        portraits=campaign.keep_portraits,
        identities=campaign.keep_identities,
    )


def set_rules(campaign: Campaign, rules: RetentionRules) -> None:
    """Give a campaign other rules."""
    campaign.keep_discarded = rules.discarded
    campaign.keep_originals = rules.originals
    campaign.keep_cards = rules.cards
    campaign.keep_messages = rules.messages
    campaign.keep_portraits = rules.portraits
    campaign.keep_identities = rules.identities


# Which rows.


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a kind: a table, what narrows it, and what holds some back."""

    table: type[Any]
    where: Callable[[int], ColumnElement[bool]]
    held: ColumnElement[bool]


def _in_campaign(campaign_id: int) -> ColumnElement[bool]:
    return Submission.binding_id.in_(
        select(Binding.id).where(Binding.campaign_id == campaign_id)
    )


_IS_DISCARDED: Final = Submission.status.in_([status.value for status in DISCARDED])
_IS_HELD_BACK: Final = Submission.status == HELD_BACK.value
_BINDING_HELD_BACK: Final = exists().where(
    Submission.binding_id == Binding.id, _IS_HELD_BACK
)
_STUDENT_HELD_BACK: Final = exists().where(
    Binding.student_id == Student.id,
    Submission.binding_id == Binding.id,
    _IS_HELD_BACK,
)

_ROWS: Final[Mapping[Kind, _Rows]] = MappingProxyType(
    {
        Kind.DISCARDED: _Rows(
            Submission,
            lambda campaign: and_(
                _in_campaign(campaign), _IS_DISCARDED, Submission.erased_at.is_(None)
            ),
            false(),
        ),
        Kind.ORIGINALS: _Rows(
            Submission,
            lambda campaign: and_(
                _in_campaign(campaign),
                ~_IS_DISCARDED,
                or_(
                    Submission.original_key.is_not(None),
                    Submission.overlay_key.is_not(None),
                    Submission.other_portrait_key.is_not(None),
                ),
            ),
            _IS_HELD_BACK,
        ),
        Kind.CARDS: _Rows(
            Binding,
            lambda campaign: and_(
                Binding.campaign_id == campaign, Binding.card_key.is_not(None)
            ),
            _BINDING_HELD_BACK,
        ),
        Kind.MESSAGES: _Rows(
            OutgoingMessageRow,
            lambda campaign: OutgoingMessageRow.campaign_id == campaign,
            false(),
        ),
        Kind.PORTRAITS: _Rows(
            Submission,
            lambda campaign: and_(
                _in_campaign(campaign), ~_IS_DISCARDED, Submission.erased_at.is_(None)
            ),
            _IS_HELD_BACK,
        ),
        Kind.BINDINGS: _Rows(
            Binding,
            lambda campaign: and_(
                Binding.campaign_id == campaign, Binding.erased_at.is_(None)
            ),
            _BINDING_HELD_BACK,
        ),
        Kind.IDENTITIES: _Rows(
            Student,
            lambda campaign: and_(
                Student.campaign_id == campaign, Student.erased_at.is_(None)
            ),
            _STUDENT_HELD_BACK,
        ),
    }
)


def count(session: Session, kind: Kind, campaign_id: int) -> tuple[int, int]:
    """Return how many rows of a kind would go, and how many are held back."""
    rows = _ROWS[kind]
    held = func.coalesce(func.sum(case((rows.held, 1), else_=0)), 0)
    found = session.execute(
        select(func.count(), held)
        .select_from(rows.table)
        .where(rows.where(campaign_id))
    ).one()
    return found[0] - found[1], found[1]


def empty_batch(
    session: Session,
    kind: Kind,
    campaign_id: int,
    *,
    after: int,
    blanks: Blanks,
    at: datetime,
    limit: int,
) -> Gone:
    """Empty the next rows of a kind behind an id; nothing when none is left."""
    rows = _ROWS[kind]
    found = session.scalars(
        select(rows.table)
        .where(rows.where(campaign_id), ~rows.held, rows.table.id > after)
        .order_by(rows.table.id)
        .limit(limit)
        # A photo that is being approved meanwhile is waited for and looked at again.
        .with_for_update()
    ).all()
    gone = Gone()
    if found:
        gone.last = found[-1].id
        _EMPTY[kind](session, found, gone, blanks, at)
        session.flush()
        doom(session, gone.keys, at=at)
    return gone


# How they are emptied.


def _empty_originals(
    session: Session,
    rows: Sequence[Submission],
    gone: Gone,
    blanks: Blanks,
    at: datetime,
) -> None:
    del session, blanks, at
    for row in rows:
        gone.rows.append(f"submission:{row.id}")
        # The portrait that was not chosen is kept as long as what it was made from.
        keys = (row.original_key, row.overlay_key, row.other_portrait_key)
        gone.keys.update(filter(None, keys))
        row.original_key = row.overlay_key = None
        row.other_portrait_key = row.other_report = None


def _empty_cards(
    session: Session, rows: Sequence[Binding], gone: Gone, blanks: Blanks, at: datetime
) -> None:
    del session, blanks, at
    for row in rows:
        gone.rows.append(f"binding:{row.id}")
        gone.keys.update(filter(None, (row.card_key,)))
        row.card_key = None


def _empty_messages(
    session: Session,
    rows: Sequence[OutgoingMessageRow],
    gone: Gone,
    blanks: Blanks,
    at: datetime,
) -> None:
    del blanks, at
    for row in rows:
        gone.rows.append(f"message:{row.id}")
        session.delete(row)


def empty_submissions(
    session: Session,
    rows: Sequence[Submission],
    gone: Gone,
    blanks: Blanks,
    at: datetime,
) -> None:
    """Take files, measurements, digests and words out of photos; their status stays."""
    del blanks
    ids = [row.id for row in rows]
    for row in rows:
        gone.rows.append(f"submission:{row.id}")
        keys = (row.original_key, row.portrait_key, row.overlay_key)
        gone.keys.update(filter(None, (*keys, row.other_portrait_key)))
        row.original_key = row.portrait_key = row.overlay_key = None
        row.other_portrait_key = row.other_report = None
        row.sha256 = secrets.token_hex(32)
        row.file = {}
        row.report = {
            **row.report,
            "findings": [],
            "crop": None,
            "portrait": None,
        }
        row.return_reasons, row.return_note = [], ""
        row.erased_at = at
    session.execute(
        update(SubmissionEvent)
        .where(SubmissionEvent.submission_id.in_(ids))
        .values(note="")
    )
    _empty_packages(session, ids, gone)
    _drop(session, GOES_WITH_SUBMISSION, ids, gone)


def _empty_packages(session: Session, submission_ids: list[int], gone: Gone) -> None:
    """Take photos out of the packages they were delivered in; the count stays."""
    for item in session.scalars(
        select(DeliveryItem).where(DeliveryItem.submission_id.in_(submission_ids))
    ):
        gone.keys.update(filter(None, (item.portrait_key, item.card_key)))
        item.portrait_key = item.card_key = item.row_sealed = None


def empty_bindings(
    session: Session, rows: Sequence[Binding], gone: Gone, blanks: Blanks, at: datetime
) -> None:
    """Take the code and what was stated out of bindings; nobody holds them any more."""
    ids = [row.id for row in rows]
    for row in rows:
        gone.rows.append(f"binding:{row.id}")
        gone.keys.update(filter(None, (row.card_key,)))
        row.card_key = None
        # Unique among live bindings: a number that is nobody's.
        row.code_hash = secrets.token_hex(32)
        row.raw_sealed = blanks.code
        row.fingerprint = row.stated_name = row.stated_last6_hash = ""
        row.release_reason = ""
        row.erased_at = at
    session.execute(
        update(BindingEvent).where(BindingEvent.binding_id.in_(ids)).values(note="")
    )
    _drop(session, GOES_WITH_BINDING, ids, gone)


def _empty_students(
    session: Session, rows: Sequence[Student], gone: Gone, blanks: Blanks, at: datetime
) -> None:
    for row in rows:
        gone.rows.append(f"student:{row.id}")
        row.name = NAME_ERASED
        row.student_no = f"erased-{row.id}"
        row.exam_no = row.certificate_no = row.class_no = ""
        row.exempt_reason = None
        row.id_number_sealed = blanks.id_number
        row.id_number_hash = secrets.token_hex(32)
        row.id_last6_hash = row.id_last4_hash = secrets.token_hex(32)
        row.code_hash = None
        row.erased_at = at
    _drop(session, GOES_WITH_STUDENT, [row.id for row in rows], gone)
    for campaign_id in {row.campaign_id for row in rows}:
        _drop_lists(session, campaign_id)


def _drop_lists(session: Session, campaign_id: int) -> None:
    """Delete what names many people at once: lists that came, and lists that went."""
    batches = select(Batch.id).where(Batch.campaign_id == campaign_id)
    packages = select(Delivery.id).where(Delivery.campaign_id == campaign_id)
    imports = select(RosterImport.id).where(RosterImport.campaign_id == campaign_id)
    session.execute(delete(BatchItem).where(BatchItem.batch_id.in_(batches)))
    session.execute(delete(DeliveryFile).where(DeliveryFile.delivery_id.in_(packages)))
    session.execute(
        delete(ReturnedListRow).where(ReturnedListRow.campaign_id == campaign_id)
    )
    for table in (RosterImportRow, RosterImportProblem, RosterImportFile):
        session.execute(delete(table).where(table.import_id.in_(imports)))
    session.execute(delete(RosterImport).where(RosterImport.campaign_id == campaign_id))


_EMPTY: Final[Mapping[Kind, Callable[..., None]]] = MappingProxyType(
    {
        Kind.DISCARDED: empty_submissions,
        Kind.ORIGINALS: _empty_originals,
        Kind.CARDS: _empty_cards,
        Kind.MESSAGES: _empty_messages,
        Kind.PORTRAITS: empty_submissions,
        Kind.BINDINGS: empty_bindings,
        Kind.IDENTITIES: _empty_students,
    }
)


def _drop(
    session: Session, references: Sequence[Reference], ids: list[int], gone: Gone
) -> None:
    """Delete the rows that refer to what was emptied, and doom the files they name."""
    for reference in references:
        for column in FILE_COLUMNS:
            if column.class_ is reference.class_:
                keys = select(column).where(reference.in_(ids), column.is_not(None))
                gone.keys.update(key for key in session.scalars(keys) if key)
        session.execute(delete(reference.class_).where(reference.in_(ids)))


# Files that lost a row.


def doom(session: Session, keys: Collection[str], *, at: datetime) -> None:
    """Note files for deletion; twice the same does no harm."""
    session.add_all(DoomedFile(key=key, doomed_at=at) for key in sorted(keys))


def doomed_files(session: Session, *, after: int, limit: int) -> Sequence[DoomedFile]:
    """Return the next files noted for deletion."""
    query = select(DoomedFile).where(DoomedFile.id > after).order_by(DoomedFile.id)
    return session.scalars(query.limit(limit)).all()


def count_doomed(session: Session) -> int:
    """Return how many files are noted for deletion."""
    query = select(func.count()).select_from(DoomedFile)
    return session.execute(query).scalar_one()


def forget_doomed(session: Session, ids: Collection[int]) -> None:
    """Remove the notes of files that are gone, or needed again."""
    session.execute(delete(DoomedFile).where(DoomedFile.id.in_(ids)))


# The proof.


def add_progress(
    session: Session, kind: Kind, campaign_id: int, gone: Gone, *, at: datetime
) -> None:
    """Count a batch to what goes of the kind, in the batch's own transaction."""
    row = find_progress(session, kind, campaign_id)
    if row is None:
        row = PurgeProgress(
            campaign_id=campaign_id,
            kind=kind.value,
            rows=0,
            files=0,
            digest="",
            started_at=at,
        )
        session.add(row)
    row.rows += len(gone.rows)
    row.files += len(gone.keys)
    row.digest = hashlib.sha256((row.digest + gone.digest).encode()).hexdigest()


def find_progress(
    session: Session, kind: Kind, campaign_id: int
) -> PurgeProgress | None:
    """Return what went of the kind and is not told yet."""
    return session.execute(
        select(PurgeProgress)
        .where(PurgeProgress.campaign_id == campaign_id)
        .where(PurgeProgress.kind == kind.value)
    ).scalar_one_or_none()


# Traces.


def count_traces(session: Session, trace: Trace, *, before: datetime) -> int:
    """Return how many traces ended before an instant."""
    table, _, over = _TRACES[trace](before)
    query = select(func.count()).select_from(table).where(over)
    return session.execute(query).scalar_one()


def remove_traces(
    session: Session, trace: Trace, *, before: datetime, at: datetime, limit: int
) -> int:
    """Remove the next traces that ended before an instant; return how many."""
    table, key, over = _TRACES[trace](before)
    ids = list(session.scalars(select(key).where(over).order_by(key).limit(limit)))
    if trace is Trace.READINGS:
        cards = select(CodeReadingRow.card_key).where(CodeReadingRow.id.in_(ids))
        doom(session, {card for card in session.scalars(cards) if card}, at=at)
    if trace is Trace.OPENIDS:
        return _forget_openids(session, ids)
    done: CursorResult[Any] = session.execute(delete(table).where(key.in_(ids)))  # type: ignore[assignment] # of a DELETE
    return done.rowcount


def _forget_openids(session: Session, ids: list[int]) -> int:
    session.execute(delete(MessageConsent).where(MessageConsent.principal_id.in_(ids)))
    session.execute(
        update(PrincipalRow)
        .where(PrincipalRow.id.in_(ids))
        .values(openid_hash=None, openid_sealed=None)
    )
    return len(ids)


def _unneeded_principal(before: datetime) -> ColumnElement[bool]:
    return and_(
        PrincipalRow.openid_hash.is_not(None),
        PrincipalRow.created_at < before,
        ~exists().where(BindingHolder.principal_id == PrincipalRow.id),
        ~exists().where(StudentSession.principal_id == PrincipalRow.id),
    )


_Found = tuple[type[Any], Reference, ColumnElement[bool]]
_TRACES: Final[Mapping[Trace, Callable[[datetime], _Found]]] = MappingProxyType(
    {
        Trace.SIGN_INS: lambda before: (
            SignInState,
            SignInState.id,
            SignInState.expires_at < before,
        ),
        Trace.READINGS: lambda before: (
            CodeReadingRow,
            CodeReadingRow.id,
            CodeReadingRow.expires_at < before,
        ),
        Trace.ANSWERS: lambda before: (
            IdempotentAnswer,
            IdempotentAnswer.id,
            IdempotentAnswer.created_at < before,
        ),
        Trace.ATTEMPTS: lambda before: (
            Attempt,
            Attempt.key_hash,
            Attempt.last_at < before,
        ),
        Trace.SESSIONS: lambda before: (
            StudentSession,
            StudentSession.id,
            or_(StudentSession.expires_at < before, StudentSession.ended_at < before),
        ),
        Trace.PUSHES: lambda before: (
            PushRow,
            PushRow.id,
            PushRow.received_at < before,
        ),
        Trace.OPENIDS: lambda before: (
            PrincipalRow,
            PrincipalRow.id,
            _unneeded_principal(before),
        ),
    }
)
