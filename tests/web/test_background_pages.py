"""Pages on a replaced background, as a browser without JavaScript sees them."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from backend.db.models import Campaign, Submission
from backend.domain.backgrounds import BackgroundState
from backend.domain.errors import DomainError, GoneError, UnavailableError
from backend.domain.policy import Policy
from backend.domain.report import Background, Verdict
from backend.domain.reviews import SubmissionStatus
from backend.services import Services
from backend.services.backgrounds import BackgroundService
from backend.services.staff import OPERATOR
from backend.services.stations import StationService
from backend.services.types import SubmissionView
from backend.web.admin import rounds
from tests.change_words import REASON, give_words
from tests.fakes import CannedPortrayal, Replacing
from tests.web.console import (
    CannedInspector,
    School,
    csrf_of,
    jpeg,
    make_school,
    send,
)
from tests.web.student_support import (
    Browser,
    ObedientInspector,
    Stage,
    bind,
    make_report,
    make_stage,
    upload,
)
from tests.web.test_student_markup import problems

TITLE = "背景已换成浅蓝色"
SWATCH = 'fill="#64c5ff"'


@pytest.fixture
def obedient() -> ObedientInspector:
    return ObedientInspector()


@pytest.fixture
def stage(tmp_path: Path, obedient: ObedientInspector) -> Stage:
    stage = make_stage(tmp_path, inspector=obedient)
    stage.replace_backgrounds()
    return stage


@pytest.fixture
def browser(stage: Stage) -> Browser:
    return Browser(stage.app.test_client())


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    give_words(monkeypatch)


def judged(browser: Browser, stage: Stage, kind: str = "pass") -> str:
    """Hand a photo in and return the path of its page."""
    upload(browser, stage, bind(browser, stage, 0), kind)
    return browser.path


def replaced(browser: Browser, stage: Stage, kind: str = "pass") -> str:
    path = judged(browser, stage, kind)
    browser.post(f"{path}/background")
    return path


def status_of(stage: Stage, path: str) -> SubmissionView:
    found = stage.services.search.submission(OPERATOR, path.rpartition("/")[2])
    return found.view


# --- the student ---------------------------------------------------------------------


def test_the_advice_says_by_which_colour_the_background_is_replaced(
    stage: Stage, browser: Browser
) -> None:
    binding = bind(browser, stage, 0)
    for page in (f"photo/{binding}", "photo-examples"):
        browser.get(f"/s/{stage.token}/{page}")
        assert "背景由系统统一换成浅蓝色" in browser.text
        assert SWATCH in browser.text
        assert "衣服不要是浅蓝色" in browser.text
    # What is on the wall is only pointed out then.
    rule = browser.text.partition("<h3>背景干净</h3>")[2].partition("</li>")[0]
    assert "电脑只提醒" in rule


def test_where_the_background_stays_nothing_is_said_of_replacing_it(
    tmp_path: Path,
) -> None:
    stage = make_stage(tmp_path)
    browser = Browser(stage.app.test_client())
    path = judged(browser, stage)
    for words in ("换背景", "background.js", 'name="background"'):
        assert words not in browser.text
    browser.get(f"/s/{stage.token}/photo-examples")
    assert "换成" not in browser.text
    rule = browser.text.partition("<h3>背景干净</h3>")[2].partition("</li>")[0]
    assert "电脑检查" in rule
    browser.get(path)
    browser.post(f"{path}/confirm")
    assert "已提交" in browser.text
    assert "背景" not in browser.text.partition("办理经过")[0]


def test_the_verdict_comes_first_and_a_button_replaces_the_background(
    stage: Stage, browser: Browser
) -> None:
    path = judged(browser, stage)
    assert "检查通过，可以提交" in browser.text
    assert "还要把背景换成浅蓝色" in browser.text
    assert f'action="{path}/confirm"' not in browser.text
    page = browser.post(f"{path}/background")
    assert page.status_code == 200
    assert browser.page is not None
    assert TITLE in browser.text
    assert "人没有动过" in browser.text
    for kind in ("portrait", "other-portrait"):
        (address,) = re.findall(rf'src="({path}/{kind}\?[^"]+)"', browser.text)
        assert browser.client.get(address).mimetype == "image/jpeg"


def test_asking_for_a_review_is_agreeing_to_the_background_that_is_shown(
    stage: Stage, browser: Browser
) -> None:
    path = replaced(browser, stage, "fail")
    form = browser.text.partition(f'action="{path}/review"')[2].partition("</form>")[0]
    assert '<input type="hidden" name="background" value="standard">' in form
    assert "申请表示您同意用背景换成浅蓝色的这张" in browser.text
    assert browser.post(f"{path}/review").status_code == 422
    browser.post(f"{path}/review", {"background": "standard"})
    assert status_of(stage, path).history[-1].note == "同意使用标准背景"


def test_who_asks_for_a_review_before_it_is_replaced_is_told_what_staff_will_do(
    stage: Stage, browser: Browser
) -> None:
    path = judged(browser, stage, "fail")
    assert "背景由审核老师换成浅蓝色" in browser.text
    browser.post(f"{path}/review")
    browser.get(path)
    assert "印在毕业证书上就是这个样子" not in browser.text
    assert "审核老师会换好" in browser.text
    assert status_of(stage, path).background is BackgroundState.DUE
    stage.services.backgrounds.change_as_staff(OPERATOR, path.rpartition("/")[2])
    browser.get(path)
    assert "印在毕业证书上就是这个样子" in browser.text
    assert "审核老师会换好" not in browser.text


def test_confirming_is_agreeing_to_the_background_that_is_shown(
    stage: Stage, browser: Browser
) -> None:
    path = replaced(browser, stage)
    assert '<input type="hidden" name="background" value="standard">' in browser.text
    assert "同意交背景换成浅蓝色的这张" in browser.text
    page = browser.post(f"{path}/confirm")
    assert page.status_code == 422
    assert "需要您看过并同意" in browser.text
    browser.post(f"{path}/confirm", {"background": "standard"})
    assert "已提交，等待审核" in browser.text
    assert TITLE in browser.text
    assert status_of(stage, path).status is SubmissionStatus.PENDING


def test_a_busy_machine_says_when_to_press_again(
    stage: Stage, browser: Browser, obedient: ObedientInspector
) -> None:
    path = judged(browser, stage)
    obedient.replacing = Replacing.BUSY
    page = browser.post(f"{path}/background")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
    assert "请过 2 秒再按一次" in browser.text
    # What was said of the photo still stands there.
    assert "检查通过，可以提交" in browser.text
    assert status_of(stage, path).background is BackgroundState.DUE
    obedient.replacing = Replacing.DONE
    browser.post(f"{path}/background")
    assert TITLE in browser.text
    # Pressed once more, nothing happens to it.
    browser.post(f"{path}/background")
    assert TITLE in browser.text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (GoneError("campaign_closed"), "这一批采集已经结束"),
        (UnavailableError("face_model_unavailable"), "照片检查"),
    ],
    ids=["410", "503"],
)
def test_what_was_just_refused_waits_for_a_press_and_a_way_on_is_left(
    stage: Stage,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    error: DomainError,
    words: str,
) -> None:
    path = judged(browser, stage)
    assert " data-change>" in browser.text

    def change(*_: object) -> None:
        raise error

    monkeypatch.setattr(BackgroundService, "change", change)
    page = browser.post(f"{path}/background")
    assert page.status_code == error.status
    assert "Retry-After" not in page.headers
    assert words in browser.text
    assert " data-change>" not in browser.text
    assert f'action="{path}/background"' in browser.text
    assert ">换一张</a>" in browser.text


def test_the_own_background_may_be_taken_and_given_up_again(
    stage: Stage, browser: Browser
) -> None:
    path = replaced(browser, stage)
    shown = browser.client.get(f"{path}/portrait").data
    browser.post(f"{path}/background-choice", {"background": "keep"})
    assert "您选了原来的背景" in browser.text
    assert '<input type="hidden" name="background" value="keep">' in browser.text
    assert browser.client.get(f"{path}/portrait").data != shown
    assert browser.client.get(f"{path}/other-portrait").data == shown
    browser.post(f"{path}/background-choice", {"background": "standard"})
    assert TITLE in browser.text
    browser.post(f"{path}/background-choice", {"background": "keep"})
    browser.post(f"{path}/confirm", {"background": "keep"})
    assert "用的是原来的背景" in browser.text
    assert status_of(stage, path).background is BackgroundState.DECLINED


class BadWall(ObedientInspector):
    """Refuses every photo as it is, and none with the standard background."""

    def inspect(self, data: bytes, **how: Any) -> Any:
        seen = super().inspect(data, **how)
        if seen.own_background is None:
            return seen
        own = CannedPortrayal(make_report("fail"), seen.own_background.portrait)
        return replace(seen, own_background=own)


def test_an_own_background_that_the_rules_refuse_is_not_offered(
    tmp_path: Path,
) -> None:
    stage = make_stage(tmp_path, inspector=BadWall())
    stage.replace_backgrounds()
    browser = Browser(stage.app.test_client())
    path = replaced(browser, stage)
    assert "用原来的背景" not in browser.text
    assert "原来的背景不合要求，只能交换过背景的" in browser.text
    page = browser.post(f"{path}/background-choice", {"background": "keep"})
    assert page.status_code == 422
    assert "原背景不合格，不能选用" in browser.text
    assert status_of(stage, path).background is BackgroundState.STANDARD


@pytest.mark.parametrize("kind", ["pass", "warn"])
def test_a_background_that_cannot_be_replaced_stays_and_the_page_says_why(
    stage: Stage, browser: Browser, obedient: ObedientInspector, kind: str
) -> None:
    obedient.replacing = Replacing.REFUSED
    path = replaced(browser, stage, kind)
    assert "背景没有换成，保留原来的背景" in browser.text
    assert browser.text.count(REASON) == 1
    assert "怎么办" in browser.text
    assert "也可以重拍" in browser.text
    browser.post(f"{path}/confirm")
    assert "用的是原来的背景，背景没有换成" in browser.text
    assert status_of(stage, path).background is BackgroundState.REFUSED


def test_a_photo_that_is_not_acceptable_is_not_changed_but_taken_again(
    stage: Stage, browser: Browser
) -> None:
    judged(browser, stage, "fail")
    assert "这张照片还不能用" in browser.text
    assert "背景等照片合格以后再换成浅蓝色" in browser.text
    assert "data-change" not in browser.text


def test_every_state_serves_keyboards_and_screen_readers(
    stage: Stage, browser: Browser, obedient: ObedientInspector
) -> None:
    wrong = {}
    obedient.replacing = Replacing.BUSY
    path = judged(browser, stage, "warn")
    wrong["due"] = problems(browser.text)
    browser.post(f"{path}/background")
    wrong["busy"] = problems(browser.text)
    obedient.replacing = Replacing.DONE
    browser.post(f"{path}/background")
    wrong["standard"] = problems(browser.text)
    browser.post(f"{path}/background-choice", {"background": "keep"})
    wrong["declined"] = problems(browser.text)
    binding = status_of(stage, path).binding_public_id
    obedient.replacing = Replacing.REFUSED
    upload(browser, stage, binding, "pass", seed=1)
    browser.post(f"{browser.path}/background")
    wrong["refused"] = problems(browser.text)
    assert not any(wrong.values()), wrong


def test_backgrounds_are_changed_by_their_owner_from_our_own_page_only(
    stage: Stage, browser: Browser
) -> None:
    path = judged(browser, stage)
    for act in ("background", "background-choice"):
        assert browser.post(f"{path}/{act}", csrf="forged").status_code == 403
        browser.get(path)
    other = Browser(stage.app.test_client())
    bind(other, stage, 1)
    assert other.post(f"{path}/background").status_code == 404
    chosen = other.post(f"{path}/background-choice", {"background": "keep"})
    assert chosen.status_code == 404
    assert other.get(f"{path}/other-portrait").status_code == 404
    browser.get(path)
    unnamed = browser.post(f"{path}/background-choice", {"background": "pink"})
    assert unnamed.status_code == 400
    assert status_of(stage, path).background is BackgroundState.DUE


# --- staff ---------------------------------------------------------------------------


class Framing(CannedInspector):
    """Refuses every photo, and frames it all the same."""

    def inspect(self, data: bytes, **how: Any) -> Any:
        seen = super().inspect(data, **how)
        return replace(seen, report=replace(seen.report, verdict=Verdict.FAIL))


@pytest.fixture
def school(tmp_path: Path) -> School:
    school = make_school(tmp_path)
    school.replace_backgrounds()
    return school


def seen(school: School, photo: SubmissionView) -> SubmissionView:
    return school.services.search.submission(OPERATOR, photo.public_id).view


def review(client: FlaskClient, photo: SubmissionView, **fields: str) -> Any:
    path = f"/admin/review/{photo.public_id}"
    return send(client, path, f"{path}/background?only=warned", **fields)


def test_a_reviewer_sees_both_portraits_and_takes_the_other(school: School) -> None:
    photo = school.hand_in(0)
    client = school.client("reviewer")
    page = client.get(f"/admin/review/{photo.public_id}").text
    assert "已换标准背景" in page
    for kind in ("portrait", "other-portrait"):
        address = f"/admin/submissions/{photo.public_id}/{kind}"
        assert f'src="{address}"' in page
        assert client.get(address).mimetype == "image/jpeg"
    assert '<input type="hidden" name="background" value="keep">' in page
    version = str(photo.version)
    answer = review(client, photo, background="keep", expected_version=version)
    assert answer.status_code == 303
    # The same photo, in the same part of the queue.
    assert answer.location == f"/admin/review/{photo.public_id}?only=warned"
    assert "原背景（换过，没有选用）" in client.get(answer.location).text
    now = seen(school, photo)
    assert now.background is BackgroundState.DECLINED
    assert now.report.background is Background.KEEP
    events = school.client("admin").get("/admin/audit").text
    assert "选定背景" in events


def test_a_choice_on_what_changed_meanwhile_is_refused(school: School) -> None:
    photo = school.hand_in(0)
    answer = review(
        school.client("reviewer"), photo, background="keep", expected_version="1"
    )
    assert answer.status_code == 409
    assert "有了变化" in answer.text
    assert seen(school, photo).background is BackgroundState.STANDARD


def test_a_reviewer_is_told_why_a_background_stays(school: School) -> None:
    school.inspector.replacing = Replacing.REFUSED
    photo = school.hand_in(0)
    for page in (f"review/{photo.public_id}", f"records/{photo.binding_public_id}"):
        text = school.client("reviewer").get(f"/admin/{page}").text
        assert "未能更换背景" in text
        assert f"原因：{REASON}" in text
        assert "background-form" not in text


@pytest.fixture
def framing() -> Framing:
    return Framing()


@pytest.fixture
def waiting(tmp_path: Path, framing: Framing) -> tuple[School, SubmissionView]:
    """A school with a photo that awaits a decision, and its background as well."""
    school = make_school(tmp_path, inspector=framing)
    school.replace_backgrounds()
    binding = school.bind(0)
    who = school.sessions[0].principal
    draft = school.services.submissions.submit(
        who, binding.public_id, b"photo", filename="a.jpg"
    )
    photo = school.services.submissions.request_review(who, draft.public_id)
    assert photo.background is BackgroundState.DUE
    return school, photo


def replace_on_record(client: FlaskClient, photo: SubmissionView) -> str:
    """Press the button on the record, and return the page that comes of it."""
    answer = send(
        client,
        f"/admin/records/{photo.binding_public_id}",
        f"/admin/submissions/{photo.public_id}/background",
        change="yes",
    )
    assert answer.status_code == 303
    return client.get(answer.location).text


@pytest.mark.parametrize(
    ("replacing", "words", "event"),
    [
        (Replacing.DONE, "背景换好了", "标准背景"),
        (Replacing.REFUSED, "背景没有换成，用的还是原背景。", "没有换成，用的是原背景"),
    ],
)
def test_the_record_says_what_came_of_replacing(
    waiting: tuple[School, SubmissionView],
    framing: Framing,
    replacing: Replacing,
    words: str,
    event: str,
) -> None:
    school, photo = waiting
    framing.replacing = replacing
    text = replace_on_record(school.client("reviewer"), photo)
    assert words in text
    assert "背景已改" not in text
    assert f'<span class="timeline-note">{event}</span>' in text
    assert seen(school, photo).history[-1].note == event


def test_a_campaign_that_changed_its_mind_is_said_to_replace_no_more(
    waiting: tuple[School, SubmissionView],
) -> None:
    school, photo = waiting
    with school.db.transaction() as session:
        campaign = session.get_one(Campaign, school.campaign)
        campaign.background = Background.KEEP.value
    text = replace_on_record(school.client("reviewer"), photo)
    assert "这一批现在不换背景" in text
    assert seen(school, photo).history[-1].note == "不再换，用的是原背景"


@pytest.mark.parametrize(
    "page", ["records/{0.binding_public_id}", "review/{0.public_id}"]
)
def test_without_its_original_a_photo_is_not_offered_for_replacing(
    waiting: tuple[School, SubmissionView], page: str
) -> None:
    school, photo = waiting
    address = f"/admin/{page.format(photo)}"
    client = school.client("reviewer")
    assert "background-form" in client.get(address).text
    with school.db.transaction() as session:
        session.execute(update(Submission).values(original_key=None))
    text = client.get(address).text
    assert "background-form" not in text
    assert "原图已经删除，不能再换" in text
    # Pressed on an older page, it is not said to have happened.
    text = replace_on_record(client, photo)
    assert "背景没有换：" in text


def test_a_photo_that_was_decided_on_is_not_offered_for_replacing(
    waiting: tuple[School, SubmissionView],
) -> None:
    school, photo = waiting
    with school.db.transaction() as session:
        session.execute(update(Submission).values(status="approved"))
    client = school.client("reviewer")
    text = client.get(f"/admin/records/{photo.binding_public_id}").text
    assert "background-form" not in text
    assert "这张没有换，用的是原背景" in text


def test_staff_have_a_background_replaced_that_is_still_due(
    waiting: tuple[School, SubmissionView], framing: Framing
) -> None:
    school, photo = waiting
    for page in (f"review/{photo.public_id}", f"records/{photo.binding_public_id}"):
        text = school.client("admin").get(f"/admin/{page}").text
        assert 'value="return"' in text
        assert 'value="approve"' not in text
    client = school.client("reviewer")
    assert "背景还没有换" in client.get(f"/admin/review/{photo.public_id}").text
    framing.replacing = Replacing.BUSY
    busy = review(client, photo, change="yes")
    assert busy.status_code == 503
    assert "正在为其他照片更换背景" in busy.text
    framing.replacing = Replacing.DONE
    assert review(client, photo, change="yes").status_code == 303
    assert seen(school, photo).background is BackgroundState.STANDARD


def test_the_record_shows_both_and_takes_the_other(school: School) -> None:
    photo = school.hand_in(0)
    client = school.client("admin")
    path = f"/admin/records/{photo.binding_public_id}"
    page = client.get(path)
    assert "成品照（标准背景）" in page.text
    assert "另一张（原背景）" in page.text
    fields = {"csrf_token": csrf_of(page), "background": "keep"}
    address = f"/admin/submissions/{photo.public_id}/background"
    stale = client.post(address, data={**fields, "expected_version": "1"})
    assert stale.status_code == 409
    fields["expected_version"] = str(photo.version)
    answer = client.post(address, data=fields)
    assert answer.status_code == 303
    assert "背景已改，请重新看过再决定" in client.get(answer.location).text
    assert seen(school, photo).background is BackgroundState.DECLINED
    # Whoever may not decide only looks.
    looking = school.client("cs01").get(path).text
    assert "另一张（标准背景）" in looking
    assert "background-form" not in looking


def test_the_sheet_shows_the_portrait_that_was_taken(school: School) -> None:
    photo = school.hand_in(0)
    client = school.client("reviewer")
    version = str(photo.version)
    review(client, photo, background="keep", expected_version=version)
    now = seen(school, photo)
    school.services.reviews.decide(
        OPERATOR,
        photo.public_id,
        action="approve",
        reasons=(),
        note="",
        expected_version=now.version,
    )
    page = client.get("/admin/review/contact-sheet").text
    address = f"/admin/submissions/{photo.public_id}/portrait"
    assert f'src="{address}"' in page
    assert client.get(address).data == jpeg((200, 210, 220), (480, 640))


# --- the campaign --------------------------------------------------------------------


def test_a_campaign_says_what_becomes_of_the_background(tmp_path: Path) -> None:
    school = make_school(tmp_path)
    client = school.client("admin")
    path = f"/admin/rounds/{school.campaign}"
    page = client.get(path).text
    assert 'value="keep" checked' in page
    assert "《通知》没有说可以换背景，也没有说不可以" in page
    assert SWATCH in page
    assert "背景换成" not in client.get("/admin/rounds").text
    form = dict(re.findall(r'<input [^>]*name="(\w+)"[^>]* value="([^"]*)"', page))
    form |= dict(re.findall(r'<textarea [^>]*name="(\w+)"[^>]*>([^<]*)', page))
    form |= {"policy": "notice-2025", "background": "standard"}
    assert client.post(path, data=form).status_code == 303
    rules = school.services.campaigns.rules(OPERATOR, school.campaign)
    assert rules.campaign.background is Background.STANDARD
    assert 'value="standard" checked' in client.get(path).text
    assert "背景换成浅蓝色" in client.get("/admin/rounds").text
    assert "背景换成浅蓝色" in client.get("/admin/campaigns").text
    # The next campaign begins as its policy says, whatever the last one chose.
    assert 'value="keep" checked' in client.get("/admin/rounds/new").text


@pytest.mark.parametrize("earlier", [True, False])
def test_a_new_campaign_begins_with_its_policys_background(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, earlier: bool
) -> None:
    school = make_school(tmp_path)
    if not earlier:
        monkeypatch.setattr(StationService, "campaigns", lambda *_: ())
    policies = {
        name: replace(
            policy,
            background=replace(policy.background, treatment=Background.STANDARD),
        )
        for name, policy in school.services.policies.items()
    }
    monkeypatch.setattr(rounds, "services", lambda: with_policies(school, policies))
    page = school.client("admin").get("/admin/rounds/new").text
    assert 'value="standard" checked' in page
    assert 'value="keep" checked' not in page


def with_policies(school: School, policies: dict[str, Policy]) -> Services:
    return replace(school.services, policies=policies)


@pytest.mark.parametrize("background", [None, "", "pink"])
def test_a_campaign_has_to_say_what_becomes_of_the_background(
    school: School, background: str | None
) -> None:
    client = school.client("admin")
    path = f"/admin/rounds/{school.campaign}"
    page = client.get(path).text
    form = dict(re.findall(r'<input [^>]*name="(\w+)"[^>]* value="([^"]*)"', page))
    form |= dict(re.findall(r'<textarea [^>]*name="(\w+)"[^>]*>([^<]*)', page))
    form |= {"policy": "notice-2025", "name": "改了名字"}
    del form["background"]
    if background is not None:
        form["background"] = background
    answer = client.post(path, data=form)
    assert answer.status_code == 400
    assert "请选保留原来的背景，还是换成标准背景" in answer.text
    assert 'value="改了名字"' in answer.text
    assert "checked" not in answer.text.partition("<legend>背景</legend>")[2]
    rules = school.services.campaigns.rules(OPERATOR, school.campaign)
    assert rules.campaign.background is Background.STANDARD


@pytest.mark.parametrize(
    ("name", "words"),
    [("notice-2025", "浅蓝色，RGB 100、197、255"), ("xinjiang-zikao", "白色，RGB 255")],
)
def test_a_policy_names_its_standard_background(
    school: School, name: str, words: str
) -> None:
    page = school.client("cs01").get(f"/admin/policies/{name}").text
    assert words in page
    assert "默认保留原来的背景" in page


def test_what_is_read_out_at_the_desk_names_the_background(school: School) -> None:
    address = f"/admin/on-site/{school.campaign}"
    assert "身后的背景会换成浅蓝色" in school.client("cs01").get(address).text
