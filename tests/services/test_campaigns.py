"""Campaigns' rules: who may hand in when, who need not, who is carried over."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from backend.db import campaign_rules, outbox
from backend.db.models import AuditEvent, Student
from backend.domain.campaigns import EntryState, Span, Window
from backend.domain.errors import (
    ConflictError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    RefusedError,
)
from backend.domain.roster import Column
from backend.services.staff import OPERATOR
from tests.factories import make_student
from tests.services.worlds import ON_ROSTER, World, new_campaign


def days(world: World, begin: float, end: float) -> Span:
    now = world.clock.now()
    return Span(now + timedelta(days=begin), now + timedelta(days=end))


def put(world: World, span: Span, **named: object) -> None:
    window = Window(span=span, **named)  # type: ignore[arg-type] # any of its fields
    world.services.campaigns.put_window(OPERATOR, world.campaign, window)


def student_id(world: World, n: int) -> int:
    with world.db.reading() as session:
        return session.scalars(
            select(Student.id).where(
                Student.student_no == make_student(n).student_no,
                Student.campaign_id == world.campaign,
            )
        ).one()


def last_audit(world: World) -> AuditEvent:
    with world.db.reading() as session:
        return session.scalars(
            select(AuditEvent).order_by(AuditEvent.id.desc())
        ).first()  # type: ignore[return-value] # there is one


def test_a_window_shuts_some_out_while_others_hand_in(world: World) -> None:
    put(world, days(world, -2, -1), station_id=world.stations["ZZ02"])
    open_one, shut = world.bound(0), world.bound(1)
    assert world.submit(*open_one).can_confirm
    with pytest.raises(GoneError, match="window_closed"):
        world.submit(*shut)
    assert shut[1].closes_at == days(world, -2, -1).closes_at
    grace = world.clock.now() + timedelta(days=2)
    students = world.services.students
    seen = students.set_grace(OPERATOR, student_id(world, 1), grace, "出差")
    assert (seen.state, seen.closes_at) == (EntryState.OPEN, grace)
    draft = world.submit(*shut)
    world.clock.move(days=3)
    with pytest.raises(GoneError):
        world.services.submissions.confirm(shut[0], draft.public_id)


def test_a_window_that_comes_later_says_from_when(world: World) -> None:
    put(world, days(world, 1, 2), year=2026, level=make_student(0).level)
    who, binding = world.bound(0)
    with pytest.raises(ConflictError, match="window_not_open") as caught:
        world.submit(who, binding)
    assert str(caught.value.data["opens_at"]).startswith("2026")


def test_the_poster_stays_open_while_anybody_may_hand_in(world: World) -> None:
    entries, campaigns = world.services.entries, world.services.campaigns
    put(world, days(world, -1, 60), station_id=world.stations["ZZ02"])
    world.clock.move(days=40)
    view = entries.open(world.entry)
    assert (view.state, view.windows_differ) == (EntryState.OPEN, True)
    world.clock.move(days=30)
    assert entries.open(world.entry).state is EntryState.CLOSED
    grace = world.clock.now() + timedelta(days=1)
    world.services.students.set_grace(OPERATOR, student_id(world, 0), grace, "病假")
    assert entries.open(world.entry).state is EntryState.OPEN
    with world.db.reading() as session:
        assert campaign_rules.last_closing(session, world.campaign) == grace
    (one,) = campaigns.rules(OPERATOR, world.campaign).windows
    assert one.station_name == "株洲示范函授站"


def test_where_only_the_camera_counts_nothing_is_picked(world: World) -> None:
    who, binding = world.bound(0)
    submit = world.services.submissions.submit

    def hand_in(*, from_album: bool) -> bool:
        photo = world.photo()
        view = submit(
            who, binding.public_id, photo, filename="a.jpg", from_album=from_album
        )
        return view.can_confirm

    assert hand_in(from_album=True)
    strict = new_campaign(world, album_allowed=False)
    world.services.campaigns.update(OPERATOR, world.campaign, strict)
    with pytest.raises(RefusedError, match="album_not_allowed"):
        hand_in(from_album=True)
    assert hand_in(from_album=False)


def test_windows_are_changed_reopened_and_removed_on_the_record(world: World) -> None:
    campaigns = world.services.campaigns
    put(world, days(world, 0, 1), year=2026)
    (one,) = campaigns.rules(OPERATOR, world.campaign).windows
    later = Window(span=days(world, 0, 9), year=2026)
    campaigns.put_window(OPERATOR, world.campaign, later, window_id=one.id)
    assert "->" in last_audit(world).detail
    with pytest.raises(ConflictError, match="window_exists"):
        put(world, days(world, 0, 2), year=2026)
    for wrong in (
        Window(span=days(world, 0, 1)),
        Window(span=days(world, 1, 1), year=2026),
    ):
        with pytest.raises(InvalidInputError):
            campaigns.put_window(OPERATOR, world.campaign, wrong)
    with pytest.raises(NotFoundError):
        put(world, days(world, 0, 1), station_id=999)
    campaigns.remove_window(OPERATOR, world.campaign, one.id)
    assert campaigns.rules(OPERATOR, world.campaign).windows == ()
    with pytest.raises(NotFoundError, match="window_not_found"):
        campaigns.remove_window(OPERATOR, world.campaign, one.id)


def test_each_is_reminded_before_their_own_end(world: World) -> None:
    world.bound(0)
    world.bound(1)
    assert reminded(world) == []
    put(world, days(world, -1, 2), station_id=world.stations["ZZ02"])
    assert reminded(world) == [days(world, -1, 2).closes_at]
    grace = world.clock.now() + timedelta(days=20)
    world.services.students.set_grace(OPERATOR, student_id(world, 1), grace, "出差")
    assert reminded(world) == []
    world.services.students.set_exempt(OPERATOR, student_id(world, 1), "已有学历照片")
    world.clock.move(days=19)
    assert reminded(world) == []
    world.services.students.lift_exempt(OPERATOR, student_id(world, 1), "查错了")
    assert reminded(world) == [grace]


def reminded(world: World) -> list[datetime]:
    """Return the ends of those who would be reminded now."""
    now = world.clock.now()
    with world.db.reading() as session:
        found = outbox.waiting_for_a_photo(
            session, now=now, until=now + timedelta(days=3)
        )
    return [closes_at for _, _, closes_at in found]


def test_campaigns_are_created_and_changed_with_every_fault_named(
    world: World,
) -> None:
    campaigns = world.services.campaigns
    made = campaigns.create(OPERATOR, new_campaign(world, name="下一批"))
    assert campaigns.sizes(OPERATOR) == {world.campaign: ON_ROSTER}
    now = world.clock.now()
    with pytest.raises(InvalidInputError) as caught:
        campaigns.create(
            OPERATOR,
            new_campaign(
                world,
                name=" ",
                contact="x" * 201,
                school_code="1" * 11,
                graduating_years=(1,),
                closes_at=now - timedelta(days=9),
                policy="none",
            ),
        )
    assert {wrong.field for wrong in caught.value.violations} == {
        "name", "contact", "school_code", "graduating_years", "closes_at", "policy",
    }  # fmt: skip
    with pytest.raises(ConflictError, match="campaign_name_taken"):
        campaigns.create(OPERATOR, new_campaign(world))
    with pytest.raises(InvalidInputError):
        campaigns.update(
            OPERATOR, made.id, new_campaign(world, name="下一批", notice_text="新")
        )
    later = new_campaign(
        world,
        name="下一批",
        notice_text="新",
        notice_version="2",
        closes_at=now + timedelta(days=90),
    )
    assert campaigns.update(OPERATOR, made.id, later).closes_at == later.closes_at
    assert last_audit(world).detail.startswith("closes_at, notice_version, notice_text")
    with pytest.raises(NotFoundError):
        campaigns.update(OPERATOR, 999, later)


def test_who_has_no_portrait_is_carried_over_once(world: World) -> None:
    campaigns = world.services.campaigns
    approve(world, 0)
    world.services.students.set_exempt(OPERATOR, student_id(world, 1), "退学")
    target = campaigns.create(OPERATOR, new_campaign(world, name="下一批")).id
    assert campaigns.left_behind(OPERATOR, world.campaign, target) == ON_ROSTER - 2
    assert campaigns.carry_over(OPERATOR, world.campaign, target) == ON_ROSTER - 2
    assert campaigns.carry_over(OPERATOR, world.campaign, target) == 0
    page = world.services.students.page(OPERATOR, target)
    seen = world.services.students.get(OPERATOR, page.items[0].id)
    assert seen.carried_from == "2026届样例采集"
    assert seen.line.student_no == make_student(2).student_no
    with pytest.raises(RefusedError, match="carry_over_same"):
        campaigns.carry_over(OPERATOR, target, target)


def approve(world: World, n: int) -> None:
    _, _, view = world.pending(n)
    world.services.reviews.decide(
        world.staff["admin"],
        view.public_id,
        action="approve",
        reasons=(),
        note="",
        expected_version=view.version,
    )


def test_one_student_is_found_corrected_and_released(world: World) -> None:
    students = world.services.students
    key = student_id(world, 0)
    before = students.get(OPERATOR, key)
    assert make_student(0).id_number not in repr(before)
    assert before.id_number_masked.endswith(make_student(0).id_number[-4:])
    fields = {
        Column.NAME: "张改名",
        Column.STUDENT_NO: make_student(0).student_no,
        Column.LEVEL: "专升本",
        Column.MAJOR: "会计学",
        Column.GRADUATING_YEAR: "2026",
        Column.CERTIFICATE_NO: "999995202606000001",
    }
    station = world.stations["ZZ02"]
    seen = students.update(OPERATOR, key, fields, station_id=station, reason="改名证明")
    assert (seen.line.name, seen.station_id) == ("张改名", station)
    assert "张改名" not in last_audit(world).detail
    assert last_audit(world).detail.endswith(": 改名证明")
    for text in ("张改", "999995202606000001"):
        (found,) = students.page(OPERATOR, world.campaign, text=text).items
        assert found.id == key
    taken = {**fields, Column.STUDENT_NO: make_student(1).student_no}
    with pytest.raises(ConflictError, match="student_no_taken"):
        students.update(OPERATOR, key, taken, station_id=station, reason="x")
    wrong = {**fields, Column.MAJOR: "", Column.ID_NUMBER: "1"}
    with pytest.raises(InvalidInputError) as caught:
        students.update(OPERATOR, key, wrong, station_id=station, reason="x")
    assert {(v.field, v.code) for v in caught.value.violations} == {
        ("major", "required"),
        ("id_number", "id_number_length"),
    }
    other = make_student(40).id_number
    students.update(
        OPERATOR,
        key,
        {**fields, Column.ID_NUMBER: other},
        station_id=station,
        reason="x",
    )
    assert students.get(OPERATOR, key).id_number_masked.startswith(other[:3])
    assert students.set_exempt(OPERATOR, key, "休学").line.exempt_reason == "休学"
    for call in (students.set_exempt, students.lift_exempt):
        with pytest.raises(InvalidInputError):
            call(OPERATOR, key, " ")
    with pytest.raises(InvalidInputError):
        students.set_grace(OPERATOR, key, world.clock.now(), "x")
    assert students.set_grace(OPERATOR, key, None, "x").line.grace_until is None


def test_a_student_with_an_approved_portrait_is_not_released(world: World) -> None:
    approve(world, 0)
    with pytest.raises(RefusedError, match="exempt_has_portrait"):
        world.services.students.set_exempt(OPERATOR, student_id(world, 0), "休学")


def test_a_station_sees_its_own_students_and_changes_none(world: World) -> None:
    who, students = world.staff["cs01"], world.services.students
    own, other = student_id(world, 0), student_id(world, 1)
    assert students.get(who, own).line.id == own
    with pytest.raises(NotFoundError, match="student_not_found"):
        students.get(who, other)
    listed = students.page(who, world.campaign).items
    assert {one.station_name for one in listed} == {"长沙样例函授站"}
    assert world.services.campaigns.sizes(who) == {world.campaign: ON_ROSTER // 2}
    window = Window(span=days(world, 0, 1), year=2026)
    campaigns = world.services.campaigns
    for step in (
        lambda: students.set_grace(who, own, None, "x"),
        lambda: students.set_exempt(who, own, "x"),
        lambda: students.lift_exempt(who, own, "x"),
        lambda: students.update(who, own, {}, station_id=1, reason="x"),
        lambda: campaigns.create(who, new_campaign(world, name="新")),
        lambda: campaigns.update(who, world.campaign, new_campaign(world)),
        lambda: campaigns.put_window(who, world.campaign, window),
        lambda: campaigns.remove_window(who, world.campaign, 1),
        lambda: campaigns.left_behind(who, world.campaign, 2),
        lambda: campaigns.carry_over(who, world.campaign, 2),
    ):
        with pytest.raises(PermissionDeniedError):
            step()
