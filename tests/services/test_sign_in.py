"""Signing in through WeChat, and one student through both of its channels."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from backend.db.models import Consent, PrincipalRow
from backend.domain.errors import (
    ConflictError,
    DomainError,
    NotAuthenticatedError,
    NotFoundError,
    RefusedError,
    TooManyAttemptsError,
    UpstreamError,
)
from backend.domain.wechat import Account, WeChatUser
from backend.services.sign_in import STATE_TIME
from backend.services.staff import OPERATOR
from backend.services.types import NewSession, Principal, PrincipalKind, SessionInfo
from tests.factories import make_student
from tests.services.worlds import ADDRESS, World, at_once

BROWSER = "the browser's token"
OPENID = "oInventedOpenidOfNobody000001"


@pytest.fixture
def world(world: World) -> World:
    world.wechat.accounts = {Account.MINI_PROGRAM, Account.SERVICE_ACCOUNT}
    return world


def by_mini_program(world: World, openid: str = OPENID) -> NewSession:
    world.wechat.codes["code"] = WeChatUser(openid)
    return world.services.sign_in.mini_program("code", address=ADDRESS)


def depart(world: World, path: str = "/s/token", browser: str = BROWSER) -> str:
    """Begin a sign-in and return its state."""
    departure = world.services.sign_in.depart(browser, path)
    assert departure.url
    assert departure.url.endswith(f"state={departure.state}")
    return departure.state


def by_page(
    world: World, openid: str = OPENID, *, current: SessionInfo | None = None
) -> NewSession:
    state = depart(world)
    world.wechat.codes["code"] = WeChatUser(openid)
    arrival = world.services.sign_in.arrive(BROWSER, state, "code", current=current)
    assert arrival.session is not None
    return arrival.session


def consenting(world: World, new: NewSession) -> Principal:
    who = new.session.principal
    world.services.consents.record(
        who, world.entry, portrait=True, identity_number=True
    )
    return who


def test_the_same_user_is_the_same_principal_each_time(world: World) -> None:
    first, second = by_mini_program(world), by_mini_program(world)
    assert first.session.principal == second.session.principal
    assert first.session.principal.kind is PrincipalKind.MINI_PROGRAM
    assert first.token != second.token
    assert world.services.sessions.authenticate(first.token) == first.session
    other = by_mini_program(world, OPENID + "b")
    assert other.session.principal != first.session.principal


def test_the_two_accounts_know_nobody_of_each_other(world: World) -> None:
    mini, page = by_mini_program(world), by_page(world)
    assert mini.session.principal.id != page.session.principal.id
    assert page.session.principal.kind is PrincipalKind.SERVICE_ACCOUNT


def test_an_openid_is_kept_sealed_and_found_by_a_keyed_hash(world: World) -> None:
    by_mini_program(world)
    with world.db.reading() as session:
        row = session.execute(
            select(PrincipalRow).where(PrincipalRow.openid_hash.is_not(None))
        ).scalar_one()
    assert row.openid_sealed is not None
    assert OPENID.encode() not in row.openid_sealed
    opened = world.adapters.vault.open(row.openid_sealed, purpose="openid")
    assert opened == OPENID


def test_signing_in_twice_at_once_makes_one_principal(world: World) -> None:
    world.wechat.codes.update({str(n): WeChatUser(OPENID) for n in range(8)})
    sign_in = world.services.sign_in.mini_program
    answers = at_once(
        [
            lambda n=n: sign_in(str(n), address=ADDRESS)  # type: ignore[misc] # bound now
            for n in range(8)
        ],
        threads=8,
    )
    found = [answer for answer in answers if isinstance(answer, NewSession)]
    assert len(found) == 8
    assert len({new.session.principal for new in found}) == 1


def test_invented_codes_are_counted_and_slowed(world: World) -> None:
    sign_in = world.services.sign_in.mini_program
    for _ in range(30):
        with pytest.raises(NotAuthenticatedError, match="wechat_code_invalid"):
            sign_in("invented", address=ADDRESS)
    with pytest.raises(TooManyAttemptsError):
        sign_in("invented", address=ADDRESS)
    # Somebody at another address is not kept waiting.
    world.wechat.codes["code"] = WeChatUser(OPENID)
    assert sign_in("code", address="203.0.113.77").token


def test_a_failure_of_wechat_is_nobodys_failure(world: World) -> None:
    for _ in range(40):
        world.wechat.codes["code"] = UpstreamError("wechat_unreachable")
        with pytest.raises(UpstreamError):
            world.services.sign_in.mini_program("code", address=ADDRESS)


def test_a_sign_in_comes_back_to_where_it_was_to_lead(world: World) -> None:
    state = depart(world, "/s/abc?x=1")
    world.wechat.codes["code"] = WeChatUser(OPENID)
    arrival = world.services.sign_in.arrive(BROWSER, state, "code", current=None)
    assert arrival.return_path == "/s/abc?x=1"
    assert arrival.session is not None


def test_the_way_back_loaded_twice_exchanges_nothing_twice(world: World) -> None:
    state = depart(world)
    world.wechat.codes["code"] = WeChatUser(OPENID)
    arrive = world.services.sign_in.arrive
    new = arrive(BROWSER, state, "code", current=None).session
    assert new is not None
    again = arrive(BROWSER, state, "code", current=new.session)
    assert again.session is None
    assert again.return_path == "/s/token"


def test_the_way_back_loaded_again_signs_in_nobody_who_is_not(world: World) -> None:
    state = depart(world)
    world.wechat.codes["code"] = WeChatUser(OPENID)
    world.services.sign_in.arrive(BROWSER, state, "code", current=None)
    world.wechat.codes["code"] = WeChatUser(OPENID)
    plain = world.services.sessions.start().session
    for current in (None, plain):
        with pytest.raises(NotAuthenticatedError, match="wechat_sign_in_lost"):
            world.services.sign_in.arrive(BROWSER, state, "code", current=current)
    assert "code" in world.wechat.codes


def test_a_browser_wechat_does_not_send_back_is_kept_and_may_try_again(
    world: World,
) -> None:
    leave = world.services.sign_in.depart
    assert leave(BROWSER, "/s/token").url
    assert leave(BROWSER, "/s/token").url
    kept = leave(BROWSER, "/s/token")
    assert kept.url is None
    assert world.services.sign_in.return_path(BROWSER, kept.state) == "/s/token"
    assert leave("another browser", "/s/token").url
    assert leave(BROWSER, "/s/token").url


def test_coming_back_each_time_one_may_leave_as_often_as_one_likes(
    world: World,
) -> None:
    for _ in range(5):
        assert by_page(world).token


def test_invented_codes_from_everywhere_are_slowed_for_the_minute_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.services.sign_in._FREE_PER_MINUTE", 5)
    sign_in = world.services.sign_in.mini_program
    for n in range(5):
        with pytest.raises(NotAuthenticatedError):
            sign_in("invented", address=f"203.0.113.{n}")
    with pytest.raises(TooManyAttemptsError):
        sign_in("invented", address="203.0.113.99")
    world.clock.move(minutes=1)
    assert by_mini_program(world).token


def test_many_ways_back_at_once_open_one_session(world: World) -> None:
    state = depart(world)
    world.wechat.codes["code"] = WeChatUser(OPENID)
    arrive = world.services.sign_in.arrive
    answers = at_once(
        [lambda: arrive(BROWSER, state, "code", current=None)] * 6, threads=6
    )
    opened = [a for a in answers if not isinstance(a, Exception)]
    assert [bool(arrival.session) for arrival in opened] == [True]
    lost = [str(a) for a in answers if isinstance(a, Exception)]
    assert lost == ["wechat_sign_in_lost"] * 5


@pytest.mark.parametrize(
    ("browser", "late"), [("another browser", False), ("", False), (BROWSER, True)]
)
def test_a_sign_in_is_of_one_browser_and_of_ten_minutes(
    world: World, browser: str, *, late: bool
) -> None:
    state = depart(world)
    world.wechat.codes["code"] = WeChatUser(OPENID)
    if late:
        world.clock.move(seconds=STATE_TIME.total_seconds())
    with pytest.raises(NotAuthenticatedError, match="wechat_sign_in_lost"):
        world.services.sign_in.arrive(browser, state, "code", current=None)
    with pytest.raises(NotAuthenticatedError, match="wechat_sign_in_lost"):
        world.services.sign_in.return_path(browser, state)
    # Nothing was exchanged: the code is still good.
    assert "code" in world.wechat.codes


def test_a_state_nobody_began_leads_nowhere(world: World) -> None:
    with pytest.raises(NotAuthenticatedError, match="wechat_sign_in_lost"):
        world.services.sign_in.arrive(BROWSER, "f" * 64, "code", current=None)


def test_old_sign_ins_are_forgotten(world: World) -> None:
    old = depart(world)
    world.clock.move(minutes=11)
    depart(world)
    world.clock.at -= STATE_TIME
    with pytest.raises(NotAuthenticatedError):
        world.services.sign_in.return_path(BROWSER, old)


def test_what_a_plain_browser_began_goes_on_after_signing_in(world: World) -> None:
    plain = world.services.sessions.start()
    who = consenting(world, plain)
    binding = world.bind(who, make_student(0))
    new = by_page(world, current=plain.session)
    found = world.services.bindings.get(new.session.principal, binding.public_id)
    assert found.channels == (PrincipalKind.BROWSER, PrincipalKind.SERVICE_ACCOUNT)
    consents = world.services.consents
    assert consents.state(new.session.principal, world.entry).complete
    with pytest.raises(NotAuthenticatedError):
        world.services.sessions.authenticate(plain.token)


def test_a_wechat_user_takes_nothing_over_from_another(world: World) -> None:
    first = by_page(world)
    binding = world.bind(consenting(world, first), make_student(0))
    second = by_page(world, OPENID + "b", current=first.session)
    with pytest.raises(NotFoundError):
        world.services.bindings.get(second.session.principal, binding.public_id)
    assert world.services.sessions.authenticate(first.token) == first.session


def test_a_student_goes_on_by_the_other_channel(world: World) -> None:
    student = make_student(0)
    page = consenting(world, by_page(world))
    binding = world.bind(page, student)
    draft = world.submit(page, binding)
    mini = consenting(world, by_mini_program(world))
    joined = world.bind(mini, student)
    assert joined.public_id == binding.public_id
    assert joined.channels == (
        PrincipalKind.SERVICE_ACCOUNT,
        PrincipalKind.MINI_PROGRAM,
    )
    assert world.services.submissions.get(mini, draft.public_id).can_confirm
    confirmed = world.services.submissions.confirm(mini, draft.public_id)
    assert world.services.submissions.get(page, draft.public_id) == confirmed
    record = world.services.search.record(OPERATOR, binding.public_id)
    joins = [step for step in record.history if step.status == "joined"]
    assert [step.note for step in joins] == ["mini_program"]
    assert world.bind(mini, student).public_id == binding.public_id


@pytest.mark.parametrize("kind", ["another user", "plain browser"])
def test_nobody_else_joins(world: World, kind: str) -> None:
    student = make_student(0)
    world.bind(consenting(world, by_mini_program(world)), student)
    other = (
        consenting(world, by_mini_program(world, OPENID + "b"))
        if kind == "another user"
        else world.principal()
    )
    with pytest.raises(ConflictError, match="code_taken"):
        world.bind(other, student)


def test_of_two_who_join_at_once_by_one_channel_one_does(world: World) -> None:
    student = make_student(0)
    binding = world.bind(world.principal(), student)
    users = [
        consenting(world, by_mini_program(world, f"{OPENID}{n}")) for n in range(4)
    ]
    answers = at_once(
        [lambda who=who: world.bind(who, student) for who in users],  # type: ignore[misc] # bound now
        threads=4,
    )
    joined = [a for a in answers if not isinstance(a, Exception)]
    refused = [str(a) for a in answers if isinstance(a, Exception)]
    assert len(joined) == 1
    assert joined[0].public_id == binding.public_id
    assert refused == ["code_taken"] * 3


def test_a_plain_browser_leaves_a_binding_to_the_user_who_proved_it(
    world: World,
) -> None:
    student = make_student(0)
    plain = world.services.sessions.start()
    binding = world.bind(consenting(world, plain), student)
    own = consenting(world, by_page(world))
    world.bind(own, student)
    helper = by_page(world, OPENID + "b", current=plain.session).session.principal
    with pytest.raises(NotFoundError):
        world.services.bindings.get(helper, binding.public_id)
    assert world.services.bindings.get(own, binding.public_id).channels == (
        PrincipalKind.BROWSER,
        PrincipalKind.SERVICE_ACCOUNT,
    )


def test_what_waits_for_the_station_is_joined_by_nobody(world: World) -> None:
    stranger = make_student(77)
    page = consenting(world, by_page(world))
    world.bind(page, stranger)
    mini = consenting(world, by_mini_program(world))
    with pytest.raises(ConflictError, match="code_taken"):
        world.bind(mini, stranger)


def test_consents_are_carried_over_with_their_instant(world: World) -> None:
    plain = world.services.sessions.start()
    consenting(world, plain)
    given = world.clock.now()
    world.clock.move(hours=3)
    who = by_page(world, current=plain.session).session.principal
    with world.db.reading() as session:
        rows = session.scalars(select(Consent).where(Consent.principal_id == who.id))
        kept = {(row.purpose, row.given_at, row.channel) for row in rows}
    assert kept == {
        ("portrait", given, "browser"),
        ("identity_number", given, "browser"),
    }


def test_joining_takes_the_same_proof_as_binding(world: World) -> None:
    student = make_student(0)
    world.bind(consenting(world, by_page(world)), student)
    mini = consenting(world, by_mini_program(world))
    with pytest.raises(DomainError) as refused:
        world.bind(mini, student, last6="00000" + student.id_number[-1])
    assert refused.value.code in {"identity_mismatch", "code_taken"}
    assert not world.services.bindings.mine(mini, world.entry)


def test_a_released_binding_is_nobodys(world: World) -> None:
    student = make_student(0)
    page = consenting(world, by_page(world))
    binding = world.bind(page, student)
    mini = consenting(world, by_mini_program(world))
    world.bind(mini, student)
    world.services.reviews.release_binding(OPERATOR, binding.public_id, "换人")
    for who in (page, mini):
        with pytest.raises(NotFoundError):
            world.services.bindings.get(who, binding.public_id)
    assert world.bind(mini, student).public_id != binding.public_id


def test_only_our_own_pages_are_signed_for(world: World) -> None:
    sign = world.services.sign_in.page_signature
    page = "https://photos.example.edu/s/abc?x=1"
    assert sign(page, address=ADDRESS).signature == f"signature of {page}"
    for foreign in (
        "https://photos.example.edu.evil.example/",
        "http://photos.example.edu/s/abc",
        "https://photos.example.edu@evil.example/",
        "https://photos.example.edu",
        f"{page}#part",
        f"{page}\n",
        page + "x" * 1000,
    ):
        with pytest.raises(RefusedError, match="foreign_page"):
            sign(foreign, address=ADDRESS)


def test_asking_for_foreign_pages_is_slowed(world: World) -> None:
    for _ in range(30):
        with pytest.raises(RefusedError):
            world.services.sign_in.page_signature("https://evil.example/", address="a")
    with pytest.raises(TooManyAttemptsError):
        world.services.sign_in.page_signature(
            "https://photos.example.edu/", address="a"
        )
