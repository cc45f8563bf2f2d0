"""The console in a real browser: with its scripts, and without any."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, expect

from backend.services.staff import OPERATOR
from backend.services.types import Role
from tests.browser.steps import sign_in
from tests.factories import make_student
from tests.web.console import PASSWORD, School, make_school

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("browser")]


@pytest.fixture
def school(tmp_path: Path) -> School:
    school = make_school(tmp_path, students=4)
    for n in range(3):
        school.hand_in(n)
    return school


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_reviewer_searches_opens_and_approves(
    browser: Browser, console: str, *, scripts: bool, width: int
) -> None:
    complaints: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(message.text)

    context = browser.new_context(
        java_script_enabled=scripts, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    page.on("console", complain)
    sign_in(page, console, "reviewer")
    student = make_student(0)
    page.get_by_role("searchbox").fill(student.student_no)
    page.get_by_role("button", name="查找").click()
    # What was typed stands sealed in the address.
    page.wait_for_url(f"{console}/admin/records?q=*")
    assert student.student_no not in page.url
    page.get_by_role("link", name=student.name).click()
    pictures = page.get_by_role("img")
    # The three of the photo, and a close-up.
    expect(pictures).to_have_count(4)
    for box in page.get_by_role("checkbox").all():
        if box.is_visible():
            box.check()
    page.get_by_role("button", name="通过").click()
    expect(page.get_by_role("status")).to_have_text("已通过。")
    assert complaints == []
    context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_invitations_link_leads_to_a_password_and_its_token_into_no_address(
    browser: Browser, school: School, console: str, *, scripts: bool
) -> None:
    new = school.services.invitations.invite(
        OPERATOR,
        username="li.hua",
        display_name="李样例",
        role=Role.REVIEWER,
        station_id=None,
    )
    token = new.url.partition("#")[2]
    context = browser.new_context(java_script_enabled=scripts)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{console}/admin/invitation#{token}")
    if not scripts:
        page.get_by_label("邀请码").fill(new.url)
        page.get_by_role("button", name="继续").click()
    page.get_by_label("密码", exact=False).first.fill(PASSWORD)
    page.get_by_label("再输一次密码").fill(PASSWORD)
    page.get_by_role("button", name="保存密码").click()
    expect(page.get_by_role("status")).to_have_text("密码已设好，请用它登录。")
    assert token not in "".join(url.partition("#")[0] for url in asked)
    assert token not in page.url
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_is_wider_than_the_screen(
    browser: Browser, school: School, console: str, width: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    sign_in(page, console, "admin")
    record = page.goto(f"{console}/admin/records")
    assert record is not None
    first = page.locator("tbody a").first.get_attribute("href")
    for path in (
        "/admin/",
        "/admin/records",
        first,
        "/admin/stations",
        "/admin/stations/new",
        "/admin/campaigns",
        "/admin/policies/national-2017",
        f"/admin/campaigns/{school.campaign}/entries",
        f"/admin/campaigns/{school.campaign}/students",
        f"/admin/campaigns/{school.campaign}/missing?station={school.stations['CS01']}",
        "/admin/staff",
        "/admin/staff/invitations/new",
        "/admin/staff/1",
        "/admin/account",
        "/admin/second-factor",
        "/admin/invitation",
        "/admin/audit?check=1",
        "/admin/password",
        "/admin/nothing",
    ):
        page.goto(f"{console}{path}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path
    context.close()


def test_the_keyboard_reaches_the_content_first(browser: Browser, console: str) -> None:
    page = browser.new_page()
    sign_in(page, console, "admin")
    # A key pressed while the page still changes would be lost with the old page.
    page.goto(f"{console}/admin/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="跳到正文")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.close()
