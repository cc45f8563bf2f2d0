"""Second factors, invitations, and who of the staff is signed in where."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.models import Staff, StaffSessionRow
from backend.db.people_models import Invitation, RecoveryCode, SignInStep, TotpFactor
from backend.domain.errors import ConflictError, NotFoundError

#: Account, when its factor was confirmed, open sessions, last sight.
MemberRow = tuple[Staff, datetime | None, int | None, datetime | None]


def members(
    session: Session, *, now: datetime, seen_after: datetime, staff_id: int | None
) -> list[MemberRow]:
    """Return all accounts or one, those who may sign in first, by user name."""
    opened = (
        select(
            StaffSessionRow.staff_id,
            func.count().label("sessions"),
        )
        .where(StaffSessionRow.ended_at.is_(None))
        .where(StaffSessionRow.expires_at > now)
        .where(StaffSessionRow.seen_at > seen_after)
        .group_by(StaffSessionRow.staff_id)
        .subquery()
    )
    seen = (
        select(
            StaffSessionRow.staff_id,
            func.max(StaffSessionRow.seen_at).label("seen_at"),
        )
        .group_by(StaffSessionRow.staff_id)
        .subquery()
    )
    query = (
        select(Staff, TotpFactor.confirmed_at, opened.c.sessions, seen.c.seen_at)
        .outerjoin(TotpFactor, TotpFactor.staff_id == Staff.id)
        .outerjoin(opened, opened.c.staff_id == Staff.id)
        .outerjoin(seen, seen.c.staff_id == Staff.id)
        .order_by(Staff.disabled_at.is_not(None), Staff.username)
    )
    if staff_id is not None:
        query = query.where(Staff.id == staff_id)
    return [(*row,) for row in session.execute(query)]


def get_staff(session: Session, staff_id: int) -> Staff:
    """Return a staff member; raises NotFoundError."""
    row = session.get(Staff, staff_id)
    if row is None:
        raise NotFoundError("staff_not_found")
    return row


def lock_active_admins(session: Session) -> set[int]:
    """Return who administers, locked so that the last two cannot remove each other."""
    query = (
        select(Staff.id)
        .where(Staff.role == "admin")
        .where(Staff.disabled_at.is_(None))
        .order_by(Staff.id)
        .with_for_update()
    )
    return set(session.scalars(query))


def open_sessions(
    session: Session, staff_id: int, *, now: datetime, seen_after: datetime
) -> list[StaffSessionRow]:
    """Return a person's sessions that are still good, the last used first."""
    return list(
        session.scalars(
            select(StaffSessionRow)
            .where(StaffSessionRow.staff_id == staff_id)
            .where(StaffSessionRow.ended_at.is_(None))
            .where(StaffSessionRow.expires_at > now)
            .where(StaffSessionRow.seen_at > seen_after)
            .order_by(StaffSessionRow.seen_at.desc(), StaffSessionRow.id.desc())
        )
    )


def end_session_of(
    session: Session, staff_id: int, session_id: int, *, at: datetime
) -> bool:
    """End one session of a person; false when it is none of theirs, or over."""
    return _done(
        session.execute(
            update(StaffSessionRow)
            .where(StaffSessionRow.id == session_id)
            .where(StaffSessionRow.staff_id == staff_id)
            .where(StaffSessionRow.ended_at.is_(None))
            .values(ended_at=at)
        )
    )


def find_factor(session: Session, staff_id: int) -> TotpFactor | None:
    """Return a person's second factor, confirmed or not."""
    return session.get(TotpFactor, staff_id)


def put_pending_factor(
    session: Session, staff_id: int, *, secret_sealed: bytes, at: datetime
) -> None:
    """Keep the secret of a factor that is not confirmed yet.

    Raises:
        ConflictError: ``totp_enrolled``: there is one already.
    """
    replaced = session.execute(
        update(TotpFactor)
        .where(TotpFactor.staff_id == staff_id)
        .where(TotpFactor.confirmed_at.is_(None))
        .values(secret_sealed=secret_sealed, created_at=at)
    )
    if _done(replaced):
        return
    try:
        with session.begin_nested():
            session.add(
                TotpFactor(
                    staff_id=staff_id, secret_sealed=secret_sealed, created_at=at
                )
            )
    except IntegrityError:
        raise ConflictError("totp_enrolled") from None


def confirm_factor(
    session: Session, staff_id: int, *, step: int, secret_sealed: bytes, at: datetime
) -> bool:
    """Let a factor count from now on; false when it was replaced meanwhile."""
    return _done(
        session.execute(
            update(TotpFactor)
            .where(TotpFactor.staff_id == staff_id)
            .where(TotpFactor.confirmed_at.is_(None))
            .where(TotpFactor.secret_sealed == secret_sealed)
            .values(confirmed_at=at, last_step=step)
        )
    )


def use_step(session: Session, staff_id: int, step: int) -> bool:
    """Take a code's time step; false when it or a later one was taken before."""
    return _done(
        session.execute(
            update(TotpFactor)
            .where(TotpFactor.staff_id == staff_id)
            .where(TotpFactor.confirmed_at.is_not(None))
            .where(TotpFactor.last_step < step)
            .values(last_step=step)
        )
    )


def remove_factor(session: Session, staff_id: int) -> bool:
    """Delete a person's factor and recovery codes; false when there was none."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    return _done(
        session.execute(delete(TotpFactor).where(TotpFactor.staff_id == staff_id))
    )


def put_recovery_codes(session: Session, staff_id: int, hashes: Iterable[str]) -> None:
    """Replace a person's recovery codes."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == staff_id))
    session.add_all(RecoveryCode(staff_id=staff_id, code_hash=each) for each in hashes)
    session.flush()


def use_recovery_code(
    session: Session, staff_id: int, code_hash: str, *, at: datetime
) -> bool:
    """Take a recovery code; false when it is none or was taken before."""
    return _done(
        session.execute(
            update(RecoveryCode)
            .where(RecoveryCode.staff_id == staff_id)
            .where(RecoveryCode.code_hash == code_hash)
            .where(RecoveryCode.used_at.is_(None))
            .values(used_at=at)
        )
    )


def recovery_codes_left(session: Session, staff_id: int) -> int:
    """Return how many recovery codes a person has not used."""
    return session.execute(
        select(func.count())
        .select_from(RecoveryCode)
        .where(RecoveryCode.staff_id == staff_id)
        .where(RecoveryCode.used_at.is_(None))
    ).scalar_one()


def add_sign_in_step(
    session: Session, *, staff_id: int, token_hash: str, at: datetime, until: datetime
) -> None:
    """Keep a sign-in that waits for its second factor, and forget those of the past."""
    session.execute(delete(SignInStep).where(SignInStep.expires_at <= at))
    session.add(SignInStep(staff_id=staff_id, token_hash=token_hash, expires_at=until))


def find_sign_in_step(
    session: Session, token_hash: str
) -> tuple[SignInStep, Staff] | None:
    """Return a sign-in that waits for its second factor, and whose it is."""
    return session.execute(
        select(SignInStep, Staff)
        .join(Staff, Staff.id == SignInStep.staff_id)
        .where(SignInStep.token_hash == token_hash)
    ).one_or_none()


def use_sign_in_step(session: Session, step_id: int) -> bool:
    """Take a waiting sign-in; false when somebody took it before."""
    return _done(session.execute(delete(SignInStep).where(SignInStep.id == step_id)))


def add_invitation(session: Session, **values: Any) -> Invitation:
    """Insert an invitation; raises ConflictError while another for the name is open."""
    row = Invitation(**values)
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise ConflictError("invitation_open") from None
    return row


def withdraw_invitations(session: Session, username: str, *, at: datetime) -> None:
    """Close whatever invitation is open for a user name."""
    session.execute(
        update(Invitation)
        .where(Invitation.username == username)
        .where(Invitation.used_at.is_(None))
        .where(Invitation.withdrawn_at.is_(None))
        .values(withdrawn_at=at)
    )


def unused_invitations(session: Session) -> list[Invitation]:
    """Return the invitations nobody has used or withdrawn, newest first."""
    return list(
        session.scalars(
            select(Invitation)
            .where(Invitation.used_at.is_(None))
            .where(Invitation.withdrawn_at.is_(None))
            .order_by(Invitation.id.desc())
        )
    )


def find_invitation(session: Session, token_hash: str) -> Invitation | None:
    """Return the invitation of a token."""
    return session.execute(
        select(Invitation).where(Invitation.token_hash == token_hash)
    ).scalar_one_or_none()


def get_unused_invitation(session: Session, invitation_id: int) -> Invitation:
    """Return an invitation nobody has used or withdrawn; raises NotFoundError."""
    row = session.get(Invitation, invitation_id)
    if row is None or row.used_at or row.withdrawn_at:
        raise NotFoundError("invitation_not_found")
    return row


def use_invitation(session: Session, invitation_id: int, *, at: datetime) -> bool:
    """Take an invitation; false when it was used or withdrawn meanwhile."""
    return _done(
        session.execute(
            update(Invitation)
            .where(Invitation.id == invitation_id)
            .where(Invitation.used_at.is_(None))
            .where(Invitation.withdrawn_at.is_(None))
            .values(used_at=at)
        )
    )


def _done(result: Any) -> bool:
    """Tell whether an update or a deletion met a row."""
    return bool(result.rowcount)
