"""What WeChat pushes, over real HTTP: proven, kept once, answered, handled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from backend.db.models import Submission
from backend.db.wechat_models import PictureCheck, PushRow
from backend.domain.errors import ConflictError, PermissionDeniedError
from backend.domain.picture_check import CheckState
from backend.domain.reviews import SubmissionStatus
from backend.domain.wechat import Account
from backend.services.staff import OPERATOR
from backend.services.types import MediaKind, Role, SearchFilter, SubmissionView
from backend.wechat.push import PushReader
from tests.web.student_support import picture
from tests.wechat.live import Live, live
from tests.wechat.standin import StandIn
from tests.wechat.standin.pushes import Form, Tampering

EVENT = "user_info_modified"


@pytest.fixture
def service(standin: StandIn, tmp_path: Path) -> Iterator[Live]:
    with live(standin, tmp_path) as running:
        yield running


def kept(service: Live) -> list[PushRow]:
    with service.stage.adapters.db.reading() as session:
        return list(session.scalars(select(PushRow).order_by(PushRow.id)))


def test_the_address_is_checked_by_an_echo(standin: StandIn, service: Live) -> None:
    for account, name in (
        (standin.mini_program, "mini-program"),
        (standin.service_account, "service-account"),
    ):
        answer = standin.greet(service.push_url(name), account)
        assert answer.status_code == 200
        assert re.fullmatch(r"[0-9a-f]{20}", answer.text)
        assert answer.headers["Content-Type"].startswith("text/plain")
    wrong = standin.greet(service.push_url("service-account"), standin.mini_program)
    assert wrong.status_code == 403


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("name", ["mini-program", "service-account"])
def test_an_encrypted_event_is_kept_and_answered(
    standin: StandIn, service: Live, form: Form, name: str
) -> None:
    account = (
        standin.mini_program if name == "mini-program" else standin.service_account
    )
    (answer,) = standin.push(service.push_url(name), account, EVENT, form=form)
    assert (answer.status_code, answer.text) == (200, "success")
    (row,) = kept(service)
    assert (row.event, row.outcome) == (EVENT, "ignored")
    assert row.handled_at is not None


def test_a_repetition_is_answered_and_kept_once(
    standin: StandIn, service: Live
) -> None:
    answers = standin.push(service.push_url(), standin.mini_program, EVENT, times=3)
    assert [(a.status_code, a.text) for a in answers] == [(200, "success")] * 3
    assert len(kept(service)) == 1


def test_repetitions_at_once_are_kept_once(standin: StandIn, service: Live) -> None:
    envelope = standin.envelope(standin.mini_program, EVENT)

    def send(_: int) -> int:
        return requests.post(
            service.push_url(), params=envelope.query, data=envelope.body, timeout=30
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(send, range(8))) == [200] * 8
    assert len(kept(service)) == 1


@pytest.mark.parametrize(
    "tampered", ["signature", "unsigned", "body", "timestamp", "app_id"]
)
def test_what_is_not_wechats_is_refused_and_not_kept(
    standin: StandIn, service: Live, tampered: Tampering
) -> None:
    (answer,) = standin.push(
        service.push_url(), standin.mini_program, EVENT, tampered=tampered
    )
    assert answer.status_code in {400, 403}
    assert not kept(service)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_push_is_not_believed_again(
    standin: StandIn, service: Live, minutes: int
) -> None:
    at = standin.clock.now() + timedelta(minutes=minutes)
    (answer,) = standin.push(
        service.push_url(), standin.mini_program, EVENT, sent_at=at
    )
    assert answer.status_code == 403
    assert not kept(service)


def test_with_a_key_a_plain_body_is_refused(standin: StandIn, service: Live) -> None:
    # Its signature covers only the time: anybody who saw one could send another body.
    (answer,) = standin.push(
        service.push_url(), standin.mini_program, EVENT, encrypted=False
    )
    assert answer.status_code == 403
    assert not kept(service)


@pytest.mark.parametrize("form", ["json", "xml"])
def test_without_a_key_a_plain_body_is_read(standin: StandIn, form: Form) -> None:
    account = standin.mini_program
    reader = PushReader(
        Account.MINI_PROGRAM, app_id=account.app_id, token=account.push_token, key=None
    )
    envelope = standin.envelope(
        account, EVENT, {"List": [1, 2]}, encrypted=False, form=form
    )
    push = reader.read(envelope.query, envelope.body, standin.clock.now())
    assert push.event == EVENT
    assert push.data["ToUserName"] == account.original_id


def test_the_official_example_of_a_signature_is_right() -> None:
    reader = PushReader(Account.MINI_PROGRAM, app_id="wx", token="AAAAA", key=None)
    query = {
        "signature": "f464b24fc39322e44b38aa78f5edd27bd1441696",
        "timestamp": "1714036504",
        "nonce": "1514711492",
        "echostr": "echo",
    }
    at = datetime.fromtimestamp(1714036504, UTC)
    assert reader.greeting(query, at) == "echo"


def test_a_body_larger_than_any_event_is_refused(service: Live) -> None:
    answer = requests.post(service.push_url(), data=b"x" * (64 * 1024 + 1), timeout=30)
    assert answer.status_code == 413

    def endless() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 4096

    chunked = requests.post(service.push_url(), data=endless(), timeout=30)
    assert chunked.status_code in {403, 413}
    assert not kept(service)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    body=st.binary(max_size=400)
    | st.sampled_from(
        [
            b"{" * 5000,
            b"[" * 30000,
            b"<xml>" * 3000,
            b'<!DOCTYPE a [<!ENTITY x "y">]><xml>&x;</xml>',
            b'{"Encrypt": 1}',
            b'{"Encrypt": "!!"}',
        ]
    ),
    query=st.dictionaries(
        st.sampled_from(
            ["signature", "msg_signature", "timestamp", "nonce", "encrypt_type"]
        ),
        st.text(max_size=30),
    ),
)
def test_whatever_is_sent_nothing_breaks_and_nothing_is_kept(
    service: Live, body: bytes, query: dict[str, str]
) -> None:
    answer = requests.post(service.push_url(), params=query, data=body, timeout=30)
    assert 400 <= answer.status_code < 500
    greeted = requests.get(service.push_url(), params=query, timeout=30)
    assert 400 <= greeted.status_code < 500
    with service.stage.adapters.db.reading() as session:
        assert session.scalar(select(func.count()).select_from(PushRow)) == 0


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=st.binary(max_size=300))
def test_a_rightly_signed_body_that_makes_no_sense_is_refused(
    standin: StandIn, service: Live, body: bytes
) -> None:
    envelope = standin.envelope(standin.mini_program, EVENT)
    answer = requests.post(
        service.push_url(), params=envelope.query, data=body, timeout=30
    )
    assert 400 <= answer.status_code < 500


# The content check, whole.


def hand_in(standin: StandIn, service: Live, n: int = 0) -> SubmissionView:
    """Hand a photo in as a user of the mini program."""
    services, stage = service.stage.services, service.stage
    code = standin.issue_code(standin.mini_program, f"{standin.new_openid()}")
    new = services.sign_in.mini_program(code, address="203.0.113.9")
    who = new.session.principal
    services.consents.record(who, stage.token, portrait=True, identity_number=True)
    person = stage.people[n]
    reading = services.codes.read_text(
        who, stage.token, person.payload, address="203.0.113.9"
    )
    binding = services.bindings.bind(
        who,
        stage.token,
        reading_id=reading.public_id,
        id_last6=person.id_number[-6:],
        name=None,
        address="203.0.113.9",
    )
    draft = services.submissions.submit(
        who, binding.public_id, picture(600, 800, seed=n), filename="pass.jpg"
    )
    return services.submissions.confirm(who, draft.public_id)


def check_of(service: Live, photo: SubmissionView) -> PictureCheck:
    with service.stage.adapters.db.reading() as session:
        return session.execute(
            select(PictureCheck)
            .join(Submission, Submission.id == PictureCheck.submission_id)
            .where(Submission.public_id == photo.public_id)
        ).scalar_one()


@pytest.mark.parametrize(
    ("suggest", "state"),
    [
        ("pass", CheckState.PASSED),
        ("review", CheckState.UNCLEAR),
        ("risky", CheckState.RISKY),
        (None, CheckState.UNCLEAR),
    ],
)
def test_wechat_fetches_the_picture_and_says_what_it_thinks(
    standin: StandIn, service: Live, suggest: str | None, state: CheckState
) -> None:
    photo = hand_in(standin, service)
    (asked,) = standin.picture_checks
    assert check_of(service, photo).state == CheckState.ASKED
    fetched = standin.fetch_picture(asked.trace_id)
    assert fetched.content.startswith(b"\xff\xd8")
    assert fetched.headers["Cache-Control"] == "no-store"
    assert standin.fetch_picture(asked.trace_id).status_code == 404
    answers = standin.answer_check(asked.trace_id, suggest, times=2)  # type: ignore[arg-type] # one of its words
    assert {answer.text for answer in answers} == {"success"}
    assert check_of(service, photo).state == state


def test_a_later_answer_changes_nothing(standin: StandIn, service: Live) -> None:
    photo = hand_in(standin, service)
    (asked,) = standin.picture_checks
    standin.answer_check(asked.trace_id, "risky")
    standin.answer_check(asked.trace_id, "pass")
    assert check_of(service, photo).state == CheckState.RISKY
    assert [row.outcome for row in kept(service)][-1] in {"settled_before", "risky"}


def test_an_answer_that_never_comes_leaves_the_photo_to_people(
    standin: StandIn, service: Live
) -> None:
    photo = hand_in(standin, service)
    service.stage.clock.time += timedelta(minutes=31)
    service.stage.services.picture_checks.ask_due()
    assert check_of(service, photo).state == CheckState.UNCLEAR
    (asked,) = standin.picture_checks
    standin.answer_check(asked.trace_id, "risky")
    assert check_of(service, photo).state == CheckState.UNCLEAR


def test_an_address_is_good_for_ten_minutes(standin: StandIn, service: Live) -> None:
    hand_in(standin, service)
    (asked,) = standin.picture_checks
    service.stage.clock.time += timedelta(minutes=11)
    assert standin.fetch_picture(asked.trace_id).status_code == 404


def test_asking_first_whether_it_is_there_does_not_use_it_up(
    standin: StandIn, service: Live
) -> None:
    hand_in(standin, service)
    (asked,) = standin.picture_checks
    assert requests.head(asked.url, timeout=30).status_code == 200
    assert standin.fetch_picture(asked.trace_id).status_code == 200


@pytest.mark.parametrize("fault", ["garbage", "close", 45009, 40001])
def test_when_wechat_cannot_be_asked_the_photo_goes_to_people(
    standin: StandIn, service: Live, fault: str | int
) -> None:
    standin.fail_always("/wxa/media_check_async", fault)  # type: ignore[arg-type] # one of the faults
    photo = hand_in(standin, service)
    for _ in range(8):
        service.stage.clock.time += timedelta(hours=2)
        service.stage.services.picture_checks.ask_due()
    check = check_of(service, photo)
    assert check.state == CheckState.UNCLEAR
    assert check.attempts <= 5
    assert photo.status.value == "pending"


def test_answers_to_nothing_we_asked_are_kept_and_change_nothing(
    standin: StandIn, service: Live
) -> None:
    hand_in(standin, service)
    standin.push(
        service.push_url(),
        standin.mini_program,
        "wxa_media_check",
        {"trace_id": "invented", "result": {"suggest": "risky", "label": 20002}},
    )
    assert [row.outcome for row in kept(service)] == ["unknown_trace"]


def test_a_risky_photo_is_put_aside_until_an_administrator_clears_it(
    standin: StandIn, service: Live
) -> None:
    photo = hand_in(standin, service)
    (asked,) = standin.picture_checks
    standin.answer_check(asked.trace_id, "risky")
    services, reviewer = service.stage.services, replace(OPERATOR, role=Role.REVIEWER)
    pending = SearchFilter(status=SubmissionStatus.PENDING)
    assert not services.search.page(reviewer, pending).items
    (row,) = services.search.page(reviewer, SearchFilter(quarantined=True)).items
    assert row.quarantined
    for kind in MediaKind:
        with pytest.raises(ConflictError, match="quarantined"):
            services.search.media(reviewer, photo.public_id, kind)
    assert services.search.media(OPERATOR, photo.public_id, MediaKind.PORTRAIT).data

    def approve() -> SubmissionView:
        return services.reviews.decide(
            OPERATOR,
            photo.public_id,
            action="approve",
            reasons=(),
            note="",
            expected_version=photo.version,
        )

    with pytest.raises(ConflictError, match="quarantined"):
        approve()
    with pytest.raises(PermissionDeniedError):
        services.picture_checks.clear(reviewer, photo.public_id)
    services.picture_checks.clear(OPERATOR, photo.public_id)
    with pytest.raises(ConflictError, match="not_quarantined"):
        services.picture_checks.clear(OPERATOR, photo.public_id)
    assert services.search.page(reviewer, pending).items
    assert approve().status is SubmissionStatus.APPROVED
    newest = {row.action for row in services.audit.page(OPERATOR).items}
    assert "picture_check.clear" in newest


def test_the_student_sees_nothing_of_the_quarantine(
    standin: StandIn, service: Live
) -> None:
    photo = hand_in(standin, service)
    (asked,) = standin.picture_checks
    standin.answer_check(asked.trace_id, "risky")
    with service.stage.adapters.db.reading() as session:
        row = session.execute(
            select(Submission).where(Submission.public_id == photo.public_id)
        ).scalar_one()
    assert row.status == "pending"


def test_only_photos_from_the_mini_program_are_checked(
    standin: StandIn, service: Live
) -> None:
    services, stage = service.stage.services, service.stage
    who = services.sessions.start().session.principal
    services.consents.record(who, stage.token, portrait=True, identity_number=True)
    person = stage.people[1]
    reading = services.codes.read_text(who, stage.token, person.payload, address="a")
    binding = services.bindings.bind(
        who,
        stage.token,
        reading_id=reading.public_id,
        id_last6=person.id_number[-6:],
        name=None,
        address="a",
    )
    draft = services.submissions.submit(
        who, binding.public_id, picture(600, 800), filename="pass.jpg"
    )
    services.submissions.confirm(who, draft.public_id)
    assert not standin.picture_checks
