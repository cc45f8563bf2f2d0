from __future__ import annotations

import pytest
from sqlalchemy import update

from backend.db.models import Binding
from backend.domain.errors import (
    ConflictError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)
from backend.services.staff import OPERATOR
from tests.factories import make_student
from tests.services.packing import ON_ONE, unpacked
from tests.services.worlds import World, picture


def packed(world: World, **narrowed: object) -> dict[str, bytes]:
    package = world.services.code_packs.pack(OPERATOR, world.campaign, **narrowed)  # type: ignore[arg-type] # any of its narrowings
    return unpacked(b"".join(package.chunks))


def test_a_pack_holds_codes_by_number_and_names_nobody(world: World) -> None:
    for n in (0, 1, 2):
        world.bound(n)
    with world.db.transaction() as session:
        key = world.adapters.store.put(picture())
        fingerprint = (
            world.services.codes
        )  # the service is not asked: any binding will do
        del fingerprint
        first = session.query(Binding).order_by(Binding.id).first()
        assert first is not None
        session.execute(
            update(Binding).where(Binding.id == first.id).values(card_key=key)
        )
    files = packed(world)
    assert {name.split(".")[0] for name in files} == {
        "list",
        "000001",
        "000002",
        "000003",
    }
    assert picture() in files.values()
    read = {
        world.adapters.reader.read(data).token
        for name, data in files.items()
        if name.endswith(".png")
    }
    assert read == {make_student(n).token for n in (1, 2)}
    everything = b"".join([*files.values(), *unpacked(files["list.xlsx"]).values()])
    for n in (0, 1, 2):
        for text in (make_student(n).name, make_student(n).student_no):
            assert text.encode() not in everything


def test_station_and_class_narrow_it(world: World) -> None:
    for n in (0, 1, 2):
        world.bound(n)
    assert len(packed(world, station_id=world.stations["CS01"])) == 2 + 2
    assert len(packed(world, class_no=make_student(2).class_no)) == 2 + 1
    rows = world.services.code_packs.classes(world.staff["zz02"], world.campaign)
    assert [class_no for _, _, class_no in rows] == [make_student(1).class_no]


@ON_ONE
def test_a_station_takes_its_own_and_cannot_ask_for_anothers(world: World) -> None:
    for n in (0, 1):
        world.bound(n)
    pack = world.services.code_packs.pack
    own = pack(world.staff["zz02"], world.campaign)
    assert len(unpacked(b"".join(own.chunks))) == 2 + 1
    for station_id in (world.stations["CS01"], 999):
        with pytest.raises(NotFoundError, match="station_not_found"):
            pack(world.staff["zz02"], world.campaign, station_id=station_id)
    with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
        pack(world.staff["reviewer"], world.campaign)
    newest = world.services.audit.page(OPERATOR).items[0]
    assert (newest.actor, newest.action) == ("zz02", "code_pack.download")


@ON_ONE
def test_nothing_and_lost_pictures_are_refused(world: World) -> None:
    pack = world.services.code_packs.pack
    with pytest.raises(ConflictError, match="no_codes"):
        pack(OPERATOR, world.campaign)
    world.bound(0)
    with world.db.transaction() as session:
        session.execute(update(Binding).values(card_key="0" * 64))
    with pytest.raises(UnavailableError, match="delivery_incomplete"):
        pack(OPERATOR, world.campaign)
