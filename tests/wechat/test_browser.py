"""WeChat's browser on a phone: from the poster through the sign-in to a confirmed photo."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from werkzeug.serving import make_server

from backend.services.types import PrincipalKind
from backend.web.scripts import ADDRESS
from tests.services.worlds import ADDRESS as FROM
from tests.web.student_support import Stage, make_stage, picture
from tests.wechat.plain_gateway import PlainGateway
from tests.wechat.standin import StandIn
from tests.wechat.standin.server import SilentHandler

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("browser")]

WECHAT = (
    "Mozilla/5.0 (Linux; Android 14; Mobile) AppleWebKit/537.36 "
    "MicroMessenger/8.0.50.2701 Language/zh_CN"
)
OPENID = "oInventedOpenidOfNobody000001"
#: A busy machine takes its time to open a page.
PATIENCE_MS = 30_000
#: WeChat's script as far as our page uses it: a scanner that has read ``window.code``.
SCRIPT = """
window.wx = {
  config(given) { window.given = given; },
  ready(go) { setTimeout(go, 0); },
  scanQRCode(asked) { asked.success({ resultStr: window.code }); },
};
"""


@dataclass
class Phone:
    """A page in WeChat's browser, the service it opens, and WeChat."""

    page: Page
    address: str
    stage: Stage
    standin: StandIn

    @property
    def entry(self) -> str:
        return f"{self.address}/s/{self.stage.token}"

    def heading(self, words: str) -> None:
        title = self.page.get_by_role("heading", level=1)
        expect(title).to_contain_text(words, timeout=PATIENCE_MS)

    def to_the_code(self) -> None:
        """Go from the poster's address to the page of the collection code."""
        self.page.goto(self.entry)
        self.page.get_by_role("link", name="开始", exact=True).click()
        for name in ("portrait", "identity_number"):
            self.page.locator(f"#{name}").check()
        self.page.locator("main form button[type=submit]").click()
        self.heading("上传图像采集码")

    def choose(self, field: str, name: str, data: bytes) -> None:
        file = {"name": name, "mimeType": "image/jpeg", "buffer": data}
        self.page.locator(field).set_input_files(file)  # type: ignore[arg-type] # a payload of this shape
        self.page.locator("main form button[type=submit]").first.click()

    def bind(self) -> None:
        """Prove the first student with the reading on the page."""
        self.heading("核对是不是您本人")
        last6 = self.stage.people[0].id_number[-6:]
        self.page.get_by_label("身份证号后 6 位").fill(last6)
        self.page.keyboard.press("Enter")
        self.heading("绑定成功")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(params=[True, False], ids=["scripts", "no scripts"])
def phone(
    request: pytest.FixtureRequest, tmp_path: Path, browser: Browser, standin: StandIn
) -> Iterator[Phone]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    stage = make_stage(tmp_path, wechat=PlainGateway(standin), public_url=address)
    server = make_server(
        "127.0.0.1", port, stage.app, threaded=True, request_handler=SilentHandler
    )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    standin.oauth_user(OPENID)
    context = browser.new_context(
        user_agent=WECHAT,
        java_script_enabled=request.param,
        viewport={"width": 390, "height": 844},
        locale="zh-CN",
    )
    context.route(ADDRESS, lambda route: route.abort())
    yield Phone(context.new_page(), address, stage, standin)
    context.close()
    server.shutdown()
    thread.join()
    server.server_close()
    stage.adapters.db.dispose()


scripts_only = pytest.mark.parametrize("phone", [True], ids=["scripts"], indirect=True)
without_scripts = pytest.mark.parametrize(
    "phone", [False], ids=["no scripts"], indirect=True
)


def test_from_the_poster_through_the_sign_in_to_a_confirmed_photo(
    phone: Phone,
) -> None:
    page = phone.page
    seen: list[str] = []
    page.on("framenavigated", lambda frame: seen.append(frame.url))
    phone.to_the_code()
    # The way led over WeChat's page and back to the poster's own, clean address.
    assert len(phone.standin.calls("/connect/oauth2/authorize")) == 1
    assert len(phone.standin.calls("/sns/oauth2/access_token")) == 1
    # The fragment is WeChat's: browsers keep it over redirects and send it to nobody.
    assert seen[0] == f"{phone.entry}#wechat_redirect"
    phone.choose("#picture", "card.png", phone.stage.card(0))
    phone.bind()
    page.get_by_role("link", name="下一步").click()
    phone.choose("#photo", "pass.jpg", picture(600, 800, seed=2))
    phone.heading("检查通过，可以提交")
    page.get_by_role("button", name="确认提交").click()
    phone.heading("已提交，等待审核")
    assert not any("code=" in url or "state=" in url for url in seen)
    page.goto(f"{phone.address}/me/")
    expect(page.get_by_text("已提交，等待审核")).to_be_visible()


@scripts_only
def test_the_code_is_scanned_by_wechat(phone: Phone) -> None:
    page = phone.page
    page.context.route(
        ADDRESS,
        lambda route: route.fulfill(content_type="text/javascript", body=SCRIPT),
    )
    phone.to_the_code()
    button = page.get_by_role("button", name="用微信扫一扫采集码")
    expect(button).to_be_visible(timeout=PATIENCE_MS)
    given = page.evaluate("window.given")
    assert given["appId"] == phone.standin.service_account.app_id
    assert given["jsApiList"] == ["scanQRCode"]
    assert len(given["signature"]) == 40
    page.evaluate("code => { window.code = code; }", phone.stage.people[0].payload)
    button.click()
    phone.bind()


@scripts_only
def test_without_wechats_script_the_page_is_whole_and_offers_no_scanner(
    phone: Phone,
) -> None:
    broken: list[str] = []
    phone.page.on("pageerror", lambda error: broken.append(str(error)))
    phone.to_the_code()
    phone.choose("#picture", "broken.png", b"x")
    expect(phone.page.get_by_role("alert")).to_be_visible()
    button = phone.page.get_by_text("用微信扫一扫采集码")
    expect(button).to_have_count(1)
    expect(button).to_be_hidden()
    phone.choose("#picture", "card.png", phone.stage.card(0))
    phone.bind()
    assert broken == []


@without_scripts
def test_when_wechat_does_not_answer_one_button_leads_on(phone: Phone) -> None:
    phone.standin.fail_always("/sns/oauth2/access_token", "http500")
    phone.page.goto(phone.entry)
    phone.heading("暂时联系不上微信")
    phone.page.get_by_role("button", name="不登录微信，继续办理").press("Enter")
    phone.page.wait_for_url(phone.entry)
    phone.standin.heal()
    # What was begun without WeChat goes on with it.
    phone.to_the_code()
    phone.choose("#picture", "card.png", phone.stage.card(0))
    phone.bind()
    phone.page.context.clear_cookies(name="bizhao_plain")
    phone.page.goto(f"{phone.address}/me/")
    expect(phone.page.get_by_text("普通网页、微信网页")).to_be_visible()


@without_scripts
def test_a_preview_says_what_to_press(phone: Phone) -> None:
    phone.standin.oauth_user(OPENID, snapshot=True)
    phone.page.goto(phone.entry)
    phone.heading("当前是微信的预览页面")
    expect(phone.page.locator("main")).to_contain_text("使用完整服务")
    phone.standin.oauth_user(OPENID)
    phone.page.get_by_role("link", name="继续").press("Enter")
    phone.page.wait_for_url(f"{phone.entry}#*")


@without_scripts
def test_what_the_mini_program_began_goes_on_in_the_page(phone: Phone) -> None:
    stage, student = phone.stage, phone.stage.people[0]
    code = phone.standin.issue_code(phone.standin.mini_program, OPENID + "m")
    who = stage.services.sign_in.mini_program(code, address=FROM).session.principal
    stage.services.consents.record(
        who, stage.token, portrait=True, identity_number=True
    )
    reading = stage.services.codes.read_text(
        who, stage.token, student.payload, address=FROM
    )
    begun = stage.services.bindings.bind(
        who,
        stage.token,
        reading_id=reading.public_id,
        id_last6=student.id_number[-6:],
        name=None,
        address=FROM,
    )
    phone.to_the_code()
    phone.choose("#picture", "card.png", stage.card(0))
    phone.bind()
    phone.page.goto(f"{phone.address}/me/")
    expect(phone.page.get_by_text("小程序、微信网页")).to_be_visible()
    assert stage.services.bindings.get(who, begun.public_id).channels == (
        PrincipalKind.MINI_PROGRAM,
        PrincipalKind.SERVICE_ACCOUNT,
    )
