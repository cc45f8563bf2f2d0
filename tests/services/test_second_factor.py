from __future__ import annotations

import pytest

from backend.app import make_services
from backend.crypto.totp import code_at, matching_step
from backend.domain.errors import (
    ConflictError,
    InvalidInputError,
    NotAuthenticatedError,
    PermissionDeniedError,
    TooManyAttemptsError,
)
from backend.services.staff import OPERATOR
from backend.services.types import NewStaffSession, PendingSignIn, StaffSession
from tests.services.worlds import ADDRESS, PASSWORD, World, at_once

#: RFC 6238, appendix B, its secret in base32; the last six of the eight digits there.
RFC_SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def sign_in(world: World, totp: str = "", username: str = "admin") -> NewStaffSession:
    return world.services.staff.sign_in(
        username, PASSWORD, address=ADDRESS, totp=totp, agent="Firefox/128.0"
    )


def begin(world: World, username: str = "admin") -> PendingSignIn:
    begun = world.services.staff.begin_sign_in(username, PASSWORD, address=ADDRESS)
    assert isinstance(begun, PendingSignIn)
    return begun


def code(world: World, secret: str) -> str:
    return code_at(secret.replace(" ", ""), world.clock.now())


def enrol(world: World, info: StaffSession) -> tuple[str, tuple[str, ...]]:
    """Set a factor up; return its secret and the recovery codes."""
    factors = world.services.second_factor
    factors.begin(info)
    pending = factors.pending(info)
    assert pending is not None
    codes = factors.confirm(info, code(world, pending.secret))
    # The step of that code is taken.
    world.clock.move(seconds=30)
    return pending.secret, codes


def actions(world: World) -> list[str]:
    return [row.action for row in world.services.audit.page(OPERATOR).items]


@pytest.mark.parametrize(
    ("seconds", "digits"),
    [(59, "287082"), (1111111109, "081804"), (2000000000, "279037")],
)
def test_codes_are_those_of_the_standard(
    world: World, seconds: int, digits: str
) -> None:
    at = world.clock.now().fromtimestamp(seconds, tz=world.clock.now().tzinfo)
    assert code_at(RFC_SECRET, at) == digits
    assert matching_step(RFC_SECRET, digits, at) == seconds // 30


def test_a_second_factor_is_asked_for_once_it_is_confirmed(world: World) -> None:
    before, other = sign_in(world), sign_in(world)
    factors = world.services.second_factor
    factors.begin(before.session)
    pending = factors.pending(before.session)
    assert pending is not None
    assert pending.uri.startswith("otpauth://totp/")
    assert pending.secret.replace(" ", "") in pending.uri
    assert pending.svg.startswith("<svg")
    # Not confirmed: the password alone still opens.
    with pytest.raises(InvalidInputError):
        factors.confirm(before.session, "000000")
    sign_in(world)
    codes = factors.confirm(before.session, code(world, pending.secret))
    assert len(set(codes)) == 10
    assert factors.pending(before.session) is None
    assert factors.state(before.session).codes_left == 10
    with pytest.raises(ConflictError, match="totp_enrolled"):
        factors.begin(before.session)
    with pytest.raises(ConflictError, match="totp_not_begun"):
        factors.confirm(before.session, "000000")
    # Opened with one factor only.
    with pytest.raises(NotAuthenticatedError, match="not_signed_in"):
        world.services.staff.authenticate(other.token)
    with pytest.raises(NotAuthenticatedError, match="totp_required"):
        sign_in(world)
    world.clock.move(seconds=30)
    opened = sign_in(world, code(world, pending.secret))
    assert world.services.staff.authenticate(opened.token) == opened.session


def test_a_code_opens_once(world: World) -> None:
    secret, codes = enrol(world, sign_in(world).session)
    said = code(world, secret)
    sign_in(world, f"{said[:3]} {said[3:]}")
    for used in (said, codes[0], codes[0]):
        if used == codes[0] and "second_factor.recovery_code" not in actions(world):
            sign_in(world, codes[0].upper())
            continue
        with pytest.raises(NotAuthenticatedError, match="totp_wrong"):
            sign_in(world, used)
    # The step before it is inside the window and still not taken any more.
    world.clock.move(seconds=-30)
    with pytest.raises(NotAuthenticatedError, match="totp_wrong"):
        sign_in(world, code(world, secret))


def test_of_many_who_send_one_code_at_once_one_gets_in(world: World) -> None:
    secret, _ = enrol(world, sign_in(world).session)
    said, steps = code(world, secret), [begin(world) for _ in range(4)]
    finish = world.services.staff.finish_sign_in
    answers = at_once(
        [
            lambda step=step: finish(step.token, said, address=ADDRESS)  # type: ignore[misc] # bound now
            for step in steps
        ]
    )
    assert sum(isinstance(each, NewStaffSession) for each in answers) == 1


def test_guessing_is_slowed_down_whatever_the_sign_in(world: World) -> None:
    secret, codes = enrol(world, sign_in(world).session)
    for _ in range(5):
        with pytest.raises(NotAuthenticatedError, match="totp_wrong"):
            sign_in(world, "000000")
    for said in (code(world, secret), codes[0]):
        with pytest.raises(TooManyAttemptsError):
            sign_in(world, said)
    assert actions(world).count("second_factor.refused") == 5
    world.clock.move(minutes=2)
    sign_in(world, code(world, secret))


def test_a_half_done_sign_in_is_good_once_and_not_for_long(world: World) -> None:
    secret, codes = enrol(world, sign_in(world).session)
    finish = world.services.staff.finish_sign_in
    late, used, ended = begin(world), begin(world), begin(world)
    finish(used.token, code(world, secret), address=ADDRESS)
    world.services.staff.reset_password(OPERATOR, "admin", PASSWORD)
    fresh = begin(world)
    for gone in (used, ended):
        with pytest.raises(NotAuthenticatedError, match="sign_in_step_over"):
            finish(gone.token, codes[0], address=ADDRESS)
    world.clock.move(minutes=5)
    for token in (late.token, fresh.token, "of nobody"):
        with pytest.raises(NotAuthenticatedError, match="sign_in_step_over"):
            finish(token, codes[0], address=ADDRESS)


def test_new_recovery_codes_and_taking_it_away_need_a_code(world: World) -> None:
    here = sign_in(world).session
    secret, codes = enrol(world, here)
    factors = world.services.second_factor
    for act in (factors.renew_codes, factors.remove):
        with pytest.raises(InvalidInputError) as caught:
            act(here, "000000", address=ADDRESS)
        assert caught.value.violations[0].code == "totp_wrong"
    fresh = factors.renew_codes(here, code(world, secret), address=ADDRESS)
    assert not set(fresh) & set(codes)
    with pytest.raises(InvalidInputError):
        factors.remove(here, codes[1], address=ADDRESS)
    factors.remove(here, fresh[0], address=ADDRESS)
    assert factors.state(here).enrolled_at is None
    sign_in(world)


def test_an_administrator_resets_the_factor_of_a_lost_phone(world: World) -> None:
    there = sign_in(world, username="cs01")
    enrol(world, there.session)
    factors, staff_id = world.services.second_factor, there.session.user.id
    with pytest.raises(PermissionDeniedError):
        factors.reset(world.staff["reviewer"], staff_id)
    factors.reset(world.staff["admin"], staff_id)
    with pytest.raises(NotAuthenticatedError, match="not_signed_in"):
        world.services.staff.authenticate(there.token)
    sign_in(world, username="cs01")
    with pytest.raises(ConflictError, match="totp_not_enrolled"):
        factors.reset(OPERATOR, staff_id)


@pytest.mark.parametrize(("username", "must"), [("admin", True), ("reviewer", False)])
def test_where_it_is_required_administrators_must_enrol(
    world: World, username: str, *, must: bool
) -> None:
    settings = world.settings.model_copy(update={"require_admin_totp": True})
    world.services = make_services(settings, world.adapters)
    new = sign_in(world, username=username)
    assert new.session.must_enrol is must
    assert world.services.staff.authenticate(new.token).must_enrol is must
    enrol(world, new.session)
    assert not world.services.staff.authenticate(new.token).must_enrol


def test_neither_secret_nor_codes_are_kept_in_the_clear(world: World) -> None:
    secret, codes = enrol(world, sign_in(world).session)
    with world.db.engine.connect() as connection:
        kept = "".join(
            str(connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall())
            for table in ("totp_factors", "recovery_codes", "audit_events")
        )
    plain = [code.replace("-", "") for code in codes]
    hidden = [secret, secret.replace(" ", ""), *codes, *plain]
    assert [each for each in hidden if each in kept] == []
