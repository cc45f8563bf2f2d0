"""The camera in the page: a real browser, a real server, a real face on a fake lens."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Playwright, Request, expect

from backend.domain.errors import UnavailableError
from backend.domain.measurements import Measurements
from backend.domain.policy import Policy
from backend.domain.report import Background
from backend.ports import Inspection
from backend.services import guidance
from tests.browser.steps import PATIENCE_MS, heading, to_the_photo
from tests.chromium import ALLOW, REFUSE, film, phone
from tests.imaging.portraits import Pixels, graduate, inspector, lit
from tests.web.student_support import ObedientInspector, Stage, make_stage

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.xdist_group("browser")]

OPEN = "打开相机，边拍边提示"
HINT = "[data-camera-hint]"
Opened = Callable[..., Page]


class SightedInspector(ObedientInspector):
    """Measures frames for real and remembers them, as the service must not.

    What it says of uploads is chosen by their names, but for the camera's.
    """

    def __init__(self) -> None:
        super().__init__()
        self.busy = False
        self.frames: list[bytes] = []

    def glance(self, data: bytes, *, picture: tuple[int, int]) -> Measurements:
        if self.busy:
            raise UnavailableError("guidance_busy", retry_after=1)
        self.frames.append(data)
        return inspector().glance(data, picture=picture)

    def inspect(  # type: ignore[override] # the port promises no more
        self,
        data: bytes,
        *,
        filename: str | None,
        policy: Policy,
        today: date | None = None,
        background: Background = Background.KEEP,
    ) -> Inspection:
        del today
        # The camera's file has one name; the picture is judged by its pixels.
        if filename is not None and filename.startswith("camera."):
            return inspector().inspect(data, filename=filename, policy=policy)
        return super().inspect(
            data, filename=filename, policy=policy, background=background
        )


@pytest.fixture
def sighted() -> SightedInspector:
    inspector().warm_up()
    return SightedInspector()


@pytest.fixture
def stage(tmp_path: Path, sighted: SightedInspector) -> Stage:
    return make_stage(tmp_path, inspector=sighted)


def frames_of(page: Page) -> list[Request]:
    sent: list[Request] = []
    page.on("request", lambda r: sent.append(r) if "/guidance" in r.url else None)
    return sent


def opened(data: bytes) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def likeness(one: Pixels, other: Pixels) -> float:
    """Return the correlation of two pictures, 1 for the same."""
    grey = [
        cv2.resize(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY), (90, 120)).astype(float).ravel()
        for p in (one, other)
    ]
    return float(np.corrcoef(grey[0], grey[1])[0, 1])


def open_camera(page: Page) -> None:
    page.get_by_role("button", name=OPEN).click()
    expect(page.locator("dialog[data-camera]")).to_be_visible(timeout=PATIENCE_MS)


def test_good_frames_offer_the_shutter_and_the_shot_is_judged(
    playwright: Playwright,
    stage: Stage,
    address: str,
    tmp_path: Path,
    sighted: SightedInspector,
) -> None:
    picture = graduate()
    with phone(
        playwright, ALLOW, video=film(tmp_path / "good.y4m", picture)
    ) as context:
        page = context.new_page()
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        page.on(
            "console",
            lambda m: broken.append(m.text) if "Security Policy" in m.text else None,
        )
        to_the_photo(page, address, stage)
        open_camera(page)
        shutter = page.locator("[data-camera-shutter]")
        expect(shutter).to_be_focused()
        expect(page.locator(HINT)).to_have_text("可以拍了", timeout=PATIENCE_MS)
        expect(shutter).to_have_text("拍照")
        # Mirrored on the screen, never in what is sent.
        mirrored = "e => getComputedStyle(e).transform"
        assert "-1" in page.locator("video").evaluate(mirrored)
        assert len(sighted.frames) >= 3
        for frame in map(opened, sighted.frames):
            assert frame.shape == (480, 360, 3)
            assert likeness(frame, picture) > 0.95
            assert likeness(frame, picture) > likeness(frame, picture[:, ::-1]) + 0.2
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_contain_text(
            re.compile("检查通过|可以提交|还不能用"), timeout=PATIENCE_MS
        )
        assert "/submission/" in page.url
        assert broken == []
    (original,) = kept_pictures(stage, (960, 720, 3))
    assert likeness(original, picture) > 0.95
    assert likeness(original, picture) > likeness(original, picture[:, ::-1]) + 0.2


def kept_pictures(stage: Stage, shape: tuple[int, int, int]) -> list[Pixels]:
    """Return the stored pictures of a shape; the report's overlay is a JPEG as well."""
    store = stage.adapters.store
    files = [store.get(file.key) for file in store.files()]
    pictures = [opened(data) for data in files]
    return [pixels for pixels in pictures if pixels.shape == shape]


def test_the_hint_says_what_is_wrong_and_the_shutter_still_works(
    playwright: Playwright, stage: Stage, address: str, tmp_path: Path
) -> None:
    dark = lit(graduate(), 0.1)
    with phone(playwright, ALLOW, video=film(tmp_path / "dark.y4m", dark)) as context:
        page = context.new_page()
        to_the_photo(page, address, stage)
        open_camera(page)
        expect(page.locator(HINT)).to_contain_text("光线太暗", timeout=PATIENCE_MS)
        shutter = page.locator("[data-camera-shutter]")
        expect(shutter).to_have_text("直接拍")
        shutter.click()
        heading(page, "这张照片还不能用")


@pytest.mark.parametrize(
    "camera",
    [
        "delete window.ImageCapture",
        "ImageCapture.prototype.takePhoto = () => Promise.reject(new Error())",
        # As some phones do: lying on its side.
        """ImageCapture.prototype.takePhoto = async () => {
            const canvas = new OffscreenCanvas(1440, 1080);
            canvas.getContext("2d").fillRect(0, 0, 1440, 1080);
            return canvas.convertToBlob({type: "image/jpeg"});
        }""",
        # More than may be sent.
        "ImageCapture.prototype.takePhoto = async () => new Blob([new Uint8Array(11e6)])",
    ],
    ids=["none", "refuses", "turned", "too large"],
)
def test_where_the_camera_takes_no_good_picture_the_preview_does(
    playwright: Playwright, stage: Stage, address: str, tmp_path: Path, camera: str
) -> None:
    picture = graduate()
    with phone(
        playwright, ALLOW, video=film(tmp_path / "good.y4m", picture)
    ) as context:
        context.add_init_script(camera)
        page = context.new_page()
        to_the_photo(page, address, stage)
        open_camera(page)
        # Any hint will do: then there is a picture.
        expect(page.locator(HINT)).not_to_contain_text("正在打开", timeout=PATIENCE_MS)
        page.locator("[data-camera-shutter]").click()
        page.wait_for_url("**/submission/*", timeout=PATIENCE_MS)
    (original,) = kept_pictures(stage, (960, 720, 3))
    assert likeness(original, picture) > 0.95
    assert likeness(original, picture) > likeness(original, picture[:, ::-1]) + 0.2


def test_a_busy_server_is_asked_less_and_less(
    playwright: Playwright,
    stage: Stage,
    address: str,
    tmp_path: Path,
    sighted: SightedInspector,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The browser's clock runs faster than the server's.
    monkeypatch.setattr(guidance._Pace, "allows", lambda *_: True)
    sighted.busy = True
    with phone(
        playwright, ALLOW, video=film(tmp_path / "good.y4m", graduate())
    ) as context:
        page = context.new_page()
        page.clock.install(time=0)
        to_the_photo(page, address, stage)
        page.clock.pause_at(3_600_000)
        sent = frames_of(page)
        open_camera(page)
        expect(page.locator(HINT)).to_contain_text("正在打开相机")
        wait_for_frame(page, sent, 0)
        for pause in (1000, 2000, 4000, 8000, 16_000, 16_000):
            before = len(sent)
            page.clock.run_for(pause - 100)
            settle(page)
            assert len(sent) == before, pause
            wait_for_frame(page, sent, before)
        expect(page.locator(HINT)).to_contain_text("提示正忙")
        expect(page.locator("[data-camera-shutter]")).to_be_enabled()
        # Once it has time again the pauses shrink, and the hints are back.
        sighted.busy = False
        for _ in range(3):
            wait_for_frame(page, sent, len(sent), status=200)
        expect(page.locator(HINT)).to_have_text("可以拍了", timeout=PATIENCE_MS)


def settle(page: Page) -> None:
    """Let the page read the answers that are there: another goes there and back."""
    page.evaluate("() => fetch('/healthz').then((answer) => answer.text())")


def wait_for_frame(
    page: Page, sent: list[Request], before: int, *, status: int = 503
) -> None:
    """Move the browser's clock until the next frame has been answered."""
    while len(sent) == before:
        page.clock.run_for(100)
        settle(page)
    answer = sent[-1].response()
    assert answer is not None
    assert answer.status == status
    settle(page)


def test_escape_closes_the_camera_and_its_light_goes_out(
    playwright: Playwright, stage: Stage, address: str, tmp_path: Path
) -> None:
    with phone(
        playwright, ALLOW, video=film(tmp_path / "good.y4m", graduate())
    ) as context:
        page = context.new_page()
        to_the_photo(page, address, stage)
        open_camera(page)
        expect(page.locator(HINT)).to_have_text("可以拍了", timeout=PATIENCE_MS)
        page.evaluate(
            "window.track = document.querySelector('video').srcObject.getTracks()[0]"
        )
        page.keyboard.press("Escape")
        expect(page.locator("dialog[data-camera]")).to_be_hidden()
        assert page.evaluate("window.track.readyState") == "ended"
        sent = frames_of(page)
        expect(page.get_by_role("button", name=OPEN)).to_be_focused()
        page.get_by_role("button", name=OPEN).press("Enter")
        expect(page.locator(HINT)).to_have_text("可以拍了", timeout=PATIENCE_MS)
        assert sent
        # A page that is put away lets go of the camera, too.
        page.evaluate(
            "window.track = document.querySelector('video').srcObject.getTracks()[0]"
        )
        page.evaluate(
            "Object.defineProperty(document, 'hidden', {value: true});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        expect(page.locator("dialog[data-camera]")).to_be_hidden()
        assert page.evaluate("window.track.readyState") == "ended"


def test_a_camera_that_is_refused_leaves_the_form(
    playwright: Playwright, stage: Stage, address: str
) -> None:
    with phone(playwright, REFUSE) as context:
        page = context.new_page()
        to_the_photo(page, address, stage)
        page.get_by_role("button", name=OPEN).click()
        expect(page.locator("[data-camera-trouble]")).to_contain_text("相机权限")
        expect(page.locator("#photo")).to_be_enabled()


@pytest.mark.parametrize(
    "missing",
    [
        "delete Object.getPrototypeOf(navigator).mediaDevices",
        "delete MediaDevices.prototype.getUserMedia",
        "delete HTMLDialogElement.prototype.showModal",
        "window.DataTransfer = class { constructor() { throw new Error() } }",
    ],
)
def test_a_browser_that_lacks_something_shows_the_form_alone(
    playwright: Playwright, stage: Stage, address: str, missing: str
) -> None:
    with phone(playwright, ALLOW) as context:
        context.add_init_script(missing)
        page = context.new_page()
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(str(error)))
        to_the_photo(page, address, stage)
        page.wait_for_load_state()
        expect(page.locator("[data-camera-offer]").first).to_be_hidden()
        expect(page.locator("#photo")).to_be_visible()
        page.locator("#photo").set_input_files(_file())
        page.get_by_role("button", name="上传并检查").click()
        heading(page, "检查通过")
        assert broken == []


def _file() -> Any:
    out = io.BytesIO()
    Image.fromarray(graduate()).save(out, "JPEG")
    return {"name": "pass.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


def test_the_other_lens_is_one_tap_away_and_is_no_mirror(
    playwright: Playwright, stage: Stage, address: str
) -> None:
    # A second flag of the name takes the place of the first.
    two = "--use-fake-device-for-media-stream=device-count=2"
    with phone(playwright, ALLOW, two) as context:
        page = context.new_page()
        to_the_photo(page, address, stage)
        open_camera(page)
        video, mirrored = page.locator("video"), "e => getComputedStyle(e).transform"
        expect(page.locator(HINT)).to_contain_text("请正对镜头", timeout=PATIENCE_MS)
        assert "-1" in video.evaluate(mirrored)
        page.get_by_role("button", name="换镜头").press("Enter")
        expect(page.locator(".camera-mirrored")).to_have_count(0)
        assert video.evaluate(mirrored) == "none"
        expect(page.locator(HINT)).to_contain_text("请正对镜头", timeout=PATIENCE_MS)


def test_one_lens_cannot_be_exchanged(
    playwright: Playwright, stage: Stage, address: str
) -> None:
    with phone(playwright, ALLOW) as context:
        page = context.new_page()
        to_the_photo(page, address, stage)
        open_camera(page)
        expect(page.locator("[data-camera-switch]")).to_be_hidden()
