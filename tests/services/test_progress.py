"""How far a campaign has come: numbers, lists and exports that agree with the rows."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from sqlalchemy import select, update

from backend.db.models import AuditEvent, Binding, Student, Submission
from backend.db.wechat_models import OutgoingMessageRow
from backend.domain.errors import (
    ConflictError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from backend.domain.progress import GROUPS, Group, Stage
from backend.domain.reviews import HANDED_IN
from backend.domain.wechat import Account, MessageKind, WeChatUser
from backend.services.progress_types import (
    SheetKind,
    StudentFilter,
    StudentOrder,
    StudentRow,
)
from backend.services.staff import OPERATOR
from backend.services.types import (
    BindingView,
    Principal,
    PrincipalKind,
    SubmissionView,
)
from tests.factories import make_student
from tests.services import worlds
from tests.services.worlds import ADDRESS, World

LOCAL = ZoneInfo("Asia/Shanghai")
EVERYBODY = StudentFilter()
MISSING = StudentFilter(part=Group.MISSING)
CLOSING = worlds.TEMPLATES[MessageKind.CLOSING].id
#: The stage each student of the scene is brought to.
SCENE = {
    0: Stage.PENDING,
    1: Stage.APPROVED,
    2: Stage.RETURNED,
    3: Stage.DELIVERED,
    4: Stage.DRAFT,
    5: Stage.STARTED,
    6: Stage.STARTED,
    7: Stage.NEVER_SCANNED,
    8: Stage.ACCEPTED,
    9: Stage.SENT_BACK,
    10: Stage.EXEMPT,
    11: Stage.EXEMPT,
    12: Stage.RETURNED,
    13: Stage.NEVER_SCANNED,
}


def decide(world: World, photo: SubmissionView, action: str) -> None:
    world.services.reviews.decide(
        OPERATOR,
        photo.public_id,
        action=action,  # type: ignore[arg-type] # one of the two
        reasons=("背景不干净",) if action == "return" else (),
        note="请换白墙" if action == "return" else "",
        expected_version=photo.version,
    )


def set_status(world: World, photo: SubmissionView, stage: Stage) -> None:
    """Write what delivering and the registry's answer write."""
    with world.db.transaction() as session:
        session.execute(
            update(Submission)
            .where(Submission.public_id == photo.public_id)
            .values(status=stage.value)
        )


def bring(world: World, n: int, stage: Stage) -> None:
    if stage in {Stage.NEVER_SCANNED, Stage.EXEMPT}:
        return
    if stage in {Stage.STARTED, Stage.DRAFT}:
        who, binding = world.bound(n)
        if stage is Stage.DRAFT:
            world.submit(who, binding)
        return
    _, _, photo = world.pending(n)
    world.clock.move(hours=5)
    if stage is Stage.RETURNED:
        decide(world, photo, "return")
    elif stage is not Stage.PENDING:
        decide(world, photo, "approve")
        if stage is not Stage.APPROVED:
            set_status(world, photo, stage)


@pytest.fixture
def scene(world: World) -> World:
    """A campaign with somebody in every stage."""
    for n in (8, 9, 12, 13):
        world.add_student(make_student(n), major="=HYPERLINK(1)")
    for n in (10, 11):
        world.add_student(make_student(n), exempt_reason=None)
    for n, stage in SCENE.items():
        bring(world, n, stage)
        world.clock.move(hours=7)
    # Whoever was bound once and released has been here; whoever handed a photo in and
    # is exempt now needs none; whoever was returned may have begun anew.
    (binding,) = bindings_of(world, 6)
    world.services.reviews.release_binding(OPERATOR, binding.public_id, "换手机")
    (binding,) = bindings_of(world, 12)
    who = Principal(binding.principal_id, PrincipalKind.BROWSER)
    world.services.submissions.submit(
        who, binding.public_id, world.photo(), filename="again.jpg"
    )
    world.pending(11)
    with world.db.transaction() as session:
        session.execute(
            update(Student)
            .where(
                Student.student_no.in_([make_student(n).student_no for n in (10, 11)])
            )
            .values(exempt_reason="已采集")
        )
    return world


def bindings_of(world: World, n: int) -> list[Binding]:
    with world.db.reading() as session:
        return list(
            session.scalars(
                select(Binding)
                .join(Student, Student.id == Binding.student_id)
                .where(Student.student_no == make_student(n).student_no)
            )
        )


def stage_by_rows(
    student: Student, bindings: Iterable[Binding], photos: Iterable[Submission]
) -> Stage:
    """Return the stage as the definition reads, from the rows alone."""
    if student.exempt_reason is not None:
        return Stage.EXEMPT
    own = [b for b in bindings if b.student_id == student.id]
    live = {b.id for b in own if b.released_at is None}
    statuses = {p.status for p in photos if p.binding_id in live}
    for status in HANDED_IN:
        if status in statuses:
            return Stage(status)
    if "draft" in statuses:
        return Stage.DRAFT
    return Stage.STARTED if own else Stage.NEVER_SCANNED


def recomputed(world: World) -> dict[str, Stage]:
    with world.db.reading() as session:
        bindings = list(session.scalars(select(Binding)))
        photos = list(session.scalars(select(Submission)))
        return {
            student.student_no: stage_by_rows(student, bindings, photos)
            for student in session.scalars(select(Student))
        }


def listed(
    world: World, wanted: StudentFilter = EVERYBODY, *, order: StudentOrder, limit: int
) -> list[StudentRow]:
    """Return all pages of a list, and check that the way back is the same."""
    service, actor = world.services.progress, world.staff["admin"]
    cursor, pages = None, []
    while True:
        page = service.students(
            actor, world.campaign, wanted, order=order, cursor=cursor, limit=limit
        )
        pages.append(page)
        cursor = page.next_cursor
        if cursor is None:
            break
    for earlier, later in pairwise(pages):
        back = service.students(
            actor,
            world.campaign,
            wanted,
            order=order,
            cursor=later.previous_cursor,
            limit=limit,
        )
        assert back.items == earlier.items
        assert (back.previous_cursor is None) == (earlier is pages[0])
    return [row for page in pages for row in page.items]


def test_every_number_is_recomputed_from_the_rows(scene: World) -> None:
    stages = recomputed(scene)
    assert stages == {make_student(n).student_no: s for n, s in SCENE.items()}
    shown = scene.services.progress.campaign(scene.staff["admin"], scene.campaign)
    counted = Counter(stages.values())
    assert {stage: shown.numbers[stage] for stage in Stage} == dict(counted)
    for group, parts in GROUPS.items():
        assert shown.numbers[group] == sum(counted[stage] for stage in parts)
        found = listed(
            scene, StudentFilter(part=group), order=StudentOrder.CLASS, limit=3
        )
        assert len(found) == shown.numbers[group]
        assert {row.stage for row in found} == set(parts)
        count = scene.services.progress.count(
            scene.staff["admin"], scene.campaign, StudentFilter(part=group)
        )
        assert count == len(found)
    assert shown.numbers["enrolled"] == sum(
        s.numbers["enrolled"] for s in shown.stations
    )
    assert sum(day.submitted for day in shown.days) == shown.numbers["submitted"]
    assert sum(day.passed for day in shown.days) == shown.numbers["passed"]
    assert shown.entries == 2


def test_days_count_where_the_school_is(scene: World) -> None:
    submitted: Counter[str] = Counter()
    passed: Counter[str] = Counter()
    exempt = make_student(11).student_no
    with scene.db.reading() as session:
        rows = session.execute(
            select(Submission, Student.student_no)
            .join(Binding, Binding.id == Submission.binding_id)
            .join(Student, Student.id == Binding.student_id)
            .where(Submission.status.in_([status.value for status in HANDED_IN]))
        )
        for photo, student_no in rows:
            if student_no == exempt:
                continue
            assert photo.confirmed_at is not None
            submitted[f"{photo.confirmed_at.astimezone(LOCAL):%F}"] += 1
            if photo.status in {"approved", "delivered", "accepted"}:
                assert photo.decided_at is not None
                passed[f"{photo.decided_at.astimezone(LOCAL):%F}"] += 1
    shown = scene.services.progress.campaign(scene.staff["admin"], scene.campaign)
    days = {str(day.date): day for day in shown.days}
    assert len(days) > len(submitted) > 2
    assert {d: n.submitted for d, n in days.items() if n.submitted} == dict(submitted)
    assert {d: n.passed for d, n in days.items() if n.passed} == dict(passed)


@pytest.mark.parametrize("order", StudentOrder)
def test_a_list_has_everybody_once_and_in_order(
    scene: World, order: StudentOrder
) -> None:
    rows = listed(scene, order=order, limit=4)
    keys = {
        StudentOrder.STATION: lambda r: (r.station.id, r.class_no, r.student_no),
        StudentOrder.CLASS: lambda r: (r.class_no, r.student_no),
        StudentOrder.STUDENT_NO: lambda r: r.student_no,
    }
    assert rows == sorted(rows, key=keys[order])
    assert len(rows) == len({row.student_no for row in rows}) == len(SCENE)


def test_filters_narrow_together(scene: World) -> None:
    student = make_student(2)
    wanted = StudentFilter(
        station_id=scene.stations["CS01"],
        class_no=student.class_no,
        level=student.level,
        graduating_year=2026,
        part=Stage.RETURNED,
    )
    (row,) = listed(scene, wanted, order=StudentOrder.STATION, limit=50)
    assert (row.name, row.return_reasons) == (student.name, ("背景不干净", "请换白墙"))
    assert row.binding_id is not None
    for nobody in (
        StudentFilter(class_no=""),
        StudentFilter(level="硕士"),
        StudentFilter(graduating_year=2025),
    ):
        assert not listed(scene, nobody, order=StudentOrder.STATION, limit=50)


def test_a_list_is_narrowed_to_what_there_is(scene: World) -> None:
    service, admin = scene.services.progress, scene.staff["admin"]
    every = service.choices(admin, scene.campaign)
    assert every.graduating_years == (2026,)
    assert every.levels == ("专升本", "高起专", "高起本")
    assert every.classes == ()
    here = service.choices(admin, scene.campaign, scene.stations["ZZ02"])
    assert here.classes == tuple(
        sorted({make_student(n).class_no for n in (1, 3, 5, 7)})
    )


def test_a_station_sees_only_its_own(scene: World) -> None:
    service, zz02 = scene.services.progress, scene.staff["zz02"]
    own = {make_student(n).student_no for n in (1, 3, 5, 7)}
    page = service.students(zz02, scene.campaign, EVERYBODY)
    assert {row.student_no for row in page.items} == own
    shown = service.campaign(zz02, scene.campaign)
    assert [item.station.code for item in shown.stations] == ["ZZ02"]
    assert shown.numbers["enrolled"] == 4
    assert (shown.entries, shown.waiting) == (1, 0)
    with service.export(
        zz02, scene.campaign, EVERYBODY, kind=SheetKind.CSV
    ).file as file:
        rows = list(csv.reader(io.StringIO(file.read().decode("utf-8-sig"))))
    assert {row[4] for row in rows[1:]} == own
    other = scene.stations["CS01"]
    elsewhere = StudentFilter(station_id=other)
    for reach in (
        lambda: service.students(zz02, scene.campaign, elsewhere),
        lambda: service.count(zz02, scene.campaign, elsewhere),
        lambda: service.choices(zz02, scene.campaign, other),
        lambda: service.export(zz02, scene.campaign, elsewhere, kind=SheetKind.CSV),
        lambda: service.missing_classes(zz02, scene.campaign, other),
        lambda: service.class_texts(zz02, scene.campaign, other),
        lambda: scene.services.reminders.reach(zz02, scene.campaign, elsewhere),
        lambda: scene.services.reminders.remind(zz02, scene.campaign, elsewhere),
    ):
        with pytest.raises(NotFoundError, match="station_not_found"):
            reach()
    # The place of another station's student is no place here.
    admin = scene.staff["admin"]
    foreign = service.students(admin, scene.campaign, elsewhere, limit=3).next_cursor
    anew = service.students(zz02, scene.campaign, EVERYBODY, cursor=foreign)
    assert (anew.items, anew.previous_cursor) == (page.items, None)


def test_what_does_not_exist_is_not_found(world: World) -> None:
    service, admin = world.services.progress, world.staff["admin"]
    with pytest.raises(NotFoundError, match="campaign_not_found"):
        service.campaign(admin, 999)
    with pytest.raises(NotFoundError, match="campaign_not_found"):
        service.students(admin, 999, EVERYBODY)
    with pytest.raises(NotFoundError, match="station_not_found"):
        service.students(admin, world.campaign, StudentFilter(station_id=999))
    for cursor in ("c1", "a", "a-1", "1"):
        with pytest.raises(InvalidInputError):
            service.students(admin, world.campaign, EVERYBODY, cursor=cursor)


def test_bindings_that_wait_for_the_roster_are_told_apart(world: World) -> None:
    stranger = make_student(50)
    world.bind(world.principal(), stranger, name=stranger.name)
    service = world.services.progress
    shown = service.campaign(world.staff["admin"], world.campaign)
    assert (shown.waiting, shown.numbers["bound"]) == (1, 0)
    assert service.campaign(world.staff["cs01"], world.campaign).waiting == 1
    assert service.campaign(world.staff["zz02"], world.campaign).waiting == 0


@pytest.mark.parametrize(
    ("opens", "closes", "shown"), [(-3, -2, "old"), (5, 9, "old"), (-1, 9, "new")]
)
def test_the_open_campaign_is_shown_first(
    world: World, opens: int, closes: int, shown: str
) -> None:
    now = world.clock.now()
    new = world.services.roster.create_campaign(
        OPERATOR,
        worlds.new_campaign(
            world,
            name="另一批",
            opens_at=now + timedelta(days=opens),
            closes_at=now + timedelta(days=closes),
        ),
    )
    found = world.services.progress.current(world.staff["cs01"])
    assert found is not None
    assert found.campaign.id == {"old": world.campaign, "new": new.id}[shown]


def test_an_export_says_what_the_list_says_and_runs_nothing(scene: World) -> None:
    service, admin = scene.services.progress, scene.staff["admin"]
    wanted = StudentFilter(part=Group.MISSING)
    export = service.export(admin, scene.campaign, wanted, kind=SheetKind.XLSX)
    assert (
        export.filename == f"还没交好-{scene.clock.now().astimezone(LOCAL):%Y%m%d}.xlsx"
    )
    with export.file as file:
        sheet = openpyxl.load_workbook(file).active
        assert sheet is not None
        cells = [list(row) for row in sheet.iter_rows()]
    rows = listed(scene, wanted, order=StudentOrder.STATION, limit=50)
    assert [row[4].value for row in cells[1:]] == [row.student_no for row in rows]
    assert {cell.data_type for row in cells for cell in row} <= {"s", "n", "inlineStr"}
    assert "背景不干净；请换白墙" in {row[10].value for row in cells}
    numbers = {make_student(n).id_number for n in SCENE}
    assert not numbers & {str(cell.value) for row in cells for cell in row}
    with service.export(admin, scene.campaign, wanted, kind=SheetKind.CSV).file as file:
        assert "'=HYPERLINK(1)" in file.read().decode("utf-8-sig")
    with scene.db.reading() as session:
        audited = list(
            session.scalars(
                select(AuditEvent.detail).where(AuditEvent.action == "students.export")
            )
        )
    assert audited == [
        f"part=missing {len(rows)} 人 xlsx",
        f"part=missing {len(rows)} 人 csv",
    ]


def test_an_export_goes_on_where_it_was(
    scene: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.services.progress._EXPORT_ROWS", 4)
    for order in StudentOrder:
        export = scene.services.progress.export(
            scene.staff["admin"],
            scene.campaign,
            EVERYBODY,
            order=order,
            kind=SheetKind.CSV,
        )
        with export.file as file:
            rows = list(csv.reader(io.StringIO(file.read().decode("utf-8-sig"))))
        shown = listed(scene, order=order, limit=50)
        assert [row[4] for row in rows[1:]] == [row.student_no for row in shown]


def test_classes_tell_who_is_missing_how(scene: World) -> None:
    service, admin = scene.services.progress, scene.staff["admin"]
    station = scene.stations["CS01"]
    classes = service.missing_classes(admin, scene.campaign, station)
    expected: dict[str, Counter[Stage]] = {}
    for n, stage in SCENE.items():
        if (n % 2 == 0 or n > 7) and stage in GROUPS[Group.MISSING]:
            expected.setdefault(make_student(n).class_no, Counter())[stage] += 1
    assert {item.class_no: item.numbers.by_stage for item in classes} == expected
    texts = service.class_texts(admin, scene.campaign, station)
    assert [item.class_no for item in texts] == sorted(expected)
    everything = "\n".join(item.text for item in texts)
    for n, stage in SCENE.items():
        student = make_student(n)
        assert student.student_no not in everything
        assert student.id_number not in everything
        if student.class_no in expected and stage in GROUPS[Group.MISSING] and n > 7:
            assert student.name in everything
    assert f"https://photos.example.edu/s/{scene.entries['CS01']}" in texts[0].text
    one = service.class_texts(admin, scene.campaign, station, texts[1].class_no)
    assert one == (texts[1],)


def in_wechat(
    world: World, n: int, *, consents: int = 1
) -> tuple[Principal, BindingView]:
    """Bind a student as a user of the mini program who takes reminders."""
    world.wechat.accounts = {Account.MINI_PROGRAM}
    world.wechat.codes["code"] = WeChatUser(f"oInventedOpenidOfNobody00000{n}")
    who = world.services.sign_in.mini_program("code", address=ADDRESS).session.principal
    world.services.consents.record(
        who, world.entry, portrait=True, identity_number=True
    )
    for _ in range(consents):
        world.services.message_consents.record(who, {CLOSING: "accept"})
    return who, world.bind(who, make_student(n))


def test_the_missing_who_agreed_are_reminded_once_a_day(world: World) -> None:
    desk, admin = world.services.reminders, world.staff["admin"]
    who, _ = in_wechat(world, 0, consents=3)
    # The same holder helps a classmate: one message is enough for both.
    world.bind(who, make_student(2))
    in_wechat(world, 4, consents=0)
    other, binding = in_wechat(world, 6)
    draft = world.submit(other, binding)
    world.services.submissions.confirm(other, draft.public_id)
    world.bound(1)
    reach = desk.reach(admin, world.campaign, MISSING)
    assert (reach.missing, reach.reachable, reach.reminded) == (7, 2, 0)
    assert reach.unreachable == 5
    assert desk.remind(admin, world.campaign, MISSING) == 1
    assert [message.template_id for message in world.wechat.sent] == [CLOSING]
    assert desk.remind(admin, world.campaign, MISSING) == 0
    reach = desk.reach(admin, world.campaign, EVERYBODY)
    assert (reach.reachable, reach.reminded, reach.unreachable) == (0, 2, 5)
    world.clock.move(days=1)
    started = StudentFilter(station_id=world.stations["CS01"], part=Stage.STARTED)
    assert desk.remind(world.staff["cs01"], world.campaign, started) == 1
    assert len(world.wechat.sent) == 2
    with world.db.reading() as session:
        audited = list(
            session.execute(
                select(AuditEvent.actor, AuditEvent.detail).where(
                    AuditEvent.action == "reminder.send"
                )
            )
        )
    assert [tuple(row) for row in audited] == [
        ("admin", "part=missing 1 条"),
        ("admin", "part=missing 0 条"),
        ("cs01", f"station={world.stations['CS01']} part=started 1 条"),
    ]


def test_two_who_press_at_once_remind_once(world: World) -> None:
    who, _ = in_wechat(world, 0, consents=3)
    with world.db.transaction() as session:
        # As if the other's message had been noted between our reading and writing.
        now = world.clock.now()
        session.add(
            OutgoingMessageRow(
                event_key=f"reminder:{world.campaign}:{now.astimezone(LOCAL):%Y%m%d}:{who.id}",
                kind="returned",
                state="sent",
                attempts=1,
                principal_id=who.id,
                campaign_id=world.campaign,
                due_at=now,
                created_at=now,
            )
        )
    assert world.services.reminders.remind(OPERATOR, world.campaign, EVERYBODY) == 0


def test_nobody_is_reminded_of_what_is_not_open(world: World) -> None:
    desk, admin = world.services.reminders, world.staff["admin"]
    with pytest.raises(PermissionDeniedError):
        desk.remind(world.staff["reviewer"], world.campaign, MISSING)
    with pytest.raises(PermissionDeniedError):
        desk.reach(world.staff["reviewer"], world.campaign, MISSING)
    world.clock.move(days=31)
    with pytest.raises(GoneError):
        desk.remind(admin, world.campaign, MISSING)
    world.clock.move(days=-60)
    with pytest.raises(ConflictError):
        desk.remind(admin, world.campaign, MISSING)


def test_without_a_template_nobody_is_reached(world: World) -> None:
    in_wechat(world, 0)
    world.services.reminders._templates = frozenset()
    reach = world.services.reminders.reach(OPERATOR, world.campaign, MISSING)
    assert (reach.reachable, reach.unreachable) == (0, 8)
