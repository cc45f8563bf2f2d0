"""Bound records in pages: by key, so that a deep page costs what the first one does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVarTuple, cast

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from backend.db.models import Binding, Entry, Station, Student, Submission
from backend.db.wechat_models import PictureCheck
from backend.domain.picture_check import CheckState
from backend.domain.reviews import HANDED_IN, SubmissionStatus

_HANDED_IN = [status.value for status in HANDED_IN]

Ts = TypeVarTuple("Ts")
FoundRow = tuple[Binding, Student | None, Station, Submission | None, Submission | None]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What narrows a search; hashes are keyed, empty fields do not narrow."""

    campaign_id: int | None = None
    station_id: int | None = None
    name: str = ""
    student_no: str = ""
    id_number_hash: str = ""
    id_last6_hash: str = ""
    code_hash: str = ""
    fingerprint: str = ""
    status: SubmissionStatus | None = None
    waiting: bool | None = None
    quarantined: bool = False


def page_records(
    session: Session,
    conditions: Conditions,
    *,
    after: int | None,
    before: int | None,
    limit: int,
) -> list[FoundRow]:
    """Return rows newest first, after or before a binding id.

    A row is (binding, student or none while waiting, the student's station or the
    scanned one, the photo handed in, the draft).
    """
    handed_in, draft = aliased(Submission), aliased(Submission)
    query = (
        select(Binding, Student, Station, handed_in, draft)
        .join(Entry, Entry.id == Binding.entry_id)
        .outerjoin(Student, Student.id == Binding.student_id)
        .join(
            Station,
            Station.id == func.coalesce(Student.station_id, Entry.station_id),
        )
        .outerjoin(
            handed_in,
            and_(handed_in.binding_id == Binding.id, handed_in.status.in_(_HANDED_IN)),
        )
        .outerjoin(
            draft,
            and_(
                draft.binding_id == Binding.id,
                draft.status == SubmissionStatus.DRAFT.value,
            ),
        )
    )
    query = _narrow(query, conditions)
    if conditions.status is SubmissionStatus.DRAFT:
        query = query.where(handed_in.id.is_(None), draft.id.is_not(None))
    elif conditions.status is not None:
        query = query.where(handed_in.status == conditions.status.value)
    aside = select(PictureCheck.submission_id).where(
        PictureCheck.state == CheckState.RISKY
    )
    if conditions.quarantined:
        query = query.where(handed_in.id.in_(aside))
    elif conditions.status is SubmissionStatus.PENDING:
        # Photos put aside are not for reviewers until an administrator has looked.
        query = query.where(handed_in.id.not_in(aside))
    if before is not None:
        query = query.where(Binding.id > before).order_by(Binding.id)
    else:
        query = query.order_by(Binding.id.desc())
        if after is not None:
            query = query.where(Binding.id < after)
    # The outer joins make three of the five optional, which the types do not know.
    rows = cast("list[FoundRow]", list(session.execute(query.limit(limit))))
    return rows[::-1] if before is not None else rows


def _narrow(query: Select[*Ts], wanted: Conditions) -> Select[*Ts]:
    if wanted.campaign_id is not None:
        query = query.where(Binding.campaign_id == wanted.campaign_id)
    if wanted.station_id is not None:
        query = query.where(Station.id == wanted.station_id)
    if wanted.name:
        query = query.where(
            or_(
                Student.name.startswith(wanted.name, autoescape=True),
                and_(
                    Binding.student_id.is_(None),
                    Binding.stated_name.startswith(wanted.name, autoescape=True),
                ),
            )
        )
    if wanted.student_no:
        query = query.where(Student.student_no == wanted.student_no)
    if wanted.id_number_hash:
        query = query.where(Student.id_number_hash == wanted.id_number_hash)
    if wanted.id_last6_hash:
        query = query.where(Binding.stated_last6_hash == wanted.id_last6_hash)
    if wanted.code_hash:
        query = query.where(Binding.code_hash == wanted.code_hash)
    if wanted.fingerprint:
        query = query.where(Binding.fingerprint == wanted.fingerprint)
    if wanted.waiting is not None:
        waiting = Binding.student_id.is_(None) & Binding.released_at.is_(None)
        query = query.where(waiting if wanted.waiting else ~waiting)
    return query
