from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from backend.domain.backgrounds import CHANGE_RULE, BackgroundState
from backend.domain.batch import ItemState
from backend.domain.errors import (
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)
from backend.domain.report import Background, Verdict
from backend.domain.reviews import SubmissionStatus
from backend.messages.backgrounds import kept_because
from backend.messages.batches import explain
from backend.services.backgrounds import BackgroundService
from backend.services.batch_files import BatchFile, files_of_archive
from backend.services.batch_types import BatchView
from backend.services.batches import Rounds
from backend.services.staff import OPERATOR
from backend.services.types import (
    Principal,
    SearchFilter,
    StaffUser,
    SubmissionView,
)
from tests.factories import make_student
from tests.fakes import CannedInspection, Replacing
from tests.services.worlds import World


def _file(name: str, data: bytes | None = None) -> BatchFile:
    return BatchFile(name, lambda: data if data is not None else name.encode())


def _receive(world: World, *files: BatchFile, by: StaffUser = OPERATOR) -> BatchView:
    return world.services.batches.receive(
        by, world.campaign, files, names={}, consent_in_writing=True
    )


def _states(world: World, batch: BatchView) -> list[ItemState]:
    items = world.services.batches.items(OPERATOR, batch.id)
    return [item.state for item in items]


def _finished(world: World, batch: BatchView) -> BatchView:
    while batch.finished_at is None:
        batch = world.services.batches.go_on(OPERATOR, batch.id, budget=0)
    return batch


def test_every_way_of_naming_a_file_finds_its_student(world: World) -> None:
    world.bound(6)
    named = (
        f"{make_student(0).student_no}.jpg",
        f"{make_student(1).id_number.lower()}.JPG",
        f"{make_student(2).name}_{make_student(2).student_no}(2).jpeg",
        f"一班/{make_student(3).student_no} 证件照.jpg",
        f"{make_student(6).token}.png",
    )
    batch = _finished(world, _receive(world, *map(_file, named)))
    assert _states(world, batch) == [ItemState.HANDED_IN] * 5
    items = world.services.batches.items(OPERATOR, batch.id)
    assert [item.student_no for item in items] == [
        make_student(n).student_no for n in (0, 1, 2, 3, 6)
    ]
    assert batch.counts == {ItemState.HANDED_IN: 5}


def test_what_is_not_surely_one_students_is_left_to_a_person(world: World) -> None:
    one, two = make_student(0), make_student(2)
    batch = _receive(
        world,
        _file("IMG_20260301.jpg"),
        _file(f"{one.student_no}_{two.student_no}.jpg"),
        _file(f"{one.student_no}_{two.name}.jpg"),
        _file(f"{make_student(4).student_no}.jpg"),
        _file(f"{make_student(4).id_number}.jpg"),
        _file(f"{two.student_no}.jpg", b""),
    )
    assert _states(world, batch) == [
        ItemState.NO_MATCH,
        ItemState.AMBIGUOUS,
        ItemState.NAME_DIFFERS,
        ItemState.SEVERAL_FILES,
        ItemState.SEVERAL_FILES,
        ItemState.HANDED_IN,
    ]


def test_a_list_says_whose_a_camera_name_is(world: World) -> None:
    student = make_student(0)
    batch = world.services.batches.receive(
        OPERATOR,
        world.campaign,
        [_file("DSC_0001.JPG"), _file("DSC_0002.JPG")],
        names={
            "dsc_0001.jpg": student.student_no,
            "DSC_0002": make_student(2).id_number,
        },
        consent_in_writing=True,
    )
    batch = _finished(world, batch)
    assert batch.counts == {ItemState.HANDED_IN: 2}


def test_the_same_folder_again_changes_nothing(world: World) -> None:
    files = [_file(f"{make_student(n).student_no}.jpg") for n in range(4)]
    _finished(world, _receive(world, *files))
    again = _finished(world, _receive(world, *files))
    assert again.counts == {ItemState.ALREADY_THERE: 4}
    other = _file(f"{make_student(0).student_no}.jpg", b"another picture")
    assert _finished(world, _receive(world, other)).counts == {ItemState.HAS_PHOTO: 1}
    page = world.services.search.page(OPERATOR, SearchFilter(), cursor=None, limit=50)
    assert len(page.items) == 4


def test_refused_photos_the_exempt_and_the_broken_are_told_apart(world: World) -> None:
    world.add_student(make_student(20), exempt_reason="已有学历照片")
    world.inspector.verdict = Verdict.FAIL
    refused = _finished(
        world, _receive(world, _file(f"{make_student(0).student_no}.jpg"))
    )
    assert refused.counts == {ItemState.REFUSED: 1}
    exempt = _receive(world, _file(f"{make_student(20).student_no}.jpg"))
    assert exempt.counts == {ItemState.EXEMPT: 1}
    missing = BatchFile(f"{make_student(2).student_no}.jpg", lambda: None)
    assert _receive(world, missing).counts == {ItemState.NOT_A_PHOTO: 1}
    world.clock.move(days=60)
    late = _receive(world, _file(f"{make_student(4).student_no}.jpg"))
    (item,) = world.services.batches.items(OPERATOR, late.id)
    assert (item.state, item.detail) == (ItemState.FAILED, "campaign_closed")


def test_a_station_brings_its_own_students_and_sees_its_own_batches(
    world: World,
) -> None:
    own, other = make_student(0), make_student(1)
    batch = _receive(
        world,
        _file(f"{own.student_no}.jpg"),
        _file(f"{other.student_no}.jpg"),
        by=world.staff["cs01"],
    )
    assert _states(world, batch) == [ItemState.HANDED_IN, ItemState.NO_MATCH]
    service = world.services.batches
    assert [row.id for row in service.latest(world.staff["cs01"])] == [batch.id]
    assert service.latest(world.staff["zz02"]) == ()
    for call in (service.get, service.items, service.go_on, service.report):
        with pytest.raises(NotFoundError, match="batch_not_found"):
            call(world.staff["zz02"], batch.id)
    with pytest.raises(PermissionDeniedError):
        service.latest(world.staff["reviewer"])
    # Who went to another station is no longer this one's to see.
    assert service.items(world.staff["cs01"], batch.id)[0].student_name == own.name
    world.enrol(own, "ZZ02")
    assert service.items(world.staff["cs01"], batch.id)[0].student_name == ""
    assert service.items(OPERATOR, batch.id)[0].student_name == own.name
    with pytest.raises(PermissionDeniedError):
        _receive(world, by=world.staff["reviewer"])


def test_consent_and_files_are_asked_for(world: World) -> None:
    with pytest.raises(InvalidInputError, match="batch_empty"):
        _receive(world)
    with pytest.raises(InvalidInputError, match="consent_required"):
        world.services.batches.receive(
            OPERATOR,
            world.campaign,
            [_file("a.jpg")],
            names={},
            consent_in_writing=False,
        )


def test_an_outage_makes_the_rest_wait(world: World) -> None:
    world.inspector.outage = UnavailableError("busy")
    batch = _receive(world, _file(f"{make_student(0).student_no}.jpg"))
    assert batch.waiting == 1
    assert batch.finished_at is None
    world.inspector.outage = None
    assert world.services.batches.go_on_all() == 1
    assert world.services.batches.go_on_all() == 0
    assert world.services.batches.get(OPERATOR, batch.id).counts == {
        ItemState.HANDED_IN: 1
    }


def test_the_report_names_every_file_and_the_log_none(world: World) -> None:
    student = make_student(0)
    batch = _receive(world, _file(f"{student.student_no}.jpg"), _file("x.jpg"))
    report = list(world.services.batches.report(OPERATOR, batch.id))
    assert [item.file_name for item in report] == [f"{student.student_no}.jpg", "x.jpg"]
    events = world.services.audit.page(OPERATOR, cursor=None).items
    about = [event for event in events if event.action.startswith("batch.")]
    assert {event.action for event in about} == {"batch.receive", "batch.report"}
    assert all(student.student_no not in event.detail for event in about)


def test_an_archive_goes_the_whole_way(world: World) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"甲班/{make_student(0).student_no}.jpg", b"one")
        archive.writestr("__MACOSX/._x.jpg", b"litter")
        archive.writestr("../../etc/passwd", b"a path is only a name")
    files = files_of_archive(packed, most_bytes=1000)
    batch = _finished(world, _receive(world, *files))
    assert batch.counts == {ItemState.HANDED_IN: 1, ItemState.NO_MATCH: 1}


class Waiting:
    """The seconds of a batch service, which pass when it waits."""

    def __init__(self, world: World, *, budget: float, others: int) -> None:
        self.world = world
        self.now = 0.0
        self.waited: list[float] = []
        #: After so many waits the others are done.
        self.others = others
        rounds = Rounds(budget, timer=lambda: self.now, pause=self.pause)
        world.services.batches._rounds = rounds

    def pause(self, seconds: float) -> None:
        self.now += seconds
        self.waited.append(seconds)
        if len(self.waited) == self.others:
            self.world.inspector.replacing = Replacing.DONE


def _photos(world: World) -> list[SubmissionView]:
    found = world.services.search.page(OPERATOR, SearchFilter()).items
    return [
        photo.view
        for row in found
        for photo in world.services.search.record(OPERATOR, row.binding_id).submissions
    ]


def test_backgrounds_of_a_folder_are_replaced_as_well(world: World) -> None:
    world.replace_backgrounds()
    files = [_file(f"{make_student(n).student_no}.jpg") for n in range(2)]
    batch = _finished(world, _receive(world, *files))
    assert batch.counts == {ItemState.HANDED_IN: 2}
    for photo in _photos(world):
        assert photo.background is BackgroundState.STANDARD
        assert photo.history[-1].note == "同意使用标准背景"


def test_a_folder_keeps_the_backgrounds_that_cannot_be_replaced(world: World) -> None:
    world.replace_backgrounds()
    world.inspector.replacing = Replacing.REFUSED
    batch = _finished(
        world, _receive(world, _file(f"{make_student(0).student_no}.jpg"))
    )
    assert batch.counts == {ItemState.HANDED_IN: 1}
    (photo,) = _photos(world)
    assert photo.background is BackgroundState.REFUSED
    assert photo.report.background is Background.KEEP


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("face_model_unavailable"),
        NotFoundError("file_not_found"),
        RuntimeError("what nobody foresaw"),
    ],
    ids=["model", "original", "unforeseen"],
)
def test_a_background_that_breaks_something_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    world.replace_backgrounds()
    whole, tries = BackgroundService.change, iter([error])

    def change(
        self: BackgroundService, who: Principal, public_id: str
    ) -> SubmissionView:
        for broken in tries:
            raise broken
        return whole(self, who, public_id)

    monkeypatch.setattr(BackgroundService, "change", change)
    files = [_file(f"{make_student(n).student_no}.jpg") for n in range(2)]
    batch = _receive(world, *files)
    assert _states(world, batch) == [ItemState.BROKEN, ItemState.HANDED_IN]
    assert batch.finished_at is not None
    (first, _) = world.services.batches.items(OPERATOR, batch.id)
    assert "换背景时系统出了意外" in explain(first.state, first.detail)
    # The same folder once more finishes what was begun.
    again = _receive(world, *files)
    assert _states(world, again) == [ItemState.HANDED_IN, ItemState.ALREADY_THERE]


def test_a_photo_that_breaks_the_inspection_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = world.inspector.inspect

    def inspect(data: bytes, **how: Any) -> CannedInspection:
        if data == b"odd":
            raise RuntimeError
        return whole(data, **how)

    monkeypatch.setattr(world.inspector, "inspect", inspect)
    batch = _receive(
        world,
        _file(f"{make_student(0).student_no}.jpg", b"odd"),
        _file(f"{make_student(1).student_no}.jpg"),
    )
    assert _states(world, batch) == [ItemState.BROKEN, ItemState.HANDED_IN]
    (first, _) = world.services.batches.items(OPERATOR, batch.id)
    assert "不是照片的问题" in explain(first.state, first.detail)


def test_the_station_is_told_why_a_background_stays(world: World) -> None:
    world.replace_backgrounds()
    world.inspector.replacing = Replacing.REFUSED
    batch = _receive(world, _file(f"{make_student(0).student_no}.jpg"))
    (item,) = world.services.batches.items(OPERATOR, batch.id)
    assert item.detail == f"{CHANGE_RULE}:fringe"
    said = explain(item.state, item.detail)
    assert said.startswith("等待审核。背景没有换：")
    assert kept_because("fringe") in said
    assert "墙" in said


def test_what_the_rules_refuse_and_why_the_background_stays_are_both_said() -> None:
    said = explain(ItemState.REFUSED, f"{CHANGE_RULE}:holes,background_plain")
    assert said.startswith("不符合：背景干净。请重拍")
    assert kept_because("holes") in said


def test_a_photo_that_is_refused_anyway_waits_for_nobody(world: World) -> None:
    world.replace_backgrounds()
    world.inspector.verdict = Verdict.FAIL
    world.inspector.frames_failures = True
    world.inspector.replacing = Replacing.BUSY
    batch = _finished(
        world, _receive(world, _file(f"{make_student(0).student_no}.jpg"))
    )
    assert batch.counts == {ItemState.REFUSED: 1}


def test_a_folder_waits_until_others_are_done(world: World) -> None:
    world.replace_backgrounds()
    waiting = Waiting(world, budget=30, others=1)
    world.inspector.replacing = Replacing.BUSY
    batch = _receive(world, _file(f"{make_student(0).student_no}.jpg"))
    assert batch.counts == {ItemState.HANDED_IN: 1}
    assert waiting.waited == [2]


def test_what_is_due_when_the_time_is_over_is_done_by_the_next_round(
    world: World,
) -> None:
    world.replace_backgrounds()
    waiting = Waiting(world, budget=5, others=4)
    world.inspector.replacing = Replacing.BUSY
    batch = _receive(world, _file(f"{make_student(0).student_no}.jpg"))
    assert batch.counts == {ItemState.WAITING: 1}
    assert waiting.waited == [2, 2, 1]
    (photo,) = _photos(world)
    assert (photo.status, photo.background) == (
        SubmissionStatus.DRAFT,
        BackgroundState.DUE,
    )
    assert world.services.batches.go_on_all() == 1
    (same,) = _photos(world)
    assert same.public_id == photo.public_id
    assert same.background is BackgroundState.STANDARD
    assert world.services.batches.get(OPERATOR, batch.id).finished_at is not None
