from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from backend.domain.report import Status
from backend.domain.reviews import SubmissionStatus
from backend.messages.return_reasons import RETURN_REASONS
from backend.services.types import SubmissionView
from tests.web.console import HUMAN_RULE, School, make_school, send


@pytest.fixture
def school(tmp_path: Path) -> School:
    return make_school(tmp_path, students=2)


@pytest.fixture
def photo(school: School) -> SubmissionView:
    return school.hand_in(0)


def decide(
    school: School,
    photo: SubmissionView,
    username: str = "reviewer",
    **fields: str | list[str],
) -> TestResponse:
    defaults: dict[str, str | list[str]] = {
        "action": "approve",
        "checked": [HUMAN_RULE],
        "expected_version": str(photo.version),
    }
    return send(
        school.client(username),
        f"/admin/records/{photo.binding_public_id}",
        f"/admin/submissions/{photo.public_id}/decision",
        **(defaults | fields),
    )


def status(school: School, photo: SubmissionView) -> SubmissionStatus:
    who = school.sessions[0].principal
    return school.services.submissions.get(who, photo.public_id).status


def test_a_checked_portrait_is_approved(school: School, photo: SubmissionView) -> None:
    answer = decide(school, photo)
    assert answer.status_code == 303
    page = school.client("reviewer").get(answer.location).text
    assert "已通过。" in page
    assert "reviewer 老师" in page
    assert status(school, photo) is SubmissionStatus.APPROVED


def test_nothing_is_approved_while_a_clause_is_open(
    school: School, photo: SubmissionView
) -> None:
    answer = decide(school, photo, checked=[])
    assert answer.status_code == 400
    assert "还有条目没有核对" in answer.text
    assert "check-open" in answer.text
    assert status(school, photo) is SubmissionStatus.PENDING


def test_what_the_machine_doubts_is_ticked_by_a_person_before_it_passes(
    school: School,
) -> None:
    school.inspector.ears = Status.WARN
    photo = school.hand_in(0)
    page = school.client("reviewer").get(f"/admin/records/{photo.binding_public_id}")
    assert 'name="checked" value="ears_visible" required' in page.text
    assert "好像有耳朵被头发遮住，或没有拍到，请确认。" in page.text
    # A rule that is no doubt of the machine's needs no tick.
    assert 'value="sharpness"' not in page.text
    answer = decide(school, photo)
    assert answer.status_code == 400
    assert "还有条目没有核对" in answer.text
    assert status(school, photo) is SubmissionStatus.PENDING
    answer = decide(school, photo, checked=[HUMAN_RULE, "ears_visible"])
    assert answer.status_code == 303
    assert status(school, photo) is SubmissionStatus.APPROVED


def test_a_refused_approval_keeps_the_ticks_and_shows_the_open_one(
    school: School,
) -> None:
    school.inspector.ears = Status.WARN
    photo = school.hand_in(0)
    answer = decide(school, photo)
    assert f'value="{HUMAN_RULE}" required checked' in answer.text
    assert 'value="ears_visible" required>' in answer.text
    assert answer.text.count("check-open") == 1


def test_a_close_up_is_shown_once_a_region_and_opens_larger(school: School) -> None:
    school.inspector.ears = Status.HUMAN
    photo = school.hand_in(0)
    client = school.client("reviewer")
    page = client.get(f"/admin/records/{photo.binding_public_id}").text
    base = f"/admin/submissions/{photo.public_id}/close-up"
    assert page.count('loading="lazy"') == 2
    for rule, shows in ((HUMAN_RULE, "耳旁与颈部"), ("ears_visible", "耳朵")):
        assert f'href="{base}/{rule}.jpg?size=large"' in page
        assert (
            f'src="{base}/{rule}.jpg" alt="原图的局部：{shows}" loading="lazy"' in page
        )
        small = client.get(f"{base}/{rule}.jpg")
        large = client.get(f"{base}/{rule}.jpg?size=large")
        assert small.mimetype == large.mimetype == "image/jpeg"
        assert small.headers["Cache-Control"] == "private, no-cache, max-age=0"
        assert small.data != large.data
    # What was not measured anywhere, and what is no rule at all, has no region.
    for rule in ("sharpness", "nothing"):
        assert client.get(f"{base}/{rule}.jpg").status_code == 404


def test_looking_closely_is_audited_with_what_was_looked_at(
    school: School, photo: SubmissionView
) -> None:
    client = school.client("reviewer")
    client.get(f"/admin/submissions/{photo.public_id}/close-up/{HUMAN_RULE}.jpg")
    audit = school.client("admin").get("/admin/audit").text
    assert "查看局部" in audit
    assert HUMAN_RULE in audit


def test_a_return_tells_the_student_the_ready_reasons_and_the_note(
    school: School, photo: SubmissionView
) -> None:
    answer = decide(
        school, photo, action="return", reasons=["hair", "forged"], note="刘海夹起来"
    )
    assert answer.status_code == 303
    who = school.sessions[0].principal
    seen = school.services.submissions.get(who, photo.public_id)
    assert seen.status is SubmissionStatus.RETURNED
    assert seen.return_reasons == (RETURN_REASONS["hair"].text,)
    assert seen.return_note == "刘海夹起来"
    page = school.client("reviewer").get(answer.location).text
    assert f"<li>{RETURN_REASONS['hair'].text}</li>" in page
    assert "刘海夹起来</p>" in page


def test_a_return_needs_a_reason_or_a_note(
    school: School, photo: SubmissionView
) -> None:
    answer = decide(school, photo, action="return", reasons=[], note=" ")
    assert answer.status_code == 400
    assert "请说明退回的原因" in answer.text
    assert '<details class="decide-return" open>' in answer.text


def test_a_decision_on_an_older_version_shows_what_changed_and_keeps_the_input(
    school: School, photo: SubmissionView
) -> None:
    decide(school, photo)
    answer = decide(
        school, photo, "admin", action="return", reasons=["hair"], note="请重拍"
    )
    assert answer.status_code == 409
    assert "刚才的决定没有保存" in answer.text
    assert "已通过" in answer.text
    assert 'value="hair" checked' in answer.text
    assert ">请重拍</textarea>" in answer.text
    assert status(school, photo) is SubmissionStatus.APPROVED


def test_a_decision_without_a_version_is_stale(
    school: School, photo: SubmissionView
) -> None:
    answer = decide(school, photo, expected_version="")
    assert answer.status_code == 409
    assert status(school, photo) is SubmissionStatus.PENDING


def test_an_approved_portrait_cannot_be_approved_again(
    school: School, photo: SubmissionView
) -> None:
    decide(school, photo)
    answer = decide(school, photo, expected_version=str(photo.version + 1))
    assert answer.status_code == 409
    assert "刚才的决定没有保存" in answer.text


def test_a_photo_without_a_portrait_can_only_be_returned(school: School) -> None:
    school.inspector.fails = True
    photo = school.hand_in(0)
    page = school.client("reviewer").get(f"/admin/records/{photo.binding_public_id}")
    assert "学生申请人工审核" in page.text
    assert "没有生成成品照" in page.text
    assert 'value="approve"' not in page.text
    answer = decide(school, photo)
    assert answer.status_code == 422
    assert status(school, photo) is SubmissionStatus.PENDING


def test_stations_look_but_do_not_decide(school: School, photo: SubmissionView) -> None:
    page = school.client("cs01").get(f"/admin/records/{photo.binding_public_id}").text
    assert "审核由审核员或管理员完成" in page
    assert 'value="approve"' not in page
    assert decide(school, photo, "cs01").status_code == 403
    assert status(school, photo) is SubmissionStatus.PENDING


def test_a_draft_is_shown_but_not_decided(school: School) -> None:
    binding = school.bind(0)
    who = school.sessions[0].principal
    school.services.submissions.submit(
        who, binding.public_id, b"any bytes will do", filename=None
    )
    page = school.client("reviewer").get(f"/admin/records/{binding.public_id}").text
    assert "学生还没有确认提交" in page
