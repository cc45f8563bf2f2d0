"""The desk on site in a real browser: with a camera, and with a line that breaks."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Playwright, expect
from sqlalchemy import select

from backend.db.models import Binding
from backend.domain.codes import parse_collection_code
from backend.imaging.sample_card import draw_sample_card
from tests.browser.steps import (
    LINE,
    NAME,
    PATIENCE_MS,
    agree,
    collected,
    file,
    find,
    kept,
    shoot,
    to_the_desk,
)
from tests.chromium import ALLOW, REFUSE, film, phone
from tests.factories import SCHOOL_NAME, make_student
from tests.imaging.portraits import graduate
from tests.web.console import PASSWORD, School, make_school

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("browser")]


@pytest.fixture
def school(tmp_path: Path) -> School:
    return make_school(tmp_path, students=8)


def pixels_of(picture: bytes) -> Any:
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    even = (image.width // 2 * 2, image.height // 2 * 2)
    return np.asarray(image.crop((0, 0, *even)))


def complaints_of(page: Page) -> list[str]:
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "console",
        lambda m: said.append(m.text) if "Security Policy" in m.text else None,
    )
    return said


def test_scan_consent_camera_confirm_next(
    playwright: Playwright, school: School, console: str, tmp_path: Path
) -> None:
    person = make_student(2)
    with phone(
        playwright, ALLOW, video=film(tmp_path / "good.y4m", graduate())
    ) as context:
        page = to_the_desk(context, console)
        complaints = complaints_of(page)
        # A scanner types the code and Enter, wherever the field has the focus.
        find(page, person.payload)
        expect(page.locator(NAME)).to_have_text(person.name, timeout=PATIENCE_MS)
        assert person.id_number not in page.content()
        page.get_by_role("button", name="同意，去拍照").click()
        expect(page.locator("[data-notice]")).to_contain_text("本人同意后勾选")
        agree(page, person.name)
        opener = page.get_by_role("button", name="打开相机拍照")
        expect(opener).to_be_focused()
        page.keyboard.press("Enter")
        hint = page.locator("[data-camera-hint]")
        expect(hint).to_have_text("可以拍了", timeout=PATIENCE_MS)
        page.keyboard.press("Enter")
        expect(page.locator(".desk-verdict")).to_contain_text(
            "可以提交", timeout=PATIENCE_MS
        )
        expect(page.get_by_role("img", name="成品照")).to_be_visible()
        assert kept(page) == [[person.name, "ok", 0]]
        page.get_by_role("button", name="确认提交").click()
        expect(page.locator("[data-notice]")).to_contain_text(f"{person.name} 已提交")
        expect(page.locator("#who")).to_be_focused()
        assert kept(page) == []
        assert complaints == []
    assert collected(school) == {person.student_no: ["pending"]}


def test_the_code_is_read_by_the_camera(
    playwright: Playwright, school: School, console: str, tmp_path: Path
) -> None:
    person = make_student(4)
    code = parse_collection_code(person.payload)
    card = draw_sample_card(code, school_name=SCHOOL_NAME)
    with phone(
        playwright, ALLOW, video=film(tmp_path / "card.y4m", pixels_of(card))
    ) as context:
        page = to_the_desk(context, console)
        page.get_by_role("button", name="用相机扫采集码").click()
        expect(page.locator(NAME)).to_have_text(person.name, timeout=PATIENCE_MS)
        expect(page.locator("dialog[data-scan]")).to_be_hidden()
        page.get_by_role("button", name="换一个学生").click()
        page.locator("#code-picture").set_input_files(
            {"name": "card.png", "mimeType": "image/png", "buffer": card}
        )
        expect(page.locator(NAME)).to_have_text(person.name, timeout=PATIENCE_MS)
        agree(page, person.name)
    with school.db.reading() as session:
        assert session.scalars(select(Binding.fingerprint)).all() == [code.fingerprint]


def test_pictures_taken_without_a_line_arrive_once_and_at_the_right_students(
    playwright: Playwright, school: School, console: str
) -> None:
    first, second, third = (make_student(n) for n in (0, 2, 4))
    with phone(playwright, REFUSE) as context:
        page = to_the_desk(context, console)
        complaints = complaints_of(page)
        page.get_by_role("button", name="下载名单").click()
        expect(page.locator("[data-roster-note]")).to_contain_text("4 人")
        # The line breaks between the consent and the picture of the first.
        page.locator("#who").click()
        find(page, first.name)
        agree(page, first.name)
        context.set_offline(True)
        shoot(page, (200, 10, 10))
        expect(page.locator(".desk-verdict")).to_have_text("已存在这台设备上")
        page.get_by_role("button", name="下一位").click()
        # The second is found on the list, by the end of the number.
        find(page, second.student_no[-4:])
        agree(page, second.name)
        shoot(page, (10, 200, 10))
        expect(page.locator("[data-queue] li")).to_have_count(2)
        # Nothing is lost when the page is loaded again, still without a line.
        page.reload()
        expect(page.locator(LINE)).to_have_text("网络断了", timeout=PATIENCE_MS)
        expect(page.locator("[data-queue] li")).to_have_count(2)
        find(page, third.name)
        expect(page.locator(NAME)).to_have_text(third.name)
        assert [state for _, state, size in kept(page) if size] == ["waiting"] * 2
        assert collected(school) == {}
        context.set_offline(False)
        expect(page.locator("[data-queue] .tone-good")).to_have_count(
            2, timeout=PATIENCE_MS
        )
        assert sorted(kept(page)) == sorted([p.name, "ok", 0] for p in (first, second))
        assert collected(school) == {
            first.student_no: ["draft"],
            second.student_no: ["draft"],
        }
        page.get_by_role("button", name="查看").first.click()
        expect(page.locator(NAME)).to_have_text(first.name)
        page.get_by_role("button", name="确认提交").click()
        expect(page.locator("[data-queue] li")).to_have_count(1)
        assert complaints == []
    assert collected(school) == {
        first.student_no: ["pending"],
        second.student_no: ["draft"],
    }


def test_a_receipt_that_was_lost_is_found_again(
    playwright: Playwright, school: School, console: str
) -> None:
    person = make_student(2)
    with phone(playwright, REFUSE) as context:
        page = to_the_desk(context, console)
        find(page, person.name)
        agree(page, person.name)

        def lose(route: Any) -> None:
            route.fetch()
            route.abort()

        page.route("**/submissions", lose, times=1)
        with page.expect_event("requestfailed"):
            shoot(page, (1, 2, 3))
        expect(page.locator(".desk-verdict")).to_have_text("已存在这台设备上")
        assert collected(school) == {person.student_no: ["draft"]}
        page.get_by_role("button", name="现在重试").click()
        expect(page.locator(".desk-verdict")).to_contain_text("可以提交")
    assert collected(school) == {person.student_no: ["draft"]}


def test_a_session_that_ends_keeps_the_pictures_for_their_owner(
    playwright: Playwright, school: School, console: str
) -> None:
    person = make_student(2)
    with phone(playwright, REFUSE) as context:
        page = to_the_desk(context, console)
        find(page, person.name)
        agree(page, person.name)
        session = context.cookies()
        context.clear_cookies()
        shoot(page, (1, 2, 3))
        expect(page.locator("[data-notice]")).to_contain_text("登录已过期")
        assert [row[1] for row in kept(page)] == ["waiting"]
        # Somebody else signs in: not theirs to see or to send.
        other = to_the_desk(context, console, "zz02")
        expect(other.locator("[data-others]")).to_contain_text("另有 1 张")
        assert person.name not in other.content()
        assert collected(school) == {}
        other.get_by_role("button", name="退出").click()
        context.clear_cookies()
        context.add_cookies(session)  # type: ignore[arg-type] # as they were given
        page.reload()
        expect(page.locator("[data-queue] .tone-good")).to_have_count(
            1, timeout=PATIENCE_MS
        )
    assert collected(school) == {person.student_no: ["draft"]}


def test_a_refused_photo_is_taken_again_or_reviewed(
    playwright: Playwright, school: School, console: str
) -> None:
    person = make_student(2)
    school.inspector.fails = True
    with phone(playwright, REFUSE) as context:
        page = to_the_desk(context, console)
        find(page, person.name)
        agree(page, person.name)
        shoot(page, (1, 2, 3))
        expect(page.locator(".desk-verdict-fail")).to_be_visible()
        expect(page.get_by_role("button", name="确认提交")).to_be_hidden()
        page.get_by_role("button", name="重拍").click()
        shoot(page, (4, 5, 6))
        expect(page.get_by_role("button", name="申请人工审核")).to_be_visible()
        # The second took the place of the first, here as on the server.
        expect(page.locator("[data-queue] li")).to_have_count(1)
        page.get_by_role("button", name="申请人工审核").click()
        expect(page.locator("[data-notice]")).to_contain_text("已申请人工审核")
    assert collected(school) == {person.student_no: ["superseded", "pending"]}


def test_several_files_are_offered_newest_first_and_deleting_asks_twice(
    playwright: Playwright, school: School, console: str
) -> None:
    person = make_student(2)
    with phone(playwright, REFUSE) as context:
        page = to_the_desk(context, console)
        find(page, person.name)
        agree(page, person.name)
        page.locator("#photo").set_input_files(
            [file((1, 1, 1), "a.jpg"), file((2, 2, 2), "b.jpg")]
        )
        files = page.locator("[data-files] button")
        expect(files).to_have_count(2)
        expect(files.first).to_have_attribute("aria-pressed", "true")
        context.set_offline(True)
        files.nth(1).click()
        page.get_by_role("button", name="用这张，去检查").click()
        page.get_by_role("button", name="重拍").click()
        shoot(page, (3, 3, 3))
        expect(page.locator("[data-queue] li")).to_have_count(2)
        page.get_by_role("button", name="下一位").click()
        find(page, person.name)
        expect(page.locator("[data-found]")).to_contain_text("没有离线名单")
        page.locator("[data-queue]").get_by_role("button", name="删除").first.click()
        page.get_by_role("button", name="真的删除").blur()
        # Whoever looks away is asked again.
        expect(page.get_by_role("button", name="真的删除")).to_have_count(0)
        page.locator("[data-clear]").click()
        page.get_by_role("button", name="真的删除").click()
        assert len(kept(page)) == 2
        page.get_by_role("button", name="最后确认").click()
        expect(page.locator("[data-queue] li")).to_have_count(0)
        assert kept(page) == []
    assert collected(school) == {}


def test_the_list_goes_when_the_desk_is_closed(
    playwright: Playwright, school: School, console: str
) -> None:
    with phone(playwright, REFUSE) as context:
        page = to_the_desk(context, console)
        page.get_by_role("button", name="下载名单").click()
        expect(page.locator("[data-roster-note]")).to_contain_text("4 人")
        page.get_by_role("button", name="结束现场采集").click()
        page.wait_for_url("**/admin/on-site")
        left = """async () => [
            (await (await caches.open("bizhao-on-site")).keys()).length, localStorage.length,
            await new Promise((done) => {
                const opening = indexedDB.open("bizhao-on-site-roster", 1);
                opening.onsuccess = () => {
                    const count = opening.result.transaction("all").objectStore("all").count();
                    count.onsuccess = () => done(count.result);
                };
            }),
        ]"""
        assert page.evaluate(left) == [0, 0, 0]
    assert collected(school) == {}


def test_what_the_server_refuses_waits_with_the_reason_and_may_be_tried_again(
    playwright: Playwright, school: School, console: str
) -> None:
    person = make_student(2)
    with phone(playwright, REFUSE) as context:
        page = to_the_desk(context, console)
        find(page, person.name)
        agree(page, person.name)
        with school.db.reading() as session:
            binding = session.scalars(select(Binding.public_id)).one()
        admin = school.services.staff.authenticate(
            school.services.staff.sign_in("admin", PASSWORD, address="").token
        )
        school.services.reviews.release_binding(admin.user, binding, "重新绑定")
        shoot(page, (1, 2, 3))
        expect(page.locator("[data-queue] .tone-bad")).to_have_text("没有成功")
        ((_, state, size),) = kept(page)
        assert state == "failed"
        assert size > 0
        page.get_by_role("button", name="现在重试").click()
        expect(page.locator("[data-queue] .tone-good")).to_have_count(1)
    assert collected(school) == {person.student_no: ["draft"]}
