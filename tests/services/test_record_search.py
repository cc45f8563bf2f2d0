from __future__ import annotations

import itertools
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import delete, select, text, update

from backend.db import pushes
from backend.db.models import Binding, Student, Submission, SubmissionEvent
from backend.db.search_models import RecordEntry
from backend.db.wechat_models import PictureCheck
from backend.domain.codes import fingerprint
from backend.domain.errors import InvalidInputError, PermissionDeniedError
from backend.domain.query import RecordOrder
from backend.domain.report import Verdict
from backend.services.staff import OPERATOR
from backend.services.types import BindingStatus, Page, RecordRow, SearchFilter
from tests.factories import make_student
from tests.services.conftest import BOTH
from tests.services.records import STRANGER, STUDENT, find, numbers
from tests.services.worlds import Templates, World, open_world


def test_one_box_understands_all_that_names_a_student(filled: World) -> None:
    with filled.db.transaction() as session:
        session.execute(
            update(Student)
            .where(Student.student_no == STUDENT.student_no)
            .values(exam_no="26430101150001", certificate_no="105345202605000001")
        )
    mark = fingerprint(STUDENT.token)
    for typed in (
        STUDENT.name,
        STUDENT.name[:2],
        STUDENT.student_no,
        STUDENT.id_number,
        STUDENT.id_number[-6:].lower(),
        STUDENT.payload,
        STUDENT.token,
        mark.replace("-", "").lower(),
        "26430101150001",
        "１０５３４５２０２６０５００００01",
    ):
        assert find(filled, text=typed) == [STUDENT.student_no], typed
        assert find(filled, text=typed, station_id=filled.stations["ZZ02"]) == []


def test_several_names_of_a_student_must_all_fit(filled: World) -> None:
    assert find(filled, text=STUDENT.name, student_no=STUDENT.student_no)
    assert not find(filled, text=STUDENT.name, student_no=make_student(3).student_no)


def test_every_condition_narrows(filled: World) -> None:
    zero, now = make_student(0), filled.clock.now()
    every = len(find(filled))
    for wanted, found in (
        ({"graduating_year": 2026}, every - 1),
        ({"graduating_year": 2025}, 0),
        ({"level": zero.level, "class_no": zero.class_no, "major": "保险"}, 1),
        ({"class_no": zero.class_no[:-1] + "?"}, 0),
        ({"study_form": "函授"}, every - 1),
        ({"study_form": "业余"}, 0),
        ({"binding_status": BindingStatus.ACTIVE}, every - 1),
        ({"binding_status": BindingStatus.WAITING}, 1),
        ({"without_photo": True}, every - 2),
        ({"verdict": Verdict.PASS}, 2),
        ({"verdict": Verdict.FAIL}, 0),
        ({"source": "scan"}, 2),
        ({"human_review": True}, 0),
        ({"quarantined": True}, 0),
        ({"submitted_from": now}, 1),
        ({"submitted_before": now}, 0),
        ({"submitted_before": now + timedelta(seconds=1)}, 1),
        ({"submitted_from": now + timedelta(seconds=1)}, 0),
        ({"decided_by_id": 1}, 0),
    ):
        assert len(find(filled, **wanted)) == found, wanted


def test_the_decider_is_found_again(world: World) -> None:
    *_, photo = world.pending(0)
    reviewer = world.staff["reviewer"]
    world.services.reviews.decide(
        reviewer,
        photo.public_id,
        action="approve",
        reasons=(),
        note="",
        expected_version=photo.version,
    )
    assert len(find(world, decided_by_id=reviewer.id)) == 1
    assert dict(world.services.search.choices().deciders)[reviewer.id]


def test_the_choices_are_what_the_records_have(filled: World) -> None:
    choices = filled.services.search.choices()
    assert choices.years == (2026,)
    assert choices.levels == tuple(sorted({make_student(n).level for n in range(4)}))
    assert choices.study_forms == ("函授",)


def test_students_who_have_bound_nothing_are_counted(filled: World) -> None:
    search, other = filled.services.search, make_student(5)
    assert search.unbound(OPERATOR, SearchFilter(text=other.name)) == 1
    assert search.unbound(OPERATOR, SearchFilter(text=other.student_no)) == 1
    assert search.unbound(filled.staff["cs01"], SearchFilter(text=other.name)) == 0
    assert search.unbound(OPERATOR, SearchFilter(text=STUDENT.name)) == 0
    assert search.unbound(OPERATOR, SearchFilter()) == 0
    nowhere = SearchFilter(text=other.name, campaign_id=filled.campaign + 1)
    assert search.unbound(OPERATOR, nowhere) == 0


def test_a_text_in_an_address_tells_nothing_and_comes_back(world: World) -> None:
    search = world.services.search
    sealed = search.seal_text(STUDENT.name)
    assert STUDENT.name not in sealed
    assert search.open_text(sealed) == STUDENT.name
    assert search.open_text(search.seal_text(STUDENT.payload)) == STUDENT.token
    for foreign in ("", "x", "é", sealed[:-8], sealed.swapcase()):
        with pytest.raises(InvalidInputError):
            search.open_text(foreign)


@pytest.mark.parametrize("kind", BOTH)
def test_every_order_has_the_same_pages_forwards_backwards_and_from_the_end(
    kind: str, templates: Templates, tmp_path: Path
) -> None:
    with open_world(templates.get(kind), tmp_path) as world:
        for n in range(7):
            # Some the same, so that only the binding tells them apart.
            world.pending(n) if n % 3 else world.bound(n)
            world.clock.move(minutes=n % 2)
        for order in RecordOrder:
            up, down = (
                _pages(world, order, descending) for descending in (False, True)
            )
            assert up[0] == up[1] == down[0][::-1] == down[1][::-1], order
            assert up[2] == up[0][-3:]
            assert down[2] == down[0][-3:]
            assert len(up[0]) == 7


def _pages(world: World, order: RecordOrder, descending: bool) -> list[list[str]]:  # noqa: FBT001 - one of two
    """Return all records read forwards, all read back from the end, and the last page."""

    def page(cursor: str | None) -> Page[RecordRow]:
        return world.services.search.page(
            OPERATOR,
            SearchFilter(),
            cursor=cursor,
            limit=3,
            order=order,
            descending=descending,
        )

    forwards = [page(None)]
    while cursor := forwards[-1].next_cursor:
        forwards.append(page(cursor))
    back = [page(forwards[0].last_cursor)]
    assert back[0].next_cursor is None
    while cursor := back[0].previous_cursor:
        back.insert(0, page(cursor))
    assert forwards[-1].last_cursor is None
    return [
        [number for one in forwards for number in numbers(one)],
        [number for one in back for number in numbers(one)],
        numbers(back[-1]),
    ]


def test_a_page_after_a_stranger_of_another_station_is_the_first(filled: World) -> None:
    zz02 = filled.staff["zz02"]
    with filled.db.reading() as session:
        foreign = session.scalars(
            select(RecordEntry.binding_id).where(
                RecordEntry.station_id == filled.stations["CS01"]
            )
        ).first()
    for cursor in (f"a{foreign}", "a999999"):
        seen = filled.services.search.page(
            zz02, SearchFilter(), cursor=cursor, order=RecordOrder.NAME
        )
        assert len(seen.items) == 2


def test_an_export_holds_all_pages_and_is_audited_without_names(
    filled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.services.search._EXPORT_STEP", 2)
    search = filled.services.search
    export = search.export(OPERATOR, SearchFilter(), order=RecordOrder.NAME)
    rows = list(export.rows)
    assert export.count == len(rows) == 5
    assert [r.row.student_name for r in rows] == sorted(
        (r.row.student_name for r in rows), reverse=True
    )
    assert make_student(0).id_number not in {row.id_number for row in rows}
    wanted = SearchFilter(text=STUDENT.name, campaign_id=filled.campaign)
    (row,) = search.export(filled.staff["admin"], wanted, whole_numbers=True).rows
    assert row.id_number == STUDENT.id_number
    first, second = filled.services.audit.page(OPERATOR).items[1::-1]
    assert (first.action, first.detail) == ("records.export", "5 · all")
    assert second.action == "id_number.export"
    assert second.detail == f"1 · campaign_id={filled.campaign}, keys"


def test_a_station_exports_its_own_and_no_whole_numbers(filled: World) -> None:
    search, zz02 = filled.services.search, filled.staff["zz02"]
    assert {r.row.station_name for r in search.export(zz02, SearchFilter()).rows} == {
        "株洲示范函授站"
    }
    for actor in (zz02, filled.staff["reviewer"]):
        with pytest.raises(PermissionDeniedError):
            search.export(actor, SearchFilter(), whole_numbers=True)


def test_more_than_a_sheet_holds_is_refused(
    filled: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.services.search.MOST_EXPORTED", 4)
    with pytest.raises(InvalidInputError, match="export_too_large"):
        filled.services.search.export(OPERATOR, SearchFilter())


_COLUMNS: Final = ", ".join(
    column.name
    for column in RecordEntry.__table__.columns
    if column.name != "changed_at"
)
#: What the triggers keep, and what they should.
_KEPT: Final = f"SELECT {_COLUMNS} FROM records ORDER BY binding_id"
_FACTS: Final = f"SELECT {_COLUMNS} FROM record_facts ORDER BY binding_id"


@pytest.mark.parametrize("kind", BOTH)
def test_the_rows_follow_whatever_changes(
    kind: str, templates: Templates, tmp_path: Path
) -> None:
    with open_world(templates.get(kind), tmp_path) as world:

        def follows() -> list[tuple[object, ...]]:
            with world.db.reading() as session:
                kept = [tuple(row) for row in session.execute(text(_KEPT))]
                assert kept == [tuple(row) for row in session.execute(text(_FACTS))]
            return kept

        who, _, photo = world.pending(0)
        world.bind(world.principal(), STRANGER)
        seen = [follows()]
        with world.db.transaction() as session:
            photo_id = session.scalars(select(Submission.id)).one()
            pushes.add_check(session, photo_id, at=world.clock.now())
            session.flush()
            check = session.scalars(select(PictureCheck)).one()
            check.state = "risky"
        seen.append(follows())
        with world.db.transaction() as session:
            session.delete(check)
        seen.append(follows())
        with world.db.transaction() as session:
            session.execute(update(Student).values(name="改名", class_no="另一班"))
        seen.append(follows())
        world.add_student(STRANGER)
        world.services.submissions.withdraw(who, photo.public_id)
        seen.append(follows())
        with world.db.transaction() as session:
            session.execute(update(Binding).values(released_at=world.clock.now()))
        seen.append(follows())
        for table in (SubmissionEvent, PictureCheck, Submission):
            with world.db.transaction() as session:
                session.execute(delete(table))
        follows()
        assert all(one != two for one, two in itertools.pairwise(seen))


def test_a_step_moves_the_record_up(world: World) -> None:
    who, binding = world.bound(0)
    world.bound(2)
    assert find(world)[-1] == make_student(0).student_no
    world.clock.move(minutes=1)
    world.submit(who, binding)
    (first, _) = world.services.search.page(OPERATOR, SearchFilter()).items
    assert (first.binding_id, first.changed_at) == (
        binding.public_id,
        world.clock.now(),
    )
