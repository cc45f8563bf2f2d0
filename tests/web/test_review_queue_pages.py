"""The pages and the API of the review queue."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from backend.domain.reviews import SubmissionStatus
from backend.messages.return_reasons import RETURN_REASONS
from backend.services.types import SubmissionView
from tests.factories import make_student
from tests.web.console import (
    ADDRESS,
    HUMAN_RULE,
    PASSWORD,
    School,
    csrf_of,
    make_school,
    send,
)

START = "/admin/review"


@pytest.fixture
def school(tmp_path: Path) -> School:
    return make_school(tmp_path, students=4)


def waiting(school: School, count: int) -> list[SubmissionView]:
    photos = []
    for n in range(count):
        photos.append(school.hand_in(n))
        school.clock.at += timedelta(minutes=1)
    return photos


def begin(client: FlaskClient, args: str = "") -> str:
    """Press the button of the start page; return where it leads."""
    return send(client, START, f"{START}/next{args}").location


def approve(client: FlaskClient, photo: SubmissionView, version: int = 0) -> str:
    answer = send(
        client,
        f"{START}/{photo.public_id}",
        f"{START}/{photo.public_id}/decision",
        action="approve",
        checked=HUMAN_RULE,
        expected_version=str(version or photo.version),
    )
    assert answer.status_code == 303, answer.text
    return answer.location


def status(school: School, n: int, photo: SubmissionView) -> SubmissionStatus:
    who = school.sessions[n].principal
    return school.services.submissions.get(who, photo.public_id).status


def test_one_decision_leads_to_the_next_photo_and_can_be_undone(school: School) -> None:
    one, two = waiting(school, 2)
    client = school.client("reviewer")
    assert begin(client) == f"{START}/{one.public_id}"
    page = client.get(f"{START}/{one.public_id}").text
    assert make_student(0).name in page
    assert '还剩 <b class="num">2</b> 张' in page
    assert f'value="{HUMAN_RULE}" required' in page
    assert approve(client, one) == f"{START}/{two.public_id}"
    page = client.get(f"{START}/{two.public_id}").text
    assert f"已通过：{make_student(0).name}。" in page
    assert '今天已审 <b class="num">1</b> 张' in page
    answer = send(
        client,
        f"{START}/{two.public_id}",
        f"{START}/{one.public_id}/undo",
        expected_version=str(one.version + 1),
    )
    assert answer.location == f"{START}/{one.public_id}"
    assert status(school, 0, one) is SubmissionStatus.PENDING
    record = client.get(f"/admin/records/{one.binding_public_id}").text
    assert "撤销决定，回到待审核" in record


def test_an_undo_that_comes_too_late_says_so(school: School) -> None:
    (photo,) = waiting(school, 1)
    client = school.client("reviewer")
    approve(client, photo)
    token = csrf_of(client.get(START))
    school.clock.at += timedelta(minutes=1)
    answer = client.post(
        f"{START}/{photo.public_id}/undo",
        data={"csrf_token": token, "expected_version": str(photo.version + 1)},
    )
    assert answer.status_code == 409
    assert "已超过一分钟，不能撤销" in answer.text
    assert status(school, 0, photo) is SubmissionStatus.APPROVED


def test_the_filter_goes_along_and_the_end_is_told(school: School) -> None:
    _, two = waiting(school, 2)
    client = school.client("reviewer")
    args = f"?station={school.stations['ZZ02']}"
    assert begin(client, args) == f"{START}/{two.public_id}{args}"
    page = client.get(f"{START}/{two.public_id}{args}")
    assert f'action="{START}/{two.public_id}/decision{args}"' in page.text
    answer = send(
        client,
        f"{START}/{two.public_id}{args}",
        f"{START}/{two.public_id}/skip{args}",
    )
    # Nothing else is there, and what was skipped is not the next one.
    assert answer.location == f"{START}{args}"
    assert begin(client, args) == f"{START}/{two.public_id}{args}"
    assert "没有等待审核的照片" not in client.get(f"{START}?only=nonsense").text
    assert "符合条件的都审完了" in client.get(f"{START}?only=asked").text
    school.inspector.fails = True
    school.hand_in(2)
    assert "符合条件的都审完了" not in client.get(f"{START}?only=asked").text
    page = client.get(begin(client, "?only=asked"))
    assert "没有生成成品照" in page.text
    assert 'id="approve"' not in page.text


def test_an_open_clause_and_a_return_without_reason_are_refused(school: School) -> None:
    (photo,) = waiting(school, 1)
    client = school.client("reviewer")
    page, to = f"{START}/{photo.public_id}", f"{START}/{photo.public_id}/decision"
    version = str(photo.version)
    answer = send(client, page, to, action="approve", expected_version=version)
    assert answer.status_code == 400
    assert "还有条目没有核对" in answer.text
    answer = send(client, page, to, action="return", expected_version=version)
    assert answer.status_code == 400
    assert '<details class="decide-return" id="return" open>' in answer.text
    answer = send(
        client, page, to, action="return", reasons="hair", expected_version=version
    )
    assert answer.location == START
    assert "已退回" in client.get(START).text
    assert status(school, 0, photo) is SubmissionStatus.RETURNED


def test_a_stale_decision_is_told_what_changed_and_where_the_newest_is(
    school: School,
) -> None:
    (photo,) = waiting(school, 1)
    client = school.client("reviewer")
    token = csrf_of(client.get(f"{START}/{photo.public_id}"))
    binding = school.services.bindings.get(
        school.sessions[0].principal, photo.binding_public_id
    )
    newest = school.photo(0, binding)
    answer = client.post(
        f"{START}/{photo.public_id}/decision",
        data={
            "csrf_token": token,
            "action": "approve",
            "checked": HUMAN_RULE,
            "expected_version": str(photo.version),
        },
    )
    assert answer.status_code == 409
    assert "刚才的决定没有保存" in answer.text
    assert "09:01</time> 换了新照片" in answer.text
    assert f'href="{START}/{newest.public_id}"' in answer.text
    assert status(school, 0, newest) is SubmissionStatus.PENDING


def test_a_photo_another_looks_at_shows_who_and_takes_no_decision(
    school: School,
) -> None:
    one, two = waiting(school, 2)
    reviewer, admin = school.client("reviewer"), school.client("admin")
    begin(reviewer)
    page = admin.get(f"{START}/{one.public_id}").text
    assert "reviewer 老师正在审核这张照片" in page
    assert 'id="approve"' not in page
    assert begin(admin) == f"{START}/{two.public_id}"
    record = f"/admin/records/{one.binding_public_id}"
    assert "reviewer 老师正在审核这张照片" in admin.get(record).text
    assert "正在审核" not in reviewer.get(record).text
    hold = f"{START}/{one.public_id}/hold"
    assert send(admin, START, hold).status_code == 409
    assert send(reviewer, START, hold).status_code == 204
    send(reviewer, START, f"{START}/leave")
    assert send(admin, START, hold).status_code == 204


def test_the_same_picture_of_another_person_is_shown_beside(school: School) -> None:
    school.inspector.likeness = "5" * 64
    one, two = waiting(school, 2)
    page = school.client("reviewer").get(f"{START}/{one.public_id}").text
    assert "同一张照片可能属于另一人" in page
    assert make_student(1).name in page
    assert f"/admin/submissions/{two.public_id}/portrait" in page


def test_a_sheet_is_looked_through_and_one_is_returned(school: School) -> None:
    photos = waiting(school, 3)
    client = school.client("reviewer")
    for photo in photos:
        approve(client, photo)
    sheet = f"{START}/contact-sheet"
    page = client.get(sheet).text
    assert page.count('class="cell"') == 3
    to = f"{sheet}/{photos[0].public_id}/return"
    version = str(photos[0].version + 1)
    refused = send(client, sheet, to, action="return", expected_version=version)
    assert refused.status_code == 400
    assert "请说明退回的原因" in refused.text
    answer = send(
        client, sheet, to, action="return", reasons="pose", expected_version=version
    )
    assert answer.location == sheet
    assert client.get(sheet).text.count('class="cell"') == 2
    seen = [f"{photo.public_id}:{photo.version + 1}" for photo in photos]
    assert send(client, sheet, f"{sheet}/seen", seen=seen[:2]).location == sheet
    page = client.get(sheet).text
    assert page.count('class="cell"') == 1
    send(client, sheet, f"{sheet}/seen", seen=seen[2:])
    assert "已通过的照片都再看过了" in client.get(sheet).text
    assert client.get(f"{sheet}?cursor=x").status_code == 400


def body(answer: TestResponse) -> dict[str, Any]:
    assert isinstance(answer.json, dict)
    return answer.json


def test_the_api_claims_skips_decides_and_undoes(school: School) -> None:
    one, two = waiting(school, 2)
    client = school.app.test_client()
    opened = school.services.staff.sign_in("reviewer", PASSWORD, address=ADDRESS)
    headers = {"Authorization": f"Bearer {opened.token}"}
    base = "/api/v1/admin/review"

    def following(**wanted: object) -> str | None:
        answer = client.post(f"{base}/next", json=wanted, headers=headers)
        assert answer.status_code == 200, answer.text
        found = body(answer)["submission"]
        return found["public_id"] if found else None

    assert following() == one.public_id
    assert following(after=one.public_id) == two.public_id
    assert following(station_id=school.stations["ZZ02"]) == two.public_id
    assert following(attention="asked") is None
    skipped = client.post(
        f"{base}/skip", json={"submission_id": one.public_id}, headers=headers
    )
    assert skipped.status_code == 204
    assert following() == two.public_id
    decided = client.post(
        f"/api/v1/admin/submissions/{two.public_id}/decision",
        json={"action": "return", "reasons": [next(iter(RETURN_REASONS))]},
        headers={**headers, "If-Match": f'"{two.version}"'},
    )
    undone = client.post(
        f"{base}/undo",
        json={"submission_id": two.public_id},
        headers={**headers, "If-Match": decided.headers["ETag"]},
    )
    assert body(undone)["status"] == "pending"
    again = client.post(
        f"{base}/undo",
        json={"submission_id": two.public_id},
        headers={**headers, "If-Match": decided.headers["ETag"]},
    )
    assert (again.status_code, body(again)["code"]) == (409, "stale_decision")
