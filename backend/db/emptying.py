"""How rows are emptied, kind by kind.

Rows stay where numbers are counted from them; what tells who it was goes, and so do the
rows that refer to it. What went is told to the caller, who dooms the files.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from backend.db.campaign_models import (
    RosterImport,
    RosterImportFile,
    RosterImportProblem,
    RosterImportRow,
)
from backend.db.collecting_models import Batch, BatchItem
from backend.db.delivery_models import (
    Delivery,
    DeliveryFile,
    DeliveryItem,
    ReturnedListRow,
)
from backend.db.models import (
    Binding,
    BindingEvent,
    Student,
    Submission,
    SubmissionEvent,
)
from backend.db.review_models import (
    Likeness,
    LikenessBand,
    ReviewClaim,
    ReviewSkip,
    SecondLook,
)
from backend.db.upkeep import FILE_COLUMNS
from backend.db.wechat_models import BindingHolder, OutgoingMessageRow, PictureCheck
from backend.domain.retention import Kind

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


#: How the rows of each kind are emptied.
EMPTY: Final[Mapping[Kind, Callable[..., None]]] = MappingProxyType(
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
