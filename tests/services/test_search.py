from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from backend.db.models import Binding
from backend.domain.codes import encode_claims
from backend.domain.errors import InvalidInputError, NotFoundError
from backend.domain.report import Verdict
from backend.domain.reviews import SubmissionStatus
from backend.services.staff import OPERATOR
from backend.services.types import (
    BindingStatus,
    MediaKind,
    Page,
    RecordRow,
    SearchFilter,
)
from tests.factories import make_student
from tests.services.conftest import BOTH
from tests.services.records import STRANGER, STUDENT, find, numbers
from tests.services.worlds import Templates, World, open_world


def test_without_a_filter_all_come_newest_first(filled: World) -> None:
    expected = [make_student(n).student_no for n in (3, 2, 1, 0)]
    assert find(filled) == ["", *expected]


def test_a_row_shows_what_staff_compare_and_masks_the_number(filled: World) -> None:
    wanted = SearchFilter(student_no=make_student(0).student_no)
    (row,) = filled.services.search.page(OPERATOR, wanted).items
    student = make_student(0)
    assert row.student_name == student.name
    assert (
        row.id_number_masked
        == f"{student.id_number[:3]}{'*' * 11}{student.id_number[-4:]}"
    )
    assert row.submission_status is SubmissionStatus.PENDING
    assert row.verdict == "pass"
    assert row.submitted_at == filled.clock.now()
    assert row.station_name == "长沙样例函授站"


@pytest.mark.parametrize(
    "wanted",
    [
        {"student_no": f" {STUDENT.student_no} "},
        {"id_number": STUDENT.id_number},
        {"id_number": STUDENT.id_number[-6:]},
        {"code": STUDENT.payload},
        {"code": STUDENT.token},
        {"name": STUDENT.name},
        {"name": STUDENT.name[:2]},
        {"name": f"{STUDENT.name[0]} {STUDENT.name[1:]}"},
    ],
    ids=["student_no", "id", "last6", "payload", "token", "name", "prefix", "blanks"],
)
def test_each_way_to_name_a_student_finds_them(
    filled: World, wanted: dict[str, str]
) -> None:
    assert find(filled, **wanted) == [STUDENT.student_no]


def test_a_fingerprint_finds_its_record_however_it_is_typed(filled: World) -> None:
    wanted = SearchFilter(student_no=STUDENT.student_no)
    (row,) = filled.services.search.page(OPERATOR, wanted).items
    for typed in (row.fingerprint, row.fingerprint.replace("-", "").lower()):
        assert find(filled, code=typed) == [STUDENT.student_no]


def test_waiting_ones_are_found_by_what_they_said(filled: World) -> None:
    assert find(filled, waiting=True) == [""]
    assert len(find(filled, waiting=False)) == 4
    assert find(filled, name=STRANGER.name[0], waiting=True) == [""]
    assert find(filled, id_number=STRANGER.id_number[-6:]) == [""]


def test_the_state_of_the_photo_narrows(filled: World) -> None:
    assert find(filled, status=SubmissionStatus.PENDING) == [make_student(0).student_no]
    assert find(filled, status=SubmissionStatus.DRAFT) == [make_student(1).student_no]
    assert find(filled, status=SubmissionStatus.APPROVED) == []


def test_campaign_and_station_narrow(filled: World) -> None:
    assert len(find(filled, campaign_id=filled.campaign)) == 5
    assert find(filled, campaign_id=filled.campaign + 1) == []
    assert find(filled, station_id=filled.stations["ZZ02"]) == [
        make_student(3).student_no,
        make_student(1).student_no,
    ]


def test_a_wildcard_in_a_name_is_only_a_character(filled: World) -> None:
    assert find(filled, name="%") == []
    assert find(filled, name="_") == []


@pytest.mark.parametrize(
    "wanted",
    [{"code": "?"}, {"id_number": "12345"}, {"id_number": "1" * 18}],
)
def test_what_cannot_be_looked_for_is_refused(
    world: World, wanted: dict[str, str]
) -> None:
    with pytest.raises(InvalidInputError):
        find(world, **wanted)


@pytest.mark.parametrize("cursor", ["x", "a", "b-1", "a²", "c9", "a" + "9" * 30])
def test_a_malformed_cursor_is_refused(world: World, cursor: str) -> None:
    with pytest.raises(InvalidInputError):
        world.services.search.page(OPERATOR, SearchFilter(), cursor=cursor)


@pytest.mark.parametrize("wanted", [{"student_no": "\0"}, {"campaign_id": 2**70}])
def test_what_no_column_holds_is_found_nowhere_or_refused(
    world: World, wanted: dict[str, object]
) -> None:
    # SQLite holds a NUL and larger integers than PostgreSQL does.
    with contextlib.suppress(InvalidInputError):
        assert find(world, **wanted) == []


@pytest.mark.parametrize("kind", BOTH)
def test_pages_of_any_size_cover_all_records_once_forward_and_back(
    kind: str, templates: Templates, tmp_path: Path
) -> None:
    with open_world(templates.get(kind), tmp_path) as world:
        for n in range(7):
            world.bound(n)
        every = find(world)

        @settings(max_examples=12, deadline=None, database=None)
        @given(limit=st.integers(-1, 9))
        def check(limit: int) -> None:
            _walk(world, every, limit)

        check()


def _walk(world: World, every: list[str], limit: int) -> None:
    def page(cursor: str | None) -> Page[RecordRow]:
        return world.services.search.page(
            OPERATOR, SearchFilter(), cursor=cursor, limit=limit
        )

    pages = [page(None)]
    assert pages[0].previous_cursor is None
    while (cursor := pages[-1].next_cursor) is not None:
        pages.append(page(cursor))
    assert [number for p in pages for number in numbers(p)] == every
    back = [pages[-1]]
    while (cursor := back[0].previous_cursor) is not None:
        back.insert(0, page(cursor))
    assert [number for p in back for number in numbers(p)] == every


def test_a_station_sees_only_its_own(filled: World) -> None:
    seen = filled.services.search.page(
        filled.staff["zz02"], SearchFilter(station_id=filled.stations["CS01"])
    )
    assert numbers(seen) == [make_student(n).student_no for n in (3, 1)]


def test_the_record_of_another_station_does_not_exist(filled: World) -> None:
    service = filled.services.search
    cs01, zz02 = filled.staff["cs01"], filled.staff["zz02"]
    (row,) = service.page(
        cs01, SearchFilter(student_no=make_student(0).student_no)
    ).items
    record = service.record(cs01, row.binding_id)
    photo = record.submissions[0].view.public_id
    assert service.submission(cs01, photo) == record.submissions[0]
    for ask in (service.record, service.card):
        with pytest.raises(NotFoundError, match="record_not_found"):
            ask(zz02, row.binding_id)
    with pytest.raises(NotFoundError, match="record_not_found"):
        service.reveal_id_number(zz02, row.binding_id, "核对")
    with pytest.raises(NotFoundError, match="submission_not_found"):
        service.submission(zz02, photo)
    with pytest.raises(NotFoundError, match="submission_not_found"):
        service.media(zz02, photo, MediaKind.PORTRAIT)
    with pytest.raises(NotFoundError, match="record_not_found"):
        service.record(OPERATOR, "x" * 22)


def test_a_waiting_record_belongs_to_the_station_scanned(filled: World) -> None:
    (row,) = filled.services.search.page(OPERATOR, SearchFilter(waiting=True)).items
    record = filled.services.search.record(filled.staff["cs01"], row.binding_id)
    assert record.row.binding_status is BindingStatus.WAITING
    assert record.row.id_number_masked == ""
    assert not record.has_card
    with pytest.raises(NotFoundError, match="record_not_found"):
        filled.services.search.reveal_id_number(OPERATOR, row.binding_id, "核对")


def test_revealing_a_number_is_audited_with_the_reason(filled: World) -> None:
    (row,) = filled.services.search.page(
        OPERATOR, SearchFilter(student_no=STUDENT.student_no)
    ).items
    number = filled.services.search.reveal_id_number(
        filled.staff["cs01"], row.binding_id, " 电话核对 "
    )
    assert number == STUDENT.id_number
    event = filled.services.audit.page(OPERATOR).items[0]
    assert (event.actor, event.action, event.detail) == (
        "cs01",
        "id_number.reveal",
        "电话核对",
    )


@pytest.mark.parametrize("reason", ["", " ", "由" * 201])
def test_revealing_needs_a_reason(filled: World, reason: str) -> None:
    (row,) = filled.services.search.page(
        OPERATOR, SearchFilter(student_no=STUDENT.student_no)
    ).items
    with pytest.raises(InvalidInputError):
        filled.services.search.reveal_id_number(OPERATOR, row.binding_id, reason)


def test_looking_at_a_photo_is_audited(world: World) -> None:
    *_, photo = world.pending(0, Verdict.WARN)
    media = world.services.search.media(
        world.staff["reviewer"], photo.public_id, MediaKind.PORTRAIT
    )
    assert media.content_type == "image/jpeg"
    event = world.services.audit.page(OPERATOR).items[0]
    assert (event.actor, event.action) == ("reviewer", "photo.portrait")


def test_a_pasted_code_leaves_no_card(world: World) -> None:
    _, binding = world.bound(0)
    with pytest.raises(NotFoundError, match="file_not_found"):
        world.services.search.card(OPERATOR, binding.public_id)


def test_codes_that_differ_only_in_the_claims_are_the_same_code(filled: World) -> None:
    later = encode_claims(STUDENT.token, replace(STUDENT.claims, class_no="另一班"))
    assert find(filled, code=later) == [STUDENT.student_no]


@pytest.mark.parametrize(
    ("start", "named"),
    [
        (b"\x89PNG\r\n", "image/png"),
        (b"RIFF\0\0\0\0WEBP", "image/webp"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
    ],
)
def test_a_card_says_what_kind_of_picture_it_is(
    world: World, start: bytes, named: str
) -> None:
    _, binding = world.bound(0)
    key = world.adapters.store.put(start)
    with world.db.transaction() as session:
        session.execute(update(Binding).values(card_key=key))
    card = world.services.search.card(OPERATOR, binding.public_id)
    assert (card.data, card.content_type) == (start, named)
