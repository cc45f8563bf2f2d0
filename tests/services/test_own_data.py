"""What somebody sees of themselves is all of it, and nothing of anybody else."""

from __future__ import annotations

from sqlalchemy import select

from backend.db.models import Binding
from backend.services.own_data import OwnLook
from backend.services.staff import OPERATOR
from backend.services.types import MediaKind
from tests.factories import make_student
from tests.services.worlds import World

CARD = b"\x89PNG of a card"


def test_all_that_is_held_is_listed_with_numbers_masked(world: World) -> None:
    world.replace_backgrounds()
    who, binding, photo = world.pending(0)
    world.pending(1)
    search = world.services.search
    for _ in range(2):
        search.media(world.staff["cs01"], photo.public_id, MediaKind.PORTRAIT)
    search.reveal_id_number(OPERATOR, binding.public_id, "核对")
    now = world.clock.now()
    world.services.consents.withdraw(who, world.entry)
    data = world.services.own_data.collect(who)
    (record,) = data.records
    person = make_student(0)
    assert record.identity is not None
    assert record.identity.name == person.name
    shown = repr(data) + record.identity.id_number_masked
    assert person.id_number not in shown
    assert record.identity.id_number_masked[-1] == person.id_number[-1]
    assert "*" in record.identity.student_no_masked
    assert record.looks == (
        OwnLook("id_number.reveal", "operator", 1, now),
        OwnLook("photo.portrait", "station", 2, now),
    )
    assert [item.withdrawn_at for item in data.consents] == [now, now]
    (own,) = record.photos
    assert own.view.public_id == photo.public_id
    assert set(own.pictures) == set(MediaKind)


def test_the_pictures_are_those_that_are_kept(world: World) -> None:
    who, _, _ = world.pending(0)
    world.pending(1)
    store = world.adapters.store
    with world.db.transaction() as session:
        row = session.scalars(select(Binding).order_by(Binding.id)).first()
        assert row is not None
        row.card_key = store.put(CARD)
    found = {p.name: p.data for p in world.services.own_data.pictures(who)}
    assert set(found) == {
        "record-1/collection-code.png",
        "record-1/photo-1-original.heic",
        "record-1/photo-1-overlay.heic",
        "record-1/photo-1-portrait.heic",
    }
    assert found["record-1/collection-code.png"] == CARD
    store.delete(row.card_key)
    assert len(list(world.services.own_data.pictures(who))) == 3


def test_somebody_who_waits_sees_what_they_stated(world: World) -> None:
    late = make_student(50)
    who = world.principal()
    world.bind(who, late, name=late.name)
    (record,) = world.services.own_data.collect(who).records
    assert record.identity is None
    assert record.binding.student_name == late.name
    assert record.looks == ()
