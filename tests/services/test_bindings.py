from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from backend.domain.codes import encode_claims, parse_collection_code
from backend.domain.errors import (
    ConflictError,
    DomainError,
    GoneError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    RefusedError,
    TooManyAttemptsError,
)
from backend.imaging.sample_card import draw_sample_card
from backend.services.bindings import MOST_BINDINGS
from backend.services.staff import OPERATOR
from backend.services.types import BindingStatus, BindingView, Principal, SearchFilter
from tests.factories import SCHOOL_NAME, InventedStudent, make_student
from tests.services.worlds import ADDRESS, ON_ROSTER, World, at_once, new_campaign

OPAQUE = "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6"
STUDENT = make_student(0)
STRANGER = make_student(50)


def _claiming(
    student: InventedStudent, token: str | None = None, **changes: object
) -> str:
    claims = replace(student.claims, **changes)  # type: ignore[arg-type] # any of its fields
    return encode_claims(token or student.token, claims)


def test_a_code_and_the_last_six_bind_to_the_one_student(world: World) -> None:
    view = world.bind(world.principal(), STUDENT)
    assert view.status is BindingStatus.ACTIVE
    assert view.student_name == STUDENT.name
    assert view.station is not None
    assert view.station.code == "CS01"
    assert not view.other_station
    assert not view.has_submission


def test_a_card_picture_binds_as_a_pasted_code_does(world: World) -> None:
    who = world.principal()
    card = draw_sample_card(
        parse_collection_code(STUDENT.payload), school_name=SCHOOL_NAME
    )
    services = world.services
    reading = services.codes.read_picture(who, world.entry, card, address=ADDRESS)
    assert reading.source == "picture"
    view = services.bindings.bind(
        who,
        world.entry,
        reading_id=reading.public_id,
        id_last6=STUDENT.id_number[-6:],
        name=None,
        address=ADDRESS,
    )
    assert view.status is BindingStatus.ACTIVE
    kept = services.search.card(world.staff["cs01"], view.public_id)
    assert kept.data == card
    assert kept.content_type == "image/png"


def test_a_reading_is_shown_again_masked_and_only_to_its_owner(world: World) -> None:
    who = world.principal()
    first = world.read(who, STUDENT.payload)
    again = world.services.bindings.reading(who, world.entry, first.public_id)
    assert again == first
    assert again.masked_name == STUDENT.masked_name
    assert STUDENT.student_no not in str(again.student_no_masked)
    with pytest.raises(NotFoundError, match="reading_not_found"):
        world.services.bindings.reading(world.principal(), world.entry, first.public_id)


def test_a_reading_is_forgotten_after_two_hours(world: World) -> None:
    who = world.principal()
    reading = world.read(who, STUDENT.payload)
    world.clock.move(hours=2)
    with pytest.raises(NotFoundError, match="reading_not_found"):
        world.services.bindings.reading(who, world.entry, reading.public_id)


def test_the_same_principal_binding_twice_gets_the_same_receipt(world: World) -> None:
    who = world.principal()
    assert world.bind(who, STUDENT) == world.bind(who, STUDENT)
    assert len(world.services.bindings.mine(who, world.entry)) == 1


def test_a_code_bound_by_somebody_else_is_taken(world: World) -> None:
    world.bound(0)
    with pytest.raises(ConflictError, match="code_taken"):
        world.bind(world.principal(), STUDENT)


def test_a_student_bound_with_another_code_is_taken(world: World) -> None:
    world.bound(0)
    other = _claiming(STUDENT, token="c" * 32)
    with pytest.raises(ConflictError, match="student_taken"):
        world.bind(world.principal(), STUDENT, payload=other)


def test_ones_own_student_keeps_the_first_code(world: World) -> None:
    who, _ = world.bound(0)
    with pytest.raises(ConflictError, match="student_has_other_code"):
        world.bind(who, STUDENT, payload=_claiming(STUDENT, token="c" * 32))


def test_last_six_that_contradict_the_card_are_refused(world: World) -> None:
    with pytest.raises(RefusedError, match="identity_mismatch"):
        world.bind(world.principal(), STUDENT, last6="000000")


def test_a_code_of_another_school_is_refused(world: World) -> None:
    with pytest.raises(RefusedError, match="code_of_other_school"):
        world.bind(
            world.principal(),
            STUDENT,
            payload=_claiming(STUDENT, school_code="88888"),
        )


def test_a_campaign_without_a_school_code_takes_any(world: World) -> None:
    services = world.services
    new = new_campaign(world, name="另一次", school_code=None)
    campaign = services.roster.create_campaign(OPERATOR, new)
    station = world.stations["CS01"]
    entry = services.stations.create_entry(OPERATOR, campaign.id, station).token
    world.campaign = campaign.id
    world.add_student(STUDENT)
    who = world.principal(entry=entry)
    payload = _claiming(STUDENT, school_code="88888")
    view = world.bind(who, STUDENT, payload=payload, entry=entry)
    assert view.status is BindingStatus.ACTIVE


def test_a_code_of_another_enrolment_names_the_level_it_needs(world: World) -> None:
    other = _claiming(STUDENT, student_no="99", level="高起专")
    with pytest.raises(RefusedError, match="code_of_other_enrolment") as caught:
        world.bind(world.principal(), STUDENT, payload=other)
    assert caught.value.data == {"level": STUDENT.level}


def test_an_opaque_code_needs_the_name(world: World) -> None:
    who = world.principal()
    with pytest.raises(InvalidInputError, match="name_required"):
        world.bind(who, STUDENT, payload=OPAQUE)
    view = world.bind(who, STUDENT, payload=OPAQUE, name=STUDENT.name)
    assert view.status is BindingStatus.ACTIVE


def test_an_exempt_student_needs_no_code(world: World) -> None:
    world.add_student(STRANGER, exempt_reason="参军入伍")
    with pytest.raises(RefusedError, match="exempt"):
        world.bind(world.principal(), STRANGER)


def test_the_code_on_the_roster_wins_over_another(world: World) -> None:
    world.add_student(STRANGER, code=STRANGER.payload)
    with pytest.raises(RefusedError, match="code_differs_from_roster"):
        world.bind(
            world.principal(), STRANGER, payload=_claiming(STRANGER, token="d" * 32)
        )
    assert world.bind(world.principal(), STRANGER).status is BindingStatus.ACTIVE


def test_the_poster_of_another_station_binds_and_says_so(world: World) -> None:
    view = world.bind(world.principal(), make_student(1))
    assert view.other_station
    assert view.station is not None
    assert view.station.code == "ZZ02"


def test_who_is_not_on_the_roster_waits_until_the_roster_has_them(world: World) -> None:
    who = world.principal()
    view = world.bind(who, STRANGER)
    assert view.status is BindingStatus.WAITING
    assert view.student_name == STRANGER.masked_name
    world.add_student(STRANGER)
    (resolved,) = world.services.bindings.mine(who, world.entry)
    assert resolved.public_id == view.public_id
    assert resolved.status is BindingStatus.ACTIVE
    assert resolved.student_name == STRANGER.name
    assert world.services.bindings.everywhere(who) == (resolved,)


def test_an_opaque_code_that_waits_is_resolved_by_the_name(world: World) -> None:
    who = world.principal()
    world.bind(who, STRANGER, payload=OPAQUE, name=STRANGER.name)
    world.add_student(STRANGER)
    (resolved,) = world.services.bindings.mine(who, world.entry)
    assert resolved.status is BindingStatus.ACTIVE


def test_a_waiting_request_stays_waiting_when_the_student_is_taken(
    world: World,
) -> None:
    who = world.principal()
    world.bind(who, STRANGER)
    world.add_student(STRANGER)
    world.bind(world.principal(), STRANGER, payload=_claiming(STRANGER, "c" * 32))
    (still,) = world.services.bindings.mine(who, world.entry)
    assert still.status is BindingStatus.WAITING


def test_a_wrong_name_waits_and_the_right_one_typed_later_binds(world: World) -> None:
    who = world.principal()
    wrong = world.bind(who, STUDENT, payload=OPAQUE, name="张写错")
    assert wrong.status is BindingStatus.WAITING
    still = world.bind(who, STUDENT, payload=OPAQUE, name="张又错")
    assert still.public_id == wrong.public_id
    right = world.bind(who, STUDENT, payload=OPAQUE, name=STUDENT.name)
    assert right.public_id == wrong.public_id
    assert right.status is BindingStatus.ACTIVE


def test_a_waiting_code_is_no_bar_to_whoever_proves_it(world: World) -> None:
    squatter = world.principal()
    waiting = world.bind(squatter, STUDENT, payload=OPAQUE, name="张不是")
    right = world.bind(world.principal(), STUDENT, payload=OPAQUE, name=STUDENT.name)
    assert right.status is BindingStatus.ACTIVE
    assert world.services.bindings.mine(squatter, world.entry) == ()
    old = world.services.search.record(OPERATOR, waiting.public_id)
    assert old.row.binding_status is BindingStatus.RELEASED


def test_a_waiting_code_is_taken_for_another_who_proves_nothing(world: World) -> None:
    world.bind(world.principal(), STRANGER)
    with pytest.raises(ConflictError, match="code_taken"):
        world.bind(world.principal(), STRANGER)


def test_nobody_binds_more_than_a_few_codes(world: World) -> None:
    who = world.principal()
    for n in range(MOST_BINDINGS):
        world.clock.move(hours=2)
        world.bind(who, make_student(60 + n))
    world.clock.move(hours=2)
    with pytest.raises(ConflictError, match="too_many_bindings"):
        world.bind(who, make_student(99))


@pytest.mark.parametrize("reading", ["", "x" * 22])
def test_a_reading_that_does_not_exist_is_not_found(world: World, reading: str) -> None:
    with pytest.raises(NotFoundError, match="reading_not_found"):
        world.services.bindings.bind(
            world.principal(),
            world.entry,
            reading_id=reading,
            id_last6="123456",
            name=None,
            address=ADDRESS,
        )


def test_ids_of_others_are_not_found(world: World) -> None:
    who, view = world.bound(0)
    other = world.principal()
    service = world.services.bindings
    reading = world.read(who, STUDENT.payload)
    assert service.get(who, view.public_id) == view
    with pytest.raises(NotFoundError, match="binding_not_found"):
        service.get(other, view.public_id)
    with pytest.raises(NotFoundError, match="binding_not_found"):
        service.replace_code(other, view.public_id, reading_id=reading.public_id)
    with pytest.raises(NotFoundError, match="reading_not_found"):
        service.replace_code(
            who,
            view.public_id,
            reading_id=world.read(other, STUDENT.payload).public_id,
        )
    with pytest.raises(NotFoundError, match="entry_not_found"):
        service.mine(who, "nowhere")


def test_without_consent_nothing_is_read_or_bound(world: World) -> None:
    who = world.principal()
    reading = world.read(who, STUDENT.payload)
    world.services.consents.withdraw(who, world.entry)
    with pytest.raises(PermissionDeniedError, match="consent_required"):
        world.read(who, STUDENT.payload)
    with pytest.raises(PermissionDeniedError, match="consent_required"):
        world.services.bindings.bind(
            who,
            world.entry,
            reading_id=reading.public_id,
            id_last6=STUDENT.id_number[-6:],
            name=None,
            address=ADDRESS,
        )


def test_a_closed_campaign_neither_reads_nor_binds(world: World) -> None:
    who = world.principal()
    world.clock.move(days=30)
    with pytest.raises(GoneError, match="campaign_closed"):
        world.bind(who, STUDENT)
    world.clock.move(days=-60)
    with pytest.raises(ConflictError, match="campaign_not_open"):
        world.bind(who, STUDENT)


def test_the_campaign_may_close_between_reading_and_binding(world: World) -> None:
    who = world.principal()
    world.clock.move(days=30, hours=-1)
    reading = world.read(who, STUDENT.payload)
    world.clock.move(hours=1)
    with pytest.raises(GoneError, match="campaign_closed"):
        world.services.bindings.bind(
            who,
            world.entry,
            reading_id=reading.public_id,
            id_last6=STUDENT.id_number[-6:],
            name=None,
            address=ADDRESS,
        )


class TestReplacingTheCode:
    def test_another_download_of_the_students_card_replaces_it(
        self, world: World
    ) -> None:
        who, view = world.bound(0)
        reading = world.read(who, _claiming(STUDENT, token="e" * 32))
        replaced = world.services.bindings.replace_code(
            who, view.public_id, reading_id=reading.public_id
        )
        assert replaced.public_id == view.public_id
        assert replaced.fingerprint == reading.fingerprint != view.fingerprint

    def test_after_handing_in_the_code_is_locked(self, world: World) -> None:
        who, view, _ = world.pending(0)
        reading = world.read(who, _claiming(STUDENT, token="e" * 32))
        with pytest.raises(ConflictError, match="code_locked"):
            world.services.bindings.replace_code(
                who, view.public_id, reading_id=reading.public_id
            )

    def test_a_code_somebody_holds_is_taken(self, world: World) -> None:
        who, view = world.bound(0)
        world.bind(world.principal(), STRANGER, payload=OPAQUE, name=STRANGER.name)
        reading = world.read(who, OPAQUE)
        with pytest.raises(ConflictError, match="code_taken"):
            world.services.bindings.replace_code(
                who, view.public_id, reading_id=reading.public_id
            )

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"student_no": "99"}, "identity_mismatch"),
            ({"masked_name": "李*"}, "identity_mismatch"),
            ({"id_last4": "0000"}, "identity_mismatch"),
            ({"school_code": "88888"}, "code_of_other_school"),
            ({"student_no": None, "level": "高起专"}, "code_of_other_enrolment"),
        ],
    )
    def test_a_code_of_another_person_is_refused(
        self, world: World, changes: dict[str, object], code: str
    ) -> None:
        who, view = world.bound(0)
        reading = world.read(who, _claiming(STUDENT, token="e" * 32, **changes))
        with pytest.raises(RefusedError, match=code):
            world.services.bindings.replace_code(
                who, view.public_id, reading_id=reading.public_id
            )

    def test_the_code_on_the_roster_stays(self, world: World) -> None:
        world.add_student(STRANGER, code=STRANGER.payload)
        who = world.principal()
        view = world.bind(who, STRANGER)
        for payload in (OPAQUE, _claiming(STRANGER, token="e" * 32)):
            reading = world.read(who, payload)
            with pytest.raises(RefusedError, match="code_differs_from_roster"):
                world.services.bindings.replace_code(
                    who, view.public_id, reading_id=reading.public_id
                )

    def test_a_waiting_request_may_change_its_code(self, world: World) -> None:
        who = world.principal()
        view = world.bind(who, STRANGER, payload=OPAQUE, name=STRANGER.name)
        reading = world.read(who, STRANGER.payload)
        world.services.bindings.replace_code(
            who, view.public_id, reading_id=reading.public_id
        )
        world.add_student(STRANGER)
        (resolved,) = world.services.bindings.mine(who, world.entry)
        assert resolved.status is BindingStatus.ACTIVE


class TestLimits:
    def _wrong(self, world: World, who: Principal, address: str = ADDRESS) -> None:
        with pytest.raises(RefusedError, match="identity_mismatch"):
            world.bind(who, STUDENT, last6="000000", address=address)

    def test_the_delay_grows_with_each_wrong_guess(self, world: World) -> None:
        who = world.principal()
        for _ in range(5):
            self._wrong(world, who)
        waits = []
        for _ in range(4):
            with pytest.raises(TooManyAttemptsError) as caught:
                world.bind(who, STUDENT)
            waits.append(int(caught.value.data["retry_after"]))
            world.clock.move(seconds=waits[-1])
            self._wrong(world, who)
        assert waits == [31, 61, 121, 241]

    def test_a_success_forgets_the_guesses(self, world: World) -> None:
        who = world.principal()
        for _ in range(4):
            self._wrong(world, who)
        world.bind(who, STUDENT)
        for _ in range(4):
            self._wrong(world, who)
        assert world.bind(who, STUDENT).status is BindingStatus.ACTIVE

    def test_asking_for_ones_own_receipt_does_not_forget_the_guesses(
        self, world: World
    ) -> None:
        who, _ = world.bound(0)
        victim = make_student(2)
        for n in range(5):
            guess = _claiming(victim, token=f"{n:032x}", id_last4=None)
            world.bind(who, victim, payload=guess, last6=f"{n:06d}")
            if n < 4:
                world.bind(who, STUDENT)
        with pytest.raises(TooManyAttemptsError):
            world.bind(who, STUDENT)

    def test_a_day_without_a_guess_starts_again(self, world: World) -> None:
        who = world.principal()
        for _ in range(4):
            self._wrong(world, who)
        world.clock.move(hours=25)
        self._wrong(world, who)
        assert world.bind(who, STUDENT).status is BindingStatus.ACTIVE

    def test_a_code_guessed_at_by_many_is_protected_too(self, world: World) -> None:
        for n in range(5):
            self._wrong(world, world.principal(), address=f"203.0.113.{n}")
        with pytest.raises(TooManyAttemptsError):
            world.bind(world.principal(), STUDENT, address="203.0.113.77")

    def test_readings_are_limited_too(self, world: World) -> None:
        who = world.principal()
        for _ in range(60):
            world.read(who, STUDENT.payload)
        with pytest.raises(TooManyAttemptsError):
            world.read(who, STUDENT.payload)


def _binding(
    world: World, who: Principal, reading: str, student: InventedStudent
) -> Callable[[], BindingView]:
    return lambda: world.services.bindings.bind(
        who,
        world.entry,
        reading_id=reading,
        id_last6=student.id_number[-6:],
        name=None,
        address=ADDRESS,
    )


@pytest.mark.parametrize("case", ["one code", "a code each"])
def test_of_two_hundred_at_once_exactly_one_binds(world: World, case: str) -> None:
    tokens = [STUDENT.token if case == "one code" else f"{n:032x}" for n in range(200)]
    tasks = [
        _binding(world, who, reading, STUDENT)
        for who, reading in world.readings(
            [_claiming(STUDENT, token=token) for token in tokens]
        )
    ]
    answers = at_once(tasks, threads=32)
    won = [a for a in answers if isinstance(a, BindingView)]
    lost = [a for a in answers if isinstance(a, DomainError)]
    assert len(won) == 1
    assert {type(error) for error in lost} == {ConflictError}
    assert {error.code for error in lost} == {
        "code_taken" if case == "one code" else "student_taken"
    }
    page = world.services.search.page(
        OPERATOR, SearchFilter(student_no=STUDENT.student_no)
    )
    assert [row.binding_id for row in page.items] == [won[0].public_id]


def test_one_principal_at_once_from_many_tabs_has_one_binding(world: World) -> None:
    who = world.principal()
    reading = world.read(who, STUDENT.payload).public_id
    answers = at_once([_binding(world, who, reading, STUDENT)] * 20)
    assert len({a.public_id for a in answers if isinstance(a, BindingView)}) == 1
    assert not [a for a in answers if isinstance(a, DomainError)]


def test_many_students_at_once_are_all_bound(world: World) -> None:
    tasks = []
    for n in range(ON_ROSTER):
        who, student = world.principal(), make_student(n)
        reading = world.read(who, student.payload).public_id
        tasks.append(_binding(world, who, reading, student))
    answers = at_once(tasks)
    assert all(
        isinstance(a, BindingView) and a.status is BindingStatus.ACTIVE for a in answers
    )


def test_a_waiting_request_looked_at_by_many_at_once_is_bound_once(
    world: World,
) -> None:
    who = world.principal()
    view = world.bind(who, STRANGER)
    world.add_student(STRANGER)
    at_once([lambda: world.services.bindings.mine(who, world.entry)] * 8, threads=8)
    record = world.services.search.record(OPERATOR, view.public_id)
    assert [step.status for step in record.history] == ["waiting", "bound"]
