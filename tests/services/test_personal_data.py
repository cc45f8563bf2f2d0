"""No name, number, code or token leaves by a log line or a printed value."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from backend.domain.errors import DomainError
from backend.domain.reviews import SubmissionStatus
from backend.logs import configure_logs
from backend.services.staff import OPERATOR
from backend.services.types import SearchFilter
from tests.factories import make_student
from tests.services.worlds import ADDRESS, PASSWORD, World, new_student

STUDENT = make_student(0)
SECRETS = (
    STUDENT.name,
    STUDENT.masked_name,
    STUDENT.id_number,
    STUDENT.id_number[-6:],
    STUDENT.student_no,
    STUDENT.token,
    STUDENT.payload,
    PASSWORD,
)


def _flow(world: World) -> tuple[list[object], list[str]]:
    """Walk from a session to a revealed number; return the values and the tokens."""
    services = world.services
    new = services.sessions.start()
    who = new.session.principal
    services.consents.record(who, world.entry, portrait=True, identity_number=True)
    reading = world.read(who, STUDENT.payload)
    refused: list[object] = []
    try:
        world.bind(who, STUDENT, last6="000000")
    except DomainError as error:
        refused.append(error)
    binding = world.bind(who, STUDENT, name=STUDENT.name)
    draft = world.submit(who, binding)
    photo = services.submissions.confirm(who, draft.public_id)
    staff = services.staff.sign_in("admin", PASSWORD, address=ADDRESS)
    wanted = SearchFilter(
        name=STUDENT.name,
        student_no=STUDENT.student_no,
        id_number=STUDENT.id_number,
        code=STUDENT.payload,
        status=SubmissionStatus.PENDING,
    )
    page = services.search.page(OPERATOR, wanted)
    record = services.search.record(OPERATOR, binding.public_id)
    services.search.reveal_id_number(OPERATOR, binding.public_id, "核对")
    audit = services.audit.page(OPERATOR)
    values = [new, reading, binding, photo, staff, wanted, page, record, audit]
    values += [new_student(STUDENT, "CS01"), world.settings, world.adapters, *refused]
    tokens = [
        new.token,
        new.session.csrf_token,
        staff.token,
        staff.session.csrf_token,
    ]
    return values, tokens


def test_nothing_personal_is_logged(
    world: World, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    configure_logs()
    with caplog.at_level(logging.DEBUG):
        _, tokens = _flow(world)
    out, err = capfd.readouterr()
    logged = caplog.text + out + err
    assert [secret for secret in (*SECRETS, *tokens) if secret in logged] == []


def test_printed_values_show_nothing_personal(world: World) -> None:
    values, tokens = _flow(world)
    for value in values:
        printed = f"{value!r} {value}"
        assert [s for s in (*SECRETS, *tokens) if s in printed] == [], type(value)


def test_the_database_keeps_no_number_code_or_token_in_the_clear(world: World) -> None:
    _, tokens = _flow(world)
    if world.db.engine.dialect.name != "sqlite":
        with world.db.engine.connect() as connection:
            kept = "".join(
                str(connection.exec_driver_sql(f"SELECT * FROM {table}").fetchall())
                for table in ("bindings", "code_readings", "sessions", "attempts")
            ).encode()
    else:
        world.db.dispose()
        path = world.db.engine.url.database
        assert path is not None
        kept = Path(path).read_bytes()
    hidden = (STUDENT.id_number, STUDENT.token, STUDENT.payload, PASSWORD)
    assert [s for s in (*hidden, tokens[0], tokens[2]) if s.encode() in kept] == []
