"""The real browser: as it is on a desk, and on a phone whose lens shows a film.

Only one ``sync_playwright`` may be open in a thread.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

from tests.imaging.portraits import Pixels

#: What is answered when a page asks for the camera.
ALLOW = "--use-fake-ui-for-media-stream"
REFUSE = "--deny-permission-prompts"


@contextmanager
def launched(playwright: Playwright, *flags: str) -> Iterator[Browser]:
    """A browser with these flags until the block ends."""
    with playwright.chromium.launch(
        executable_path=shutil.which("chromium"), args=["--no-sandbox", *flags]
    ) as browser:
        yield browser


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser for tests that have nothing else to do with playwright."""
    with sync_playwright() as playwright, launched(playwright) as browser:
        yield browser


@contextmanager
def phone(
    playwright: Playwright, *flags: str, video: Path | None = None
) -> Iterator[BrowserContext]:
    """A browser whose lens shows the video."""
    lens = ["--use-fake-device-for-media-stream"]
    if video is not None:
        lens.append(f"--use-file-for-fake-video-capture={video}")
    with launched(playwright, *lens, *flags) as browser:
        yield browser.new_context(
            viewport={"width": 390, "height": 844}, locale="zh-CN"
        )


def film(path: Path, picture: Pixels) -> Path:
    """Write a picture as two frames of uncompressed video, which browsers repeat."""
    height, width = picture.shape[:2]
    planes = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420).tobytes()
    head = f"YUV4MPEG2 W{width} H{height} F10:1 Ip A1:1 C420jpeg\n".encode()
    path.write_bytes(head + 2 * (b"FRAME\n" + planes))
    return path
