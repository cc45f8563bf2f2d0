"""Principals, their sessions and consents; staff and theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from backend.db.models import (
    Campaign,
    Consent,
    PrincipalRow,
    Staff,
    StaffSessionRow,
    StudentSession,
)
from backend.db.people_models import SignInStep, TotpFactor
from backend.db.wechat_models import SignInState
from backend.domain.errors import ConflictError


def add_principal(session: Session, *, kind: str, at: datetime) -> PrincipalRow:
    """Insert a principal."""
    row = PrincipalRow(kind=kind, created_at=at)
    session.add(row)
    session.flush()
    return row


def find_wechat_principal(
    session: Session, *, kind: str, openid_hash: str
) -> PrincipalRow | None:
    """Return the principal of an openid, if they ever signed in."""
    return session.execute(
        select(PrincipalRow)
        .where(PrincipalRow.kind == kind)
        .where(PrincipalRow.openid_hash == openid_hash)
    ).scalar_one_or_none()


def wechat_principal(
    session: Session, *, kind: str, openid_hash: str, openid_sealed: bytes, at: datetime
) -> PrincipalRow:
    """Return the one principal of an openid, inserted on the first sign-in."""
    known = find_wechat_principal(session, kind=kind, openid_hash=openid_hash)
    if known is not None:
        return known
    row = PrincipalRow(
        kind=kind, openid_hash=openid_hash, openid_sealed=openid_sealed, created_at=at
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        # Signed in twice at once: the other sign-in inserted it.
        return wechat_principal(
            session,
            kind=kind,
            openid_hash=openid_hash,
            openid_sealed=openid_sealed,
            at=at,
        )
    return row


def add_sign_in_state(session: Session, **values: Any) -> None:
    """Insert a sign-in that begins."""
    session.add(SignInState(**values))


def find_sign_in_state(session: Session, state_hash: str) -> SignInState | None:
    """Return a sign-in on its way."""
    return session.execute(
        select(SignInState).where(SignInState.state_hash == state_hash)
    ).scalar_one_or_none()


def use_sign_in_state(session: Session, row: SignInState, *, at: datetime) -> bool:
    """Mark a sign-in as used; false when it was before."""
    done = session.execute(
        update(SignInState)
        .where(SignInState.id == row.id)
        .where(SignInState.used_at.is_(None))
        .values(used_at=at)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined] # an update has one


def give_up_sign_ins(session: Session, browser_hash: str, *, at: datetime) -> None:
    """Mark a browser's sign-ins that never came back as used."""
    session.execute(
        update(SignInState)
        .where(SignInState.browser_hash == browser_hash)
        .where(SignInState.used_at.is_(None))
        .values(used_at=at)
    )


def open_sign_ins(session: Session, browser_hash: str) -> int:
    """Return how many sign-ins a browser began that have not come back."""
    return session.execute(
        select(func.count())
        .select_from(SignInState)
        .where(SignInState.browser_hash == browser_hash)
        .where(SignInState.used_at.is_(None))
    ).scalar_one()


def forget_sign_in_states(session: Session, *, before: datetime) -> None:
    """Delete the sign-ins that can lead nowhere any more."""
    session.execute(delete(SignInState).where(SignInState.expires_at < before))


def consents_of(session: Session, principal_id: int) -> list[Consent]:
    """Return every consent of a principal that still stands."""
    return list(
        session.scalars(
            select(Consent)
            .where(Consent.principal_id == principal_id)
            .where(Consent.withdrawn_at.is_(None))
        )
    )


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
) -> tuple[StaffSessionRow, Staff, datetime | None] | None:
    """Return the session of a token, its staff member and when they got a factor."""
    return session.execute(
        select(StaffSessionRow, Staff, TotpFactor.confirmed_at)
        .join(Staff, Staff.id == StaffSessionRow.staff_id)
        .outerjoin(TotpFactor, TotpFactor.staff_id == Staff.id)
        .where(StaffSessionRow.token_hash == token_hash)
    ).one_or_none()


def end_staff_sessions(
    session: Session, staff_id: int, *, at: datetime, but: int | None = None
) -> None:
    """End all sessions of a staff member, or all but one, and sign-ins half done."""
    session.execute(
        update(StaffSessionRow)
        .where(StaffSessionRow.staff_id == staff_id)
        .where(StaffSessionRow.ended_at.is_(None))
        .where(StaffSessionRow.id != (but or 0))
        .values(ended_at=at)
    )
    session.execute(delete(SignInStep).where(SignInStep.staff_id == staff_id))


def school_names(session: Session) -> list[str]:
    """Return the names of the schools there are campaigns of."""
    return list(session.scalars(select(Campaign.school_name).distinct()))


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
