"""What people do in the pages: a student on a phone, staff at the console and on site."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select

from backend.db.models import Binding, Student, Submission
from tests.web.console import PASSWORD, School, jpeg
from tests.web.student_support import Stage

#: The narrowest phones, the commonest ones, a desktop.
WIDTHS = (320, 390, 1280)
#: A busy machine takes its time to open a page.
PATIENCE_MS = 30_000
LINE, NAME = "[data-line]", "section:not([hidden]) > [data-name]"


def open_page(browser: Browser, *, scripts: bool) -> Page:
    context = browser.new_context(
        java_script_enabled=scripts,
        viewport={"width": 390, "height": 844},
        locale="zh-CN",
    )
    return context.new_page()


def heading(page: Page, words: str) -> None:
    title = page.get_by_role("heading", level=1)
    expect(title).to_contain_text(words, timeout=PATIENCE_MS)


def image_file(name: str, data: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


def choose(page: Page, field: str, name: str, data: bytes) -> None:
    page.locator(field).set_input_files(image_file(name, data))  # type: ignore[arg-type] # a payload of this shape
    page.locator("main form button[type=submit]").click()


def to_the_photo(page: Page, address: str, stage: Stage) -> None:
    """Go from the poster to the photo page, the first steps by keyboard alone."""
    page.goto(f"{address}/s/{stage.token}")
    page.get_by_role("link", name="开始", exact=True).focus()
    page.keyboard.press("Enter")
    heading(page, "请先看清楚")
    for name in ("portrait", "identity_number"):
        page.locator(f"#{name}").focus()
        page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    heading(page, "上传图像采集码")
    choose(page, "#picture", "card.png", stage.card(0))
    heading(page, "核对是不是您本人")
    page.get_by_label("身份证号后 6 位").fill(stage.people[0].id_number[-6:])
    page.keyboard.press("Enter")
    heading(page, "绑定成功")
    page.get_by_role("link", name="下一步").click()
    heading(page, "拍一张")
    # The words stand before the scripts are there, and a robot is faster than both.
    page.wait_for_load_state()


def sign_in(page: Page, address: str, username: str) -> None:
    page.goto(f"{address}/admin/")
    page.get_by_label("用户名").fill(username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()


def to_the_desk(context: BrowserContext, address: str, username: str = "cs01") -> Page:
    """Sign in and open the desk, until it would open without a line as well."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    sign_in(page, address, username)
    page.get_by_role("link", name="采集", exact=True).click()
    page.get_by_role("link", name="2026届样例采集").click()
    expect(page.locator(LINE)).to_have_text("在线", timeout=PATIENCE_MS)
    expect(page.locator("[data-kept]")).to_be_visible(timeout=PATIENCE_MS)
    return page


def file(colour: tuple[int, int, int], name: str = "shot.jpg") -> Any:
    return {"name": name, "mimeType": "image/jpeg", "buffer": jpeg(colour)}


def find(page: Page, text: str) -> None:
    expect(page.locator("#who")).to_be_focused()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def agree(page: Page, name: str) -> None:
    expect(page.locator(NAME)).to_have_text(name, timeout=PATIENCE_MS)
    page.get_by_label("本人当面同意").check()
    page.get_by_role("button", name="同意，去拍照").click()
    expect(page.locator("#photo")).to_be_visible(timeout=PATIENCE_MS)


def shoot(page: Page, colour: tuple[int, int, int]) -> None:
    page.locator("#photo").set_input_files(file(colour))
    page.get_by_role("button", name="用这张，去检查").click()


def collected(school: School) -> dict[str, list[str]]:
    """Return the statuses of every student's photos."""
    with school.db.reading() as session:
        rows = session.execute(
            select(Student.student_no, Submission.status)
            .join(Binding, Binding.student_id == Student.id)
            .join(Submission, Submission.binding_id == Binding.id)
            .order_by(Submission.id)
        )
        found: dict[str, list[str]] = {}
        for number, status in rows:
            found.setdefault(number, []).append(status)
        return found


def kept(page: Page) -> Any:
    """Return what the browser keeps of the pictures."""
    return page.evaluate(
        """() => new Promise((done) => {
            const opening = indexedDB.open("bizhao-on-site", 1);
            opening.onupgradeneeded = () => opening.result.createObjectStore("all", {keyPath: "key"});
            opening.onsuccess = () => {
                const all = opening.result.transaction("all").objectStore("all").getAll();
                all.onsuccess = () => {
                    opening.result.close();
                    done(all.result.map((item) => [item.student.name, item.state, item.bytes ? item.bytes.byteLength : 0]));
                };
            };
        })"""
    )
