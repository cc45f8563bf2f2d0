"""The API does what the pages do, and its document says so."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.domain.backgrounds import CHANGE_RULE
from backend.domain.report import Background
from tests.fakes import Replacing
from tests.web.student_support import (
    ObedientInspector,
    Stage,
    file,
    make_stage,
    picture,
)

V1 = "/api/v1"
BOTH = {"portrait": True, "identity_number": True}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return make_stage(tmp_path)


@dataclass(slots=True)
class Program:
    """A program with a bearer token."""

    client: FlaskClient
    token: str = ""

    def call(
        self, method: str, path: str, *, key: str | None = None, **kwargs: Any
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if key:
            headers["Idempotency-Key"] = key
        return self.client.open(f"{V1}{path}", method=method, headers=headers, **kwargs)


@pytest.fixture
def program(stage: Stage) -> Program:
    program = Program(stage.app.test_client())
    opened = program.call("POST", "/sessions")
    assert opened.status_code == 201
    assert "Set-Cookie" not in opened.headers
    program.token = opened.json["token"]  # type: ignore[index] # an object
    return program


def json_of(response: TestResponse, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.get_data(as_text=True)
    body = response.get_json()
    assert isinstance(body, dict)
    return body


def bound(program: Program, stage: Stage, n: int = 0) -> dict[str, Any]:
    start = f"/entries/{stage.token}"
    json_of(program.call("POST", f"{start}/consents", json=BOTH), 201)
    card = {"picture": file(stage.card(n), "card.png")}
    reading = json_of(program.call("POST", f"{start}/code-readings", data=card), 201)
    proof = {
        "reading_id": reading["public_id"],
        "id_last6": stage.people[n].id_number[-6:],
    }
    return json_of(program.call("POST", f"{start}/bindings", json=proof), 201)


def submitted(
    program: Program, binding: str, kind: str, *, key: str | None = None
) -> dict[str, Any]:
    photo = {"photo": file(picture(600, 800), f"{kind}.jpg")}
    path = f"/bindings/{binding}/submissions"
    return json_of(program.call("POST", path, data=photo, key=key), 201)


def test_a_program_can_do_the_whole_way(stage: Stage, program: Program) -> None:
    start = f"/entries/{stage.token}"
    assert json_of(program.call("GET", start))["state"] == "open"
    state = json_of(program.call("GET", f"{start}/consents"))
    assert state["complete"] is False
    binding = bound(program, stage)
    assert binding["student_name"] == stage.people[0].name
    listed = json_of(program.call("GET", f"{start}/bindings"))
    assert [item["public_id"] for item in listed["items"]] == [binding["public_id"]]
    draft = submitted(program, binding["public_id"], "warn")
    assert draft["report"]["verdict"] == "warn"
    roll = next(f for f in draft["report"]["findings"] if f["rule"] == "roll")
    assert roll["limit"] == [-3.0, 3.0]
    assert roll["todo"]
    path = f"/submissions/{draft['public_id']}"
    assert json_of(program.call("POST", f"{path}/confirmation"))["status"] == "pending"
    for kind in ("portrait", "overlay", "original"):
        found = program.call("GET", f"{path}/{kind}")
        assert found.mimetype == "image/jpeg"
        assert "private" in found.headers["Cache-Control"]
    again = json_of(program.call("GET", f"/bindings/{binding['public_id']}"))
    assert again["has_submission"] is True
    gone = json_of(program.call("DELETE", path))
    assert gone["status"] == "withdrawn"
    every = json_of(
        program.call("GET", f"/bindings/{binding['public_id']}/submissions")
    )
    assert [item["status"] for item in every["items"]] == ["withdrawn"]
    assert json_of(program.call("GET", path))["history"][-1]["by"] == "student"


def test_a_refused_photo_can_go_to_a_person(stage: Stage, program: Program) -> None:
    draft = submitted(program, bound(program, stage)["public_id"], "fail")
    path = f"/submissions/{draft['public_id']}"
    refused = json_of(program.call("POST", f"{path}/confirmation"), 422)
    assert refused["code"] == "photo_not_acceptable"
    asked = json_of(program.call("POST", f"{path}/review-request"))
    assert asked["human_review_requested"] is True


def test_a_background_is_replaced_compared_and_agreed_to(
    stage: Stage, program: Program
) -> None:
    stage.replace_backgrounds()
    entry = json_of(program.call("GET", f"/entries/{stage.token}"))
    assert entry["campaign"]["background"] == "standard"
    draft = submitted(program, bound(program, stage)["public_id"], "pass")
    assert (draft["background"], draft["can_confirm"]) == ("due", False)
    path = f"/submissions/{draft['public_id']}"
    early = json_of(program.call("POST", f"{path}/confirmation"), 409)
    assert early["code"] == "background_due"
    done = json_of(program.call("POST", f"{path}/background"))
    assert done["background"] == "standard"
    assert done["report"]["background"] == "standard"
    assert done["other_report"]["background"] == "keep"
    assert json_of(program.call("POST", f"{path}/background")) == done
    standard = program.call("GET", f"{path}/portrait").data
    own = program.call("GET", f"{path}/other-portrait").data
    assert standard != own
    chosen = json_of(
        program.call("PUT", f"{path}/background", json={"background": "keep"})
    )
    assert chosen["background"] == "declined"
    assert program.call("GET", f"{path}/portrait").data == own
    assert program.call("GET", f"{path}/other-portrait").data == standard
    confirm = f"{path}/confirmation"
    assert json_of(program.call("POST", confirm), 422)["code"] == (
        "background_not_agreed"
    )
    other = {"background": "standard"}
    refused = json_of(program.call("POST", confirm, json=other), 422)
    assert refused["code"] == "background_not_agreed"
    agreed = {"background": chosen["report"]["background"]}
    pending = json_of(program.call("POST", confirm, json=agreed))
    assert pending["status"] == "pending"
    assert pending["history"][-1]["note"] == "同意使用原背景"


def test_a_review_is_asked_for_with_the_background_that_is_agreed_to(
    stage: Stage, program: Program
) -> None:
    stage.replace_backgrounds()
    draft = submitted(program, bound(program, stage)["public_id"], "fail")
    path = f"/submissions/{draft['public_id']}"
    assert json_of(program.call("POST", f"{path}/background"))["can_request_review"]
    ask = f"{path}/review-request"
    refused = json_of(program.call("POST", ask), 422)
    assert refused["code"] == "background_not_agreed"
    agreed = {"background": "standard"}
    asked = json_of(program.call("POST", ask, json=agreed))
    assert asked["human_review_requested"] is True
    assert asked["history"][-1]["note"] == "同意使用标准背景"


def test_who_is_not_served_yet_is_told_when_to_ask_again(
    stage: Stage, program: Program
) -> None:
    stage.replace_backgrounds()
    assert isinstance(stage.inspector, ObedientInspector)
    stage.inspector.replacing = Replacing.BUSY
    draft = submitted(program, bound(program, stage)["public_id"], "pass")
    path = f"/submissions/{draft['public_id']}/background"
    busy = program.call("POST", path)
    assert json_of(busy, 503)["code"] == "background_busy"
    assert busy.headers["Retry-After"] == "2"
    stage.inspector.replacing = Replacing.DONE
    assert json_of(program.call("POST", path))["background"] == "standard"


def test_a_background_that_stays_says_why(stage: Stage, program: Program) -> None:
    stage.replace_backgrounds()
    assert isinstance(stage.inspector, ObedientInspector)
    stage.inspector.replacing = Replacing.REFUSED
    draft = submitted(program, bound(program, stage)["public_id"], "pass")
    path = f"/submissions/{draft['public_id']}"
    done = json_of(program.call("POST", f"{path}/background"))
    assert (done["background"], done["other_report"]) == ("refused", None)
    why = next(f for f in done["report"]["findings"] if f["rule"] == CHANGE_RULE)
    assert why["status"] == "warn"
    assert why["todo"]
    assert json_of(program.call("POST", f"{path}/confirmation"))["status"] == "pending"


def test_a_background_is_one_of_two_and_named_where_it_is_asked_for(
    stage: Stage, program: Program
) -> None:
    draft = submitted(program, bound(program, stage)["public_id"], "pass")
    assert draft["background"] == "kept"
    path = f"/submissions/{draft['public_id']}"
    for method, address in (
        ("PUT", "background"),
        ("POST", "confirmation"),
        ("POST", "review-request"),
    ):
        sent = program.call(method, f"{path}/{address}", json={"background": "blue"})
        assert json_of(sent, 400)["violations"][0]["field"] == "background"
    wanted = {"background": Background.STANDARD}
    none = json_of(program.call("PUT", f"{path}/background", json=wanted), 422)
    assert none["code"] == "background_not_replaced"
    # An empty body, and one that names what is shown, are as good as none.
    kept = {"background": "keep"}
    assert json_of(program.call("POST", f"{path}/confirmation", json=kept))["status"]
    assert json_of(program.call("POST", f"{path}/confirmation", json={}))["status"]


def test_a_code_can_be_pasted_and_exchanged(stage: Stage, program: Program) -> None:
    binding = bound(program, stage)
    pasted = {"text": stage.people[0].payload}
    path = f"/entries/{stage.token}/code-readings"
    reading = json_of(program.call("POST", path, json=pasted), 201)
    assert reading["source"] == "pasted"
    changed = json_of(
        program.call(
            "PUT",
            f"/bindings/{binding['public_id']}/code",
            json={"reading_id": reading["public_id"]},
        )
    )
    assert changed["fingerprint"] == binding["fingerprint"]


def test_consents_can_be_taken_back_and_a_session_ended(
    stage: Stage, program: Program
) -> None:
    path = f"/entries/{stage.token}/consents"
    json_of(program.call("POST", path, json=BOTH), 201)
    assert json_of(program.call("DELETE", path))["complete"] is False
    assert program.call("DELETE", "/sessions/current").status_code == 204
    refused = json_of(program.call("GET", path), 401)
    assert refused["code"] == "not_signed_in"


def test_the_same_key_gives_the_same_answer_and_makes_one_thing(
    stage: Stage, program: Program
) -> None:
    binding = bound(program, stage)["public_id"]
    first = submitted(program, binding, "warn", key="a")
    assert submitted(program, binding, "warn", key="a") == first
    other = {"photo": file(picture(60, 80), "pass.jpg")}
    path = f"/bindings/{binding}/submissions"
    refused = json_of(program.call("POST", path, data=other, key="a"), 422)
    assert refused["code"] == "idempotency_key_reused"
    every = json_of(program.call("GET", path))
    assert len(every["items"]) == 1


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        ("consents", {"portrait": "maybe", "nonsense": 1}, {"portrait", "nonsense"}),
        ("consents", {}, {"portrait", "identity_number"}),
        ("bindings", {}, {"reading_id", "id_last6"}),
        ("code-readings", {}, {"text"}),
        ("code-readings", [], {"body"}),
    ],
)
def test_all_that_is_wrong_is_said_at_once(
    stage: Stage, program: Program, path: str, body: object, fields: set[str]
) -> None:
    answer = program.call("POST", f"/entries/{stage.token}/{path}", json=body)
    assert answer.mimetype == "application/problem+json"
    problem = json_of(answer, 400)
    assert {v["field"] for v in problem["violations"]} == fields
    assert all(v["message"] for v in problem["violations"])


def test_a_missing_photo_and_a_broken_one_are_told_apart(
    stage: Stage, program: Program
) -> None:
    path = f"/bindings/{bound(program, stage)['public_id']}/submissions"
    nothing = json_of(program.call("POST", path, data={}), 400)
    assert [v["field"] for v in nothing["violations"]] == ["photo"]
    broken = {"photo": file(b"x", "broken.jpg")}
    assert json_of(program.call("POST", path, data=broken), 422)["code"]


def test_a_photo_that_is_too_large_is_413(tmp_path: Path) -> None:
    stage = make_stage(tmp_path, max_bytes=100_000)
    program = Program(stage.app.test_client())
    program.token = json_of(program.call("POST", "/sessions"), 201)["token"]
    path = f"/bindings/{bound(program, stage)['public_id']}/submissions"
    for size in (100_001, 400_000):
        data = {"photo": file(b"x" * size, "pass.jpg")}
        problem = json_of(program.call("POST", path, data=data), 413)
        assert problem["code"] == "upload_too_large"


def test_anothers_records_do_not_exist(stage: Stage, program: Program) -> None:
    binding = bound(program, stage)["public_id"]
    submission = submitted(program, binding, "pass")["public_id"]
    stranger = Program(stage.app.test_client())
    stranger.token = json_of(stranger.call("POST", "/sessions"), 201)["token"]
    for method, path in (
        ("GET", f"/bindings/{binding}"),
        ("GET", f"/bindings/{binding}/submissions"),
        ("GET", f"/submissions/{submission}"),
        ("GET", f"/submissions/{submission}/original"),
        ("POST", f"/submissions/{submission}/background"),
        ("POST", f"/submissions/{submission}/confirmation"),
        ("POST", f"/submissions/{submission}/review-request"),
        ("DELETE", f"/submissions/{submission}"),
    ):
        assert stranger.call(method, path).status_code == 404, path


def test_a_cookie_needs_the_csrf_token_and_a_bearer_does_not(stage: Stage) -> None:
    client = stage.app.test_client()
    page = client.get(f"/s/{stage.token}/consent").get_data(as_text=True)
    csrf = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert csrf
    path = f"{V1}/entries/{stage.token}/consents"
    assert client.post(path, json=BOTH).status_code == 403
    headers = {"X-CSRF-Token": csrf.group(1)}
    assert client.post(path, json=BOTH, headers=headers).status_code == 201


def test_the_guide_and_the_policy_are_open_to_all(stage: Stage) -> None:
    program = Program(stage.app.test_client())
    guide = json_of(program.call("GET", "/guide"))
    assert [way["key"] for way in guide["ways"]] == ["archive", "wechat", "app"]
    policy = json_of(program.call("GET", "/policies/notice-2025"))
    assert {"roll", "eyes_open"} <= {rule["id"] for rule in policy["rules"]}
    by_id = {rule["id"]: rule for rule in policy["rules"]}
    assert by_id["exposure"]["variants"]["too_dark"]["fail_above"] == 0.15
    assert by_id["glasses"]["confirm"]
    assert by_id["glasses"]["watch"] == "both"
    assert [255, 255, 255] in by_id["background_colour"]["colours"]
    national = json_of(program.call("GET", "/policies/national-2017"))
    assert national["extends"] == "notice-2025"
    missing = json_of(program.call("GET", "/policies/none"), 404)
    assert missing["code"] == "policy_not_found"


def test_the_document_holds_every_operation_and_every_reference_resolves(
    stage: Stage,
) -> None:
    document = json_of(stage.app.test_client().get(f"{V1}/openapi.json"))
    assert document["openapi"].startswith("3.1")
    declared = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
    }
    served = {
        (method, re.sub(r"<(?:[^<>:]*:)?(\w+)>", r"{\1}", str(rule)))
        for rule in stage.app.url_map.iter_rules()
        if rule.endpoint.startswith("api.") and rule.endpoint != "api.docs"
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert declared == served
    schemas = document["components"]["schemas"]
    references = set(re.findall(r"'\$ref': '([^']+)'", repr(document)))
    assert references
    for reference in references:
        assert reference.removeprefix("#/components/schemas/") in schemas, reference


def test_the_document_tells_how_to_sign_in_and_what_can_go_wrong(stage: Stage) -> None:
    paths = json_of(stage.app.test_client().get(f"{V1}/openapi.json"))["paths"]
    reading = paths[f"{V1}/entries/{{token}}/code-readings"]["post"]
    assert set(reading["requestBody"]["content"]) == {
        "multipart/form-data",
        "application/json",
    }
    assert reading["security"] == [{"bearer": []}, {"cookie": []}]
    assert "application/problem+json" in reading["responses"]["422"]["content"]
    assert "Idempotency-Key" in {p["name"] for p in reading["parameters"]}
    media = paths[f"{V1}/submissions/{{submission_id}}/{{kind}}"]["get"]
    kind = next(p for p in media["parameters"] if p["name"] == "kind")
    assert kind["schema"]["enum"] == [
        "portrait",
        "overlay",
        "original",
        "other-portrait",
    ]
    ids = [o["operationId"] for item in paths.values() for o in item.values()]
    assert len(ids) == len(set(ids))


def test_the_page_of_the_document_lists_every_operation(stage: Stage) -> None:
    client = stage.app.test_client()
    document = json_of(client.get(f"{V1}/openapi.json"))
    page = client.get(f"{V1}/docs").get_data(as_text=True)
    for path in document["paths"]:
        assert path in page
