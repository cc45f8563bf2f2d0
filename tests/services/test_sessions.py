from __future__ import annotations

import pytest
from sqlalchemy import select, update

from backend.db.models import Campaign, Consent, StudentSession
from backend.domain.errors import InvalidInputError, NotAuthenticatedError
from tests.services.worlds import World, at_once


def test_a_session_is_found_by_its_token_of_which_only_a_hash_is_kept(
    world: World,
) -> None:
    new = world.services.sessions.start()
    assert world.services.sessions.authenticate(new.token) == new.session
    with world.db.reading() as session:
        row = session.execute(
            select(StudentSession).where(StudentSession.id == new.session.id)
        ).scalar_one()
        assert new.token not in {row.token_hash, row.csrf_token}
        assert len(row.token_hash) == 64


def test_each_session_is_a_principal_of_its_own(world: World) -> None:
    principals = {world.services.sessions.start().session.principal for _ in range(3)}
    assert len(principals) == 3


def test_a_session_expires(world: World) -> None:
    new = world.services.sessions.start()
    world.clock.move(days=14, seconds=-1)
    assert world.services.sessions.authenticate(new.token) == new.session
    world.clock.move(seconds=1)
    with pytest.raises(NotAuthenticatedError, match="session_expired"):
        world.services.sessions.authenticate(new.token)


def test_an_ended_or_unknown_session_is_none(world: World) -> None:
    new = world.services.sessions.start()
    world.services.sessions.end(new.session)
    for token in (new.token, "", "no token"):
        with pytest.raises(NotAuthenticatedError, match="not_signed_in"):
            world.services.sessions.authenticate(token)


def test_both_consents_are_needed_and_each_missing_one_is_named(world: World) -> None:
    who = world.principal(consent=False)
    consents = world.services.consents
    assert not consents.state(who, world.entry).complete
    with pytest.raises(InvalidInputError) as caught:
        consents.record(who, world.entry, portrait=False, identity_number=False)
    assert [v.field for v in caught.value.violations] == ["portrait", "identity_number"]
    state = consents.record(who, world.entry, portrait=True, identity_number=True)
    assert state.complete
    assert state == consents.state(who, world.entry)


def test_a_new_version_of_the_notice_asks_again(world: World) -> None:
    who = world.principal()
    with world.db.transaction() as session:
        session.execute(update(Campaign).values(notice_version="2"))
    state = world.services.consents.state(who, world.entry)
    assert not state.complete
    assert state.notice_version == "2"


def test_a_consent_taken_back_may_be_given_again_and_both_are_kept(
    world: World,
) -> None:
    who = world.principal()
    consents = world.services.consents
    assert not consents.withdraw(who, world.entry).complete
    world.clock.move(minutes=1)
    assert consents.record(
        who, world.entry, portrait=True, identity_number=True
    ).complete
    with world.db.reading() as session:
        rows = session.scalars(select(Consent).where(Consent.principal_id == who.id))
        assert (
            sorted(row.withdrawn_at is None for row in rows) == [False] * 2 + [True] * 2
        )


def test_the_same_consent_at_once_is_kept_once(world: World) -> None:
    who = world.principal(consent=False)
    at_once(
        [
            lambda: world.services.consents.record(
                who, world.entry, portrait=True, identity_number=True
            )
        ]
        * 8,
        threads=8,
    )
    with world.db.reading() as session:
        rows = session.scalars(select(Consent).where(Consent.principal_id == who.id))
        assert sorted(row.purpose for row in rows) == ["identity_number", "portrait"]
