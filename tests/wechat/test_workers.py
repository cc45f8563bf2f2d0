"""Messages go out through a real queue, whatever dies on the way."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from backend.app import SystemClock, make_services
from backend.db.wechat_models import OutgoingMessageRow
from backend.domain.outbox import MessageState
from backend.domain.reviews import UNDO_TIME
from backend.domain.wechat import Account, MessageKind, WeChatUser
from backend.jobs.queue import QueuedJobs
from backend.ports import Job
from backend.services import Services
from backend.services.staff import OPERATOR
from backend.services.types import Principal, SubmissionView
from backend.settings import read_settings
from tests.factories import make_student
from tests.redis_server import RedisServer
from tests.services import worlds
from tests.services.conftest import BOTH
from tests.services.worlds import ADDRESS, ON_ROSTER, World
from tests.wechat.gateways import make_gateway
from tests.wechat.standin import StandIn
from tests.wechat.workers import Worker

pytestmark = pytest.mark.needs("redis")

SEND = "/cgi-bin/message/subscribe/send"
#: Fifty in all.
KILLS = {"sqlite": 40, "postgresql": 10}
_PATIENCE = 90.0
_TEMPLATES = {kind: t.id for kind, t in StandIn.mini_program.templates.items()}


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for an event; the deadline only ends a test that has failed."""
    end = time.monotonic() + _PATIENCE
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.02)


class MinuteBehind(SystemClock):
    """What is decided by it has stood for a minute, so that the student is told at once."""

    def now(self) -> datetime:
        return super().now() - UNDO_TIME


@dataclass
class Office:
    """A school with a queue, a stand-in for WeChat, and a worker to start."""

    world: World
    services: Services
    standin: StandIn
    redis: RedisServer
    worker: Worker

    def student(self, n: int) -> tuple[Principal, SubmissionView]:
        """Return somebody who takes messages and has handed a photo in."""
        world, openid = self.world, self.standin.new_openid()
        if n >= ON_ROSTER:
            world.add_student(make_student(n))
        world.wechat.codes["code"] = WeChatUser(openid)
        new = world.services.sign_in.mini_program("code", address=ADDRESS)
        who = new.session.principal
        world.services.consents.record(
            who, world.entry, portrait=True, identity_number=True
        )
        for template_id in _TEMPLATES.values():
            self.standin.accept(openid, template_id, times=3)
            self.services.message_consents.record(who, {template_id: "accept"})
        binding = world.bind(who, make_student(n))
        draft = world.submit(who, binding)
        return who, world.services.submissions.confirm(who, draft.public_id)

    def give_back(self, photo: SubmissionView) -> SubmissionView:
        return self.services.reviews.decide(
            OPERATOR,
            photo.public_id,
            action="return",
            reasons=("背景不干净，请在单色墙面前重拍",),
            note="",
            expected_version=photo.version,
        )

    def let_leases_run_out(self) -> None:
        """Do what a minute of waiting would."""
        with self.world.db.transaction() as session:
            session.execute(update(OutgoingMessageRow).values(leased_until=None))

    def sent(self) -> int:
        return self.services.message_desk.counts(OPERATOR)[MessageState.SENT]


@pytest.fixture(params=BOTH)
def office(
    request: pytest.FixtureRequest,
    templates: worlds.Templates,
    standin: StandIn,
    tmp_path: Path,
) -> Iterator[Office]:
    template = templates.get(request.param)
    with (
        worlds.open_world(template, tmp_path) as world,
        RedisServer(tmp_path) as redis,
    ):
        given = world.settings
        environment = {
            "BIZHAO_DATABASE_URL": given.database_url.get_secret_value(),
            "BIZHAO_PHOTO_ROOT": str(given.photo_root),
            "BIZHAO_PUBLIC_URL": "http://127.0.0.1",
            "BIZHAO_DATA_KEYS": given.data_keys.get_secret_value(),
            "BIZHAO_HASH_KEY": given.hash_key.get_secret_value(),
            "BIZHAO_REDIS_URL": redis.url,
            **standin.environment(),
        }
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            settings = read_settings()
        standin.publish("pages/index/index")
        world.wechat.accounts = {Account.MINI_PROGRAM}
        clock = MinuteBehind()
        adapters = replace(
            world.adapters,
            clock=clock,
            jobs=QueuedJobs(redis.url),
            wechat=make_gateway(environment["BIZHAO_DATABASE_URL"], standin.url, clock),
        )
        services = make_services(settings, adapters)
        with Worker(environment, tmp_path / "worker.log") as worker:
            yield Office(world, services, standin, redis, worker)


def test_a_worker_killed_before_it_sends_loses_and_repeats_nothing(
    office: Office,
) -> None:
    kills = KILLS[office.world.db.engine.dialect.name]
    photos = [office.student(n)[1] for n in range(kills)]
    for n, photo in enumerate(photos, start=1):
        office.standin.fail(SEND, "hang")
        office.give_back(photo)
        until(
            lambda n=n: len(office.standin.calls(SEND)) == n,  # type: ignore[misc] # bound now
            "the worker never began to send",
        )
        office.worker.kill_child()
    assert office.sent() == 0
    assert not office.standin.sent
    office.standin.heal()
    office.let_leases_run_out()
    QueuedJobs(office.redis.url).wake(Job.MESSAGES)
    until(lambda: office.sent() == kills, "messages were lost")
    told = Counter(message.openid for message in office.standin.sent)
    assert len(told) == kills
    assert set(told.values()) == {1}


def test_without_redis_everything_goes_on_and_messages_follow(office: Office) -> None:
    photos = [office.student(n)[1] for n in range(4)]
    office.give_back(photos[0])
    until(lambda: office.sent() == 1, "nothing was sent")
    office.redis.stop()
    for photo in photos[1:3]:
        assert office.give_back(photo).status.value == "returned"
    who, photo = office.student(4)
    assert office.world.services.submissions.get(who, photo.public_id).can_withdraw
    assert office.sent() == 1
    office.redis.start()

    def asked_again() -> bool:
        # The worker may still be looking for its Redis when this is asked.
        QueuedJobs(office.redis.url).wake(Job.MESSAGES)
        return office.sent() == 3

    until(asked_again, "messages did not follow")
    told = Counter(message.template_id for message in office.standin.sent)
    assert told == {_TEMPLATES[MessageKind.RETURNED]: 3}
