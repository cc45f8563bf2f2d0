from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from backend.db import submissions
from backend.db.models import Consent
from backend.db.wechat_models import PictureCheck
from backend.domain.campaigns import Span, Window
from backend.domain.errors import (
    ConflictError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    RefusedError,
)
from backend.domain.picture_check import CheckState
from backend.domain.report import Verdict
from backend.domain.reviews import SubmissionStatus
from backend.services.collecting import ConsentGiven
from backend.services.staff import OPERATOR
from backend.services.types import (
    BindingStatus,
    CollectStudent,
    MediaKind,
    PrincipalKind,
    Source,
    StaffUser,
)
from tests.factories import InventedStudent, make_student
from tests.services.worlds import World, at_once


def _find(world: World, text: str, *, by: str = "admin") -> tuple[CollectStudent, ...]:
    return world.services.collecting.find(world.staff[by], world.campaign, text)


def _one(world: World, n: int) -> CollectStudent:
    (found,) = _find(world, make_student(n).student_no)
    return found


def _open(
    world: World, n: int, *, by: str = "admin", code: str | None = None
) -> CollectStudent:
    return world.services.collecting.open(
        world.staff[by],
        _one(world, n).id,
        code=code,
        consent=ConsentGiven.IN_PERSON,
    )


def _handed_in(world: World, held: CollectStudent, by: StaffUser) -> str:
    service = world.services.collecting
    draft = service.submit(
        by,
        held.binding_id or "",
        world.photo(),
        filename="a.jpg",
        source=Source.ON_SITE,
    )
    return service.confirm(by, draft.public_id).public_id


@pytest.mark.parametrize("way", ["student_no", "id_number", "last6", "payload", "name"])
def test_a_student_is_found_by_whatever_they_have_with_them(
    world: World, way: str
) -> None:
    student = make_student(2)
    text = {
        "student_no": student.student_no,
        "id_number": student.id_number.lower(),
        "last6": student.id_number[-6:],
        "payload": student.payload,
        "name": student.name[:2],
    }[way]
    found = _find(world, text, by="cs01")
    assert student.student_no in [row.student_no for row in found]
    assert all(student.id_number not in repr(row) for row in found)


def test_nobody_is_found_by_a_text_that_means_nothing(world: World) -> None:
    assert _find(world, "") == ()
    assert _find(world, "没有这个人") == ()
    assert _find(world, "2%") == ()


def test_a_station_finds_and_serves_its_own_students_only(world: World) -> None:
    stranger = make_student(1)
    service = world.services.collecting
    assert _find(world, stranger.student_no, by="cs01") == ()
    theirs = _one(world, 1)
    with pytest.raises(NotFoundError, match="student_not_found"):
        service.get(world.staff["cs01"], theirs.id)
    with pytest.raises(NotFoundError, match="student_not_found"):
        service.open(
            world.staff["cs01"],
            theirs.id,
            code=None,
            consent=ConsentGiven.IN_PERSON,
        )
    held = _open(world, 1)
    draft = service.submit(
        world.staff["admin"],
        held.binding_id or "",
        world.photo(),
        filename=None,
        source=Source.ON_SITE,
    )
    with pytest.raises(NotFoundError) as caught:
        service.submit(
            world.staff["cs01"],
            held.binding_id or "",
            world.photo(),
            filename=None,
            source=Source.ON_SITE,
        )
    assert caught.value.code == "binding_not_found"
    with pytest.raises(NotFoundError) as caught:
        service.confirm(world.staff["cs01"], draft.public_id)
    assert caught.value.code == "submission_not_found"
    with pytest.raises(PermissionDeniedError):
        service.get(world.staff["reviewer"], theirs.id)


def test_a_photo_taken_on_site_goes_the_way_of_every_other(world: World) -> None:
    held = _open(world, 0, by="cs01")
    assert held.fingerprint == ""
    again = _open(world, 0, by="cs01")
    assert again.binding_id == held.binding_id
    photo = _handed_in(world, held, world.staff["cs01"])
    record = world.services.search.record(OPERATOR, held.binding_id or "")
    (submission,) = record.submissions
    assert submission.source == "on_site"
    assert submission.view.public_id == photo
    assert submission.view.status is SubmissionStatus.PENDING
    assert [(step.status, step.by, step.who) for step in submission.view.history] == [
        ("draft", "staff", "cs01"),
        ("pending", "staff", "cs01"),
    ]
    assert _one(world, 0).status is SubmissionStatus.PENDING
    media = world.services.collecting.media(
        world.staff["cs01"], photo, MediaKind.ORIGINAL
    )
    assert media.data
    with world.db.reading() as session:
        kept = list(
            session.execute(
                select(Consent.purpose, Consent.channel, Consent.witness_id)
            )
        )
    witness = world.staff["cs01"].id
    assert sorted(tuple(row) for row in kept) == [
        ("identity_number", "in_person", witness),
        ("portrait", "in_person", witness),
    ]


def test_without_consent_nothing_is_bound(world: World) -> None:
    student = _one(world, 0)
    with pytest.raises(InvalidInputError) as caught:
        world.services.collecting.open(
            world.staff["cs01"], student.id, code=None, consent=None
        )
    assert caught.value.code == "consent_required"
    assert _one(world, 0).binding_id is None


def test_the_exempt_and_the_late_are_told_so(world: World) -> None:
    exempt = make_student(20)
    world.add_student(exempt, exempt_reason="已有学历照片")
    with pytest.raises(RefusedError) as refused:
        _open(world, 20)
    assert refused.value.code == "exempt"
    world.clock.move(days=60)
    with pytest.raises(GoneError):
        _open(world, 0)


def test_the_window_of_the_student_counts_at_the_desk_too(world: World) -> None:
    now = world.clock.now()
    window = Window(
        span=Span(now - timedelta(days=9), now - timedelta(days=1)),
        station_id=world.stations["CS01"],
    )
    world.services.campaigns.put_window(OPERATOR, world.campaign, window)
    with pytest.raises(GoneError, match="window_closed"):
        _open(world, 0)
    assert _one(world, 0).binding_id is None
    assert _open(world, 1).binding_id


def test_a_refused_photo_goes_to_a_person(world: World) -> None:
    held = _open(world, 0)
    service = world.services.collecting
    world.inspector.verdict = Verdict.FAIL
    draft = service.submit(
        OPERATOR,
        held.binding_id or "",
        world.photo(),
        filename=None,
        source=Source.BATCH,
    )
    with pytest.raises(RefusedError):
        service.confirm(OPERATOR, draft.public_id)
    asked = service.request_review(OPERATOR, draft.public_id)
    assert asked.status is SubmissionStatus.PENDING


def test_the_code_is_checked_and_given_once(world: World) -> None:
    with pytest.raises(RefusedError):
        _open(world, 0, code=make_student(2).payload)
    assert _one(world, 0).binding_id is None
    held = _open(world, 0, code=make_student(0).payload)
    assert held.fingerprint
    assert _open(world, 0, code=make_student(0).payload) == held
    with pytest.raises(ConflictError) as caught:
        _open(world, 0, code="0123456789abcdef0123")
    assert caught.value.code == "student_has_other_code"
    with pytest.raises(ConflictError) as caught:
        _open(world, 2, code=_opaque_of(world, make_student(4)))
    assert caught.value.code == "code_taken"


def _opaque_of(world: World, student: InventedStudent) -> str:
    """Bind a student with a code that tells nothing, and return it."""
    code = "fedcba9876543210fedc"
    _open(world, student.number, code=code)
    return code


def test_what_a_student_bound_is_served_and_stays_theirs(world: World) -> None:
    who, binding = world.bound(0)
    held = _open(world, 0)
    assert held.binding_id == binding.public_id
    photo = _handed_in(world, held, world.staff["admin"])
    seen = world.services.submissions.current(who, binding.public_id)
    assert seen is not None
    assert seen.public_id == photo
    assert all(step.who == "" for step in seen.history)


def test_what_may_be_forbidden_is_shown_to_administrators_only(world: World) -> None:
    _, _, photo = world.pending(0)
    _open(world, 0)
    now = world.clock.now()
    with world.db.transaction() as session:
        row, _ = submissions.get_submission(session, photo.public_id)
        session.add(
            PictureCheck(
                submission_id=row.id,
                state=CheckState.RISKY,
                attempts=1,
                due_at=now,
                created_at=now,
                settled_at=now,
            )
        )
    service = world.services.collecting
    with pytest.raises(ConflictError, match="quarantined"):
        service.media(world.staff["cs01"], photo.public_id, MediaKind.PORTRAIT)
    admin = world.staff["admin"]
    assert service.media(admin, photo.public_id, MediaKind.PORTRAIT).data


@pytest.mark.parametrize("with_code", [True, False])
def test_the_student_joins_what_staff_hold(world: World, *, with_code: bool) -> None:
    student = make_student(0)
    held = _open(world, 0, code=student.payload if with_code else None)
    photo = _handed_in(world, held, world.staff["admin"])
    who = world.principal()
    binding = world.bind(who, student)
    assert binding.public_id == held.binding_id
    assert binding.status is BindingStatus.ACTIVE
    assert binding.fingerprint
    assert binding.channels == (PrincipalKind.STAFF, PrincipalKind.BROWSER)
    seen = world.services.submissions.current(who, binding.public_id)
    assert seen is not None
    assert seen.public_id == photo


def test_a_stranger_with_another_last_six_does_not_get_in(world: World) -> None:
    held = _open(world, 0)
    stranger = world.principal()
    outcome = world.bind(
        stranger,
        make_student(0),
        payload="0123456789abcdef0123",
        last6=make_student(2).id_number[-6:],
        name=make_student(0).name,
    )
    assert outcome.status is BindingStatus.WAITING
    assert outcome.public_id != held.binding_id


def test_many_desks_at_once_make_one_binding(world: World) -> None:
    student = _one(world, 0)

    def hold() -> CollectStudent:
        return world.services.collecting.open(
            world.staff["cs01"],
            student.id,
            code=make_student(0).payload,
            consent=ConsentGiven.IN_PERSON,
        )

    answers = at_once([hold] * 8, threads=8)
    assert len({repr(answer) for answer in answers}) == 1
    assert isinstance(answers[0], CollectStudent)
