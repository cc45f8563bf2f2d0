from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import update

from backend.db.delivery_models import DeliveryItem
from backend.db.models import Student
from backend.domain.deliveries import Fault, Naming, NamingKey, Profile
from backend.domain.errors import (
    ConflictError,
    DomainError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
)
from backend.domain.reviews import SubmissionStatus
from backend.services.staff import OPERATOR
from tests.factories import make_student
from tests.services.packing import (
    NUMBERED,
    ON_ONE,
    again,
    approved,
    decide,
    delivered,
    package_bytes,
    request,
    unpacked,
)
from tests.services.worlds import World, at_once


def status_of(world: World, public_id: str) -> SubmissionStatus:
    return world.services.search.submission(OPERATOR, public_id).view.status


def stored_file(world: World, key: str) -> Path:
    (path,) = [p for p in Path(world.settings.photo_root).rglob("*") if p.name == key]
    return path


def test_a_delivery_holds_what_is_approved_and_moves_it_on(world: World) -> None:
    one, two = approved(world, 0, 1)
    world.pending(2)
    preview = world.services.deliveries.preview(OPERATOR, request(world))
    assert (preview.ready, preview.earlier, preview.problems) == (2, 0, ())
    assert dict(preview.stations) == {"长沙样例函授站": 1, "株洲示范函授站": 1}
    number = world.services.deliveries.create(OPERATOR, request(world))
    assert number == "2026-0001"
    for person in (one, two):
        photo = world.services.submissions.get(person.who, person.photo.public_id)
        assert photo.status is SubmissionStatus.DELIVERED
        assert photo.history[-1].note == number
        assert not photo.can_resubmit
    detail = world.services.deliveries.get(OPERATOR, number)
    assert detail.counts == {SubmissionStatus.DELIVERED: 2}
    assert detail.delivery.items == 2
    newest = world.services.audit.page(OPERATOR).items[0]
    assert (newest.action, newest.target) == ("delivery.create", f"delivery:{number}")


@ON_ONE
def test_the_package_holds_each_portrait_as_stored_and_sums_that_agree(
    world: World,
) -> None:
    number, _ = delivered(world, 0, 1)
    files = unpacked(package_bytes(world, number))
    photos = {name: data for name, data in files.items() if name.startswith("photos/")}
    assert set(photos) == {f"photos/{make_student(n).student_no}.jpg" for n in (0, 1)}
    stored = {file.key for file in world.adapters.store.files()}
    assert {hashlib.sha256(data).hexdigest() for data in photos.values()} <= stored
    sums = dict(
        line.split("  ", 1)[::-1] for line in files["SHA256SUMS"].decode().splitlines()
    )
    assert sums == {
        name: hashlib.sha256(data).hexdigest()
        for name, data in files.items()
        if name != "SHA256SUMS"
    }


@ON_ONE
def test_both_lists_say_the_same_of_everybody(world: World) -> None:
    number, _ = delivered(world, 0)
    files = unpacked(package_bytes(world, number))
    sheet = openpyxl.load_workbook(io.BytesIO(files["list.xlsx"])).active
    assert sheet is not None
    headings, row = ([str(c or "") for c in r] for r in sheet.values)
    csv_headings, csv_row = files["list.csv"].decode("utf-8-sig").splitlines()
    assert csv_headings == ",".join(headings)
    assert csv_row == ",".join(row)
    said = dict(zip(headings, row, strict=True))
    student = make_student(0)
    data = files[said["文件名"]]
    assert said["身份证号"] == student.id_number
    assert said["采集码"] == student.token
    assert said["SHA-256"] == hashlib.sha256(data).hexdigest()
    assert said["字节数"] == str(len(data))
    assert (said["宽"], said["高"], said["背景"]) == ("480", "640", "原背景")
    assert said["审核通过"] == "2026-03-10 09:00"


@ON_ONE
def test_the_same_package_comes_again_whatever_the_roster_says_by_then(
    world: World,
) -> None:
    number, _ = delivered(world, 0, 1)
    first = package_bytes(world, number)
    with world.db.transaction() as session:
        session.execute(update(Student).values(class_no="改班", major="改专业"))
    world.clock.move(days=400)
    assert package_bytes(world, number) == first


def test_a_later_delivery_holds_only_what_is_new(world: World) -> None:
    first, people = delivered(world, 0)
    with pytest.raises(ConflictError, match="nothing_to_deliver"):
        world.services.deliveries.create(OPERATOR, request(world))
    approved(world, 1)
    second = world.services.deliveries.create(OPERATOR, request(world))
    assert (first, second) == ("2026-0001", "2026-0002")
    (item,) = world.services.deliveries.items(OPERATOR, second).items
    assert item.student_no == make_student(1).student_no
    refs = world.services.deliveries.of_record(
        world.staff["reviewer"], people[0].binding.public_id
    )
    assert [ref.number for ref in refs] == [first]
    preview = world.services.deliveries.preview(OPERATOR, request(world))
    assert (preview.ready, preview.earlier) == (0, 2)


@ON_ONE
def test_station_and_year_narrow_it(world: World) -> None:
    approved(world, 0, 1)
    preview = world.services.deliveries.preview
    assert preview(OPERATOR, request(world, station="ZZ02")).ready == 1
    assert preview(OPERATOR, request(world, year=2026)).ready == 2
    assert preview(OPERATOR, request(world, year=2025)).ready == 0


def test_each_receiver_is_given_everything_once(world: World) -> None:
    number, (person,) = delivered(world, 0)
    outside = request(world, NUMBERED, profile=Profile.COLLECTING_UNIT)
    second = world.services.deliveries.create(OPERATOR, outside)
    world.services.deliveries.cancel(OPERATOR, number)
    assert status_of(world, person.photo.public_id) is SubmissionStatus.DELIVERED
    world.services.deliveries.cancel(OPERATOR, second)
    assert status_of(world, person.photo.public_id) is SubmissionStatus.APPROVED


def test_a_cancelled_delivery_frees_what_it_held(world: World) -> None:
    number, (person,) = delivered(world, 0)
    for _ in range(2):
        world.services.deliveries.cancel(OPERATOR, number)
    assert status_of(world, person.photo.public_id) is SubmissionStatus.APPROVED
    with pytest.raises(GoneError, match="delivery_cancelled"):
        world.services.delivery_packages.package(OPERATOR, number)
    assert world.services.deliveries.create(OPERATOR, request(world)) == "2026-0002"


def test_of_many_deliveries_at_once_each_photo_is_in_one(world: World) -> None:
    approved(world, 0, 1, 2)
    create = world.services.deliveries.create
    answers = at_once([lambda: create(OPERATOR, request(world))] * 4, threads=4)
    made = [answer for answer in answers if isinstance(answer, str)]
    assert made == ["2026-0001"]
    refused = {answer.code for answer in answers if isinstance(answer, DomainError)}
    assert refused <= {"delivery_raced", "nothing_to_deliver"}


@ON_ONE
def test_problems_are_named_and_stop_it_unless_left_out(world: World) -> None:
    approved(world, 0, 1)
    with world.db.transaction() as session:
        session.execute(
            update(Student)
            .where(Student.student_no == make_student(0).student_no)
            .values(exam_no="26000001")
        )
    wanted = request(world, Naming(NamingKey.EXAM_NO))
    preview = world.services.deliveries.preview(OPERATOR, wanted)
    (problem,) = preview.problems
    assert (problem.student_name, problem.fault) == (
        make_student(1).name,
        Fault.KEY_EMPTY,
    )
    with pytest.raises(ConflictError, match="delivery_has_problems"):
        world.services.deliveries.create(OPERATOR, wanted)
    number = world.services.deliveries.create(OPERATOR, wanted, leave_out=True)
    assert world.services.deliveries.get(OPERATOR, number).delivery.items == 1


@ON_ONE
def test_a_lost_file_is_a_problem_before_and_an_error_after(world: World) -> None:
    approved(world, 0, 1)
    lost, *_ = [
        file.key
        for file in world.adapters.store.files()
        if world.adapters.store.get(file.key).startswith(b"portrait")
    ]
    number = world.services.deliveries.create(OPERATOR, request(world))
    stored_file(world, lost).unlink()
    with pytest.raises(UnavailableError, match="delivery_incomplete"):
        world.services.delivery_packages.package(OPERATOR, number)
    world.services.deliveries.cancel(OPERATOR, number)
    preview = world.services.deliveries.preview(OPERATOR, request(world))
    assert [problem.fault for problem in preview.problems] == [Fault.FILE_MISSING]
    with pytest.raises(ConflictError, match="delivery_has_problems"):
        world.services.deliveries.create(OPERATOR, request(world))


@ON_ONE
def test_a_damaged_file_ends_the_package_short_of_its_size(world: World) -> None:
    number, _ = delivered(world, 0)
    files = unpacked(package_bytes(world, number))
    (portrait,) = [data for name, data in files.items() if name.startswith("photos/")]
    stored_file(world, hashlib.sha256(portrait).hexdigest()).write_bytes(b"damaged")
    package = world.services.delivery_packages.package(OPERATOR, number)
    sent: list[bytes] = []
    with pytest.raises(UnavailableError, match="storage_damaged"):
        sent.extend(package.chunks)
    assert len(b"".join(sent)) < (package.size_bytes or 0)


@ON_ONE
def test_a_purged_delivery_is_gone(world: World) -> None:
    number, _ = delivered(world, 0)
    with world.db.transaction() as session:
        session.execute(update(DeliveryItem).values(portrait_key=None, row_sealed=None))
    for hand_out in (
        world.services.delivery_packages.package,
        world.services.delivery_packages.check_sheet,
    ):
        with pytest.raises(GoneError, match="delivery_purged"):
            hand_out(OPERATOR, number)
    (item,) = world.services.deliveries.items(OPERATOR, number).items
    assert item.student_name == ""


def identities(world: World) -> Iterator[str]:
    """Yield all that names a student of the world, plain, masked and hashed."""
    for n in range(8):
        student = make_student(n)
        plain = (student.name, student.id_number, student.student_no)
        yield from plain
        yield from (student.masked_name, student.id_number[-6:], student.class_no)
        for value in plain:
            yield hashlib.sha256(value.encode()).hexdigest()
            yield world.adapters.vault.hash(value, purpose="id_number")


@ON_ONE
def test_an_outside_unit_learns_no_name_and_no_number(world: World) -> None:
    approved(world, *range(8))
    wanted = request(world, NUMBERED, profile=Profile.COLLECTING_UNIT)
    number = world.services.deliveries.create(OPERATOR, wanted)
    package = package_bytes(world, number)
    files = unpacked(package)
    assert sorted(files) == sorted(
        [
            "SHA256SUMS",
            "list.csv",
            "list.xlsx",
            *(f"photos/{n:06d}.jpg" for n in range(1, 9)),
            *(f"codes/{n:06d}.png" for n in range(1, 9)),
        ]
    )
    book = unpacked(files["list.xlsx"])
    seen = [package, *files.values(), *book.values()]
    for text in identities(world):
        for encoding in ("utf-8", "gb18030", "utf-16-le"):
            found = text.encode(encoding)
            assert not any(found in data for data in seen), len(text)
    listed = files["list.csv"].decode("utf-8-sig")
    assert all(make_student(n).token in listed for n in range(8))
    codes = {
        world.adapters.reader.read(data).token
        for name, data in files.items()
        if name.startswith("codes/")
    }
    assert codes == {make_student(n).token for n in range(8)}
    with pytest.raises(NotFoundError, match="file_not_found"):
        world.services.delivery_packages.check_sheet(OPERATOR, number)


def test_files_of_a_delivery_are_no_orphans(world: World) -> None:
    approved(world, 0)
    wanted = request(world, NUMBERED, profile=Profile.COLLECTING_UNIT)
    world.services.deliveries.create(OPERATOR, wanted)
    world.clock.move(days=3)
    found = world.services.reconcile.compare()
    assert (found.orphans, found.missing) == ((), ())


def test_a_station_sees_its_own_and_nothing_of_others(world: World) -> None:
    both, _ = delivered(world, 0, 1)
    approved(world, 2)
    own = world.services.deliveries.create(OPERATOR, request(world))
    cs01, zz02 = world.staff["cs01"], world.staff["zz02"]
    service = world.services.deliveries
    assert [d.number for d in service.page(cs01).items] == [own, both]
    assert [d.number for d in service.page(zz02).items] == [both]
    seen = service.get(zz02, both)
    assert (seen.delivery.items, seen.can_cancel) == (1, False)
    assert seen.counts == {SubmissionStatus.DELIVERED: 1}
    names = {item.student_name for item in service.items(zz02, both).items}
    assert names == {make_student(1).name}
    for read in (
        service.get,
        service.items,
        world.services.delivery_packages.check_sheet,
    ):
        for number in (own, "2026-9999"):
            with pytest.raises(NotFoundError, match="delivery_not_found"):
                read(zz02, number)
    # Who went to another station is no longer the first one's to see.
    world.enrol(make_student(0), "ZZ02")
    assert [d.number for d in service.page(cs01).items] == [own]
    with pytest.raises(NotFoundError, match="delivery_not_found"):
        service.items(cs01, both)


@ON_ONE
def test_rights_are_the_administrators(world: World) -> None:
    number, _ = delivered(world, 0)
    services = world.services
    for name in ("cs01", "reviewer"):
        actor = world.staff[name]
        for refused in (
            lambda who: services.deliveries.create(who, request(world)),
            lambda who: services.deliveries.preview(who, request(world)),
            lambda who: services.deliveries.cancel(who, number),
            lambda who: services.delivery_packages.package(who, number),
        ):
            with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
                refused(actor)
    for read in (services.deliveries.get, services.deliveries.items):
        with pytest.raises(PermissionDeniedError, match="role_not_allowed"):
            read(world.staff["reviewer"], number)


@ON_ONE
def test_a_photo_returned_after_approval_is_delivered_when_it_is_new(
    world: World,
) -> None:
    (person,) = approved(world, 0)
    decide(world, person.photo, reasons=("背景不均匀",))
    assert world.services.deliveries.preview(OPERATOR, request(world)).ready == 0
    again(world, person)
    assert world.services.deliveries.preview(OPERATOR, request(world)).ready == 1


def test_pages_go_on_where_the_last_one_ended(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.services.deliveries._PER_PAGE", 1)
    monkeypatch.setattr("backend.services.deliveries.ITEMS_PER_PAGE", 1)
    first, _ = delivered(world, 0, 1)
    approved(world, 2)
    second = world.services.deliveries.create(OPERATOR, request(world))
    service = world.services.deliveries
    page = service.page(OPERATOR)
    assert [d.number for d in page.items] == [second]
    page = service.page(OPERATOR, page.next_cursor)
    assert ([d.number for d in page.items], page.next_cursor) == ([first], None)
    items = service.items(OPERATOR, first)
    rest = service.items(OPERATOR, first, items.next_cursor)
    assert [i.position for i in (*items.items, *rest.items)] == [1, 2]
    with pytest.raises(InvalidInputError, match="invalid_input"):
        service.page(OPERATOR, "x")


@ON_ONE
def test_a_download_is_audited_by_number_alone(world: World) -> None:
    number, _ = delivered(world, 0)
    world.services.delivery_packages.package(OPERATOR, number, address="203.0.113.9")
    newest = world.services.audit.page(OPERATOR).items[0]
    assert newest.action == "delivery.download"
    assert newest.address == "203.0.113.9"
    assert re.fullmatch(r"delivery:\d{4}-\d{4}", newest.target)
