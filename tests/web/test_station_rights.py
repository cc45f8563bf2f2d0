"""A station account against every route, with the records of another station.

How to enter a new route:

* Who may call it stands in ``WHO`` of :mod:`tests.web.test_routes`. What is closed to
  station accounts is tried from there, with nothing more to enter.
* A route with parameters that stations may call gets a line in ``TABLE``: ``HIDDEN`` (or
  ``hidden(...)`` with the form it needs) when its parameters name a station's record,
  ``SHARED`` when they name what all stations have in common.
* A parameter that is new gets a line in ``scene``: what is the first station's, what is
  the other's, and what does not exist.
* Where ids or names travel in a query or a body, ``ASKED`` gets a line.

Pages without parameters are all looked at by themselves.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from backend.services.types import Role
from tests.factories import make_student
from tests.web.console import ADDRESS, HUMAN_RULE, PASSWORD, School, make_school
from tests.web.test_routes import ENDING, OPEN_FILES, WHO

#: Students 2 and 3: the first one is enrolled at CS01, the other at ZZ02.
OWN, THEIRS = 2, 3


@dataclass(frozen=True)
class Case:
    """What a route answers for a record of another station, and the form it needs."""

    hidden: bool
    form: Mapping[str, str] = field(default_factory=dict)


HIDDEN = Case(hidden=True)
SHARED = Case(hidden=False)


def hidden(**form: str) -> Case:
    return Case(hidden=True, form=form)


#: Every route with parameters that station accounts may call.
TABLE: dict[str, Case] = {
    "admin.card": HIDDEN,
    "admin.close_up": HIDDEN,
    "admin.code_png": HIDDEN,
    "admin.code_svg": HIDDEN,
    "admin.end_session": HIDDEN,
    "admin.entries": SHARED,
    "admin.picture": HIDDEN,
    "admin.policy": SHARED,
    "admin.poster_pdf": HIDDEN,
    "admin.poster_png": HIDDEN,
    "admin.record": HIDDEN,
    "admin.reveal": hidden(reason="核对"),
    "api.admin.entries": SHARED,
    "api.admin.entry_file": HIDDEN,
    "api.admin.record": HIDDEN,
    "api.admin.reveal_identity_number": hidden(reason="核对"),
    "api.admin.submission_picture": HIDDEN,
}

#: Requests that name another station's record in a query or a body: the method, the
#: path, and the body, with the names of ``scene`` in braces.
ASKED: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/admin/records?station={station_id}", {}),
    ("GET", "/admin/records?campaign={campaign_id}&status=pending", {}),
    ("POST", "/admin/records", {"name": "{name_of_student}"}),
    ("POST", "/admin/records", {"student_no": "{student_no}"}),
    (
        "POST",
        "/api/v1/admin/records/search",
        {"filters": {"name": "{name_of_student}"}},
    ),
    (
        "POST",
        "/api/v1/admin/records/search",
        {"filters": {"student_no": "{student_no}"}},
    ),
]


class Ids(NamedTuple):
    """The values of one parameter."""

    own: str | int
    theirs: str | int
    unknown: str | int


def shared(value: str | int) -> Ids:
    return Ids(value, value, value)


@dataclass(frozen=True)
class Scene:
    """A school where each station has a student whose photo was handed in."""

    school: School
    ids: dict[str, Ids]
    token: str
    csrf: str
    #: What only the other station may see.
    secrets: dict[str, str]

    @property
    def client(self) -> FlaskClient:
        client = self.school.app.test_client()
        client.set_cookie("bizhao_staff", self.token)
        return client

    def address(self, rule: Rule, which: str) -> str:
        missing = rule.arguments - self.ids.keys()
        assert not missing, f"{missing} of {rule.endpoint}: enter them in scene"
        values = {name: getattr(self.ids[name], which) for name in rule.arguments}
        with self.school.app.test_request_context():
            built = rule.build(values, append_unknown=False)
        assert built is not None
        return built[1]

    def send(self, method: str, path: str, form: Mapping[str, Any]) -> TestResponse:
        """Send a request of the first station; a form that leads on is followed."""
        is_api = path.startswith("/api/")
        return self.client.open(
            path,
            method=method,
            headers={"X-CSRF-Token": self.csrf},
            json=form if is_api and method != "GET" else None,
            data=form if not is_api and method != "GET" else None,
            follow_redirects=method == "POST",
        )

    def leaks(self, answer: TestResponse, *, typed: str = "") -> list[str]:
        """Return what an answer tells of the other station, but for what was typed."""
        told = contents(answer)
        return [
            name
            for name, secret in self.secrets.items()
            if secret not in typed and secret.encode() in told
        ]


def contents(answer: TestResponse) -> bytes:
    """Return the bytes of an answer, of archives and sheets those inside."""
    if not answer.data.startswith(b"PK"):
        return bytes(answer.data)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def fill(form: Mapping[str, Any], values: Mapping[str, str | int]) -> dict[str, Any]:
    """Return a body with its braces filled in."""
    return {
        name: fill(value, values)
        if isinstance(value, dict)
        else value.format_map(values)
        for name, value in form.items()
    }


def same(answer: TestResponse) -> tuple[int, str]:
    """Return an answer without what differs between any two."""
    text = answer.text.replace(answer.headers["X-Request-Id"], "")
    return answer.status_code, re.sub(r'(csrf_token" value=")[^"]+', "", text)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    school = make_school(tmp_path_factory.mktemp("stations"))
    photos = {n: school.hand_in(n) for n in (OWN, THEIRS)}
    submissions = [photos[n].public_id for n in (OWN, THEIRS)]
    bindings = [photos[n].binding_public_id for n in (OWN, THEIRS)]
    entries, stations = school.entries, school.stations
    us, them = (
        school.services.staff.sign_in(name, PASSWORD, address=ADDRESS)
        for name in ("cs01", "zz02")
    )
    more = school.services.staff.sign_in("cs01", PASSWORD, address=ADDRESS)
    student = make_student(THEIRS)
    yield Scene(
        school=school,
        ids={
            "account": shared("mini-program"),
            "binding_id": Ids(bindings[0], bindings[1], "x" * 22),
            "campaign_id": shared(school.campaign),
            "file": shared("code.svg"),
            "invitation_id": shared(1),
            "kind": shared("portrait"),
            "name": shared("notice-2025"),
            "reading_id": shared("x" * 22),
            "rule": shared(HUMAN_RULE),
            "session_id": Ids(more.session.id, them.session.id, 1_000_000),
            "sheet": shared("csv"),
            "staff_id": Ids(us.session.user.id, them.session.user.id, 1_000_000),
            "station_id": Ids(stations["CS01"], stations["ZZ02"], 1_000_000),
            "submission_id": Ids(submissions[0], submissions[1], "x" * 22),
            "token": Ids(entries["CS01"], entries["ZZ02"], "x" * 16),
        },
        token=us.token,
        csrf=us.session.csrf_token,
        secrets={
            "name": student.name,
            "student number": student.student_no,
            "identity number": student.id_number,
            "binding": bindings[1],
            "submission": submissions[1],
            "entry": entries["ZZ02"],
            "station": "株洲示范函授站",
        },
    )
    school.db.dispose()


def rules(scene: Scene) -> Iterator[tuple[Rule, str]]:
    for rule in scene.school.app.url_map.iter_rules():
        if rule.endpoint not in OPEN_FILES | ENDING:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def open_to_stations(endpoint: str) -> bool:
    who = WHO[endpoint]
    return isinstance(who, frozenset) and Role.STATION in who


def test_every_route_a_station_may_call_with_parameters_is_in_the_table(
    scene: Scene,
) -> None:
    with_parameters = {
        rule.endpoint
        for rule, _ in rules(scene)
        if rule.arguments and open_to_stations(rule.endpoint)
    }
    assert with_parameters == TABLE.keys()


def test_another_stations_record_is_answered_like_one_that_does_not_exist(
    scene: Scene,
) -> None:
    tried = 0
    for rule, method in rules(scene):
        case = TABLE.get(rule.endpoint)
        if case is None or not case.hidden:
            continue
        theirs, unknown = (
            scene.send(method, scene.address(rule, which), case.form)
            for which in ("theirs", "unknown")
        )
        where = (method, rule.rule)
        assert theirs.status_code == 404, where
        assert same(theirs) == same(unknown), where
        tried += 1
    assert tried == sum(case.hidden for case in TABLE.values())


@pytest.mark.needs("cjk-font")
def test_the_same_routes_do_answer_for_a_record_of_ones_own(scene: Scene) -> None:
    """Else the test before this one would be content with routes that answer nobody."""
    # No picture was kept of a code that was pasted.
    for rule, method in rules(scene):
        if method == "GET" and rule.endpoint in TABLE.keys() - {"admin.card"}:
            answer = scene.send(method, scene.address(rule, "own"), {})
            assert answer.status_code == 200, rule.rule
            assert scene.leaks(answer) == [], rule.rule


def test_what_is_closed_to_stations_is_closed_whatever_the_id(scene: Scene) -> None:
    tried = 0
    for rule, method in rules(scene):
        who = WHO[rule.endpoint]
        if not isinstance(who, frozenset) or Role.STATION in who:
            continue
        for which in ("theirs", "unknown"):
            answer = scene.send(method, scene.address(rule, which), {})
            assert answer.status_code == 403, (method, rule.rule)
            assert scene.leaks(answer) == [], rule.rule
        tried += 1
    assert tried > 20


def test_pages_without_parameters_show_nothing_of_another_station(
    scene: Scene,
) -> None:
    tried = 0
    for rule, method in rules(scene):
        if method == "GET" and not rule.arguments and open_to_stations(rule.endpoint):
            answer = scene.send(method, scene.address(rule, "own"), {})
            assert answer.status_code in {200, 302}, rule.rule
            assert scene.leaks(answer) == [], rule.rule
            tried += 1
    assert tried >= 5


@pytest.mark.parametrize(("method", "path", "form"), ASKED)
def test_asking_for_another_stations_records_finds_nothing(
    scene: Scene, method: str, path: str, form: dict[str, Any]
) -> None:
    student = make_student(THEIRS)
    values = {
        "name_of_student": student.name,
        "student_no": student.student_no,
        **{name: each.theirs for name, each in scene.ids.items()},
    }
    filled = fill(form, values)
    answer = scene.send(method, path.format_map(values), filled)
    assert answer.status_code == 200
    assert scene.leaks(answer, typed=str(filled)) == []


def test_a_staff_account_is_nobody_on_the_students_side(scene: Scene) -> None:
    personal = {"name", "student number", "identity number"}
    for rule, method in rules(scene):
        if WHO[rule.endpoint] not in {"student", "public"}:
            continue
        for which in ("own", "theirs"):
            answer = scene.send(method, scene.address(rule, which), {})
            assert answer.status_code != 500, (method, rule.rule)
            assert not personal & set(scene.leaks(answer)), (method, rule.rule)
