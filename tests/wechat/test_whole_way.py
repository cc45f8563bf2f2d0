"""A student's whole way by each of WeChat's channels, against the stand-in."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from playwright.sync_api import Browser, Page, Route, expect

from backend.domain.reviews import UNDO_TIME
from backend.domain.wechat import MessageKind
from backend.services.staff import OPERATOR
from backend.services.types import PrincipalKind, SearchFilter
from tests.browser.steps import PATIENCE_MS, heading
from tests.chromium import chromium
from tests.web.student_support import picture
from tests.wechat.live import Live, live
from tests.wechat.standin import StandIn
from tests.wechat.test_contract import STEPS

WECHAT: Final = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 "
    "Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI Language/zh_CN"
)
_EVERYBODY: Final = SearchFilter()
#: What WeChat's script does for the page of the collection code, and nothing more.
JWEIXIN: Final = """
window.wx = {
  config(given) { window.given = given; },
  ready(then) { setTimeout(then, 0); },
  scanQRCode({success}) { success({resultStr: %s}); },
};
"""


@pytest.fixture
def service(standin: StandIn, tmp_path: Path) -> Iterator[Live]:
    with live(standin, tmp_path) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def in_wechat(browser: Browser, scanned: str, *, scripts: bool = True) -> Page:
    """Return a page of WeChat's browser whose scanner reads a text."""
    context = browser.new_context(
        user_agent=WECHAT,
        java_script_enabled=scripts,
        viewport={"width": 390, "height": 844},
        locale="zh-CN",
    )
    context.set_default_timeout(PATIENCE_MS)

    def answer(route: Route) -> None:
        route.fulfill(
            body=JWEIXIN % repr(scanned), content_type="application/javascript"
        )

    context.route("https://res.wx.qq.com/**", answer)
    return context.new_page()


def consent(page: Page, service: Live) -> None:
    page.goto(f"{service.url}/s/{service.stage.token}")
    # The way back carries no code and no state; the fragment is the browser's own.
    assert page.url.partition("#")[0] == f"{service.url}/s/{service.stage.token}"
    page.get_by_role("link", name="开始", exact=True).click()
    for name in ("portrait", "identity_number"):
        page.locator(f"input[name={name}]").check()
    page.locator("main form button[type=submit]").first.click()
    heading(page, "上传图像采集码")


def from_the_code_to_the_receipt(page: Page, service: Live, n: int) -> None:
    page.locator("input[name=id_last6]").fill(service.stage.people[n].id_number[-6:])
    page.locator("main form button[type=submit]").first.click()
    heading(page, "绑定成功")
    page.get_by_role("link", name="下一步").click()
    page.locator("input[name=photo]").last.set_input_files(
        {"name": "pass.jpg", "mimeType": "image/jpeg", "buffer": picture(600, 800)}
    )
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url("**/submission/**")
    page.get_by_role("button", name="确认提交").click()
    expect(page.locator("main")).to_contain_text("审核")


def agree_to_messages(page: Page) -> None:
    """Press WeChat's own button: what it says of the press is all that happens here."""
    button = page.locator("wx-open-subscribe")
    expect(page.locator("[data-subscribe]")).to_be_visible()
    button.evaluate(
        """tag => tag.dispatchEvent(new CustomEvent("success", {detail: {
            subscribeDetails: JSON.stringify(Object.fromEntries(
              tag.getAttribute("template").split(",").map(
                id => [id, JSON.stringify({status: "accept"})])))}}))"""
    )
    expect(page.get_by_text("有结果时微信会通知您")).to_be_visible()


@pytest.mark.needs("chromium")
@pytest.mark.xdist_group("browser")
def test_from_the_poster_through_wechats_sign_in_to_the_receipt(
    standin: StandIn, service: Live, browser: Browser
) -> None:
    openid = standin.new_openid()
    standin.oauth_user(openid)
    page = in_wechat(browser, service.stage.people[0].payload)
    consent(page, service)
    button = page.get_by_role("button", name="用微信扫一扫采集码")
    expect(button).to_be_visible()
    signed = page.evaluate("window.given")
    assert signed["appId"] == standin.service_account.app_id
    button.click()
    page.wait_for_url("**/bind/**")
    from_the_code_to_the_receipt(page, service, 0)
    agree_to_messages(page)
    (row,) = service.stage.services.search.page(OPERATOR, _EVERYBODY).items
    record = service.stage.services.search.record(OPERATOR, row.binding_id)
    assert record.binding.channels == (PrincipalKind.SERVICE_ACCOUNT,)
    template_id = standin.service_account.templates[MessageKind.RETURNED].id
    standin.accept(openid, template_id)
    submission = record.submissions[0].view
    service.stage.services.reviews.decide(
        OPERATOR,
        submission.public_id,
        action="return",
        reasons=("背景不干净，请在单色墙面前重拍",),
        note="",
        expected_version=submission.version,
    )
    service.stage.clock.time += UNDO_TIME
    service.stage.services.outbox.send_due()
    (message,) = standin.sent
    assert (message.openid, message.template_id) == (openid, template_id)
    page.goto(message.page)
    heading(page, "毕业")
    assert service.stage.token in page.url
    assert record.submissions[0].view.status.value == "pending"
    assert len(standin.calls("/sns/oauth2/access_token")) == 1
    assert openid not in page.content()
    page.context.close()


@pytest.mark.needs("chromium")
@pytest.mark.xdist_group("browser")
def test_without_scripts_and_with_wechat_down_the_way_is_open(
    standin: StandIn, service: Live, browser: Browser
) -> None:
    standin.fail_always("/sns/oauth2/access_token", "http500")
    page = in_wechat(browser, "", scripts=False)
    page.goto(f"{service.url}/s/{service.stage.token}")
    heading(page, "暂时联系不上微信")
    page.get_by_role("button", name="不登录微信，继续办理").click()
    consent(page, service)
    page.locator("input[name=picture]").set_input_files(
        {
            "name": "card.png",
            "mimeType": "image/png",
            "buffer": service.stage.card(1),
        }
    )
    page.locator("main form button[type=submit]").first.click()
    from_the_code_to_the_receipt(page, service, 1)
    (row,) = service.stage.services.search.page(OPERATOR, _EVERYBODY).items
    record = service.stage.services.search.record(OPERATOR, row.binding_id)
    assert record.binding.channels == (PrincipalKind.BROWSER,)
    page.context.close()


@dataclass
class MiniProgram:
    """A client that makes the calls of the guide, and remembers which."""

    base: str
    made: list[tuple[str, str]] = field(default_factory=list)
    header: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, **sent: Any) -> dict[str, Any]:
        """Make one call; ``{}`` in the path is filled from ``ids``."""
        ids: dict[str, str] = sent.pop("ids", {})
        self.made.append((method, path))
        filled = re.sub(r"\{(\w+)\}", lambda found: ids[found.group(1)], path)
        answer = requests.request(
            method, self.base + filled, headers=self.header, timeout=60, **sent
        )
        assert answer.ok, (path, answer.status_code, answer.text)
        body: dict[str, Any] = answer.json()
        return body


def test_the_mini_programs_calls_in_the_order_of_the_guide(
    standin: StandIn, service: Live
) -> None:
    service.stage.replace_backgrounds()
    person, openid = service.stage.people[0], standin.new_openid()
    app = MiniProgram(service.url)
    code = standin.issue_code(standin.mini_program, openid)
    session = app.call("POST", "/api/v1/sessions/mini-program", json={"code": code})
    app.header = {"Authorization": f"Bearer {session['token']}"}
    token = {"token": service.stage.token}
    entry = app.call("GET", "/api/v1/entries/{token}", ids=token)
    assert entry["state"] == "open"
    given = app.call(
        "POST",
        "/api/v1/entries/{token}/consents",
        ids=token,
        json={"portrait": True, "identity_number": True},
    )
    assert given["complete"]
    reading = app.call(
        "POST",
        "/api/v1/entries/{token}/code-readings",
        ids=token,
        json={"text": person.payload},
    )
    bound = app.call(
        "POST",
        "/api/v1/entries/{token}/bindings",
        ids=token,
        json={
            "reading_id": reading["public_id"],
            "id_last6": person.id_number[-6:],
            "name": person.name,
        },
    )
    binding = {"binding_id": bound["public_id"]}
    hint = app.call(
        "POST",
        "/api/v1/bindings/{binding_id}/guidance",
        ids=binding,
        files={"frame": ("f.jpg", io.BytesIO(picture(480, 640)), "image/jpeg")},
        data={"width": "3024", "height": "4032", "facing": "user"},
    )
    assert hint["text"]
    photo = app.call(
        "POST",
        "/api/v1/bindings/{binding_id}/submissions",
        ids=binding,
        files={"photo": ("pass.jpg", io.BytesIO(picture(600, 800)), "image/jpeg")},
    )
    assert (photo["background"], photo["can_confirm"]) == ("due", False)
    submission = {"submission_id": photo["public_id"]}
    changed = app.call(
        "POST", "/api/v1/submissions/{submission_id}/background", ids=submission
    )
    assert (changed["background"], changed["can_confirm"]) == ("standard", True)
    done = app.call(
        "POST",
        "/api/v1/submissions/{submission_id}/confirmation",
        ids=submission,
        json={"background": changed["report"]["background"]},
    )
    assert done["status"] == "pending"
    seen = app.call("GET", "/api/v1/submissions/{submission_id}", ids=submission)
    assert seen["status"] == "pending"
    asked = app.call("GET", "/api/v1/message-templates")
    results = {item["template_id"]: "accept" for item in asked["items"]}
    assert len(results) == len(MessageKind)
    counted = app.call("POST", "/api/v1/message-consents", json={"results": results})
    assert {item["remaining"] for item in counted["items"]} == {1}
    assert app.made == [(step.method, step.path) for step in STEPS]
    _told(standin, service, openid, photo["public_id"])


def _told(standin: StandIn, service: Live, openid: str, submission_id: str) -> None:
    """Return the photo, and see the student told of it."""
    template_id = standin.mini_program.templates[MessageKind.RETURNED].id
    standin.publish("pages/index/index")
    standin.accept(openid, template_id)
    services = service.stage.services
    photo = services.search.submission(OPERATOR, submission_id).view
    services.reviews.decide(
        OPERATOR,
        submission_id,
        action="return",
        reasons=("背景不干净，请在单色墙面前重拍",),
        note="",
        expected_version=photo.version,
    )
    service.stage.clock.time += UNDO_TIME
    services.outbox.send_due()
    (message,) = standin.sent
    assert (message.openid, message.template_id) == (openid, template_id)
