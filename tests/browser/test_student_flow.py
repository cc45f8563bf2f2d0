"""A student's whole way on a phone: by keyboard, with scripts and without."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.steps import (
    WIDTHS,
    choose,
    heading,
    image_file,
    open_page,
    to_the_photo,
)
from tests.web.student_support import Stage, make_stage, picture

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("browser")]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return make_stage(tmp_path, max_bytes=300_000)


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
