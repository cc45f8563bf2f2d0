"""Every sealed value is sealed again, whenever it is stopped, and none is forgotten."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from backend.crypto import Vault
from backend.db.base import Base
from backend.db.models import Student
from backend.db.sealed import SEALED, SHORT_LIVED
from backend.services.key_rotation import KeyRotationService
from backend.settings import new_key, read_settings
from tests.factories import make_student
from tests.services.worlds import ON_ROSTER, World


class StoppedError(Exception):
    """Somebody pressed Ctrl-C."""


def test_no_sealed_column_is_missing_from_the_list() -> None:
    listed = {column.name for column in SEALED}
    listed |= {f"{column.class_.__tablename__}.{column.key}" for column in SHORT_LIVED}
    there = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("_sealed")
    }
    assert there == listed


def newer(world: World, *, keep_old: bool = True) -> Vault:
    """Return a vault with another current key."""
    old = f",k1:{world.settings.data_keys.get_secret_value().partition(':')[2]}"
    settings = read_settings(
        database_url="sqlite://",
        photo_root=world.settings.photo_root,
        public_url="https://photos.example.edu",
        data_keys=f"k2:{new_key()}" + (old if keep_old else ""),
        hash_key=new_key(),
    )
    return Vault(
        keys=settings.keys, current="k2", hash_key=world.settings.hash_key_bytes
    )


def test_everything_is_sealed_again_and_reads_as_before(world: World) -> None:
    world.pending(0)
    vault = newer(world)
    service = KeyRotationService(db=world.db, vault=vault, batch=3)
    waiting = {column.name: column.stale for column in service.stale()}
    assert waiting["students.id_number_sealed"] == ON_ROSTER
    assert waiting["bindings.raw_sealed"] == 1
    told: list[int] = []

    def stop(_name: str, rows: int) -> None:
        told.append(rows)
        if sum(told) > 4:
            raise StoppedError

    with pytest.raises(StoppedError):
        service.rotate(tell=stop)
    left = {column.name: column.stale for column in service.stale()}
    assert 0 < left["students.id_number_sealed"] < ON_ROSTER
    assert all(column.stale == 0 for column in service.rotate(tell=lambda *_: None))
    with world.db.reading() as session:
        sealed = session.scalars(
            select(Student.id_number_sealed).order_by(Student.id)
        ).all()
    opened = [vault.open(value, purpose="id_number") for value in sealed]
    assert opened == [make_student(n).id_number for n in range(ON_ROSTER)]
    assert all(vault.is_current(value) for value in sealed)


def test_what_no_key_opens_stays_and_is_counted(world: World) -> None:
    service = KeyRotationService(db=world.db, vault=newer(world, keep_old=False))
    left = {c.name: c.stale for c in service.rotate(tell=lambda *_: None)}
    assert left["students.id_number_sealed"] == ON_ROSTER
    with world.db.reading() as session:
        kept = session.scalars(select(Student.id_number_sealed)).first()
    assert kept is not None
    assert world.adapters.vault.open(kept, purpose="id_number")
