"""One person with a phone, then one at a desk, in a real browser on the real service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from backend.cli import demo_data
from tests.chromium import chromium
from tests.photos import labelled
from tests.pictures import as_jpeg, astronaut
from tests.server import RunningServer, running_server

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
pytestmark = [
    pytest.mark.xdist_group("server"),
    pytest.mark.needs("chromium"),
    pytest.mark.needs("cjk-font"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def good_photo(folder: Path) -> tuple[Path, bool]:
    """Return a photo and whether it passes."""
    if labelled.LABELS.is_file():
        return labelled.FOLDER / "london_neutral" / "005_03.jpg", True
    photo = folder / "face.jpg"
    photo.write_bytes(as_jpeg(astronaut()))
    return photo, False


def go_on(page: Page) -> None:
    page.locator("main button[type=submit]").first.click()


def hand_in(page: Page, server: RunningServer, number: int, photo: Path) -> None:
    """Go from the entry to the report."""
    student = demo_data.demo_students()[number]
    card = next((server.folder / "var" / "cards").glob(f"{student.name}-*.png"))
    page.goto(f"{server.url}/s/{server.entry_tokens[0]}")
    page.get_by_role("link", name="开始").click()
    for box in page.locator("input[type=checkbox]").all():
        expect(box).not_to_be_checked()
        box.check()
    go_on(page)
    page.locator("input[type=file]").set_input_files(card)
    go_on(page)
    page.locator("input[name=id_last6]").fill(student.id_number[-6:])
    go_on(page)
    expect(page.get_by_text("绑定成功")).to_be_visible()
    page.get_by_role("link", name="下一步").click()
    page.locator("input[type=file]").set_input_files(photo)
    go_on(page)
    expect(page.get_by_role("link", name="我的")).to_be_visible()
    page.wait_for_url("**/submission/**")


@pytest.mark.parametrize(("scripts", "number"), [(True, 0), (False, 2)])
def test_from_the_poster_to_the_console(
    server: RunningServer,
    browser: Browser,
    tmp_path: Path,
    *,
    scripts: bool,
    number: int,
) -> None:
    photo, passes = good_photo(tmp_path)
    phone = browser.new_context(viewport=PHONE, java_script_enabled=scripts)
    page = phone.new_page()
    hand_in(page, server, number, photo)
    page.get_by_role("button", name="确认提交" if passes else "申请人工审核").click()
    page.wait_for_load_state()
    expect(page.locator("main")).to_contain_text("审核")
    phone.close()
    desk = browser.new_context(viewport=DESK, java_script_enabled=scripts)
    page = desk.new_page()
    page.goto(f"{server.url}/admin/")
    page.locator("input[name=username]").fill("admin")
    page.locator("input[name=password]").fill(server.admin_password)
    page.locator("main button[type=submit]").click()
    student = demo_data.demo_students()[number]
    page.goto(f"{server.url}/admin/records")
    page.locator("input[name=q]").fill(student.name)
    page.get_by_role("button", name="查找").click()
    assert student.name not in page.url
    page.get_by_role("link", name=student.name).first.click()
    expect(page.locator("h1")).to_contain_text(student.name)
    expect(page.locator("main")).to_contain_text("待审核")
    expect(page.locator("main")).not_to_contain_text(student.id_number)
    desk.close()
