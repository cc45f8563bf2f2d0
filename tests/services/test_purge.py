"""What is past its date goes, what is not stays, and a crash in between costs nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, func, select

from backend.app import make_services
from backend.db import outbox
from backend.db.base import Base
from backend.db.engine import Database
from backend.db.models import AuditEvent, Binding, Student, Submission
from backend.db.retention_models import DoomedFile, PurgeProgress
from backend.domain.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
)
from backend.domain.report import Verdict
from backend.domain.retention import Kind, RetentionRules, Trace
from backend.domain.reviews import SubmissionStatus
from backend.domain.wechat import Account, WeChatUser
from backend.services.purge import FileSweeper, PurgeService
from backend.services.staff import OPERATOR
from backend.services.types import MediaKind, SearchFilter, SubmissionView
from tests import secrecy
from tests.factories import make_student
from tests.services import worlds
from tests.services.worlds import World

#: The last day of everything a campaign keeps by itself.
LAST = RetentionRules().identities
ON_NO_ROSTER = 50
SEARCH_ALL = SearchFilter()


def set_status(world: World, photo: SubmissionView, status: SubmissionStatus) -> None:
    """Put a photo where only a delivery or the registry puts it."""
    with world.db.transaction() as session:
        row = session.scalars(
            select(Submission).where(Submission.public_id == photo.public_id)
        ).one()
        row.status = status.value


def after_closing(world: World, days: float) -> None:
    """Move the clock to so many days after the campaign's closing."""
    (campaign,) = world.services.retention.list(OPERATOR)
    world.clock.at = campaign.closing + timedelta(days=days)
    at = (world.clock.at - timedelta(days=1)).timestamp()
    for path in Path(world.settings.photo_root).glob("??/??/*"):
        os.utime(path, (at, at))


def dump(world: World) -> str:
    """Return every row of every table as text."""
    with world.db.engine.connect() as connection:
        return "\n".join(
            f"{table.name}: {dict(row)!r}"
            for table in Base.metadata.sorted_tables
            for row in connection.execute(table.select()).mappings()
        )


def files(world: World) -> set[str]:
    return {file.key for file in world.adapters.store.files()}


def fill(world: World) -> list[SubmissionView]:
    """Let four students hand photos in: accepted, approved, returned, replaced; a card."""
    photos = []
    for number in range(4):
        who, binding, photo = world.pending(number)
        photos.append(photo)
        if number == 3:
            newer = world.submit(who, binding)
            world.services.submissions.confirm(who, newer.public_id)
    with world.db.transaction() as session:
        for row in session.scalars(select(Binding)):
            row.card_key = world.adapters.store.put(f"card {row.id}".encode())
    set_status(world, photos[0], SubmissionStatus.ACCEPTED)
    set_status(world, photos[1], SubmissionStatus.APPROVED)
    world.services.reviews.decide(
        OPERATOR,
        photos[2].public_id,
        action="return",
        reasons=("头发遮住了眉毛",),
        note=f"{make_student(2).name}同学请重拍",
        expected_version=photos[2].version,
    )
    return photos


def lines(world: World) -> dict[Kind, tuple[bool, int, int]]:
    plan = world.services.purge.plan()
    return {line.kind: (line.is_due, line.rows, line.held_back) for line in plan.lines}


def proofs(world: World) -> dict[str, str]:
    with world.db.reading() as session:
        rows = session.scalars(
            select(AuditEvent).where(AuditEvent.action.startswith("purge."))
        )
        return {row.action: row.detail for row in rows}


def test_nothing_is_touched_before_its_date(world: World) -> None:
    fill(world)
    rules = RetentionRules(
        discarded=10, originals=10, cards=10, messages=10, portraits=10, identities=10
    )
    world.services.retention.change(OPERATOR, world.campaign, rules)
    before = dump(world)
    after_closing(world, 10 - 1 / 86400)
    world.services.sessions.start()
    kept = files(world)
    tables = ("students", "bindings", "submissions", "consents", "binding_holders")
    rows = {t: [x for x in before.split("\n") if x.startswith(t)] for t in tables}
    world.services.purge.run()
    after = dump(world)
    for table in tables:
        assert rows[table] == [x for x in after.split("\n") if x.startswith(table)]
    assert files(world) == kept
    assert proofs(world) == {}
    after_closing(world, 10)
    assert world.services.purge.run() > 0
    assert len(proofs(world)) == len(Kind) - 1


def test_each_kind_goes_at_its_own_date_and_approved_photos_wait(world: World) -> None:
    fill(world)
    after_closing(world, 90)
    assert lines(world)[Kind.DISCARDED] == (True, 2, 0)
    assert lines(world)[Kind.ORIGINALS] == (False, 2, 1)
    world.services.purge.run()
    assert lines(world)[Kind.DISCARDED] == (True, 0, 0)
    # One file of each kind for the accepted, the approved and the newer photo, and cards.
    assert len(files(world)) == 3 * 3 + 4
    after_closing(world, 180)
    assert lines(world)[Kind.CARDS] == (True, 3, 1)
    world.services.purge.run()
    assert lines(world)[Kind.ORIGINALS] == (True, 0, 1)
    assert len(files(world)) == 3 + 1 + 2
    after_closing(world, LAST)
    world.services.purge.run()
    assert len(files(world)) == 3 + 1
    held = {kind: line[2] for kind, line in lines(world).items() if line[2]}
    assert held == {
        Kind.ORIGINALS: 1,
        Kind.CARDS: 1,
        Kind.PORTRAITS: 1,
        Kind.BINDINGS: 1,
        Kind.IDENTITIES: 1,
    }
    with world.db.reading() as session:
        name = session.scalar(select(Student.name).where(Student.erased_at.is_(None)))
    assert name == make_student(1).name
    assert set(proofs(world)) == {f"purge.{k}" for k in Kind if k != Kind.MESSAGES}


def test_a_portrait_that_was_delivered_goes_with_everything_else(world: World) -> None:
    photos = fill(world)
    set_status(world, photos[1], SubmissionStatus.DELIVERED)
    after_closing(world, LAST)
    world.services.purge.run()
    assert files(world) == set()
    record = world.services.search.submission(OPERATOR, photos[1].public_id)
    assert record.view.status is SubmissionStatus.DELIVERED
    assert record.view.report.findings == ()
    assert record.view.report.verdict is Verdict.PASS
    with pytest.raises(NotFoundError):
        world.services.search.media(OPERATOR, photos[1].public_id, MediaKind.PORTRAIT)


def test_far_in_the_future_nothing_personal_is_left_anywhere(world: World) -> None:
    openid = "openid-of-an-invented-person"
    secrecy.note(openid)
    world.wechat.accounts.add(Account.MINI_PROGRAM)
    world.wechat.codes["code-1"] = WeChatUser(openid)
    fill(world)
    opened = world.services.sign_in.mini_program("code-1", address=worlds.ADDRESS)
    who = opened.session.principal
    world.services.consents.record(
        who, world.entry, portrait=True, identity_number=True
    )
    world.bind(who, make_student(5))
    # Not on the roster: waits, with the name that was typed.
    late = make_student(ON_NO_ROSTER)
    world.bind(world.principal(), late, name=late.name)
    world.services.idempotency.run(
        who, "key", "digest", lambda: (201, {"name": late.name})
    )
    set_status_of_all(world, SubmissionStatus.APPROVED, SubmissionStatus.ACCEPTED)
    digests = files(world)
    hashes = {
        world.adapters.vault.hash(make_student(n).id_number, purpose="id_number")
        for n in range(worlds.ON_ROSTER)
    } | {world.adapters.vault.hash(openid, purpose="openid:mini_program")}
    before = dump(world)
    assert secrecy.found_in(before) > worlds.ON_ROSTER
    assert all(value in before for value in digests | hashes)
    world.clock.move(days=4000)
    world.services.purge.run()
    left = dump(world)
    assert secrecy.found_in(left) == 0
    assert [value for value in digests | hashes if value in left] == []
    assert files(world) == set()
    assert world.services.audit.verify().ok
    with world.db.reading() as session:
        # What numbers are counted from is still there.
        assert session.scalar(select(func.count(Submission.id))) == 5
        assert session.scalar(select(func.count(Student.id))) == worlds.ON_ROSTER
    page = world.services.search.page(OPERATOR, SEARCH_ALL)
    assert {row.student_name for row in page.items} <= {"已删除", ""}
    assert sum(line.rows for line in world.services.purge.plan().traces) == 0


def set_status_of_all(
    world: World, old: SubmissionStatus, new: SubmissionStatus
) -> None:
    with world.db.transaction() as session:
        for row in session.scalars(
            select(Submission).where(Submission.status == old.value)
        ):
            row.status = new.value


def test_a_file_that_another_row_names_stays(world: World) -> None:
    who, binding, photo = world.pending(0)
    with world.db.transaction() as session:
        row = session.scalars(select(Submission)).one()
        shared = row.original_key
        session.scalars(
            select(Binding).where(Binding.public_id == binding.public_id)
        ).one().card_key = shared
    assert shared is not None
    world.services.submissions.withdraw(who, photo.public_id)
    world.clock.move(days=400)
    assert world.services.sweeper.sweep() == 2
    assert files(world) == {shared}
    with world.db.reading() as session:
        assert session.scalar(select(func.count(DoomedFile.id))) == 0


def test_a_file_put_a_moment_ago_waits_for_the_next_round(world: World) -> None:
    who, _, photo = world.pending(0)
    world.services.submissions.withdraw(who, photo.public_id)
    world.clock.at = datetime.now(tz=world.clock.at.tzinfo)
    assert world.services.sweeper.sweep() == 0
    assert len(files(world)) == 3
    world.clock.move(minutes=11)
    assert world.services.sweeper.sweep() == 3
    assert files(world) == set()


def test_the_proof_counts_all_batches_once(world: World) -> None:
    fill(world)
    small = PurgeService(
        db=world.db,
        clock=world.clock,
        vault=world.adapters.vault,
        sweeper=world.services.sweeper,
        batch=1,
    )
    after_closing(world, 90)
    small.run()
    (detail,) = proofs(world).values()
    assert detail.startswith("rows=2 files=6 sha256=")
    small.run()
    assert len(proofs(world)) == 1


def test_traces_go_after_their_time_and_young_ones_stay(world: World) -> None:
    who = world.principal()
    world.read(who, make_student(0).payload)
    world.services.idempotency.run(who, "key", "digest", lambda: (201, {}))
    world.clock.move(days=6)
    plan = {line.trace: line.rows for line in world.services.purge.plan().traces}
    assert plan[Trace.READINGS] == 1
    assert plan[Trace.ANSWERS] == 0
    world.services.purge.run()
    world.clock.move(days=2)
    plan = {line.trace: line.rows for line in world.services.purge.plan().traces}
    assert plan[Trace.READINGS] == 0
    assert plan[Trace.ANSWERS] == 1


# Changing the rules.


def test_rules_are_changed_by_administrators_and_audited(world: World) -> None:
    service = world.services.retention
    for name in ("reviewer", "cs01"):
        with pytest.raises(PermissionDeniedError):
            service.change(world.staff[name], world.campaign, RetentionRules())
        with pytest.raises(PermissionDeniedError):
            service.list(world.staff[name])
        with pytest.raises(PermissionDeniedError):
            service.get(world.staff[name], world.campaign)
    wanted = RetentionRules(portraits=400)
    changed = service.change(world.staff["admin"], world.campaign, wanted)
    assert changed.rules == wanted
    assert service.get(OPERATOR, world.campaign).rules == wanted
    assert (
        "400 天" in world.services.entries.open(world.entry).campaign.retention_promise
    )
    (row, *_) = world.services.audit.page(OPERATOR).items
    assert (row.action, row.detail) == ("retention.change", "portraits=365→400")
    with pytest.raises(InvalidInputError):
        service.change(OPERATOR, world.campaign, replace(wanted, portraits=1))
    with pytest.raises(NotFoundError):
        service.change(OPERATOR, 999, wanted)


def test_a_change_that_deletes_is_asked_about_once(world: World) -> None:
    fill(world)
    after_closing(world, 20)
    service = world.services.retention
    shorter = RetentionRules(discarded=10)
    with pytest.raises(ConflictError, match="retention_deletes") as refusal:
        service.change(OPERATOR, world.campaign, shorter)
    assert refusal.value.data == {"rows": 2}
    assert service.get(OPERATOR, world.campaign).rules == RetentionRules()
    changed = service.change(OPERATOR, world.campaign, shorter, deleting=True)
    assert changed.due_rows == 2
    # Nothing more goes by this one.
    service.change(OPERATOR, world.campaign, replace(shorter, cards=190))


# Killed.


@contextmanager
def killed_at(step: int, db: Database, sweeper: FileSweeper) -> Iterator[None]:
    """Let the process die at its n-th step: around each commit and each deleted file."""
    taken = 0

    def count(*args: Any) -> None:
        nonlocal taken
        del args
        taken += 1
        if taken == step:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(db.engine, "commit", count)
    store = sweeper._store
    delete: Callable[..., bool] = store.delete_older

    def counted(key: str, before: datetime) -> bool:
        count()
        gone = delete(key, before)
        count()
        return gone

    store.delete_older = counted  # type: ignore[method-assign] # in this process only
    yield


def _purge_in_child(world: World, step: int) -> int:
    """Purge in a forked process that dies at a step; return how it ended."""
    world.db.dispose()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        db = Database(world.settings.database_url.get_secret_value())
        services = make_services(world.settings, replace(world.adapters, db=db))
        purge = PurgeService(
            db=db,
            clock=world.clock,
            vault=world.adapters.vault,
            sweeper=services.sweeper,
            batch=2,
        )
        with killed_at(step, db, services.sweeper):
            purge.run()
        code = 0
    finally:
        os._exit(code)


def test_killed_at_any_step_it_loses_nothing_and_finishes_later(
    templates: worlds.Templates, tmp_path: Path
) -> None:
    with worlds.open_world(templates.get("sqlite"), tmp_path) as world:
        photos = fill(world)
        after_closing(world, LAST)
        kills, services = 0, world.services
        # Each time a step later, so that every step is once the last.
        while (ended := _purge_in_child(world, kills + 1)) != 0:
            assert ended == -signal.SIGKILL
            kills += 1
            assert services.reconcile.compare(age=timedelta(0)).missing == ()
            assert services.audit.verify().ok
        assert kills > 10
        approved = services.search.submission(OPERATOR, photos[1].public_id)
        assert approved.view.has_portrait
        assert len(files(world)) == 3 + 1
        assert proofs(world)["purge.identities"].startswith(
            f"rows={worlds.ON_ROSTER - 1} "
        )
        with world.db.reading() as session:
            assert session.scalar(select(func.count(DoomedFile.id))) == 0
            assert session.scalar(select(func.count(PurgeProgress.id))) == 0


def test_messages_go_at_their_date(world: World) -> None:
    who = world.principal()
    now = world.clock.now()
    with world.db.transaction() as session:
        outbox.add(
            session,
            event_key="approved:1:1",
            kind="approved",
            principal_id=who.id,
            campaign_id=world.campaign,
            submission_id=None,
            due_at=now,
            created_at=now,
        )
    assert len(world.services.own_data.collect(who).messages) == 1
    after_closing(world, 180)
    assert lines(world)[Kind.MESSAGES] == (True, 1, 0)
    world.services.purge.run()
    assert lines(world)[Kind.MESSAGES] == (True, 0, 0)
    assert proofs(world)["purge.messages"].startswith("rows=1 files=0 ")
