"""The desk on site by the API, and the page a browser may keep."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from backend.db.models import AuditEvent, Consent, Student, Submission
from backend.domain.codes import parse_collection_code
from backend.imaging.sample_card import draw_sample_card
from tests.factories import SCHOOL_NAME, make_student
from tests.web.console import School, jpeg, make_school

API = "/api/v1/admin/on-site"


@pytest.fixture
def school(tmp_path: Path) -> Iterator[School]:
    school = make_school(tmp_path)
    yield school
    school.db.dispose()


class Desk:
    """A signed-in account at the API of the desk."""

    def __init__(self, school: School, username: str) -> None:
        self.school = school
        self.client: FlaskClient = school.client(username)
        self.state: dict[str, Any] = self.client.get(API).get_json()
        self.headers = {"X-CSRF-Token": self.state.get("csrf_token", "")}

    def post(self, path: str, json: object = None) -> TestResponse:
        return self.client.post(API + path, json=json, headers=self.headers)

    def send(self, path: str, **fields: Any) -> TestResponse:
        return self.client.post(API + path, data=fields, headers=self.headers)

    def find(self, text: str) -> list[dict[str, Any]]:
        answer = self.post(f"/campaigns/{self.school.campaign}/find", {"text": text})
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.get_json()["items"]
        return items

    def open(self, student_id: int, **given: Any) -> TestResponse:
        body = {"in_person_consent": True, **given}
        return self.post(f"/students/{student_id}/opening", body)

    def hand_in(self, binding_id: str, photo: bytes) -> TestResponse:
        upload = (io.BytesIO(photo), "camera.jpg")
        return self.send(f"/bindings/{binding_id}/submissions", photo=upload)


def test_a_student_is_found_opened_photographed_and_confirmed(school: School) -> None:
    desk, person = Desk(school, "cs01"), make_student(2)
    (found,) = desk.find(person.payload)
    assert (found["name"], found["standing"]) == (person.name, "未采集")
    assert person.id_number not in str(found)
    opened = desk.open(found["id"], code=person.payload).get_json()
    assert opened["fingerprint"]
    assert opened["standing"] == "还没有照片"
    first = desk.hand_in(opened["binding_id"], jpeg((1, 2, 3))).get_json()
    again = desk.hand_in(opened["binding_id"], jpeg((1, 2, 3))).get_json()
    assert first["public_id"] == again["public_id"]
    assert first["can_confirm"]
    assert first["headline"]
    for kind in ("portrait", "overlay"):
        picture = desk.client.get(f"{API}/submissions/{first['public_id']}/{kind}")
        assert picture.mimetype == "image/jpeg"
        assert "no-cache" in picture.headers["Cache-Control"]
    for _ in range(2):
        done = desk.post(f"/submissions/{first['public_id']}/confirmation").get_json()
        assert done["status"] == "pending"
    student = desk.client.get(f"{API}/students/{found['id']}").get_json()
    assert student["standing"] == "已提交，等待审核"
    with school.db.reading() as session:
        assert [row.source for row in session.scalars(select(Submission))] == [
            "on_site"
        ]
        given = session.scalars(select(Consent)).all()
        assert {(row.purpose, row.channel) for row in given} == {
            ("portrait", "in_person"),
            ("identity_number", "in_person"),
        }


def test_a_background_is_replaced_at_the_desk(school: School) -> None:
    school.replace_backgrounds()
    desk = Desk(school, "cs01")
    (found,) = desk.find(make_student(2).student_no)
    binding = desk.open(found["id"]).get_json()["binding_id"]
    judged = desk.hand_in(binding, jpeg((1, 2, 3))).get_json()
    assert (judged["background"], judged["can_confirm"]) == ("due", False)
    path = f"/submissions/{judged['public_id']}"
    done = desk.post(f"{path}/background").get_json()
    assert (done["background"], done["can_confirm"]) == ("standard", True)
    other = desk.client.get(f"{API}{path}/other-portrait")
    assert other.mimetype == "image/jpeg"
    refused = desk.post(f"{path}/confirmation")
    assert refused.get_json()["code"] == "background_not_agreed"
    chosen = desk.client.put(
        f"{API}{path}/background", json={"background": "keep"}, headers=desk.headers
    ).get_json()
    assert (chosen["background"], chosen["can_choose_background"]) == ("declined", True)
    agreed = desk.post(f"{path}/confirmation", {"background": "keep"}).get_json()
    assert agreed["status"] == "pending"


def test_a_review_asked_for_at_the_desk_names_the_background(school: School) -> None:
    school.replace_backgrounds()
    desk = Desk(school, "cs01")
    (found,) = desk.find(make_student(0).student_no)
    binding = desk.open(found["id"]).get_json()["binding_id"]
    judged = desk.hand_in(binding, jpeg((4, 5, 6))).get_json()
    path = f"/submissions/{judged['public_id']}"
    desk.post(f"{path}/background")
    with school.db.transaction() as session:
        session.execute(update(Submission).values(verdict="fail"))
    refused = desk.post(f"{path}/review-request")
    assert refused.get_json()["code"] == "background_not_agreed"
    asked = desk.post(f"{path}/review-request", {"background": "standard"})
    assert asked.get_json()["status"] == "pending"


def test_a_refused_photo_says_what_to_do_and_may_be_reviewed(school: School) -> None:
    school.inspector.fails = True
    desk = Desk(school, "admin")
    (found,) = desk.find(make_student(1).student_no)
    binding = desk.open(found["id"]).get_json()["binding_id"]
    judged = desk.hand_in(binding, jpeg((9, 9, 9))).get_json()
    assert (judged["tone"], judged["can_confirm"]) == ("fail", False)
    assert all(line["todo"] for line in judged["advice"])
    refused = desk.post(f"/submissions/{judged['public_id']}/confirmation")
    assert (refused.status_code, refused.get_json()["code"]) == (
        422,
        "photo_not_acceptable",
    )
    done = desk.post(f"/submissions/{judged['public_id']}/review-request").get_json()
    assert done["status"] == "pending"


def test_without_the_consent_given_in_person_nothing_is_opened(school: School) -> None:
    desk = Desk(school, "cs01")
    (found,) = desk.find(make_student(2).name)
    answer = desk.open(found["id"], in_person_consent=False)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "consent_required")
    assert desk.find(make_student(2).name)[0]["binding_id"] is None


def test_who_needs_no_photo_is_named_with_the_reason_and_not_opened(
    school: School,
) -> None:
    person = make_student(2)
    with school.db.transaction() as session:
        row = session.scalars(
            select(Student).where(Student.student_no == person.student_no)
        ).one()
        row.exempt_reason = "休学"
    desk = Desk(school, "cs01")
    (found,) = desk.find(person.name)
    assert found["standing"] == "免采：休学"
    assert desk.open(found["id"]).get_json()["code"] == "exempt"


def test_another_stations_students_do_not_exist(school: School) -> None:
    own, other = Desk(school, "cs01"), Desk(school, "zz02")
    person = make_student(2)
    (found,) = own.find(person.name)
    binding = own.open(found["id"]).get_json()["binding_id"]
    photo = own.hand_in(binding, jpeg((1, 2, 3))).get_json()["public_id"]
    for text in (person.name, person.student_no, person.id_number, person.payload):
        assert other.find(text) == []
    campaign, station = school.campaign, school.stations["CS01"]
    get = other.client.get
    for answer, code in (
        (get(f"{API}/students/{found['id']}"), "student_not_found"),
        (other.open(found["id"]), "student_not_found"),
        (other.hand_in(binding, jpeg((4, 5, 6))), "binding_not_found"),
        (other.post(f"/submissions/{photo}/confirmation"), "submission_not_found"),
        (other.post(f"/submissions/{photo}/review-request"), "submission_not_found"),
        (get(f"{API}/submissions/{photo}/overlay"), "submission_not_found"),
        (
            get(f"{API}/campaigns/{campaign}/stations/{station}/roster"),
            "station_not_found",
        ),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (404, code)
        assert person.name not in answer.text
    assert [station["id"] for station in other.state["stations"]] == [
        school.stations["ZZ02"]
    ]


def test_the_list_for_a_broken_line_tells_little_and_is_audited(school: School) -> None:
    desk = Desk(school, "cs01")
    path = f"{API}/campaigns/{school.campaign}/stations/{school.stations['CS01']}"
    body = desk.client.get(f"{path}/roster").get_json()
    people = [make_student(n) for n in range(0, 12, 2)]
    assert {(one["name"], one["student_no_tail"]) for one in body["items"]} == {
        (person.name, person.student_no[-4:]) for person in people
    }
    for person in people:
        assert person.student_no not in str(body)
        assert person.id_number not in str(body)
    with school.db.reading() as session:
        last = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()[-1]
        assert (last.action, last.actor) == ("on_site.roster", "cs01")
        assert last.detail == "CS01 · 6 名学生"
    none = desk.client.get(f"{API}/campaigns/999/stations/1/roster")
    assert none.status_code == 404


def test_a_code_is_read_from_a_picture_of_the_card(school: School) -> None:
    desk, person = Desk(school, "cs01"), make_student(2)
    card = draw_sample_card(
        parse_collection_code(person.payload), school_name=SCHOOL_NAME
    )
    read = desk.send("/code-readings", picture=(io.BytesIO(card), "code.jpg"))
    assert read.get_json() == {"text": person.payload}
    blank = desk.send("/code-readings", picture=(io.BytesIO(jpeg((9, 9, 9))), "a.jpg"))
    assert blank.status_code == 422


def test_frames_are_hinted_at_by_the_campaigns_policy(school: School) -> None:
    desk = Desk(school, "cs01")

    def look(campaign: int) -> TestResponse:
        frame = (io.BytesIO(jpeg((1, 1, 1))), "frame.jpg")
        fields = {"width": "480", "height": "640", "facing": "environment"}
        return desk.send(f"/campaigns/{campaign}/guidance", frame=frame, **fields)

    said = look(school.campaign).get_json()
    assert (said["hint"], said["text"]) == ("ready", "可以拍了")
    assert look(999).status_code == 404
    # As for students, more than two a second are too many.
    assert [look(school.campaign).status_code for _ in range(4)][-1] == 429


def test_the_page_that_the_browser_keeps_names_nobody(school: School) -> None:
    desk = Desk(school, "cs01")
    client = desk.client
    page = client.get(f"/admin/on-site/{school.campaign}")
    shell = client.get(f"/admin/on-site/{school.campaign}/shell")
    for own in ("cs01 老师", desk.state["csrf_token"]):
        assert own in page.text
        assert own not in shell.text
    assert 'name="csrf_token" value=""' in shell.text
    assert 'data-facing="environment"' in shell.text
    for kept in ("on-site.js", "on-site-queue.js", "admin.css", "bootstrap.min.css"):
        assert kept in shell.text
    assert client.get("/admin/on-site/999").status_code == 404
    assert "2026届样例采集" in client.get("/admin/on-site").text


def test_the_worker_may_serve_the_desk_and_nothing_else(school: School) -> None:
    answer = school.client().get("/admin/on-site/worker.js")
    assert answer.mimetype == "text/javascript"
    assert answer.headers["Service-Worker-Allowed"] == "/admin/on-site"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]


def test_a_session_that_ended_is_told_so(school: School) -> None:
    desk = Desk(school, "cs01")
    school.clock.at += school.clock.at - school.clock.at.replace(year=2025)
    answer = desk.open(1)
    assert answer.status_code == 401
