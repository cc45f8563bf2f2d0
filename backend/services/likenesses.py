"""Finding the same picture handed in for two people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from backend.db import likenesses, pushes, submissions
from backend.db.engine import Database, Session
from backend.db.likenesses import TwinRow
from backend.db.models import Binding, Student, Submission
from backend.domain.likeness import MOST_APART, distance
from backend.domain.reviews import SubmissionStatus
from backend.services.access import require_reviewer
from backend.services.types import StaffUser

#: What a page shows side by side; a picture that many share is wrong with each of them.
_MOST_SHOWN = 6


@dataclass(frozen=True, slots=True)
class Twin:
    """A photo of another person that shows the same picture."""

    submission_id: str
    binding_id: str
    student_name: str = field(repr=False)
    student_no: str = field(repr=False)
    station_name: str
    status: SubmissionStatus
    submitted_at: datetime | None
    same_file: bool
    has_portrait: bool
    quarantined: bool


class LikenessService:
    """Compares portraits by what they look like, and uploads by their bytes."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    def twins(self, actor: StaffUser, public_id: str) -> tuple[Twin, ...]:
        """Return the photos of other people that show the same, the same files first.

        A person who studies twice may hand in one photo twice: that is no twin.

        Raises:
            PermissionDeniedError: not a reviewer.
            NotFoundError: no such photo.
        """
        require_reviewer(actor)
        with self._db.reading() as session:
            photo, binding = submissions.get_submission(session, public_id)
            mine = (
                session.get(Student, binding.student_id) if binding.student_id else None
            )
            near = _near(session, photo)
            rows = [
                row
                for row in likenesses.handed_in_elsewhere(session, photo, list(near))
                if not _same_person((binding, mine), (row[1], row[2]))
            ]
            rows.sort(
                key=lambda row: (row[0].sha256 != photo.sha256, near.get(row[0].id))
            )
            rows = rows[:_MOST_SHOWN]
            aside = pushes.quarantined_among(session, [row[0].id for row in rows])
        return tuple(_twin(row, photo, aside) for row in rows)


def _near(session: Session, photo: Submission) -> dict[int, int]:
    """Return how far off the portraits that look like this one are."""
    bits = likenesses.likeness_of(session, photo.id)
    if bits is None:
        return {}
    apart = {
        other: distance(bits, theirs)
        for other, theirs in likenesses.sharing_a_band(session, bits)
    }
    return {other: far for other, far in apart.items() if far <= MOST_APART}


def _same_person(
    one: tuple[Binding, Student | None], other: tuple[Binding, Student | None]
) -> bool:
    """Tell whether two bindings are one person's, as far as is known of them."""
    (binding, student), (their_binding, their_student) = one, other
    if student and their_student:
        return student.id_number_hash == their_student.id_number_hash
    name = student.name if student else binding.stated_name
    their_name = their_student.name if their_student else their_binding.stated_name
    return (
        name == their_name
        and binding.stated_last6_hash == their_binding.stated_last6_hash
    )


def _twin(row: TwinRow, photo: Submission, aside: set[int]) -> Twin:
    other, binding, student, station = row
    return Twin(
        submission_id=other.public_id,
        binding_id=binding.public_id,
        student_name=student.name if student else binding.stated_name,
        student_no=student.student_no if student else "",
        station_name=station.name,
        status=SubmissionStatus(other.status),
        submitted_at=other.confirmed_at,
        same_file=other.sha256 == photo.sha256,
        has_portrait=other.portrait_key is not None,
        quarantined=other.id in aside,
    )
