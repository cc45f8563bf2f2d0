from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.domain.report import Status
from backend.messages.return_reasons import RETURN_REASONS
from backend.web.auth import STAFF_COOKIE
from tests.factories import make_student
from tests.web.console import HUMAN_RULE, PASSWORD, School, make_school

BASE = "/api/v1/admin"


@pytest.fixture
def school(tmp_path: Path) -> School:
    return make_school(tmp_path, students=4)


class Caller:
    """A program that signed in with a bearer token."""

    def __init__(self, school: School, username: str) -> None:
        self.client: FlaskClient = school.client()
        answer = self.client.post(
            f"{BASE}/sessions", json={"username": username, "password": PASSWORD}
        )
        assert answer.status_code == 201
        assert answer.json is not None
        self.opened: dict[str, Any] = answer.json
        self.headers = {"Authorization": f"Bearer {answer.json['token']}"}

    def __call__(
        self,
        method: str,
        path: str,
        json: Any = None,
        headers: dict[str, str] | None = None,
    ) -> TestResponse:
        return self.client.open(
            BASE + path,
            method=method,
            json=json,
            headers=self.headers | (headers or {}),
        )


def body(answer: TestResponse, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert isinstance(answer.json, dict)
    return answer.json


def test_a_session_is_opened_used_and_closed(school: School) -> None:
    call = Caller(school, "reviewer")
    assert call.opened["user"]["role"] == "reviewer"
    assert body(call("GET", "/campaigns"))["items"][0]["id"] == school.campaign
    assert call("DELETE", "/sessions").status_code == 204
    assert body(call("GET", "/campaigns"), 401)["code"] == "not_signed_in"


def test_wrong_credentials_are_a_problem_document(school: School) -> None:
    answer = school.client().post(
        f"{BASE}/sessions", json={"username": "admin", "password": "wrong"}
    )
    assert answer.content_type == "application/problem+json"
    assert body(answer, 401)["code"] == "wrong_credentials"


def test_the_cookie_needs_the_csrf_header_for_changes(school: School) -> None:
    call = Caller(school, "admin")
    client = school.client()
    client.set_cookie(STAFF_COOKIE, call.opened["token"])
    search = f"{BASE}/records/search"
    assert body(client.post(search, json={}), 403)["code"] == "csrf_failed"
    token = {"X-CSRF-Token": call.opened["csrf_token"]}
    assert client.post(search, json={}, headers=token).status_code == 200


def test_stations_are_created_and_changed_in_part(school: School) -> None:
    call = Caller(school, "admin")
    form = {"code": "XT03", "name": "湘潭", "address": "路", "contact": "赵"}
    station = body(call("POST", "/stations", form), 201)
    changed = body(call("PATCH", f"/stations/{station['id']}", {"name": "湘潭二"}))
    assert changed == station | {"name": "湘潭二"}
    assert len(body(call("GET", "/stations"))["items"]) == 3
    assert call("PATCH", "/stations/999", {}).status_code == 404
    wrong = body(call("POST", "/stations", {"code": "", "colour": "red"}), 400)
    assert {v["field"] for v in wrong["violations"]} >= {"code", "name", "colour"}


def test_a_reviewer_may_not_manage_stations(school: School) -> None:
    form = {"code": "XT03", "name": "湘潭", "address": "路", "contact": "赵"}
    answer = Caller(school, "reviewer")("POST", "/stations", form)
    assert body(answer, 403)["code"] == "role_not_allowed"


def test_entries_are_opened_replaced_and_retired(school: School) -> None:
    call = Caller(school, "admin")
    path = f"/campaigns/{school.campaign}/entries"
    assert len(body(call("GET", path))["items"]) == 2
    station = {"station_id": school.stations["CS01"]}
    assert body(call("POST", path, station), 409)["code"] == "entry_exists"
    old = school.entries["CS01"]
    new = body(call("POST", f"/entries/{old}/replacement", {"reason": "丢失"}), 201)
    assert new["url"] == f"http://localhost/s/{new['token']}"
    ended = body(call("POST", f"/entries/{new['token']}/retirement", {"reason": "撤"}))
    assert ended["state"] == "retired"
    assert body(call("POST", path, station), 201)["state"] == "open"


@pytest.mark.needs("cjk-font")
@pytest.mark.parametrize(
    ("file", "start"),
    [
        ("poster.pdf", b"%PDF"),
        ("poster.png", b"\x89PNG"),
        ("code.png", b"\x89PNG"),
        ("code.svg", b"<"),
    ],
)
def test_posters_and_codes_are_downloaded(
    school: School, file: str, start: bytes
) -> None:
    call = Caller(school, "cs01")
    answer = call("GET", f"/entries/{school.entries['CS01']}/{file}")
    assert answer.data.startswith(start)
    other = call("GET", f"/entries/{school.entries['ZZ02']}/{file}")
    assert body(other, 404)["code"] == "entry_not_found"


def test_records_are_searched_by_body_and_paged_by_cursor(school: School) -> None:
    for n in range(3):
        school.hand_in(n)
    call = Caller(school, "reviewer")
    page = body(call("POST", "/records/search", {"limit": 2}))
    assert len(page["items"]) == 2
    following = {"limit": 2, "cursor": page["next_cursor"]}
    assert len(body(call("POST", "/records/search", following))["items"]) == 1
    wanted = {"filters": {"id_number": make_student(1).id_number, "status": "pending"}}
    found = body(call("POST", "/records/search", wanted))["items"]
    assert [row["student_no"] for row in found] == [make_student(1).student_no]
    assert make_student(1).id_number not in str(found)
    ordered = {
        "filters": {"text": make_student(1).name, "graduating_year": 2026},
        "order": "name",
        "descending": False,
        "cursor": "z",
    }
    (row,) = body(call("POST", "/records/search", ordered))["items"]
    assert row["student_no"] == make_student(1).student_no
    sheet = call("POST", "/records/export", {"format": "csv"})
    assert len(sheet.data.splitlines()) == 4
    wrong = body(call("POST", "/records/search", {"filters": {"status": "?"}}), 400)
    assert wrong["violations"][0]["field"] == "filters.status"


def test_a_record_its_number_and_its_release(school: School) -> None:
    photo = school.hand_in(0)
    call = Caller(school, "admin")
    path = f"/records/{photo.binding_public_id}"
    record = body(call("GET", path))
    assert record["row"]["student_name"] == make_student(0).name
    assert record["submissions"][0]["report"]["policy"] == "notice-2025"
    assert make_student(0).id_number not in str(record)
    shown = body(call("POST", f"{path}/identity-number-reveal", {"reason": "核对"}))
    assert shown == {"id_number": make_student(0).id_number}
    assert call("POST", f"{path}/release", {"reason": "换手机"}).status_code == 204
    assert body(call("GET", path))["row"]["binding_status"] == "released"
    other = Caller(school, "zz02")("GET", path)
    assert body(other, 404)["code"] == "record_not_found"


@pytest.mark.parametrize("kind", ["portrait", "overlay", "original"])
def test_pictures_are_downloaded_by_who_may_see_them(school: School, kind: str) -> None:
    photo = school.hand_in(0)
    path = f"/submissions/{photo.public_id}/{kind}"
    assert Caller(school, "cs01")("GET", path).data.startswith(b"\xff\xd8")
    assert Caller(school, "zz02")("GET", path).status_code == 404


def test_a_portrait_is_approved_on_the_version_in_if_match(school: School) -> None:
    photo = school.hand_in(0)
    call = Caller(school, "reviewer")
    path = f"/submissions/{photo.public_id}/decision"
    approve = {"action": "approve", "checked": [HUMAN_RULE]}
    assert body(call("POST", path, approve), 400)["violations"][0]["field"] == (
        "expected_version"
    )
    unchecked = {"action": "approve", "expected_version": photo.version}
    assert body(call("POST", path, unchecked), 400)["code"] == "checklist_open"
    match = {"If-Match": f'"{photo.version}"'}
    answer = call("POST", path, approve, match)
    assert body(answer)["status"] == "approved"
    assert answer.headers["ETag"] == f'"{photo.version + 1}"'
    assert body(call("POST", path, approve, match), 409)["code"] == "stale_decision"


def test_a_program_is_told_what_to_check_and_held_to_it(school: School) -> None:
    school.inspector.ears = Status.WARN
    photo = school.hand_in(0)
    call = Caller(school, "reviewer")
    (shown,) = body(call("GET", f"/records/{photo.binding_public_id}"))["submissions"]
    assert shown["to_check"] == [HUMAN_RULE, "ears_visible"]
    path = f"/submissions/{photo.public_id}/decision"
    approve = {"action": "approve", "expected_version": photo.version}
    refused = body(call("POST", path, approve | {"checked": [HUMAN_RULE]}), 400)
    assert [v["field"] for v in refused["violations"]] == ["ears_visible"]
    checked = approve | {"checked": shown["to_check"]}
    assert body(call("POST", path, checked))["status"] == "approved"


def test_a_portrait_is_returned_with_ready_reasons(school: School) -> None:
    photo = school.hand_in(0)
    call = Caller(school, "reviewer")
    path = f"/submissions/{photo.public_id}/decision"
    wanted = {"action": "return", "expected_version": photo.version}
    unknown = body(call("POST", path, wanted | {"reasons": ["ugly"]}), 400)
    assert unknown["violations"][0]["field"] == "reasons"
    done = body(call("POST", path, wanted | {"reasons": ["hair"], "note": "夹起来"}))
    assert done["return_reasons"] == [RETURN_REASONS["hair"].text]
    assert done["return_note"] == "夹起来"


def test_a_reviewer_chooses_the_background_on_the_version_seen(school: School) -> None:
    school.replace_backgrounds()
    photo = school.hand_in(0)
    call = Caller(school, "reviewer")
    (shown,) = body(call("GET", f"/records/{photo.binding_public_id}"))["submissions"]
    assert (shown["background"], shown["can_choose_background"]) == ("standard", True)
    assert shown["other_report"]["background"] == "keep"
    path = f"/submissions/{photo.public_id}"
    assert call("GET", f"{path}/other-portrait").data.startswith(b"\xff\xd8")
    wanted = {"background": "keep"}
    assert body(call("PUT", f"{path}/background", wanted), 400)["violations"]
    match = {"If-Match": f'"{shown["version"]}"'}
    chosen = call("PUT", f"{path}/background", wanted, match)
    assert body(chosen)["background"] == "declined"
    assert body(chosen)["report"]["background"] == "keep"
    assert chosen.headers["ETag"] == f'"{shown["version"] + 1}"'
    stale = call("PUT", f"{path}/background", wanted, match)
    assert body(stale, 409)["code"] == "stale_decision"
    # Nothing is due: the photo comes back as it is.
    assert body(call("POST", f"{path}/background")) == body(chosen)


def test_a_campaign_says_what_becomes_of_the_background(school: School) -> None:
    call = Caller(school, "admin")
    (campaign,) = body(call("GET", "/campaigns"))["items"]
    assert campaign["background"] == "keep"
    new = {
        **dict.fromkeys(("school_name", "contact", "notice_text"), "样例"),
        "name": "换背景的一批",
        "graduating_years": [2026],
        "opens_at": "2026-03-01T00:00:00Z",
        "closes_at": "2026-04-01T00:00:00Z",
        "policy": "notice-2025",
        "album_allowed": True,
        "notice_version": "1",
        "retention_text": "无",
        "background": "standard",
    }
    made = body(call("POST", "/campaigns", new), 201)
    assert made["campaign"]["background"] == "standard"
    wrong = body(call("POST", "/campaigns", new | {"background": "blue"}), 400)
    assert wrong["violations"][0]["field"] == "background"


def test_the_staff_paths_are_in_the_same_document(school: School) -> None:
    document = school.client().get("/api/v1/openapi.json").json
    assert document is not None
    paths = document["paths"]
    for path in (
        "/sessions",
        "/records/search",
        "/submissions/{submission_id}/decision",
        "/submissions/{submission_id}/background",
        "/entries/{token}/replacement",
    ):
        assert BASE + path in paths
