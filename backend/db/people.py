"""Principals, their sessions and consents; staff and theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.models import (
    Consent,
    PrincipalRow,
    Staff,
    StaffSessionRow,
    StudentSession,
)
from backend.domain.errors import ConflictError


def add_principal(session: Session, *, kind: str, at: datetime) -> PrincipalRow:
    """Insert a principal."""
    row = PrincipalRow(kind=kind, created_at=at)
    session.add(row)
    session.flush()
    return row


def find_session(
    session: Session, token_hash: str
) -> tuple[StudentSession, PrincipalRow] | None:
    """Return the session of a token and who it belongs to."""
    return session.execute(
        select(StudentSession, PrincipalRow)
        .join(PrincipalRow, PrincipalRow.id == StudentSession.principal_id)
        .where(StudentSession.token_hash == token_hash)
    ).one_or_none()


def find_staff_session(
    session: Session, token_hash: str
) -> tuple[StaffSessionRow, Staff] | None:
    """Return the session of a token and its staff member."""
    return session.execute(
        select(StaffSessionRow, Staff)
        .join(Staff, Staff.id == StaffSessionRow.staff_id)
        .where(StaffSessionRow.token_hash == token_hash)
    ).one_or_none()


def end_staff_sessions(
    session: Session, staff_id: int, *, at: datetime, but: int | None = None
) -> None:
    """End all sessions of a staff member, or all but one."""
    session.execute(
        update(StaffSessionRow)
        .where(StaffSessionRow.staff_id == staff_id)
        .where(StaffSessionRow.ended_at.is_(None))
        .where(StaffSessionRow.id != (but or 0))
        .values(ended_at=at)
    )


def given_purposes(
    session: Session, *, principal_id: int, campaign_id: int, notice_version: str
) -> set[str]:
    """Return the purposes consented to for one version of the notice."""
    return set(
        session.scalars(
            select(Consent.purpose)
            .where(Consent.principal_id == principal_id)
            .where(Consent.campaign_id == campaign_id)
            .where(Consent.notice_version == notice_version)
            .where(Consent.withdrawn_at.is_(None))
        )
    )


def add_consent(session: Session, **values: Any) -> None:
    """Insert a consent; a second identical one changes nothing."""
    try:
        with session.begin_nested():
            session.add(Consent(**values))
    except IntegrityError:
        return


def withdraw_consents(
    session: Session, *, principal_id: int, campaign_id: int, at: datetime
) -> None:
    """Mark all consents of a principal in a campaign as withdrawn."""
    session.execute(
        update(Consent)
        .where(Consent.principal_id == principal_id)
        .where(Consent.campaign_id == campaign_id)
        .where(Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=at)
    )


def find_staff(session: Session, username: str) -> Staff | None:
    """Return a staff member by user name."""
    if "\0" in username:
        # PostgreSQL would call the question malformed; the answer is simply nobody.
        return None
    return session.execute(
        select(Staff).where(Staff.username == username)
    ).scalar_one_or_none()


def all_staff(session: Session) -> list[Staff]:
    """Return every staff member by user name."""
    return list(session.scalars(select(Staff).order_by(Staff.username)))


def add_staff(session: Session, row: Staff) -> Staff:
    """Insert a staff member; raises ConflictError for a user name in use."""
    session.add(row)
    try:
        session.flush()
    except IntegrityError:
        raise ConflictError("username_taken") from None
    return row
