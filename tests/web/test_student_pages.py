"""Each page and state of the student's side, as a browser without JavaScript sees it."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from backend.db.submissions import get_submission
from backend.domain.reviews import SubmissionStatus
from backend.messages.student import STATUS
from backend.services.types import NewSession
from tests.web.student_support import (
    START,
    Browser,
    Stage,
    bind,
    consent,
    file,
    make_stage,
    picture,
    upload,
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return make_stage(tmp_path)


@pytest.fixture
def browser(stage: Stage) -> Browser:
    return Browser(stage.app.test_client())


def decide(stage: Stage, submission: str, action: str, *reasons: str) -> None:
    with stage.adapters.db.reading() as session:
        version = get_submission(session, submission)[0].version
    stage.services.reviews.decide(
        stage.admin,
        submission,
        action=action,  # type: ignore[arg-type] # one of the two words
        reasons=reasons,
        note="请取下耳环。" if reasons else "",
        expected_version=version,
    )


def test_the_poster_leads_to_what_is_needed_and_one_button(
    stage: Stage, browser: Browser
) -> None:
    page = browser.get(f"/s/{stage.token}")
    assert page.status_code == 200
    for words in (
        "样例第一函授站",
        "身份证号后 6 位",
        "3 分钟",
        "开始",
        "2026年4月1日",
    ):
        assert words in browser.text
    assert f'href="/s/{stage.token}/consent"' in browser.text


@pytest.mark.parametrize(
    ("days", "words"), [(-5, "采集还没有开始"), (40, "这一批采集已经结束")]
)
def test_outside_its_window_the_entry_says_when_and_whom_to_ask(
    stage: Stage, browser: Browser, days: int, words: str
) -> None:
    stage.clock.time = START + timedelta(days=days)
    assert browser.get(f"/s/{stage.token}").status_code == 200
    assert words in browser.text
    assert "000-1111111" in browser.text
    assert "/consent" not in browser.text


def test_a_replaced_and_a_retired_entry_say_what_to_do(
    stage: Stage, browser: Browser
) -> None:
    stations = stage.services.stations
    fresh = stations.replace_entry(stage.admin, stage.token, "海报遗失")
    browser.get(f"/s/{stage.token}")
    assert "这个二维码已换成新的" in browser.text
    stations.retire_entry(stage.admin, fresh.token, "不再使用")
    browser.get(f"/s/{fresh.token}")
    assert "这个采集入口已停用" in browser.text


def test_an_unknown_token_is_a_helpful_404(browser: Browser) -> None:
    page = browser.get("/s/nosuchtoken")
    assert page.status_code == 404
    assert "重新扫描" in browser.text
    assert "/me/" in browser.text


@pytest.mark.parametrize("path", ["consent", "code"])
def test_a_closed_campaign_stops_the_flow_with_410(
    stage: Stage, browser: Browser, path: str
) -> None:
    stage.clock.time = START + timedelta(days=40)
    assert browser.get(f"/s/{stage.token}/{path}").status_code == 410


def test_the_guide_shows_all_three_ways_with_drawings(
    stage: Stage, browser: Browser
) -> None:
    browser.get(f"/s/{stage.token}/guide")
    for words in ("学信档案", "公众号“学信网”", "学信网 APP"):
        assert words in browser.text
    drawings = re.findall(r'src="(/static/guide-[^"]+)"', browser.text)
    assert len(drawings) == 12
    for address in {*drawings, "/static/card-example.svg"}:
        with stage.app.test_client().get(address) as drawing:
            assert drawing.mimetype == "image/svg+xml"


def test_the_examples_can_be_seen_before_anything_is_asked(
    stage: Stage, browser: Browser
) -> None:
    browser.get(f"/s/{stage.token}/photo-examples")
    drawings = re.findall(r'src="(/static/photo-[^"]+)"', browser.text)
    assert drawings[0] == "/static/photo-good.svg"
    assert len(drawings) > 30
    for address in drawings:
        with stage.app.test_client().get(address) as drawing:
            assert drawing.status_code == 200


def test_both_consents_are_asked_for_separately_and_neither_is_ticked(
    stage: Stage, browser: Browser
) -> None:
    browser.get(f"/s/{stage.token}/consent")
    boxes = re.findall(r'<input type="checkbox"[^>]*>', browser.text)
    assert len(boxes) == 2
    assert not any("checked" in box for box in boxes)
    assert "2026-1" in browser.text


def test_one_consent_alone_is_not_enough_and_stays_ticked(
    stage: Stage, browser: Browser
) -> None:
    path = f"/s/{stage.token}/consent"
    browser.get(path)
    page = browser.post(path, {"portrait": "yes"})
    assert page.status_code == 400
    assert 'role="alert"' in browser.text
    assert '<a href="#identity_number">身份证号使用：' in browser.text
    assert 'href="#portrait"' not in browser.text
    assert len(re.findall(r'<input type="checkbox"[^>]*checked', browser.text)) == 1


def test_without_consent_the_code_page_leads_back_to_it(
    stage: Stage, browser: Browser
) -> None:
    answer = browser.get(f"/s/{stage.token}/code")
    assert answer.status_code == 302
    assert answer.location.endswith("/consent")


def test_consent_can_be_seen_and_taken_back(stage: Stage, browser: Browser) -> None:
    consent(browser, stage.token)
    browser.get(f"/s/{stage.token}/consent")
    assert "您已经同意了" in browser.text
    browser.get(f"/s/{stage.token}/consent/withdraw")
    browser.post(f"/s/{stage.token}/consent/withdraw")
    assert browser.path.startswith("/me/data")
    assert "同意已经撤回" in browser.text
    assert browser.get(f"/s/{stage.token}/code").status_code == 302


def test_nothing_sent_and_nonsense_sent_come_back_with_what_to_do(
    stage: Stage, browser: Browser
) -> None:
    consent(browser, stage.token)
    path = f"/s/{stage.token}/code"
    assert browser.post(path).status_code == 400
    assert "没有收到照片" in browser.text
    page = browser.post(path, {"picture": file(b"no picture", "a.png")})
    assert page.status_code == 422
    page = browser.post(path, {"picture": file(picture(300, 400), "a.jpg")})
    assert page.status_code == 422
    page = browser.post(path, {"text": "https://example.com/x"})
    assert page.status_code == 422
    assert 'id="text-error"' in browser.text
    assert "<details open" in browser.text


def test_a_pasted_code_works_as_well_as_a_picture(
    stage: Stage, browser: Browser
) -> None:
    consent(browser, stage.token)
    browser.post(f"/s/{stage.token}/code", {"text": stage.people[1].payload})
    assert "/bind/" in browser.path
    assert stage.people[1].masked_name in browser.text


def test_the_check_page_asks_for_six_characters_and_shows_masked_claims_only(
    stage: Stage, browser: Browser
) -> None:
    consent(browser, stage.token)
    picture_of_card = {"picture": file(stage.card(0), "c.png")}
    browser.post(f"/s/{stage.token}/code", picture_of_card)
    person = stage.people[0]
    assert person.masked_name in browser.text
    assert person.name not in browser.text
    assert person.student_no not in browser.text
    field = re.search(r'<input[^>]*id="id_last6"[^>]*>', browser.text)
    assert field
    assert 'inputmode="text"' in field.group()  # the last one may be an X
    assert 'autocomplete="off"' in field.group()
    assert person.id_number[-6:] not in browser.text


def test_a_wrong_last_six_is_refused_without_saying_which_part_was_wrong(
    stage: Stage, browser: Browser
) -> None:
    consent(browser, stage.token)
    browser.post(f"/s/{stage.token}/code", {"text": stage.people[0].payload})
    page = browser.post(browser.path, {"id_last6": "12"})
    assert page.status_code == 400
    assert 'id="id_last6-error"' in browser.text
    page = browser.post(browser.path, {"id_last6": stage.people[1].id_number[-6:]})
    assert page.status_code == 422
    assert "对不上" in browser.text


def test_an_opaque_code_asks_for_the_name_too(stage: Stage, browser: Browser) -> None:
    consent(browser, stage.token)
    browser.post(f"/s/{stage.token}/code", {"text": "Zx9" * 20})
    assert 'id="name"' in browser.text
    person = stage.people[2]
    page = browser.post(browser.path, {"id_last6": person.id_number[-6:]})
    assert page.status_code == 400
    assert 'href="#name"' in browser.text
    browser.post(browser.path, {"id_last6": person.id_number[-6:], "name": person.name})
    assert "绑定成功" in browser.text


def test_the_result_shows_the_person_and_the_other_station(
    stage: Stage, browser: Browser
) -> None:
    bind(browser, stage, 3)
    assert "绑定成功" in browser.text
    assert stage.people[3].name in browser.text
    assert "保险学" in browser.text
    assert "您扫的是 样例第一函授站 的海报" in browser.text


def test_a_student_on_no_roster_waits_and_may_hand_a_photo_in(
    stage: Stage, browser: Browser
) -> None:
    binding = bind(browser, stage, 4)
    assert "待函授站核对" in browser.text
    assert "先交照片" in browser.text
    browser.get("/me/")
    assert "等待函授站核对，可以先交照片" in browser.text
    upload(browser, stage, binding, "pass")
    browser.get("/me/")
    assert "等待函授站核对" in browser.text


def test_an_expired_reading_says_to_upload_again(
    stage: Stage, browser: Browser
) -> None:
    consent(browser, stage.token)
    browser.post(f"/s/{stage.token}/code", {"text": stage.people[0].payload})
    stage.clock.time = START + timedelta(hours=3)
    assert browser.get(browser.path).status_code == 404
    assert "重新上传采集码" in browser.text


@pytest.mark.parametrize(
    ("album", "words"), [(True, "从相册选"), (False, 'capture="environment"')]
)
def test_the_photo_page_offers_the_album_only_where_it_is_allowed(
    tmp_path: Path, *, album: bool, words: str
) -> None:
    stage = make_stage(tmp_path, album_allowed=album)
    browser = Browser(stage.app.test_client())
    browser.get(f"/s/{stage.token}/photo/{bind(browser, stage, 0)}")
    assert words in browser.text
    assert ('capture="user"' in browser.text) is not album
    assert 'accept="image/*,.heic,.heif"' in browser.text


@pytest.mark.parametrize("name", ["broken.jpg", ""])
def test_a_photo_that_is_none_comes_back_to_the_form(
    stage: Stage, browser: Browser, name: str
) -> None:
    path = f"/s/{stage.token}/photo/{bind(browser, stage, 0)}"
    browser.get(path)
    data = {"photo": file(b"xx", name)} if name else None
    assert browser.post(path, data).status_code in {400, 422}
    assert 'id="photo-error"' in browser.text


@pytest.mark.parametrize(
    ("kind", "headline", "buttons", "absent"),
    [
        ("pass", "检查通过，可以提交", ("确认提交", "换一张"), "申请人工审核"),
        ("warn", "可以提交，1 处请留意", ("确认提交", "换一张"), "申请人工审核"),
        ("fail", "这张照片还不能用", ("按提示重新拍", "申请人工审核"), "确认提交</"),
        ("unframed", "这张照片还不能用", ("申请人工审核",), "成品照 480"),
    ],
)
def test_the_report_says_it_in_one_line_and_offers_what_applies(
    stage: Stage,
    browser: Browser,
    kind: str,
    headline: str,
    buttons: tuple[str, ...],
    absent: str,
) -> None:
    upload(browser, stage, bind(browser, stage, 0), kind)
    assert headline in browser.text
    for words in buttons:
        assert words in browser.text
    assert absent not in browser.text


def test_the_report_puts_blocking_findings_first_and_at_most_three(
    stage: Stage, browser: Browser
) -> None:
    upload(browser, stage, bind(browser, stage, 0), "fail")
    before = browser.text.partition("<details>")[0]
    words = re.findall(r'class="tag tag-\w+">(\S+)</span>', before)
    assert words == ["不合格", "不合格", "请留意"]
    assert "依据：通知三.1" in before


def test_what_only_a_person_can_judge_is_said_in_one_line(
    stage: Stage, browser: Browser
) -> None:
    upload(browser, stage, bind(browser, stage, 0), "pass")
    before, _, folded = browser.text.partition("<details>")
    assert "另有 1 项由审核老师看" in before
    assert "不戴饰品" not in before
    assert "不戴饰品" in folded
    assert "请看有没有" not in browser.text


def test_the_second_file_field_is_taken_when_the_first_is_empty(
    tmp_path: Path,
) -> None:
    stage = make_stage(tmp_path, album_allowed=False)
    browser = Browser(stage.app.test_client())
    path = f"/s/{stage.token}/photo/{bind(browser, stage, 0)}"
    browser.get(path)
    both = {"photo": file(b"", ""), "selfie": file(picture(600, 800), "pass.jpg")}
    browser.post(path, both)
    assert "检查通过" in browser.text


def test_a_confirmed_photo_shows_its_timeline_and_may_be_taken_back(
    stage: Stage, browser: Browser
) -> None:
    submission = upload(browser, stage, bind(browser, stage, 0), "pass")
    page = f"/s/{stage.token}/submission/{submission}"
    browser.post(f"{page}/confirm")
    assert "已提交，等待审核" in browser.text
    assert browser.text.index("确认提交") < browser.text.index("上传照片")
    browser.get(f"{page}/withdraw")
    assert "不能恢复" in browser.text
    browser.post(f"{page}/withdraw")
    assert "已经撤回" in browser.text
    assert "重新拍照提交" in browser.text
    assert "/portrait" not in browser.text
    # Asking again leads to where it stands.
    assert browser.get(f"{page}/withdraw").status_code == 303


def test_a_refused_photo_can_go_to_a_person(stage: Stage, browser: Browser) -> None:
    submission = upload(browser, stage, bind(browser, stage, 0), "fail")
    page = f"/s/{stage.token}/submission/{submission}"
    assert browser.post(f"{page}/confirm").status_code == 422
    assert "还不合格" in browser.text
    browser.post(f"{page}/review")
    assert "已申请人工审核" in browser.text


def test_a_good_photo_needs_no_person(stage: Stage, browser: Browser) -> None:
    submission = upload(browser, stage, bind(browser, stage, 0), "pass")
    page = f"/s/{stage.token}/submission/{submission}"
    assert browser.post(f"{page}/review").status_code == 422
    assert "不需要申请人工审核" in browser.text


def test_a_returned_photo_shows_why_and_a_new_one_can_be_handed_in(
    stage: Stage, browser: Browser
) -> None:
    binding = bind(browser, stage, 0)
    submission = upload(browser, stage, binding, "pass")
    page = f"/s/{stage.token}/submission/{submission}"
    browser.post(f"{page}/confirm")
    decide(stage, submission, "return", "戴了眼镜")
    browser.get(page)
    assert "照片被退回" in browser.text
    assert "戴了眼镜" in browser.text
    assert "请取下耳环。" in browser.text
    fresh = upload(browser, stage, binding, "pass", seed=3)
    browser.post(f"/s/{stage.token}/submission/{fresh}/confirm")
    assert "已提交，等待审核" in browser.text
    browser.get(page)
    assert "已被新的代替" in browser.text


def test_an_approved_photo_cannot_be_changed_or_taken_back(
    stage: Stage, browser: Browser
) -> None:
    binding = bind(browser, stage, 0)
    submission = upload(browser, stage, binding, "pass")
    page = f"/s/{stage.token}/submission/{submission}"
    browser.post(f"{page}/confirm")
    decide(stage, submission, "approve")
    browser.get(page)
    assert "审核通过" in browser.text
    assert browser.post(f"{page}/withdraw").status_code == 409
    path = f"/s/{stage.token}/photo/{binding}"
    answer = browser.post(path, {"photo": file(picture(60, 80), "pass.jpg")})
    assert answer.status_code == 409
    assert "已经审核通过" in browser.text


def test_every_status_has_a_headline() -> None:
    assert set(STATUS) == set(SubmissionStatus)


def test_my_page_lists_each_binding_with_its_status(
    stage: Stage, browser: Browser
) -> None:
    browser.get("/me/")
    assert "还没有绑定过学籍" in browser.text
    first = bind(browser, stage, 0)
    bind(browser, stage, 1)
    upload(browser, stage, first, "warn")
    browser.get("/me/")
    assert "照片还没有确认" in browser.text
    assert "还没有交照片" in browser.text
    assert browser.text.count("更换采集码") == 2
    assert "撤回同意" in browser.text
    browser.get(f"/s/{stage.token}")
    assert "您已经绑定了 2 个学籍" in browser.text


def test_a_code_can_be_exchanged_until_the_photo_is_confirmed(
    stage: Stage, browser: Browser
) -> None:
    binding = bind(browser, stage, 0)
    path = f"/s/{stage.token}/binding/{binding}/code"
    browser.get(path)
    assert "现在绑定的码印" in browser.text
    other = browser.post(path, {"text": stage.people[1].payload})
    assert other.status_code == 422
    browser.post(path, {"text": stage.people[0].payload})
    assert "绑定成功" in browser.text
    submission = upload(browser, stage, binding, "pass")
    browser.post(f"/s/{stage.token}/submission/{submission}/confirm")
    browser.get("/me/")
    assert "更换采集码" not in browser.text
    browser.get(path)
    assert browser.post(path, {"text": stage.people[0].payload}).status_code == 409


def test_pictures_are_private_never_sniffed_and_tagged_by_content(
    stage: Stage, browser: Browser
) -> None:
    submission = upload(browser, stage, bind(browser, stage, 0), "pass")
    address = f"/s/{stage.token}/submission/{submission}/portrait"
    found = browser.get(address)
    assert found.mimetype == "image/jpeg"
    assert "private" in found.headers["Cache-Control"]
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    again = browser.client.get(
        address, headers={"If-None-Match": found.headers["ETag"]}
    )
    assert again.status_code == 304
    assert browser.get(f"{address[:-8]}original").status_code == 404


def test_another_persons_records_do_not_exist(stage: Stage, browser: Browser) -> None:
    binding = bind(browser, stage, 0)
    submission = upload(browser, stage, binding, "pass")
    stranger = Browser(stage.app.test_client())
    consent(stranger, stage.token)
    start = f"/s/{stage.token}"
    for path in (
        f"bound/{binding}",
        f"photo/{binding}",
        f"binding/{binding}/code",
        f"submission/{submission}",
        f"submission/{submission}/portrait",
        f"submission/{submission}/withdraw",
    ):
        assert stranger.get(f"{start}/{path}").status_code == 404, path
    csrf = stranger.get(f"{start}/consent/withdraw")
    token = re.search(r'name="csrf_token" value="([^"]+)"', csrf.get_data(True))
    assert token
    for path in (
        f"photo/{binding}",
        f"binding/{binding}/code",
        f"submission/{submission}/confirm",
        f"submission/{submission}/review",
        f"submission/{submission}/withdraw",
    ):
        data = {"photo": file(picture(60, 80), "pass.jpg")}
        answer = stranger.post(f"{start}/{path}", data, csrf=token.group(1))
        assert answer.status_code == 404, path


@pytest.mark.parametrize("given", ["", "wrong"])
def test_a_form_without_its_token_is_refused(
    stage: Stage, browser: Browser, given: str
) -> None:
    path = f"/s/{stage.token}/consent"
    browser.get(path)
    both = {"portrait": "yes", "identity_number": "yes"}
    assert browser.post(path, both, csrf=given).status_code == 403
    assert "刷新" in browser.text
    browser.get(path)
    assert "同意并继续" in browser.text


def test_a_form_older_than_its_session_is_refused(stage: Stage) -> None:
    browser = Browser(stage.app.test_client())
    path = f"/s/{stage.token}/consent"
    assert browser.post(path, {}, csrf="x").status_code == 403


def test_a_photo_that_is_too_large_is_refused_by_length_and_by_content(
    tmp_path: Path,
) -> None:
    stage = make_stage(tmp_path, max_bytes=100_000)
    browser = Browser(stage.app.test_client())
    path = f"/s/{stage.token}/photo/{bind(browser, stage, 0)}"
    browser.get(path)
    csrf = browser.csrf
    slightly = {"photo": file(b"x" * 100_001, "pass.jpg")}
    assert browser.post(path, slightly).status_code == 413
    assert "最多 10 MB" in browser.text
    far = {"photo": file(b"x" * 400_000, "pass.jpg")}
    assert browser.post(path, far, csrf=csrf).status_code == 413


def test_a_form_without_files_takes_no_large_body(
    stage: Stage, browser: Browser
) -> None:
    path = f"/s/{stage.token}/consent"
    browser.get(path)
    big = {"portrait": "x" * 70_000}
    assert browser.post(path, big).status_code == 413


def test_nothing_personal_stands_in_any_address(stage: Stage) -> None:
    rules = [str(r) for r in stage.app.url_map.iter_rules() if "student." in r.endpoint]
    assert rules
    names = {name for rule in rules for name in re.findall(r"<(?:.*?:)?(\w+)>", rule)}
    assert names == {
        "token",
        "reading_id",
        "binding_id",
        "submission_id",
        "kind",
        "receipt",
    }


def test_the_session_survives_the_browser_being_closed(
    stage: Stage, browser: Browser
) -> None:
    page = browser.get(f"/s/{stage.token}")
    cookie = page.headers["Set-Cookie"]
    for part in ("HttpOnly", "SameSite=Lax", "Max-Age="):
        assert part in cookie
    opened: NewSession = stage.services.sessions.start()
    assert opened.token not in cookie
