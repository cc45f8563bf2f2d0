"""The review queue in a real browser, by keyboard alone, and without any scripts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from backend.domain.reviews import SubmissionStatus
from backend.messages.return_reasons import RETURN_REASONS
from backend.services.staff import OPERATOR
from backend.services.types import SubmissionView
from tests.browser.steps import sign_in
from tests.factories import make_student
from tests.web.console import PASSWORD, School, make_school

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("browser")]

PHOTOS = 3
#: Seconds; only ends a test that has failed.
PATIENCE = 30
REASONS = [reason.text for reason in RETURN_REASONS.values()]


@pytest.fixture
def school(tmp_path: Path) -> School:
    return make_school(tmp_path, students=PHOTOS)


@pytest.fixture
def photos(school: School) -> list[SubmissionView]:
    return [school.hand_in(n) for n in range(PHOTOS)]


def begin(page: Page, console: str) -> None:
    """Sign in and press Enter on the start page, whose button has the focus."""
    sign_in(page, console, "reviewer")
    page.goto(f"{console}/admin/review")
    expect(page.get_by_role("button", name="开始审核")).to_be_focused()
    page.keyboard.press("Enter")


def on_photo_of(page: Page, n: int) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(make_student(n).name)
    # A key pressed while the page still changes would be lost with the old page.
    page.wait_for_load_state()


def approve(page: Page) -> None:
    page.keyboard.press("x")
    page.keyboard.press("a")


def seen(school: School, photo: SubmissionView) -> SubmissionView:
    return school.services.search.submission(OPERATOR, photo.public_id).view


def test_photos_are_reviewed_by_keyboard_alone(
    browser: Browser, school: School, photos: list[SubmissionView], console: str
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    begin(page, console)
    on_photo_of(page, 0)
    # Nothing is approved before its clauses are ticked.
    page.keyboard.press("a")
    expect(page.get_by_role("checkbox").first).to_be_focused()
    approve(page)

    on_photo_of(page, 1)
    undo = page.get_by_role("button", name="撤销")
    expect(undo).to_be_visible()
    page.keyboard.press("r")
    page.keyboard.press("2")
    page.keyboard.press("Shift+Digit3")
    page.keyboard.press("2")
    page.get_by_label("补充说明").focus()
    # In the note letters are letters.
    page.keyboard.type("ras 1")
    page.keyboard.press("Control+Enter")

    on_photo_of(page, 2)
    returned = seen(school, photos[1])
    assert returned.status is SubmissionStatus.RETURNED
    assert (returned.return_reasons, returned.return_note) == ((REASONS[12],), "ras 1")
    assert complaints == []
    page.close()


def test_by_keyboard_one_is_skipped_and_one_undone(
    browser: Browser, school: School, photos: list[SubmissionView], console: str
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    begin(page, console)
    on_photo_of(page, 0)
    page.keyboard.press("s")
    on_photo_of(page, 1)
    approve(page)
    on_photo_of(page, 2)
    page.keyboard.press("u")
    on_photo_of(page, 1)
    assert seen(school, photos[1]).status is SubmissionStatus.PENDING
    approve(page)
    on_photo_of(page, 2)
    approve(page)
    # What was skipped comes last.
    on_photo_of(page, 0)
    approve(page)
    expect(page.get_by_text("没有等待审核的照片")).to_be_visible()
    statuses = {seen(school, photo).status for photo in photos}
    assert statuses == {SubmissionStatus.APPROVED}
    page.close()


def test_a_decision_on_what_changed_meanwhile_is_refused(
    browser: Browser, school: School, photos: list[SubmissionView], console: str
) -> None:
    page = browser.new_page()
    begin(page, console)
    on_photo_of(page, 0)
    binding = school.services.bindings.get(
        school.sessions[0].principal, photos[0].binding_public_id
    )
    newest = school.photo(0, binding)
    approve(page)
    expect(page.get_by_role("alert")).to_contain_text("换了新照片")
    assert seen(school, photos[0]).status is SubmissionStatus.SUPERSEDED
    page.get_by_role("link", name="看这名学生最新的照片").click()
    expect(page).to_have_url(f"{console}/admin/review/{newest.public_id}")
    page.close()


def test_pictures_are_chosen_and_help_is_shown_by_key(
    browser: Browser,
    photos: list[SubmissionView],
    console: str,
) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    begin(page, console)
    on_photo_of(page, 0)
    assert page.url.endswith(photos[0].public_id)
    overlay, original = page.locator(".shot-overlay"), page.locator(".shot-original")

    def width_of(selector: str) -> float:
        box = page.locator(selector).bounding_box()
        return box["width"] if box else 0

    assert width_of(".shot-portrait") > 2 * width_of(".shot-overlay")
    page.keyboard.press("o")
    expect(overlay).to_be_visible()
    assert width_of(".shot-overlay") > 2 * width_of(".shot-portrait")
    page.keyboard.press("i")
    expect(original).to_be_visible()
    page.keyboard.press("i")
    expect(original).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    # The other keys rest while it is open.
    page.keyboard.press("s")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("r")
    expect(page.get_by_role("checkbox", name=REASONS[0])).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    on_photo_of(page, 0)
    page.close()


def test_leaving_the_page_lets_others_have_the_photo(
    browser: Browser, school: School, photos: list[SubmissionView], console: str
) -> None:
    page = browser.new_page()
    begin(page, console)
    on_photo_of(page, 0)
    admin = school.services.staff.sign_in("admin", PASSWORD, address="203.0.113.9")
    queue = school.services.review_queue
    assert queue.holder(admin.session.user, photos[0].public_id) is not None
    page.goto(f"{console}/admin/records")
    # What a page says when it is left is sent beside what comes next.
    end = time.monotonic() + PATIENCE
    while queue.holder(admin.session.user, photos[0].public_id):
        assert time.monotonic() < end, "the photo was never let go"
        page.wait_for_timeout(20)
    page.close()


def test_a_sheet_is_gone_through_by_keyboard(
    browser: Browser, school: School, photos: list[SubmissionView], console: str
) -> None:
    reviewer = school.services.staff.sign_in(
        "reviewer", PASSWORD, address="203.0.113.9"
    ).session.user
    for photo in photos:
        school.services.reviews.decide(
            reviewer,
            photo.public_id,
            action="approve",
            reasons=(),
            note="",
            expected_version=photo.version,
        )
    page = browser.new_page(viewport={"width": 1280, "height": 860})
    sign_in(page, console, "reviewer")
    page.goto(f"{console}/admin/review/contact-sheet")
    cells = page.locator(".cell")
    expect(cells.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("r")
    expect(page.get_by_role("dialog")).to_contain_text(make_student(1).name)
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(cells).to_have_count(PHOTOS - 1)
    assert seen(school, photos[1]).return_reasons == (REASONS[2],)
    page.get_by_role("button", name="看过了").click()
    expect(page.get_by_text("没有要再看的照片")).to_be_visible()
    page.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_without_scripts_the_forms_do_it_all_on_any_screen(
    browser: Browser,
    school: School,
    photos: list[SubmissionView],
    console: str,
    width: int,
) -> None:
    context = browser.new_context(
        java_script_enabled=False, viewport={"width": width, "height": 800}
    )
    page = context.new_page()
    begin(page, console)
    on_photo_of(page, 0)
    for box in page.get_by_role("checkbox").all():
        if box.is_visible():
            box.check()
    page.get_by_role("button", name="通过").click()
    on_photo_of(page, 1)
    page.get_by_role("button", name="撤销").click()
    on_photo_of(page, 0)
    page.get_by_text("退回…").click()
    page.get_by_role("checkbox", name=REASONS[4]).check()
    page.get_by_role("button", name="退回给学生").click()
    on_photo_of(page, 1)
    assert seen(school, photos[0]).return_reasons == (REASONS[4],)
    context.close()
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    begin(page, console)
    on_photo_of(page, 1)
    for path in ("", "/contact-sheet", f"/{photos[1].public_id}"):
        page.goto(f"{console}/admin/review{path}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, path
    context.close()
