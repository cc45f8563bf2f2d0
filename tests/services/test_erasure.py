"""A student deletes what is theirs; what stays proves it and tells nothing of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from backend.db.models import AuditEvent, Binding, Consent, Student, Submission
from backend.db.retention_models import DoomedFile
from backend.domain.errors import ConflictError, DomainError, NotFoundError
from backend.domain.reviews import SETTLED, SubmissionStatus
from backend.services.bindings import join_binding
from backend.services.staff import OPERATOR
from backend.services.types import BindingStatus, Principal
from tests.factories import make_student
from tests.services.test_purge import dump, files, set_status
from tests.services.worlds import World, at_once


def approve(world: World, photo_id: str, version: int) -> None:
    world.services.reviews.decide(
        OPERATOR,
        photo_id,
        action="approve",
        reasons=(),
        note="",
        expected_version=version,
    )


def consents(world: World, who: Principal) -> list[bool]:
    """Tell of each consent of a principal whether it stands."""
    with world.db.reading() as session:
        rows = session.scalars(select(Consent).where(Consent.principal_id == who.id))
        return [row.withdrawn_at is None for row in rows]


def test_everything_of_the_binding_goes_and_the_receipt_stays(world: World) -> None:
    who, binding, first = world.pending(0)
    second = world.submit(who, binding)
    world.services.submissions.confirm(who, second.public_id)
    world.submit(who, binding)
    preview = world.services.erasure.preview(who, binding.public_id)
    assert (preview.photos, preview.settled) == (3, False)
    receipt = world.services.erasure.erase(who, binding.public_id)
    assert (receipt.photos, receipt.files) == (3, 9)
    assert world.services.erasure.receipt(who, receipt.number) == receipt
    assert world.services.own_data.collect(who).receipts == (receipt,)
    with pytest.raises(NotFoundError):
        world.services.erasure.receipt(world.principal(), receipt.number)
    with pytest.raises(NotFoundError):
        world.services.submissions.get(who, first.public_id)
    world.clock.move(days=400)
    world.services.sweeper.sweep()
    assert files(world) == set()
    assert consents(world, who) == [False, False]
    left = dump(world)
    person = make_student(0)
    rows = [line for line in left.split("\n") if not line.startswith("students")]
    wanted = (person.name, person.token, binding.fingerprint)
    assert [value for value in wanted if any(value in row for row in rows)] == []
    code_hash = world.adapters.vault.hash(person.token, purpose="code")
    assert code_hash not in left
    # The roster is the school's.
    with world.db.reading() as session:
        assert session.get_one(Student, 1).name == person.name
        proof = session.scalars(
            select(AuditEvent).where(AuditEvent.action == "binding.erase")
        ).one()
    assert f"receipt={receipt.number} photos=3 files=9" in proof.detail
    assert receipt.digest in proof.detail
    assert world.services.audit.verify().ok


def test_the_code_and_the_student_are_free_again(world: World) -> None:
    who, binding, _ = world.pending(0)
    world.services.erasure.erase(who, binding.public_id)
    record = world.services.search.record(OPERATOR, binding.public_id)
    assert record.binding.status is BindingStatus.RELEASED
    assert record.history[-1].status == "erased"
    other = world.principal()
    again = world.bind(other, make_student(0))
    assert again.status is BindingStatus.ACTIVE


@pytest.mark.parametrize("status", sorted(SETTLED))
def test_what_the_certificate_needs_is_refused_with_the_reason(
    world: World, status: SubmissionStatus
) -> None:
    who, binding, photo = world.pending(0)
    set_status(world, photo, status)
    assert world.services.erasure.preview(who, binding.public_id).settled
    with pytest.raises(ConflictError, match="erasure_settled"):
        world.services.erasure.erase(who, binding.public_id)
    assert len(files(world)) == 3
    assert consents(world, who) == [True, True]


@pytest.mark.parametrize(
    "status", [SubmissionStatus.SENT_BACK, SubmissionStatus.RETURNED]
)
def test_what_came_back_may_be_deleted(world: World, status: SubmissionStatus) -> None:
    who, binding, photo = world.pending(0)
    set_status(world, photo, status)
    assert world.services.erasure.erase(who, binding.public_id).photos == 1


def test_somebody_elses_binding_is_not_found(world: World) -> None:
    _, binding, _ = world.pending(0)
    stranger = world.principal()
    for step in (world.services.erasure.preview, world.services.erasure.erase):
        with pytest.raises(NotFoundError, match="binding_not_found"):
            step(stranger, binding.public_id)


def test_another_channel_keeps_its_consents_and_loses_the_binding(
    world: World,
) -> None:
    who, binding, _ = world.pending(0)
    other = world.principal()
    with world.db.transaction() as session:
        row = session.scalars(select(Binding)).one()
        # As if they had come by the mini program.
        kind = type(other.kind)("mini_program")
        join_binding(session, row, Principal(other.id, kind), at=world.clock.now())
    world.services.erasure.erase(other, binding.public_id)
    assert consents(world, other) == [False, False]
    assert consents(world, who) == [True, True]
    assert world.services.bindings.everywhere(who) == ()


def test_consents_stand_while_another_binding_needs_them(world: World) -> None:
    who, binding = world.bound(0)
    world.bind(who, make_student(2))
    world.services.erasure.erase(who, binding.public_id)
    assert consents(world, who) == [True, True]


def test_deleting_and_approving_at_once_never_leaves_half(world: World) -> None:
    pairs = [world.pending(number) for number in range(4)]
    tasks: list[Callable[[], object]] = []
    for who, binding, photo in pairs:
        tasks += [
            lambda w=who, b=binding: world.services.erasure.erase(w, b.public_id),  # type: ignore[misc] # bound now
            lambda p=photo: approve(world, p.public_id, p.version),  # type: ignore[misc] # bound now
        ]
    results = at_once(tasks, threads=8)
    for number in range(0, len(results), 2):
        won = [not isinstance(r, DomainError) for r in results[number : number + 2]]
        assert won in ([True, False], [False, True])
    with world.db.reading() as session:
        for row in session.scalars(select(Submission)):
            kept = row.portrait_key is not None
            assert kept is (row.status == SubmissionStatus.APPROVED)


def test_a_replaced_photo_can_be_taken_back_by_itself(world: World) -> None:
    who, binding, first = world.pending(0)
    second = world.submit(who, binding)
    world.services.submissions.confirm(who, second.public_id)
    taken = world.services.submissions.withdraw(who, first.public_id)
    assert taken.status is SubmissionStatus.WITHDRAWN
    with world.db.reading() as session:
        assert len(session.scalars(select(DoomedFile)).all()) == 3
    current = world.services.submissions.current(who, binding.public_id)
    assert current is not None
    assert current.status is SubmissionStatus.PENDING
