"""Hints for those who may hand a photo in, and nothing is kept of a frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import func, select

from backend import policies
from backend.db.base import Base
from backend.domain.errors import (
    ConflictError,
    DomainError,
    GoneError,
    NotFoundError,
    PermissionDeniedError,
    PhotoUnreadableError,
    TooManyAttemptsError,
    UnavailableError,
)
from backend.domain.guidance import Hint
from backend.domain.measurements import Measurements
from backend.domain.report import Background
from backend.imaging.inspector import MediaPipeInspector
from backend.services.guidance import GuidanceService
from backend.services.staff import OPERATOR
from backend.services.types import BindingView, GuidanceView, Principal
from tests.domain.judging import good, head
from tests.fakes import CannedInspector
from tests.imaging.portraits import graduate, scaled
from tests.pictures import as_jpeg
from tests.services.worlds import World, new_campaign

CAMERA = (480, 640)


@dataclass
class Helper:
    """The service with a hand on its timer."""

    world: World
    inspector: Any
    at_once: int = 1
    seconds: float = 0.0
    service: GuidanceService = field(init=False)

    def __post_init__(self) -> None:
        self.service = GuidanceService(
            db=self.world.db,
            clock=self.world.clock,
            inspector=self.inspector,
            policies={"notice-2025": policies.load("notice-2025")},
            at_once=self.at_once,
            timer=lambda: self.seconds,
        )

    def look(
        self, who: Principal, binding: BindingView, frame: bytes = b"frame"
    ) -> GuidanceView:
        return self.service.look(who, binding.public_id, frame, picture=CAMERA)

    def refused(self, who: Principal, binding: BindingView) -> str:
        with pytest.raises(DomainError) as error:
            self.look(who, binding)
        return error.value.code


@pytest.fixture
def helper(world: World) -> Helper:
    return Helper(world, world.inspector)


def everything(world: World) -> dict[str, Any]:
    """Every row and every file there is."""
    with world.db.reading() as session:
        rows: dict[str, Any] = {
            table.name: session.execute(
                select(func.count()).select_from(table)
            ).scalar()
            for table in Base.metadata.sorted_tables
        }
    root = world.settings.photo_root
    return rows | {"files": sorted(root.rglob("*")) if root.exists() else []}


def test_a_frame_is_answered_with_a_hint_and_where_the_head_is(helper: Helper) -> None:
    who, binding = helper.world.bound(0)
    seen = helper.look(who, binding)
    assert seen.hint is Hint.READY
    assert helper.world.inspector.glanced == [CAMERA]
    assert seen.box is not None
    # The head of 210 px in the middle of 480 by 640.
    assert (seen.box.x, seen.box.y) == (135 / 480, 80 / 640)
    assert seen.box.width == 210 / 480
    helper.world.inspector.frame = good(geometry=head(460))
    assert helper.look(who, binding).hint is Hint.STEP_BACK
    helper.world.inspector.frame = good(face_count=0, geometry=None)
    assert helper.look(who, binding) == GuidanceView(Hint.NOBODY, None)


def test_nothing_of_a_frame_is_kept(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    helper = Helper(world, MediaPipeInspector())
    who, binding = world.bound(0)
    frame = as_jpeg(scaled(graduate(), 0.5))
    before = everything(world)
    for picture, wanted in (((720, 960), Hint.READY), ((360, 480), None)):
        seen = helper.service.look(who, binding.public_id, frame, picture=picture)
        assert seen.hint is (wanted or Hint.CAMERA_TOO_SMALL)
    with pytest.raises(PhotoUnreadableError):
        helper.look(who, binding, b"no picture")
    assert everything(world) == before
    assert world.services.submissions.all_of(who, binding.public_id) == ()
    assert caplog.records == []


def test_only_the_owner_is_helped(helper: Helper) -> None:
    _, binding = helper.world.bound(0)
    stranger, _ = helper.world.bound(1)
    with pytest.raises(NotFoundError):
        helper.look(stranger, binding)
    assert helper.world.inspector.glanced == []


def test_whoever_could_hand_nothing_in_is_not_helped(helper: Helper) -> None:
    world = helper.world
    who, binding = world.bound(0)
    world.services.consents.withdraw(who, world.entry)
    with pytest.raises(PermissionDeniedError):
        helper.look(who, binding)
    who, binding = world.bound(2)
    world.clock.move(days=60)
    with pytest.raises(GoneError):
        helper.look(who, binding)
    world.clock.move(days=-90)
    with pytest.raises(ConflictError):
        helper.look(who, binding)
    world.clock.move(days=30)
    who, binding, photo = world.pending(4)
    # While it waits it may still be replaced; once it is approved, not.
    assert helper.look(who, binding).hint is Hint.READY
    world.services.reviews.decide(
        world.staff["reviewer"],
        photo.public_id,
        action="approve",
        expected_version=photo.version,
        reasons=(),
        note="",
    )
    with pytest.raises(ConflictError):
        helper.look(who, binding)
    assert world.inspector.glanced == [CAMERA]


def test_two_frames_a_second_are_enough(helper: Helper) -> None:
    who, binding = helper.world.bound(0)
    other, others = helper.world.bound(1)
    # What was sent evenly may arrive in a bunch.
    for _ in range(3):
        helper.look(who, binding)
    with pytest.raises(TooManyAttemptsError) as error:
        helper.look(who, binding)
    assert error.value.code == "guidance_too_fast"
    assert error.value.data == {"retry_after": 1}
    helper.look(other, others)
    for _ in range(40):
        helper.seconds += 0.5
        helper.look(who, binding)
        assert helper.refused(who, binding) == "guidance_too_fast"
    helper.seconds += 0.49
    assert helper.refused(who, binding) == "guidance_too_fast"
    assert len(helper.world.inspector.glanced) == 44


def test_who_left_is_forgotten(helper: Helper) -> None:
    for n in range(4):
        helper.look(*helper.world.bound(n))
        helper.seconds += 1
    assert len(helper.service._pace._left) == 2


class SlowInspector(CannedInspector):
    """Takes until it is told to be done."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.done = Event(), Event()

    def glance(self, data: bytes, *, picture: tuple[int, int]) -> Measurements:
        self.begun.set()
        assert self.done.wait(timeout=60)
        return super().glance(data, picture=picture)


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_frame_never_waits_for_another(world: World, at_once: int) -> None:
    people = [world.bound(n) for n in range(at_once + 1)]
    inspectors = [SlowInspector() for _ in range(at_once)]
    answers: list[GuidanceView] = []
    helper = Helper(world, inspectors[0], at_once=at_once)
    threads = []
    for (who, binding), slow in zip(people, inspectors, strict=False):
        helper.service._inspector = slow

        def look(who: Principal = who, binding: BindingView = binding) -> None:
            answers.append(helper.look(who, binding))

        threads.append(Thread(target=look))
        threads[-1].start()
        assert slow.begun.wait(timeout=60)
    # All slots are taken: the next is told so at once, and how long to wait.
    with pytest.raises(UnavailableError) as error:
        helper.look(*people[-1])
    assert error.value.code == "guidance_busy"
    assert error.value.data == {"retry_after": 1}
    for slow in inspectors:
        slow.done.set()
    for thread in threads:
        thread.join(timeout=60)
    assert [answer.hint for answer in answers] == [Hint.READY] * at_once
    assert helper.look(*people[-1]).hint is Hint.READY


def test_a_frame_that_cannot_be_read_gives_its_slot_back(world: World) -> None:
    helper = Helper(world, MediaPipeInspector())
    who, binding = world.bound(0)
    for _ in range(3):
        helper.seconds += timedelta(minutes=1).seconds
        assert helper.refused(who, binding) == "not_a_picture"


def test_a_wall_that_will_be_replaced_is_no_reason_to_wait(
    world: World, helper: Helper
) -> None:
    who, binding = world.bound(0)
    world.inspector.frame = good(background_edges=30.0)

    def hints() -> set[Hint]:
        helper.seconds += 10
        on_site = helper.service.look_on_site(
            OPERATOR, world.campaign, b"frame", picture=CAMERA
        )
        return {helper.look(who, binding).hint, on_site.hint}

    assert hints() == {Hint.PLAIN_BACKGROUND}
    standard = new_campaign(world, background=Background.STANDARD)
    world.services.campaigns.update(OPERATOR, world.campaign, standard)
    assert hints() == {Hint.READY}
