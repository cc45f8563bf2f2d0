"""A station account against every route, with the records of another station.

How to enter a new route:

* Who may call it stands in ``WHO`` of :mod:`tests.web.test_routes`. What is closed to
  station accounts is tried from there, with nothing more to enter.
* A route with parameters that stations may call gets a line in ``TABLE``: ``HIDDEN`` (or
  ``hidden(...)`` with the form it needs) when its parameters name a station's record,
  ``SHARED`` when they name what all stations have in common.
* A parameter that is new gets a line in ``scene``: what is the first station's, what is
  the other's, what does not exist, and what was the first one's until the student went
  to the other.
* Where ids or names travel in a query or a body, ``ASKED`` gets a line when the answer
  is a page that finds nobody, ``REFUSED`` when it is that there is no such record.

Pages without parameters are all looked at by themselves; what they answer nothing
without stands in ``QUERIES``.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pypdfium2
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from backend.db.models import Binding, Student
from backend.domain.codes import parse_collection_code
from backend.domain.deliveries import Naming, NamingKey, Profile
from backend.domain.roster import Column
from backend.services.batch_files import BatchFile
from backend.services.collecting import ConsentGiven
from backend.services.delivery_types import DeliveryRequest
from backend.services.staff import OPERATOR
from backend.services.types import Role, StaffUser, SubmissionView
from tests.factories import make_student
from tests.web.console import (
    ADDRESS,
    HUMAN_RULE,
    PASSWORD,
    School,
    jpeg,
    make_school,
)
from tests.web.test_routes import ENDING, OPEN_FILES, WHO

#: Even ones are enrolled at CS01, odd ones at ZZ02; but one leaves CS01 for ZZ02.
OWN, THEIRS, MOVED = 2, 3, 4
#: Photos that were delivered: one of each station with the moved one's, one alone.
OWN_DELIVERED, THEIRS_DELIVERED, THEIRS_LATER = 6, 5, 7
#: Who came with a photographer's folder, and who is on the roster and nothing more.
OWN_IN_BATCH, THEIRS_IN_BATCH, THEIRS_ON_ROSTER = 8, 9, 1
#: Who may be named on no page of the first station.
NOT_OURS = (
    THEIRS_ON_ROSTER,
    THEIRS,
    MOVED,
    THEIRS_DELIVERED,
    THEIRS_LATER,
    THEIRS_IN_BATCH,
)


@dataclass(frozen=True)
class Case:
    """What a route answers for a record of another station, and the form it needs."""

    hidden: bool
    form: Mapping[str, Any] = field(default_factory=dict)


HIDDEN = Case(hidden=True)
SHARED = Case(hidden=False)


def hidden(**form: Any) -> Case:
    return Case(hidden=True, form=form)


#: Every route with parameters that station accounts may call.
TABLE: dict[str, Case] = {
    "admin.all_posters": SHARED,
    "admin.batch": HIDDEN,
    "admin.batch_report": HIDDEN,
    "admin.card": HIDDEN,
    "admin.check_sheet": HIDDEN,
    "admin.close_up": HIDDEN,
    "admin.code_png": HIDDEN,
    "admin.code_svg": HIDDEN,
    "admin.delivery": HIDDEN,
    "admin.end_session": HIDDEN,
    "admin.entries": SHARED,
    "admin.find_student": SHARED,
    "admin.go_on_with_batch": HIDDEN,
    "admin.missing": SHARED,
    "admin.on_site_desk": SHARED,
    "admin.on_site_shell": SHARED,
    "admin.picture": HIDDEN,
    "admin.policy": SHARED,
    "admin.poster_pdf": HIDDEN,
    "admin.poster_png": HIDDEN,
    "admin.posters": SHARED,
    "admin.record": HIDDEN,
    "admin.remind": SHARED,
    "admin.reveal": hidden(reason="核对"),
    "admin.roster": SHARED,
    "admin.student": HIDDEN,
    "admin.students": SHARED,
    "admin.students_csv": SHARED,
    "admin.students_xlsx": SHARED,
    "api.admin.all_posters": SHARED,
    "api.admin.campaign_progress": SHARED,
    "api.admin.campaign_students": SHARED,
    "api.admin.check_sheet": HIDDEN,
    "api.admin.choose_background_on_site": hidden(background="keep"),
    "api.admin.code_pack": SHARED,
    "api.admin.confirm_on_site": HIDDEN,
    "api.admin.delivery": HIDDEN,
    "api.admin.delivery_items": HIDDEN,
    "api.admin.entries": SHARED,
    "api.admin.entry_file": HIDDEN,
    "api.admin.find_on_site": SHARED,
    "api.admin.get_batch": HIDDEN,
    "api.admin.go_on_with_batch": HIDDEN,
    "api.admin.guide_on_site": SHARED,
    "api.admin.list_batch_items": HIDDEN,
    "api.admin.on_site_picture": HIDDEN,
    "api.admin.on_site_roster": HIDDEN,
    "api.admin.on_site_student": HIDDEN,
    "api.admin.open_on_site": hidden(in_person_consent=True),
    "api.admin.record": HIDDEN,
    "api.admin.replace_background_on_site": HIDDEN,
    "api.admin.request_review_on_site": HIDDEN,
    "api.admin.reveal_identity_number": hidden(reason="核对"),
    "api.admin.search_students": SHARED,
    "api.admin.student": HIDDEN,
    "api.admin.submission_picture": HIDDEN,
    "api.admin.submit_on_site": hidden(photo=jpeg((7, 7, 7))),
}

#: Pages without parameters that answer nothing without a query.
QUERIES: dict[str, str] = {
    "admin.code_pack": "?group={campaign_id}",
}

_RECORDS = "/admin/records"
_SEARCH = "/api/v1/admin/records/search"
_CAMPAIGN = "/admin/campaigns/{campaign_id}"
_API_CAMPAIGN = "/api/v1/admin/campaigns/{campaign_id}"
_ROSTER = "/admin/rounds/{campaign_id}/roster"
_ON_SITE = "/api/v1/admin/on-site/campaigns/{campaign_id}/find"
#: By what a student can be asked for.
_WORDS = (
    "name_of_student",
    "student_no",
    "id_number",
    "last_six",
    "code",
    "fingerprint",
)

#: Requests that name another station's student or record in a query or a body: the
#: method, the path, and the body, with the names of ``scene`` in braces.
ASKED: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", _RECORDS + "?station={station_id}", {}),
    ("GET", _RECORDS + "?campaign={campaign_id}&status=pending", {}),
    ("GET", _RECORDS + "?sort=name&cursor=a{record_number}", {}),
    ("GET", _RECORDS + "?sort=name&cursor=b{record_number}", {}),
    ("GET", _CAMPAIGN + "/posters.zip", {}),
    ("GET", _CAMPAIGN + "/posters?size=sign", {}),
    ("GET", _CAMPAIGN + "/students?cursor=a{student_id}", {}),
    ("GET", _CAMPAIGN + "/students?cursor=b{student_id}", {}),
    ("GET", _API_CAMPAIGN + "/posters.zip", {}),
    ("GET", _API_CAMPAIGN + "/students?cursor=a{student_id}&limit=1", {}),
    *(("POST", _RECORDS, {"q": f"{{{word}}}"}) for word in _WORDS),
    *(("POST", _RECORDS + "/export", {"name": f"{{{word}}}"}) for word in _WORDS[:1]),
    *(("POST", _ROSTER, {"text": f"{{{word}}}"}) for word in _WORDS),
    *(("POST", _ON_SITE, {"text": f"{{{word}}}"}) for word in _WORDS),
    *(
        ("POST", _API_CAMPAIGN + "/students/search", {"text": f"{{{word}}}"})
        for word in _WORDS[:2]
    ),
    *(("POST", _SEARCH, {"filters": {"text": f"{{{word}}}"}}) for word in _WORDS),
    ("POST", _SEARCH, {"order": "name", "cursor": "a{record_number}"}),
    ("POST", _SEARCH, {"filters": {"name": "{name_of_student}"}}),
    ("POST", _SEARCH, {"filters": {"student_no": "{student_no}"}}),
    ("POST", _SEARCH, {"filters": {"id_number": "{id_number}"}}),
    (
        "POST",
        "/api/v1/admin/records/export",
        {"filters": {"name": "{name_of_student}"}, "format": "csv"},
    ),
]

#: Pages that go on after an id, whoever's it is: from there they list ones own.
FURTHER: list[str] = [
    _ROSTER + "?after={student_id}",
    "/admin/deliveries?cursor=1000000",
    "/admin/deliveries/{own_delivery}?cursor=0",
    "/admin/batches/{own_batch}?after=0",
    "/api/v1/admin/deliveries?cursor=1000000",
    "/api/v1/admin/deliveries/{own_delivery}/items?cursor=0",
    "/api/v1/admin/batches/{own_batch}/items?after=0",
]

#: Requests that name another station's record in a query or a body, and are refused as
#: if there were none.
REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "/admin/codes.zip?group={campaign_id}:{station_id}", {}),
    ("GET", _CAMPAIGN + "/missing?station={station_id}", {}),
    ("GET", _CAMPAIGN + "/students?station={station_id}", {}),
    ("GET", _CAMPAIGN + "/students.csv?station={station_id}", {}),
    ("GET", _CAMPAIGN + "/students.xlsx?station={station_id}", {}),
    ("POST", _CAMPAIGN + "/reminders", {"station": "{station_id}"}),
    ("GET", _API_CAMPAIGN + "/codes.zip?station_id={station_id}", {}),
    ("GET", _API_CAMPAIGN + "/students?station_id={station_id}", {}),
    ("GET", "/api/v1/admin/deliveries/{delivery}/items?cursor=0", {}),
    ("GET", "/admin/deliveries/{delivery}/check-sheet.pdf?group=station", {}),
    ("GET", "/admin/batches/{batch_id}?state=handed_in", {}),
    ("GET", "/admin/records/{binding_id}?submission={submission_id}", {}),
]


class Ids(NamedTuple):
    """The values of one parameter."""

    own: str | int
    theirs: str | int
    unknown: str | int
    #: Of the student who went from the first station to the other.
    moved: str | int | None = None
    #: Of the other station's student who never scanned anything.
    on_roster: str | int | None = None


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
        values = {name: self.value(name, which) for name in rule.arguments}
        with self.school.app.test_request_context():
            built = rule.build(values, append_unknown=False)
        assert built is not None
        return built[1]

    def value(self, name: str, which: str) -> str | int:
        """Return one value of a parameter; the other station's where there is no such."""
        each = self.ids[name]
        value: str | int | None = getattr(each, which.replace(" ", "_"), None)
        return each.theirs if value is None else value

    def values(self, which: str) -> dict[str, str | int]:
        """Return what stands for the names in braces."""
        numbers = {"theirs": THEIRS, "moved": MOVED, "on roster": THEIRS_ON_ROSTER}
        student = make_student(numbers.get(which, 999))
        return {
            "name_of_student": student.name,
            "student_no": student.student_no,
            "id_number": student.id_number,
            "last_six": student.id_number[-6:],
            "code": student.payload,
            "fingerprint": parse_collection_code(student.payload).fingerprint,
            **{name: self.value(name, which) for name in self.ids},
            "own_batch": self.ids["batch_id"].own,
            "own_delivery": self.ids["delivery"].own,
        }

    def send(self, method: str, path: str, form: Mapping[str, Any]) -> TestResponse:
        """Send a request of the first station; a form that leads on is followed."""
        files = {
            name: (io.BytesIO(value), "a.jpg") if isinstance(value, bytes) else value
            for name, value in form.items()
        }
        is_json = path.startswith("/api/") and files == form
        return self.client.open(
            path,
            method=method,
            headers={"X-CSRF-Token": self.csrf},
            json=form if is_json and method != "GET" else None,
            data=files if not is_json and method != "GET" else None,
            follow_redirects=method == "POST",
            # Reads and closes what is handed out in pieces.
            buffered=True,
        )

    def leaks(self, answer: TestResponse, *, typed: str = "") -> list[str]:
        """Return what an answer tells of the other station, but for what was typed."""
        told = contents(answer.data)
        return [
            name
            for name, secret in self.secrets.items()
            if secret not in typed and secret.encode() in told
        ]


def contents(data: bytes) -> bytes:
    """Return the bytes of an answer; what archives, sheets and documents say in clear."""
    if data.startswith(b"%PDF"):
        return "".join(
            page.get_textpage().get_text_bounded()
            for page in pypdfium2.PdfDocument(data)
        ).encode()
    if not data.startswith(b"PK"):
        return data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        inside = [contents(archive.read(name)) for name in names]
    return b"".join([*(name.encode() for name in names), *inside])


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


def student_ids(school: School) -> dict[int, int]:
    """Return the ids of the students by their number."""
    with school.db.reading() as session:
        found = {
            row[0]: row[1]
            for row in session.execute(select(Student.student_no, Student.id))
        }
    return {n: found[make_student(n).student_no] for n in range(len(found))}


def hand_in_on_site(
    school: School, actor: StaffUser, n: int, student_id: int
) -> SubmissionView:
    """Hand the n-th student's photo in on the phone, and let staff hold it too."""
    photo = school.hand_in(n, station="CS01" if n % 2 == 0 else "ZZ02")
    school.services.collecting.open(
        actor, student_id, code=None, consent=ConsentGiven.IN_PERSON
    )
    return photo


def approve(school: School, photo: SubmissionView) -> None:
    school.services.reviews.decide(
        OPERATOR,
        photo.public_id,
        action="approve",
        reasons=(),
        note="",
        expected_version=photo.version,
    )


def deliver(school: School) -> str:
    """Deliver what is approved and not delivered yet; return the number."""
    return school.services.deliveries.create(
        OPERATOR,
        DeliveryRequest(
            campaign_id=school.campaign,
            profile=Profile.SCHOOL,
            naming=Naming(NamingKey.STUDENT_NO),
        ),
        leave_out=False,
    )


def receive(school: School, actor: StaffUser, *numbers: int) -> int:
    """Bring the photos of students in a folder; a list says whose they are."""
    files = {f"DSC_{n}.jpg": make_student(n).student_no for n in numbers}
    batch = school.services.batches.receive(
        actor,
        school.campaign,
        [BatchFile(name, lambda: jpeg((1, 2, 3))) for name in files],
        names=files,
        consent_in_writing=True,
    )
    return school.services.batches.go_on(actor, batch.id).id


def move(school: School, n: int, student_id: int, station_id: int) -> None:
    """Enrol a student at another station."""
    student = make_student(n)
    school.services.students.update(
        OPERATOR,
        student_id,
        {
            Column.NAME: student.name,
            Column.STUDENT_NO: student.student_no,
            Column.LEVEL: student.level,
            Column.MAJOR: "保险学",
            Column.GRADUATING_YEAR: "2026",
        },
        station_id=station_id,
        reason="转站",
    )


def secrets_of(n: int) -> dict[str, str]:
    """Return what tells of a student, by what it is."""
    student = make_student(n)
    return {
        f"name {n}": student.name,
        f"student number {n}": student.student_no,
        f"identity number {n}": student.id_number,
        f"fingerprint {n}": parse_collection_code(student.payload).fingerprint,
    }


def without(answer: TestResponse, values: Mapping[str, str | int]) -> str:
    """Return what an answer says, but for what was asked."""
    text = contents(answer.data).decode(errors="replace")
    for value in sorted(map(str, values.values()), key=len, reverse=True):
        if len(value) > 1:
            text = text.replace(value, "…")
    # What was asked, sealed in an address or cut in a field; and a number of one digit.
    text = re.sub(r"\b(q|station)=[\w%-]+", r"\1=…", text)
    return re.sub(
        r'(name="(?:q|text|station|csrf_token)"[^>]* value=")[^"]*', r"\1", text
    )


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    school = make_school(tmp_path_factory.mktemp("stations"))
    us, them = (
        school.services.staff.sign_in(name, PASSWORD, address=ADDRESS)
        for name in ("cs01", "zz02")
    )
    more = school.services.staff.sign_in("cs01", PASSWORD, address=ADDRESS)
    ours, theirs = us.session.user, them.session.user
    entries, stations, ids = school.entries, school.stations, student_ids(school)
    photos = {
        n: hand_in_on_site(school, theirs if n % 2 else ours, n, ids[n])
        for n in (OWN, THEIRS, MOVED, OWN_DELIVERED, THEIRS_DELIVERED, THEIRS_LATER)
    }
    for n in (MOVED, OWN_DELIVERED, THEIRS_DELIVERED):
        approve(school, photos[n])
    both = deliver(school)
    approve(school, photos[THEIRS_LATER])
    later = deliver(school)
    own_batch = receive(school, ours, OWN_IN_BATCH, MOVED)
    their_batch = receive(school, theirs, THEIRS_IN_BATCH)
    move(school, MOVED, ids[MOVED], stations["ZZ02"])
    public = {
        n: (photo.binding_public_id, photo.public_id) for n, photo in photos.items()
    }
    with school.db.reading() as session:
        numbers = {
            row[0]: row[1]
            for row in session.execute(select(Binding.public_id, Binding.id))
        }
    yield Scene(
        school=school,
        ids={
            "account": shared("mini-program"),
            "archive": shared("pdf"),
            "batch_id": Ids(own_batch, their_batch, 1_000_000),
            "binding_id": Ids(
                public[OWN][0], public[THEIRS][0], "x" * 22, public[MOVED][0]
            ),
            "campaign_id": shared(school.campaign),
            "delivery": Ids(both, later, "2026-9999"),
            "file": shared("code.svg"),
            "import_id": shared(1),
            "invitation_id": shared(1),
            "kind": shared("portrait"),
            "list_id": shared("x" * 22),
            "name": shared("notice-2025"),
            "reading_id": shared("x" * 22),
            # Not of a route: what cursors of a search are made of.
            "record_number": Ids(
                numbers[public[OWN][0]],
                numbers[public[THEIRS][0]],
                1_000_000,
                numbers[public[MOVED][0]],
            ),
            "receipt": shared("ABCD-EF01-2345"),
            "rule": shared(HUMAN_RULE),
            "session_id": Ids(more.session.id, them.session.id, 1_000_000),
            "sheet": shared("csv"),
            "staff_id": Ids(ours.id, theirs.id, 1_000_000),
            "station_id": Ids(stations["CS01"], stations["ZZ02"], 1_000_000),
            "student_id": Ids(
                ids[OWN], ids[THEIRS], 1_000_000, ids[MOVED], ids[THEIRS_ON_ROSTER]
            ),
            "submission_id": Ids(
                public[OWN][1], public[THEIRS][1], "x" * 22, public[MOVED][1]
            ),
            "token": Ids(entries["CS01"], entries["ZZ02"], "x" * 16),
            "window_id": shared(1),
        },
        token=us.token,
        csrf=us.session.csrf_token,
        secrets={
            **{name: said for n in NOT_OURS for name, said in secrets_of(n).items()},
            **{
                f"{what} {n}": public_id
                for n in public
                if n in NOT_OURS
                for what, public_id in zip(
                    ("binding", "submission"), public[n], strict=True
                )
            },
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
        theirs, moved, unknown = (
            scene.send(method, scene.address(rule, which), case.form)
            for which in ("theirs", "moved", "unknown")
        )
        where = (method, rule.rule)
        assert theirs.status_code == 404, where
        assert same(theirs) == same(unknown), where
        assert same(moved) == same(unknown), where
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


@pytest.mark.needs("cjk-font")
@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/admin/deliveries/{delivery}/check-sheet.pdf", OWN_DELIVERED),
        ("/admin/deliveries/{delivery}", OWN_DELIVERED),
        ("/admin/batches/{batch_id}/report.xlsx", OWN_IN_BATCH),
        ("/admin/campaigns/{campaign_id}/students.xlsx", OWN_IN_BATCH),
        ("/admin/rounds/{campaign_id}/roster", OWN),
        (
            "/api/v1/admin/on-site/campaigns/{campaign_id}/stations/{station_id}/roster",
            OWN,
        ),
    ],
)
def test_what_is_handed_out_names_ones_own_students(
    scene: Scene, path: str, said: int
) -> None:
    """Else names would be looked for where none can be read."""
    answer = scene.send("GET", path.format_map(scene.values("own")), {})
    text = contents(answer.data).decode(errors="replace")
    assert make_student(said).name in text


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
            query = QUERIES.get(rule.endpoint, "").format_map(scene.values("own"))
            answer = scene.send(method, scene.address(rule, "own") + query, {})
            assert answer.status_code in {200, 302}, rule.rule
            assert scene.leaks(answer) == [], rule.rule
            tried += 1
    assert tried >= 15


@pytest.mark.needs("cjk-font")
@pytest.mark.parametrize("which", ["theirs", "moved", "on roster"])
@pytest.mark.parametrize(("method", "path", "form"), ASKED)
def test_asking_for_another_stations_students_finds_what_asking_for_nobody_does(
    scene: Scene, method: str, path: str, form: dict[str, Any], which: str
) -> None:
    told = []
    for asked_for in (which, "unknown"):
        values = scene.values(asked_for)
        filled = fill(form, values)
        answer = scene.send(method, path.format_map(values), filled)
        assert answer.status_code == 200
        assert scene.leaks(answer, typed=str(filled)) == []
        told.append(without(answer, values))
    assert told[0] == told[1]


@pytest.mark.parametrize("path", FURTHER)
def test_pages_further_on_name_nobody_of_another_station(
    scene: Scene, path: str
) -> None:
    answer = scene.send("GET", path.format_map(scene.values("on roster")), {})
    assert answer.status_code == 200
    assert scene.leaks(answer) == []


@pytest.mark.parametrize(("method", "path", "form"), REFUSED)
def test_naming_another_stations_record_is_refused_as_if_there_were_none(
    scene: Scene, method: str, path: str, form: dict[str, Any]
) -> None:
    answers = []
    for which in ("theirs", "unknown"):
        values = scene.values(which)
        answers.append(scene.send(method, path.format_map(values), fill(form, values)))
    assert answers[0].status_code == 404
    assert same(answers[0]) == same(answers[1])


def test_a_staff_account_is_nobody_on_the_students_side(scene: Scene) -> None:
    personal = {name for n in NOT_OURS for name in secrets_of(n)}
    for rule, method in rules(scene):
        if WHO[rule.endpoint] not in {"student", "public"}:
            continue
        for which in ("own", "theirs"):
            answer = scene.send(method, scene.address(rule, which), {})
            assert answer.status_code != 500, (method, rule.rule)
            assert not personal & set(scene.leaks(answer)), (method, rule.rule)


def test_what_is_sent_for_ones_own_students_is_taken(scene: Scene) -> None:
    """The last one: it changes what the others look at."""
    for rule, method in rules(scene):
        case = TABLE.get(rule.endpoint)
        if method == "GET" or case is None or not case.hidden:
            continue
        answer = scene.send(method, scene.address(rule, "own"), case.form)
        assert answer.status_code == 200, (method, rule.rule, answer.text)
        assert scene.leaks(answer) == [], rule.rule
