from __future__ import annotations

import pytest
from sqlalchemy import delete, select, update

from backend.db import journal
from backend.db.models import AuditEvent
from backend.domain.errors import PermissionDeniedError
from backend.services.staff import OPERATOR
from tests.services.worlds import World, at_once


def _append(world: World, detail: str = "") -> None:
    with world.db.transaction() as session:
        journal.append_audit(
            session,
            at=world.clock.now(),
            actor="operator",
            action="test.act",
            target="nothing:1",
            detail=detail,
        )


def _ids(world: World) -> list[int]:
    with world.db.reading() as session:
        return list(session.scalars(select(AuditEvent.id).order_by(AuditEvent.id)))


def test_a_chain_nobody_touched_verifies(world: World) -> None:
    _append(world, '细节 with "quotes"')
    check = world.services.audit.verify()
    assert check.ok
    assert check.rows == len(_ids(world)) > 1
    assert check.broken_at is None


@pytest.mark.parametrize(
    "column", ["actor", "action", "target", "detail", "address", "hash"]
)
def test_a_changed_row_is_found(world: World, column: str) -> None:
    _append(world)
    _append(world)
    changed = _ids(world)[-2]
    with world.db.transaction() as session:
        session.execute(
            update(AuditEvent).where(AuditEvent.id == changed).values({column: "else"})
        )
    check = world.services.audit.verify()
    assert not check.ok
    assert check.broken_at == changed


@pytest.mark.parametrize("place", [0, 2])
def test_a_removed_row_is_found_at_the_one_after_it(world: World, place: int) -> None:
    for _ in range(3):
        _append(world)
    ids = _ids(world)
    with world.db.transaction() as session:
        session.execute(delete(AuditEvent).where(AuditEvent.id == ids[place]))
    check = world.services.audit.verify()
    assert check.broken_at == ids[place + 1]


def test_many_at_once_stay_one_chain(world: World) -> None:
    before = len(_ids(world))
    at_once([lambda: _append(world)] * 20)
    check = world.services.audit.verify()
    assert check.ok
    assert check.rows == before + 20


def test_pages_go_back_to_the_first_act(world: World) -> None:
    for n in range(130):
        _append(world, str(n))
    first = world.services.audit.page(world.staff["admin"])
    assert first.items[0].detail == "129"
    second = world.services.audit.page(OPERATOR, first.next_cursor)
    assert second.next_cursor is None
    assert [row.id for row in (*first.items, *second.items)] == _ids(world)[::-1]
    assert world.services.audit.page(OPERATOR, "nonsense") == first


def test_only_administrators_read_it(world: World) -> None:
    for name in ("reviewer", "cs01"):
        with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
            world.services.audit.page(world.staff[name])
