"""A student's whole way on a phone: by keyboard, with scripts and without."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from tests.web.student_support import Stage, make_stage, picture

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("browser")]

#: The narrowest phones, the commonest ones, a desktop.
WIDTHS = (320, 390, 1280)
#: A busy machine takes its time to open a page.
PATIENCE_MS = 30_000


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return make_stage(tmp_path, max_bytes=300_000)


@pytest.fixture
def address(stage: Stage) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, stage.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    stage.adapters.db.dispose()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


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


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_from_the_poster_to_a_confirmed_photo_on_a_phone(
    browser: Browser, stage: Stage, address: str, *, scripts: bool
) -> None:
    page = open_page(browser, scripts=scripts)
    broken: list[str] = []
    page.on("pageerror", lambda error: broken.append(str(error)))
    to_the_photo(page, address, stage)
    choose(page, "#photo", "fail.jpg", picture(600, 800))
    heading(page, "这张照片还不能用")
    page.get_by_role("link", name="按提示重新拍").click()
    choose(page, "#photo", "pass.jpg", picture(600, 800, seed=2))
    heading(page, "检查通过，可以提交")
    shown = page.get_by_role("img").evaluate_all(
        "all => Promise.all(all.map(i => i.decode().then(() => i.naturalWidth)))"
    )
    assert shown == [600, 480]
    page.get_by_role("button", name="确认提交").click()
    heading(page, "已提交，等待审核")
    page.get_by_role("link", name="我的", exact=True).click()
    expect(page.get_by_text("已提交，等待审核")).to_be_visible()
    assert broken == []
    page.context.close()


def test_a_file_too_large_is_told_before_it_is_sent_and_the_choice_is_shown(
    browser: Browser, stage: Stage, address: str
) -> None:
    page = open_page(browser, scripts=True)
    to_the_photo(page, address, stage)
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if r.method == "POST" else None)
    choose(page, "#photo", "pass.jpg", b"\xff\xd8" + b"x" * 300_001)
    expect(page.get_by_role("status")).to_contain_text("最多 10 MB")
    assert sent == []
    page.locator("#photo").set_input_files(
        image_file("pass.jpg", picture(600, 800))  # type: ignore[arg-type] # see above
    )
    expect(page.get_by_alt_text("您选的图片")).to_be_visible()
    page.context.close()


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_error_takes_the_keyboard_to_its_summary(
    browser: Browser, stage: Stage, address: str, *, scripts: bool
) -> None:
    page = open_page(browser, scripts=scripts)
    to_the_photo(page, address, stage)
    page.get_by_role("button", name="上传并检查").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#photo")).to_be_visible()
    page.wait_for_url("**#photo")
    choose(page, "#photo", "broken.jpg", b"x")
    expect(page.get_by_role("alert")).to_contain_text("这不是照片文件")
    expect(page.get_by_role("alert")).to_be_focused()
    choose(page, "#photo", "warn.jpg", picture(600, 800))
    heading(page, "可以提交")
    page.context.close()


def test_no_page_is_wider_than_the_screen(
    browser: Browser, stage: Stage, address: str
) -> None:
    page = open_page(browser, scripts=False)
    to_the_photo(page, address, stage)
    photo = page.url
    choose(page, "#photo", "fail.jpg", picture(600, 800))
    start = f"{address}/s/{stage.token}"
    wide = []
    for url in (
        page.url,
        photo,
        start,
        f"{start}/guide",
        f"{start}/photo-examples",
        f"{start}/consent",
        f"{start}/code",
        f"{address}/me/",
        f"{address}/api/v1/docs",
        f"{address}/s/none",
    ):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            page.goto(url)
            box = page.locator("main").bounding_box()
            full = page.locator("html").evaluate("e => e.scrollWidth")
            if full > width or box is None:
                wide.append((url, width, full))
    assert wide == []
    page.context.close()
