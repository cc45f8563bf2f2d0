"""Frames of an open camera by the API: what is taken, what is refused, what is told."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from backend.domain.errors import UnavailableError
from backend.domain.guidance import Hint
from backend.domain.measurements import Measurements
from backend.web.uploads import FORM_BYTES, FRAME_BYTES
from tests.domain.judging import good, head
from tests.web.student_support import (
    Browser,
    ObedientInspector,
    Stage,
    bind,
    file,
    make_stage,
    picture,
)

FRAME = picture(360, 480)


class Scripted(ObedientInspector):
    """Sees what it is told in every frame."""

    def __init__(self) -> None:
        super().__init__()
        self.sees: Measurements | Exception = good()
        self.asked: list[tuple[int, int]] = []

    def glance(self, data: bytes, *, picture: tuple[int, int]) -> Measurements:  # noqa: ARG002 - the shape of the port
        self.asked.append(picture)
        if isinstance(self.sees, Exception):
            raise self.sees
        return self.sees


@pytest.fixture
def script() -> Scripted:
    return Scripted()


@pytest.fixture
def stage(tmp_path: Path, script: Scripted) -> Stage:
    return make_stage(tmp_path, inspector=script)


@pytest.fixture
def browser(stage: Stage) -> Browser:
    return Browser(stage.app.test_client())


@pytest.fixture
def binding(stage: Stage, browser: Browser) -> str:
    return bind(browser, stage, 0)


def ask(
    browser: Browser,
    binding: str,
    frame: bytes | None = FRAME,
    *,
    csrf: str = "",
    **fields: Any,
) -> TestResponse:
    form = {"width": "480", "height": "640", **fields}
    if frame is not None:
        form["frame"] = file(frame, "frame.jpg")
    return browser.client.post(
        f"/api/v1/bindings/{binding}/guidance",
        data=form,
        headers={"X-CSRF-Token": csrf or browser.csrf},
    )


def refused(answer: TestResponse, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    body = answer.get_json()
    assert body["title"]
    assert re.search(r"[\u4e00-\u9fff]", body["detail"])
    code: str = body["code"]
    return code


def test_a_frame_is_answered_in_one_line(
    browser: Browser, binding: str, script: Scripted
) -> None:
    answer = ask(browser, binding)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.get_json() == {
        "hint": "ready",
        "text": "可以拍了",
        "ready": True,
        "box": {
            "x": 135 / 480,
            "y": 80 / 640,
            "width": 210 / 480,
            "height": pytest.approx((262 + 0.82 * 210 - 80) / 640),
        },
    }
    assert script.asked == [(480, 640)]
    script.sees = good(face_count=0, geometry=None)
    said = ask(browser, binding).get_json()
    assert (said["hint"], said["ready"], said["box"]) == ("nobody", False, None)


def test_left_is_told_as_whoever_looks_sees_it(
    browser: Browser, binding: str, script: Scripted
) -> None:
    script.sees = good(
        picture_width=960, picture_height=1280, geometry=head(centre_x=110)
    )
    told = {
        facing: ask(
            browser, binding, width="960", height="1280", facing=facing
        ).get_json()
        for facing in ("user", "environment")
    }
    assert {said["hint"] for said in told.values()} == {Hint.MOVE_LEFT.value}
    assert told["user"]["text"] == "往左移一点"
    assert told["environment"]["text"] == "镜头向左转一点，让人居中"


def test_a_frame_without_the_pages_token_is_refused(
    browser: Browser, binding: str, script: Scripted
) -> None:
    assert refused(ask(browser, binding, csrf="other"), 403) == "csrf_failed"
    assert script.asked == []


def test_a_stranger_learns_nothing(stage: Stage, binding: str) -> None:
    stranger = Browser(stage.app.test_client())
    bind(stranger, stage, 1)
    assert refused(ask(stranger, binding), 404) == "binding_not_found"


@pytest.mark.parametrize(
    "fields",
    [
        {"width": "0"},
        {"width": "-480"},
        {"height": "x"},
        {"height": ""},
        {"width": "20001"},
        {"facing": "sideways"},
    ],
    ids=str,
)
def test_a_camera_that_cannot_be_is_refused(
    browser: Browser, binding: str, fields: dict[str, Any]
) -> None:
    answer = ask(browser, binding, FRAME, **fields)
    assert refused(answer, 400) == "malformed_request"
    wrong = [violation["field"] for violation in answer.get_json()["violations"]]
    assert wrong == list(fields)


def test_a_frame_that_is_missing_is_refused(browser: Browser, binding: str) -> None:
    assert refused(ask(browser, binding, None), 400) == "malformed_request"
    assert refused(ask(browser, binding, b""), 400) == "photo_missing"


def test_what_is_larger_than_a_frame_is_not_read(
    browser: Browser, binding: str, script: Scripted
) -> None:
    largest = FRAME + bytes(FRAME_BYTES - len(FRAME))
    assert ask(browser, binding, largest).status_code == 200
    assert refused(ask(browser, binding, largest + b"x"), 413) == "frame_too_large"
    whole = largest + bytes(FORM_BYTES)
    assert refused(ask(browser, binding, whole), 413) == "upload_too_large"
    assert len(script.asked) == 1


def test_a_busy_service_says_when_to_come_again(
    browser: Browser, binding: str, script: Scripted
) -> None:
    script.sees = UnavailableError("guidance_busy", retry_after=2)
    answer = ask(browser, binding)
    assert refused(answer, 503) == "guidance_busy"
    assert answer.headers["Retry-After"] == "2"


def test_too_many_frames_are_told_to_slow_down(
    stage: Stage, browser: Browser, binding: str
) -> None:
    stage.services.guidance._pace._timer = lambda: 0.0
    for _ in range(3):
        assert ask(browser, binding).status_code == 200
    answer = ask(browser, binding)
    assert refused(answer, 429) == "guidance_too_fast"
    assert answer.headers["Retry-After"] == "1"


def test_a_closed_campaign_gives_no_hints(
    stage: Stage, browser: Browser, script: Scripted
) -> None:
    stage.clock.time += timedelta(days=29)
    binding = bind(browser, stage, 0)
    stage.clock.time += timedelta(days=2)
    assert refused(ask(browser, binding), 410) == "campaign_closed"
    assert script.asked == []


def test_nothing_is_stored_for_a_frame(
    stage: Stage, browser: Browser, binding: str
) -> None:
    before = sorted(file.key for file in stage.adapters.store.files())
    assert ask(browser, binding).status_code == 200
    assert sorted(file.key for file in stage.adapters.store.files()) == before


def test_the_document_describes_the_call(stage: Stage) -> None:
    spec = stage.app.test_client().get("/api/v1/openapi.json").get_json()
    operation = spec["paths"]["/api/v1/bindings/{binding_id}/guidance"]["post"]
    assert "Idempotency-Key" not in str(operation["parameters"])
    body = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    name = body["$ref"].rpartition("/")[2] if "$ref" in body else ""
    schema = spec["components"]["schemas"][name] if name else body
    assert {"frame", "width", "height", "facing"} <= schema["properties"].keys()
    assert {"429", "503", "410", "404"} <= operation["responses"].keys()
    assert set(spec["components"]["schemas"]["GuidanceOut.Hint"]["enum"]) == set(Hint)


def test_the_page_offers_the_camera_only_to_its_script(
    stage: Stage, browser: Browser, binding: str
) -> None:
    page = browser.get(f"/s/{stage.token}/photo/{binding}")
    assert "camera=(self)" in page.headers["Permissions-Policy"]
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    offers = re.findall(r"<[^>]*data-camera-offer[^>]*>", browser.text)
    assert offers
    assert all(re.search(r"\bhidden\b", offer) for offer in offers)
    assert f"/api/v1/bindings/{binding}/guidance" in browser.text
    assert "camera.js" in browser.text
    assert "camera.js" not in browser.get(f"/s/{stage.token}").text


def test_the_outline_is_drawn_where_the_policy_wants_the_head(
    stage: Stage, browser: Browser, binding: str
) -> None:
    limits = stage.services.policies["notice-2025"].framing
    browser.get(f"/s/{stage.token}/photo/{binding}")
    found = re.search(r'<ellipse cx="([\d.]+)" cy="([\d.]+)" rx="([\d.]+)" ry="([\d.]+)"', browser.text)  # fmt: skip
    assert found
    middle, cy, rx, ry = map(float, found.groups())
    assert middle == 240
    assert limits.face_width_min <= 2 * rx <= limits.face_width_max
    assert cy - ry == pytest.approx(limits.crown_target)
