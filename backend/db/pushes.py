"""Events WeChat pushed, and the picture checks some of them answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.models import PrincipalRow, Submission
from backend.db.wechat_models import PictureCheck, PushRow
from backend.domain.picture_check import CheckState


def add(session: Session, **values: Any) -> bool:
    """Insert an event; false when it is a repetition."""
    try:
        with session.begin_nested():
            session.add(PushRow(**values))
    except IntegrityError:
        return False
    return True


def open_pushes(session: Session, *, limit: int) -> list[PushRow]:
    """Return the events nobody has handled, the oldest first."""
    return list(
        session.scalars(
            select(PushRow)
            .where(PushRow.handled_at.is_(None))
            .order_by(PushRow.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )


def add_check(session: Session, submission_id: int, *, at: datetime) -> None:
    """Note that a photo is to be looked at; a second time changes nothing."""
    try:
        with session.begin_nested():
            session.add(
                PictureCheck(
                    submission_id=submission_id,
                    state=CheckState.WAITING,
                    attempts=0,
                    due_at=at,
                    created_at=at,
                )
            )
    except IntegrityError:
        return


def due_check(session: Session, *, now: datetime) -> PictureCheck | None:
    """Return the check due longest: to be asked for, or asked and never answered."""
    return session.execute(
        select(PictureCheck)
        .where(PictureCheck.settled_at.is_(None))
        .where(PictureCheck.due_at <= now)
        .order_by(PictureCheck.due_at, PictureCheck.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).scalar_one_or_none()


def submitter_of(
    session: Session, submission_id: int
) -> tuple[Submission, PrincipalRow]:
    """Return a photo and who handed it in."""
    row = session.execute(
        select(Submission, PrincipalRow)
        .join(PrincipalRow, PrincipalRow.id == Submission.principal_id)
        .where(Submission.id == submission_id)
    ).one()
    return row[0], row[1]


def check_of(session: Session, submission_id: int) -> PictureCheck | None:
    """Return the check of a photo, if there was one."""
    return session.execute(
        select(PictureCheck).where(PictureCheck.submission_id == submission_id)
    ).scalar_one_or_none()


def check_by_trace(session: Session, trace_hash: str) -> PictureCheck | None:
    """Return the check an answer belongs to."""
    return session.execute(
        select(PictureCheck).where(PictureCheck.trace_hash == trace_hash)
    ).scalar_one_or_none()


def use_address(session: Session, token_hash: str, *, now: datetime) -> int | None:
    """Use the one fetch of a picture's address up; return whose picture it is."""
    found = session.execute(
        select(PictureCheck)
        .where(PictureCheck.token_hash == token_hash)
        .where(PictureCheck.token_expires_at > now)
    ).scalar_one_or_none()
    if found is None:
        return None
    used = session.execute(
        update(PictureCheck)
        .where(PictureCheck.id == found.id)
        .where(PictureCheck.fetched_at.is_(None))
        .values(fetched_at=now)
    )
    return found.submission_id if used.rowcount else None  # type: ignore[attr-defined] # an update has one


def is_quarantined(session: Session, submission_id: int) -> bool:
    """Tell whether a photo is put aside."""
    found = check_of(session, submission_id)
    return found is not None and found.state == CheckState.RISKY


def quarantined_among(session: Session, submission_ids: list[int]) -> set[int]:
    """Return which of the photos are put aside."""
    return set(
        session.scalars(
            select(PictureCheck.submission_id)
            .where(PictureCheck.submission_id.in_(submission_ids))
            .where(PictureCheck.state == CheckState.RISKY)
        )
    )
