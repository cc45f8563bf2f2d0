"""The second factor: an authenticator app (RFC 6238), and codes for a lost phone."""

from __future__ import annotations

import secrets
from typing import Final

import qr
from backend.crypto import Vault
from backend.crypto.totp import matching_step, new_secret, provisioning_uri
from backend.db import people, staffing
from backend.db.engine import Database, Session
from backend.domain.errors import ConflictError, InvalidInputError, Violation
from backend.ports import Clock
from backend.services.access import require_admin
from backend.services.audit_trail import AuditTrail
from backend.services.limits import AttemptLimiter, Limit
from backend.services.types import Enrolment, FactorState, StaffSession, StaffUser

_ISSUER: Final = "毕照"
_PURPOSE: Final = "totp"
_FREE_FAILURES: Final = 5
_RECOVERY_CODES: Final = 10
#: Without what is read as something else; 32 letters, so ten of them are 50 bits.
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_HALF: Final = 5


class SecondFactorService:
    """Sets second factors up, asks for them and takes them away."""

    def __init__(
        self, *, db: Database, clock: Clock, vault: Vault, limiter: AttemptLimiter
    ) -> None:
        self._db = db
        self._clock = clock
        self._trail = AuditTrail(clock)
        self._vault = vault
        self._limiter = limiter

    def state(self, info: StaffSession) -> FactorState:
        """Return whether the caller has a second factor."""
        with self._db.reading() as session:
            factor = staffing.find_factor(session, info.user.id)
            left = staffing.recovery_codes_left(session, info.user.id)
        return FactorState(factor.confirmed_at if factor else None, left)

    def pending(self, info: StaffSession) -> Enrolment | None:
        """Return the caller's enrolment that waits for its first code, if any."""
        with self._db.reading() as session:
            factor = staffing.find_factor(session, info.user.id)
        if factor is None or factor.confirmed_at is not None:
            return None
        secret = self._vault.open(factor.secret_sealed, purpose=_PURPOSE)
        uri = provisioning_uri(secret, account=info.user.username, issuer=_ISSUER)
        grouped = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        return Enrolment(grouped, uri, qr.render_svg(uri, error_correction="M"))

    def begin(self, info: StaffSession) -> None:
        """Make a secret for the caller's app; it counts once confirmed.

        Raises:
            ConflictError: ``totp_enrolled``.
        """
        sealed = self._vault.seal(new_secret(), purpose=_PURPOSE)
        with self._db.transaction() as session:
            staffing.put_pending_factor(
                session, info.user.id, secret_sealed=sealed, at=self._clock.now()
            )

    def confirm(self, info: StaffSession, code: str) -> tuple[str, ...]:
        """Let the caller's app count from now on; return the recovery codes, once.

        Their other sessions end: those were opened with a password alone.

        Raises:
            ConflictError: ``totp_not_begun``.
            InvalidInputError: ``totp_wrong``.
            TooManyAttemptsError: too many wrong codes.
        """
        now, staff_id = self._clock.now(), info.user.id
        limit = _limit(staff_id)
        with self._db.transaction() as session:
            self._limiter.ensure_allowed(session, limit, now=now)
            factor = staffing.find_factor(session, staff_id)
        if factor is None or factor.confirmed_at is not None:
            raise ConflictError("totp_not_begun")
        secret = self._vault.open(factor.secret_sealed, purpose=_PURPOSE)
        step = matching_step(secret, _digits(code), now)
        if step is None:
            with self._db.transaction() as session:
                self._limiter.record_failure(session, limit, now=now)
            raise _wrong()
        with self._db.transaction() as session:
            if not staffing.confirm_factor(
                session,
                staff_id,
                step=step,
                secret_sealed=factor.secret_sealed,
                at=now,
            ):
                raise ConflictError("totp_not_begun")
            self._limiter.forget(session, limit)
            people.end_staff_sessions(session, staff_id, at=now, but=info.id)
            codes = self._new_codes(session, staff_id)
            self._trail.record(
                session, info.user, "second_factor.enrol", f"staff:{staff_id}"
            )
        return codes

    def renew_codes(
        self, info: StaffSession, code: str, *, address: str
    ) -> tuple[str, ...]:
        """Replace the caller's recovery codes; return the new ones, once.

        Raises:
            InvalidInputError: ``totp_wrong``.
            TooManyAttemptsError: too many wrong codes.
        """
        if not self.accepts(info.user, code, address=address):
            raise _wrong()
        with self._db.transaction() as session:
            codes = self._new_codes(session, info.user.id)
            self._trail.record(
                session, info.user, "second_factor.new_codes", f"staff:{info.user.id}"
            )
        return codes

    def remove(self, info: StaffSession, code: str, *, address: str) -> None:
        """Take the caller's second factor away, who proves with it that they are they.

        Raises:
            InvalidInputError: ``totp_wrong``.
            TooManyAttemptsError: too many wrong codes.
        """
        if not self.accepts(info.user, code, address=address):
            raise _wrong()
        with self._db.transaction() as session:
            staffing.remove_factor(session, info.user.id)
            self._trail.record(
                session, info.user, "second_factor.remove", f"staff:{info.user.id}"
            )

    def reset(self, actor: StaffUser, staff_id: int) -> None:
        """Take somebody's factor away, whose phone is lost, and end their sessions.

        Raises:
            PermissionDeniedError: the actor is not an administrator.
            NotFoundError: ``staff_not_found``.
            ConflictError: ``totp_not_enrolled``.
        """
        require_admin(actor)
        with self._db.transaction() as session:
            staffing.get_staff(session, staff_id)
            if not staffing.remove_factor(session, staff_id):
                raise ConflictError("totp_not_enrolled")
            people.end_staff_sessions(session, staff_id, at=self._clock.now())
            self._trail.record(
                session, actor, "second_factor.reset", f"staff:{staff_id}"
            )

    def accepts(self, user: StaffUser, code: str, *, address: str) -> bool:
        """Take a code of the person's app or a recovery code, either once.

        Raises:
            TooManyAttemptsError: too many wrong codes; the right one waits too.
        """
        now = self._clock.now()
        limit = _limit(user.id)
        with self._db.transaction() as session:
            self._limiter.ensure_allowed(session, limit, now=now)
            right = self._take(session, user, code, address)
            if right:
                self._limiter.forget(session, limit)
                return True
            self._limiter.record_failure(session, limit, now=now)
            self._trail.record(
                session,
                user,
                "second_factor.refused",
                f"staff:{user.id}",
                address=address,
            )
            return False

    def _take(self, session: Session, user: StaffUser, code: str, address: str) -> bool:
        now = self._clock.now()
        factor = staffing.find_factor(session, user.id)
        if factor is None or factor.confirmed_at is None:
            return False
        secret = self._vault.open(factor.secret_sealed, purpose=_PURPOSE)
        step = matching_step(secret, _digits(code), now)
        if step is not None:
            return staffing.use_step(session, user.id, step)
        if not staffing.use_recovery_code(
            session, user.id, self._code_hash(code), at=now
        ):
            return False
        self._trail.record(
            session,
            user,
            "second_factor.recovery_code",
            f"staff:{user.id}",
            address=address,
        )
        return True

    def _new_codes(self, session: Session, staff_id: int) -> tuple[str, ...]:
        codes = tuple(
            "".join(secrets.choice(_LETTERS) for _ in range(2 * _HALF))
            for _ in range(_RECOVERY_CODES)
        )
        staffing.put_recovery_codes(session, staff_id, map(self._code_hash, codes))
        return tuple(f"{code[:_HALF]}-{code[_HALF:]}" for code in codes)

    def _code_hash(self, code: str) -> str:
        plain = "".join(filter(str.isalnum, code)).lower()
        return self._vault.hash(plain, purpose="recovery-code")


def _limit(staff_id: int) -> Limit:
    return Limit("staff-totp", str(staff_id), _FREE_FAILURES)


def _digits(code: str) -> str:
    """Return a code as the app has it: people type the gap it shows in the middle."""
    return "".join(code.split())


def _wrong() -> InvalidInputError:
    wrong = Violation("totp", "totp_wrong")
    return InvalidInputError("invalid_input", violations=(wrong,))
