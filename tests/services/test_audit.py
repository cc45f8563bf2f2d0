from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest
from sqlalchemy import delete, select, update

from backend.db import journal
from backend.db.models import AuditEvent
from backend.db.people_models import AuditHead
from backend.domain.audit import AuditFilter
from backend.domain.errors import PermissionDeniedError, RefusedError
from backend.services.staff import OPERATOR
from backend.services.types import HeadState
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
    assert check.head.state is HeadState.SIGNED
    assert (check.head.rows, check.head.signed_from) == (check.rows, 1)


def test_rows_cut_off_at_the_end_show_and_nothing_hides_it_again(world: World) -> None:
    for _ in range(3):
        _append(world)
    kept = _ids(world)[:-2]
    with world.db.transaction() as session:
        session.execute(delete(AuditEvent).where(AuditEvent.id > kept[-1]))
    for _ in range(2):
        check = world.services.audit.verify()
        assert (check.ok, check.broken_at) == (False, None)
        assert check.head.state is HeadState.CUT_OFF
        assert world.services.audit.head(OPERATOR) == check.head
        _append(world)


@pytest.mark.parametrize("column", ["rows", "signed_from", "last_hash", "signature"])
def test_a_head_made_to_fit_a_shorter_chain_is_no_signature(
    world: World, column: str
) -> None:
    _append(world)
    value = "0" * 64 if column in {"last_hash", "signature"} else 1_000
    with world.db.transaction() as session:
        session.execute(update(AuditHead).values({column: value}))
    for _ in range(2):
        check = world.services.audit.verify()
        assert (check.ok, check.head.state) == (False, HeadState.FORGED)
        _append(world)


def test_a_chain_from_before_there_were_signatures_is_signed_from_now_on(
    world: World,
) -> None:
    before = len(_ids(world))
    with world.db.transaction() as session:
        session.execute(delete(AuditHead))
    check = world.services.audit.verify()
    assert (check.ok, check.head.state) == (True, HeadState.NONE)
    _append(world)
    head = world.services.audit.verify().head
    assert (head.state, head.rows) == (HeadState.SIGNED, before + 1)
    assert head.signed_from == before + 1


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


def test_filters_narrow_alone_and_together(world: World) -> None:
    start = world.clock.now()
    for actor, action, target in (
        ("li", "staff.add", "staff:1"),
        ("li", "photo.portrait", "submission:ab"),
        ("wang", "photo.portrait", "submission:cd"),
        ("wang", "photograph.x", "submission:a_"),
    ):
        world.clock.move(days=1)
        with world.db.transaction() as session:
            journal.append_audit(
                session,
                at=world.clock.now(),
                actor=actor,
                action=action,
                target=target,
            )
    day = timedelta(days=1)
    for wanted, count in (
        (AuditFilter(actor="li"), 2),
        (AuditFilter(group="photo"), 2),
        (AuditFilter(target="submission:a"), 2),
        # What stands for any letter in a pattern is itself here.
        (AuditFilter(target="submission:a_"), 1),
        (AuditFilter(since=start + 3 * day), 2),
        (AuditFilter(since=start + day, until=start + 3 * day), 2),
        (AuditFilter(actor="wang", group="photo", since=start + day), 1),
        (AuditFilter(actor="nobody"), 0),
    ):
        assert len(world.services.audit.page(OPERATOR, None, wanted).items) == count


def test_an_export_holds_what_is_shown_and_is_audited(world: World) -> None:
    _append(world, "=1+1")
    wanted = AuditFilter(group="test")
    service = world.services.audit
    csv = service.export(OPERATOR, wanted, "csv", address="").data.decode("utf-8-sig")
    lines = csv.splitlines()
    assert len(lines) == 2
    assert "'=1+1" in lines[1]
    sheet = service.export(OPERATOR, wanted, "xlsx", address="203.0.113.9")
    book = openpyxl.load_workbook(io.BytesIO(sheet.data))
    rows = list(book.worksheets[0].values)
    assert rows[1][3:6] == ("test.act", "nothing:1", "=1+1")
    event = service.page(OPERATOR).items[0]
    assert (event.action, event.detail) == ("audit.export", "xlsx 1")
    assert event.address == "203.0.113.9"


def test_an_export_of_too_much_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.services.audit._MOST_EXPORTED", 2)
    for _ in range(3):
        _append(world)
    with pytest.raises(RefusedError, match="audit_export_too_large"):
        world.services.audit.export(OPERATOR, AuditFilter(), "csv", address="")


def test_only_administrators_read_it(world: World) -> None:
    for name in ("reviewer", "cs01"):
        with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
            world.services.audit.page(world.staff[name])
        with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
            world.services.audit.head(world.staff[name])
        with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
            world.services.audit.export(
                world.staff[name], AuditFilter(), "csv", address=""
            )
