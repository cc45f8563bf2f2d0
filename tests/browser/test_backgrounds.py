"""A replaced background in a real browser: on a phone, at review, at the desk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from apiflask import APIFlask
from playwright.sync_api import Browser, Page, Request, Route, expect
from sqlalchemy import update
from werkzeug.serving import make_server

from backend.db.models import Submission
from backend.domain.backgrounds import BackgroundState
from backend.domain.errors import (
    ConflictError,
    GoneError,
    NotFoundError,
    UnavailableError,
)
from backend.domain.report import Background
from backend.domain.reviews import SubmissionStatus
from backend.services.backgrounds import BackgroundService
from backend.services.staff import OPERATOR
from backend.services.types import Principal, SubmissionView
from backend.web.admin import rounds
from tests.browser.test_console import sign_in
from tests.browser.test_on_site import (
    agree,
    collected,
    find,
    kept,
    shoot,
    to_the_desk,
)
from tests.browser.test_student_flow import (
    PATIENCE_MS,
    WIDTHS,
    browser,
    choose,
    heading,
    open_page,
    to_the_photo,
)
from tests.change_words import REASON, give_words
from tests.factories import make_student
from tests.fakes import Replacing
from tests.web.console import School, make_school
from tests.web.student_support import ObedientInspector, Stage, make_stage, picture

__all__ = ["browser"]

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("browser")]

RANGE, AFTER = "#compare", ".compare figure:nth-child(2) img"
DONE = "背景已换成浅蓝色"
Busy = Callable[[], None]


@contextmanager
def served(app: APIFlask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    give_words(monkeypatch)


@pytest.fixture
def obedient() -> ObedientInspector:
    return ObedientInspector()


@pytest.fixture
def stage(tmp_path: Path, obedient: ObedientInspector) -> Stage:
    stage = make_stage(tmp_path, inspector=obedient)
    stage.replace_backgrounds()
    return stage


@pytest.fixture
def address(stage: Stage) -> Iterator[str]:
    with served(stage.app) as url:
        yield url
    stage.adapters.db.dispose()


@pytest.fixture
def school(tmp_path: Path) -> School:
    school = make_school(tmp_path, students=8)
    school.replace_backgrounds()
    return school


@pytest.fixture
def console(school: School) -> Iterator[str]:
    with served(school.app) as url:
        yield url
    school.db.dispose()


def hand_in(page: Page, address: str, stage: Stage, kind: str = "pass") -> None:
    to_the_photo(page, address, stage)
    choose(page, "#photo", f"{kind}.jpg", picture(600, 800))


def state_of(stage: Stage, url: str) -> tuple[SubmissionStatus, BackgroundState]:
    name = url.rpartition("/")[2].partition("#")[0]
    view = stage.services.search.submission(OPERATOR, name).view
    return view.status, view.background


def cut(page: Page) -> str:
    """Return how much of the second picture is cut off."""
    found: str = page.locator(AFTER).evaluate("e => getComputedStyle(e).clipPath")
    return found


def walls(page: Page) -> Any:
    """Return how green both pictures are beside the head, before and after."""
    return page.locator(".compare img").evaluate_all(
        """all => Promise.all(all.map(async (picture) => {
            await picture.decode();
            const canvas = new OffscreenCanvas(1, 1).getContext("2d");
            canvas.drawImage(picture, -20, -20);
            return canvas.getImageData(0, 0, 1, 1).data[1];
        }))"""
    )


def test_a_busy_machine_is_asked_again_and_the_pictures_are_compared(
    browser: Browser, stage: Stage, address: str, obedient: ObedientInspector
) -> None:
    page = open_page(browser, scripts=True)
    page.set_default_timeout(PATIENCE_MS)
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    obedient.replacing = Replacing.BUSY
    hand_in(page, address, stage)
    # The verdict is there while the background waits its turn.
    heading(page, "检查通过，可以提交")
    says = page.locator("[data-change-says]")
    expect(says).to_contain_text("2 秒后自动再试", timeout=PATIENCE_MS)
    expect(page.get_by_role("status").last).to_contain_text("2 秒后自动再试")
    expect(page.get_by_role("button", name="确认提交")).to_have_count(0)
    obedient.replacing = Replacing.DONE
    expect(page.locator("#background-title")).to_contain_text(DONE)
    expect(page.get_by_role("status").last).to_contain_text(DONE)
    before, after = walls(page)
    # What was on the page before has the same name and must not stay.
    assert before > after + 6

    slider = page.get_by_role("slider", name="比较换背景前后")
    assert cut(page) == "inset(0px 0px 0px 50%)"
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert cut(page) == "inset(0px 0px 0px 51%)"
    expect(slider).to_have_attribute(
        "aria-valuetext", "左边 51% 是换背景前，其余是换背景后"
    )
    page.keyboard.press("Home")
    assert cut(page) == "inset(0px 0px 0px 0%)"

    page.get_by_role("button", name="用原来的背景").click()
    expect(page.locator("#background-title")).to_contain_text("您选了原来的背景")
    page.get_by_role("button", name="用浅蓝色的背景").click()
    expect(page.locator("#background-title")).to_contain_text(DONE)
    page.get_by_role("button", name="同意用这张，确认提交").click()
    heading(page, "已提交，等待审核")
    expected = (SubmissionStatus.PENDING, BackgroundState.STANDARD)
    assert state_of(stage, page.url) == expected
    assert broken == []
    page.context.close()


def test_a_finger_on_the_picture_moves_the_line(
    browser: Browser, stage: Stage, address: str
) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    hand_in(page, address, stage)
    pictures = page.locator("[data-compare]")
    pictures.scroll_into_view_if_needed()
    box = pictures.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.touchscreen.tap(box["x"] + box["width"] / 4, middle)
    expect(page.locator(RANGE)).to_have_value("25")
    client = context.new_cdp_session(page)

    def touch(kind: str, share: float) -> None:
        at = {"x": box["x"] + share * box["width"], "y": middle}
        points = [] if kind == "touchEnd" else [at]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 0.25)
    for share in (0.4, 0.6, 0.8):
        touch("touchMove", share)
    touch("touchEnd", 0.8)
    expect(page.locator(RANGE)).to_have_value("80")
    assert cut(page) == "inset(0px 0px 0px 80%)"
    context.close()


def test_without_scripts_a_button_does_it_and_both_stand_side_by_side(
    browser: Browser, stage: Stage, address: str, obedient: ObedientInspector
) -> None:
    page = open_page(browser, scripts=False)
    page.set_default_timeout(PATIENCE_MS)
    obedient.replacing = Replacing.BUSY
    hand_in(page, address, stage)
    heading(page, "检查通过，可以提交")
    button = page.get_by_role("button", name="换背景", exact=True)
    button.click()
    expect(page.get_by_role("status")).to_contain_text("请过 2 秒再按一次")
    expect(button).to_be_focused()
    obedient.replacing = Replacing.DONE
    page.keyboard.press("Enter")
    expect(page.locator("#background-title")).to_contain_text(DONE)
    assert page.url.endswith("#background")
    (left, top), (right, level) = page.locator(".compare img").evaluate_all(
        "all => all.map(i => [i.offsetLeft, i.offsetTop])"
    )
    assert left < right
    assert top == level
    expect(page.locator(RANGE)).to_be_hidden()
    page.get_by_role("button", name="同意用这张，确认提交").click()
    heading(page, "已提交，等待审核")
    page.context.close()


def test_a_background_that_stays_is_explained_and_the_photo_may_be_used(
    browser: Browser, stage: Stage, address: str, obedient: ObedientInspector
) -> None:
    page = open_page(browser, scripts=True)
    obedient.replacing = Replacing.REFUSED
    hand_in(page, address, stage)
    section = page.locator("[data-background]")
    expect(section).to_contain_text("背景没有换成", timeout=PATIENCE_MS)
    expect(section).to_contain_text(REASON)
    page.get_by_role("button", name="就用这张，确认提交").click()
    heading(page, "已提交，等待审核")
    expected = (SubmissionStatus.PENDING, BackgroundState.REFUSED)
    assert state_of(stage, page.url) == expected
    page.context.close()


def test_a_line_that_breaks_leaves_a_button(
    browser: Browser, stage: Stage, address: str
) -> None:
    page = open_page(browser, scripts=True)
    page.route("**/background", lambda route: route.abort())
    hand_in(page, address, stage)
    says = page.locator("[data-change-says]")
    expect(says).to_contain_text("网络断了", timeout=PATIENCE_MS)
    page.unroute("**/background")
    page.route("**/background", lambda route: route.fulfill(status=502, body="502"))
    page.get_by_role("button", name="换背景", exact=True).click()
    expect(says).to_contain_text("这次没有换成", timeout=PATIENCE_MS)
    page.unroute("**/background")
    page.get_by_role("button", name="换背景", exact=True).click()
    expect(page.locator("#background-title")).to_contain_text(DONE, timeout=PATIENCE_MS)
    page.context.close()


def fail_with(patch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let every try to replace a background end with an error."""

    def change(*_: object) -> None:
        raise error

    patch.setattr(BackgroundService, "change", change)


def tries_of(page: Page) -> list[str]:
    """Return the tries to replace a background, which come in as they are made."""
    tries: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/background"):
            tries.append(request.url)

    page.on("request", note)
    return tries


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (GoneError("campaign_closed"), "采集已经结束"),
        (ConflictError("submission_settled"), "照片已经审核通过"),
    ],
    ids=["410", "409"],
)
def test_a_refusal_is_shown_and_not_asked_for_again(
    browser: Browser,
    stage: Stage,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    words: str,
) -> None:
    fail_with(monkeypatch, error)
    page = open_page(browser, scripts=True)
    page.set_default_timeout(PATIENCE_MS)
    tries = tries_of(page)
    hand_in(page, address, stage)
    expect(page.get_by_role("alert")).to_contain_text(words)
    # Whoever asked at once would have asked before this answer.
    page.evaluate("fetch(location.href).then((answer) => answer.text())")
    assert len(tries) == 1
    # A person may press, and is answered the same.
    page.get_by_role("button", name="换背景", exact=True).click()
    page.wait_for_load_state()
    expect(page.get_by_role("alert")).to_contain_text(words)
    page.evaluate("fetch(location.href).then((answer) => answer.text())")
    assert len(tries) == 2
    expect(page.get_by_role("link", name="换一张", exact=True)).to_be_visible()
    page.context.close()


@pytest.mark.parametrize(
    "error",
    [
        UnavailableError("face_model_unavailable"),
        RuntimeError(),
        NotFoundError("file_not_found"),
    ],
    ids=["503", "500", "404"],
)
def test_what_breaks_leaves_the_photo_and_a_way_on(
    browser: Browser,
    stage: Stage,
    address: str,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    page = open_page(browser, scripts=True)
    page.set_default_timeout(PATIENCE_MS)
    tries = tries_of(page)
    with monkeypatch.context() as broken:
        fail_with(broken, error)
        hand_in(page, address, stage)
        expect(page.locator("[data-change-says]")).to_contain_text("这次没有换成背景")
        heading(page, "检查通过，可以提交")
        expect(page.get_by_role("link", name="换一张", exact=True)).to_be_visible()
        assert len(tries) == 1
    page.get_by_role("button", name="换背景", exact=True).click()
    expect(page.locator("#background-title")).to_contain_text(DONE)
    page.context.close()


def test_a_second_try_promises_nothing(
    browser: Browser, stage: Stage, address: str, obedient: ObedientInspector
) -> None:
    page = open_page(browser, scripts=True)
    page.set_default_timeout(PATIENCE_MS)
    obedient.replacing = Replacing.BUSY
    hand_in(page, address, stage)
    says = page.locator("[data-change-says]")
    expect(says).to_contain_text("自动再试")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/background", hold)
    expect(says).to_have_text("正在再试一次。")
    held[0].continue_()
    expect(says).to_contain_text("前面有人在换背景")
    page.context.close()


def test_a_photo_that_was_handed_in_elsewhere_meanwhile_shows_where_it_stands(
    browser: Browser, stage: Stage, address: str, obedient: ObedientInspector
) -> None:
    page = open_page(browser, scripts=True)
    page.set_default_timeout(PATIENCE_MS)
    obedient.replacing = Replacing.BUSY
    hand_in(page, address, stage)
    expect(page.locator("[data-change-says]")).to_contain_text("自动再试")
    with stage.adapters.db.transaction() as session:
        session.execute(update(Submission).values(status="pending"))
    heading(page, "已提交，等待审核")
    page.context.close()


def test_no_state_is_wider_than_the_screen(
    browser: Browser, stage: Stage, address: str, obedient: ObedientInspector
) -> None:
    page = open_page(browser, scripts=True)
    page.set_default_timeout(PATIENCE_MS)
    wide = []

    def look(state: str) -> None:
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            full = page.locator("html").evaluate("e => e.scrollWidth")
            if full > width:
                wide.append((state, width, full))

    obedient.replacing = Replacing.BUSY
    hand_in(page, address, stage, "warn")
    expect(page.locator("[data-change-says]")).to_contain_text("自动再试")
    look("due")
    obedient.replacing = Replacing.DONE
    expect(page.locator("[data-compare]")).to_be_visible()
    look("standard")
    page.get_by_role("button", name="用原来的背景").click()
    expect(page.locator("#background-title")).to_contain_text("您选了")
    look("declined")
    assert wide == []
    page.context.close()


def test_a_reviewer_compares_and_chooses_by_key(
    browser: Browser, school: School, console: str
) -> None:
    photo = school.hand_in(0)
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    page.set_default_timeout(PATIENCE_MS)
    sign_in(page, console, "reviewer")
    page.goto(f"{console}/admin/review/{photo.public_id}")

    def width_of(kind: str) -> float:
        box = page.locator(f".shot-{kind}").bounding_box()
        return box["width"] if box else 0

    assert width_of("portrait") > 2 * width_of("other-portrait") > 0
    page.keyboard.press("b")
    assert width_of("other-portrait") > 2 * width_of("portrait") > 0
    page.keyboard.press("b")
    assert width_of("portrait") > 2 * width_of("other-portrait")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("改用另一种背景")
    page.keyboard.press("c")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    expect(page.locator(".background-part")).to_contain_text("选用的是原背景")
    page.wait_for_load_state()
    page.keyboard.press("c")
    expect(page.locator(".background-part")).to_contain_text("已换成浅蓝色")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_a_policy_brings_its_background_to_a_new_campaign_until_somebody_chooses(
    browser: Browser, school: School, console: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    standard = school.services.policies["xinjiang-zikao"]
    background = replace(standard.background, treatment=Background.STANDARD)
    policies = {
        **school.services.policies,
        standard.name: replace(standard, background=background),
    }
    known = replace(school.services, policies=policies)
    monkeypatch.setattr(rounds, "services", lambda: known)
    page = browser.new_page()
    page.set_default_timeout(PATIENCE_MS)
    sign_in(page, console, "admin")
    page.goto(f"{console}/admin/rounds/new")
    kept, replaced = (page.locator(f"[value={x}]") for x in ("keep", "standard"))
    expect(kept).to_be_checked()
    page.locator("#f-policy").select_option("xinjiang-zikao")
    expect(replaced).to_be_checked()
    kept.check()
    page.locator("#f-policy").select_option("notice-2025")
    page.locator("#f-policy").select_option("xinjiang-zikao")
    expect(kept).to_be_checked()
    # Of a campaign that is there nothing changes by itself.
    page.goto(f"{console}/admin/rounds/{school.campaign}")
    page.locator("#f-policy").select_option("notice-2025")
    expect(replaced).to_be_checked()
    page.close()


def test_the_desk_goes_on_while_a_background_waits(
    browser: Browser, school: School, console: str
) -> None:
    first, second = make_student(2), make_student(4)
    with browser.new_context() as context:
        page = to_the_desk(context, console)
        school.inspector.replacing = Replacing.BUSY
        find(page, first.name)
        agree(page, first.name)
        shoot(page, (1, 2, 3))
        expect(page.locator(".desk-verdict")).to_contain_text("可以提交")
        expect(page.locator(".desk-background")).to_contain_text("可以先做下一位")
        expect(page.get_by_role("button", name="确认提交")).to_be_hidden()
        assert [row[1:] for row in kept(page)] == [["changing", 0]]
        page.get_by_role("button", name="下一位").click()
        find(page, second.name)
        agree(page, second.name)
        # The next one has a verdict though the one before still waits.
        shoot(page, (4, 5, 6))
        expect(page.locator(".desk-background")).to_contain_text("正在换背景")
        school.inspector.replacing = Replacing.DONE
        expect(page.locator("[data-queue] .tone-good")).to_have_count(
            2, timeout=PATIENCE_MS
        )
        expect(page.get_by_role("img", name="换背景后")).to_be_visible()
        page.get_by_role("button", name="用原来的背景").click()
        expect(page.locator(".desk-background")).to_contain_text("用的是原来的背景")
        page.get_by_role("button", name="学生看过、同意").click()
        expect(page.locator("[data-notice]")).to_contain_text(f"{second.name} 已提交")
        page.get_by_role("button", name="查看").click()
        expect(page.get_by_role("img", name="换背景前")).to_be_visible()
        page.get_by_role("button", name="学生看过、同意").click()
        expect(page.locator("[data-notice]")).to_contain_text(f"{first.name} 已提交")
        assert kept(page) == []
    assert collected(school) == {
        person.student_no: ["pending"] for person in (first, second)
    }


def test_a_photo_that_cannot_be_changed_holds_up_no_other(
    browser: Browser,
    school: School,
    console: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = make_student(2), make_student(4)
    whole = BackgroundService.change
    broken: set[str] = set()

    def change(self: BackgroundService, who: Principal, name: str) -> SubmissionView:
        if not broken:
            broken.add(name)
        if name in broken:
            raise RuntimeError
        return whole(self, who, name)

    with browser.new_context() as context:
        page = to_the_desk(context, console)
        monkeypatch.setattr(BackgroundService, "change", change)
        find(page, first.name)
        agree(page, first.name)
        shoot(page, (1, 2, 3))
        lines = page.locator("[data-queue] > li")
        expect(lines.first).to_contain_text("背景还没有换")
        expect(lines.first).to_contain_text("这次没有换成背景")
        expect(page.locator(".desk-background")).to_contain_text("这次没有换成背景")
        expect(page.get_by_role("button", name="重拍")).to_be_visible()
        page.get_by_role("button", name="下一位").click()
        find(page, second.name)
        agree(page, second.name)
        shoot(page, (4, 5, 6))
        expect(page.get_by_role("img", name="换背景后")).to_be_visible()
        expect(lines.first).to_contain_text("背景还没有换")
        broken.clear()
        broken.add("nobody's")
        lines.first.get_by_role("button", name="再试一次").click()
        expect(page.locator("[data-queue] .tone-good")).to_have_count(2)
        expect(page.locator("[data-queue]")).not_to_contain_text("没有换成")


def test_a_picture_taken_without_a_line_has_its_background_replaced_later(
    browser: Browser, school: School, console: str
) -> None:
    person = make_student(2)
    with browser.new_context() as context:
        page = to_the_desk(context, console)
        find(page, person.name)
        agree(page, person.name)
        context.set_offline(True)
        shoot(page, (1, 2, 3))
        expect(page.locator(".desk-verdict")).to_have_text("已存在这台设备上")
        context.set_offline(False)
        expect(page.locator("[data-queue] .tone-good")).to_have_count(
            1, timeout=PATIENCE_MS
        )
        assert kept(page) == [[person.name, "ok", 0]]
        expect(page.locator(".desk-background")).to_contain_text("背景已换好")
    assert collected(school) == {person.student_no: ["draft"]}
