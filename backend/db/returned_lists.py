"""The registry's answers: the lists, and whose photo a row may mean."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import and_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.delivery_models import ReturnedListRow
from backend.db.models import Binding, Campaign, Student, Submission
from backend.domain.errors import NotFoundError
from backend.domain.reviews import HANDED_IN

_HANDED_IN = [status.value for status in HANDED_IN]


@dataclass(frozen=True, slots=True)
class AskedRow:
    """A student of the campaign with the photo that counts now, if there is one."""

    id_number_hash: str = field(repr=False)
    student_no: str = field(repr=False)
    exam_no: str = field(repr=False)
    submission_id: int | None
    status: str | None


def add_list(session: Session, row: ReturnedListRow) -> bool:
    """Insert a list; false when the same file was received before."""
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def find_list(session: Session, campaign_id: int, sha256: str) -> ReturnedListRow:
    """Return the list a file was received as."""
    return session.execute(
        select(ReturnedListRow)
        .where(ReturnedListRow.campaign_id == campaign_id)
        .where(ReturnedListRow.sha256 == sha256)
    ).scalar_one()


def get_list(
    session: Session, public_id: str, *, lock: bool = False
) -> tuple[ReturnedListRow, Campaign]:
    """Return a list with its campaign, locked for whoever applies it.

    Raises:
        NotFoundError: no such list.
    """
    query = (
        select(ReturnedListRow, Campaign)
        .join(Campaign, Campaign.id == ReturnedListRow.campaign_id)
        .where(ReturnedListRow.public_id == public_id)
    )
    if lock:
        query = query.with_for_update(of=ReturnedListRow)
    found = session.execute(query).one_or_none()
    if found is None:
        raise NotFoundError("returned_list_not_found")
    return found[0], found[1]


def students_of(session: Session, campaign_id: int) -> list[AskedRow]:
    """Return the students of a campaign, by what a list may call them."""
    query = (
        select(
            Student.id_number_hash,
            Student.student_no,
            Student.exam_no,
            Submission.id,
            Submission.status,
        )
        .outerjoin(
            Binding,
            and_(Binding.student_id == Student.id, Binding.released_at.is_(None)),
        )
        .outerjoin(
            Submission,
            and_(
                Submission.binding_id == Binding.id,
                Submission.status.in_(_HANDED_IN),
            ),
        )
        .where(Student.campaign_id == campaign_id)
    )
    return [AskedRow(*row) for row in session.execute(query)]


def submission_with_binding(
    session: Session, submission_id: int
) -> tuple[Submission, Binding]:
    """Return a submission that was found, with its binding."""
    found = session.execute(
        select(Submission, Binding)
        .join(Binding, Binding.id == Submission.binding_id)
        .where(Submission.id == submission_id)
    ).one()
    return found[0], found[1]
