"""What happens to a card on its way: saved, forwarded, screenshotted, photographed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Condition = Callable[[bytes, int], bytes]

_SCREEN = (1080, 2340)


def opened(png: bytes) -> Picture:
    return _whole(cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR))


def _whole(picture: Any) -> Picture:
    whole: Picture = np.clip(np.asarray(picture), 0, 255).astype(np.uint8)
    return whole


def jpeg(picture: Picture, quality: int) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[
        1
    ].tobytes()


def _scaled(picture: Picture, width: int, way: int = cv2.INTER_LINEAR) -> Picture:
    height = round(picture.shape[0] * width / picture.shape[1])
    return _whole(cv2.resize(picture, (width, height), interpolation=way))


def screenshot(card: Picture) -> Picture:
    """A phone's screen with the card in it and an interface around."""
    width, height = _SCREEN
    screen = np.full((height, width, 3), 245, np.uint8)
    screen[:90] = (250, 250, 250)
    for x in (60, 880, 950, 1010):
        cv2.rectangle(screen, (x, 30), (x + 36, 60), (30, 30, 30), 3)
    cv2.rectangle(screen, (0, 90), (width, 230), (122, 165, 29), -1)
    shown = _scaled(card, 900)
    top = 330
    screen[top : top + shown.shape[0], 90:990] = shown
    for x in range(0, width, 270):
        cv2.circle(screen, (x + 135, 2200), 50, (120, 120, 120), 6)
        cv2.rectangle(screen, (x + 95, 2270), (x + 175, 2290), (120, 120, 120), -1)
    return screen


def photographed(card: Picture, degrees: float, sigma: float, seed: int) -> Picture:
    """A phone's photo of a screen: turned, in perspective, blurred, noisy, shaded."""
    random = np.random.default_rng(seed)
    shown = _scaled(card, 700, cv2.INTER_CUBIC)
    height, width = shown.shape[:2]
    canvas = (1300, 1300)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turned = corners @ turn[:, :2].T + turn[:, 2]
    turned += np.array(canvas) / 2 - (width / 2, height / 2)
    turned += random.uniform(-25, 25, (4, 2))
    way = cv2.getPerspectiveTransform(corners, turned.astype(np.float32))
    photo = cv2.warpPerspective(
        shown, way, canvas, borderMode=cv2.BORDER_CONSTANT, borderValue=(58, 60, 64)
    )
    if sigma:
        photo = cv2.GaussianBlur(photo, (0, 0), sigma)
    shade = np.linspace(0.8, 1.05, canvas[0], dtype=np.float32)[None, :, None]
    noise = 4 * random.standard_normal((*canvas, 1), dtype=np.float32)
    return _whole(photo * shade + noise)


def moire(photo: Picture, seed: int) -> Picture:
    """Add the beat of two pixel grids and a reflected lamp."""
    y, x = np.mgrid[: photo.shape[0], : photo.shape[1]].astype(np.float32)
    beat = 14 * np.sin(x / 3.1 + y / 17.0) + 10 * np.sin(y / 4.3 + seed)
    lamp = 70 * np.exp(-((x - 830) ** 2 + (y - 520) ** 2) / (2 * 160.0**2))
    return _whole(photo * 0.85 + (beat + lamp)[..., None])


CONDITIONS: dict[str, Condition] = {
    "saved card": lambda png, _: png,
    "JPEG q60": lambda png, _: jpeg(opened(png), 60),
    "screenshot 1080x2340": lambda png, _: jpeg(screenshot(opened(png)), 90),
    "thumbnail 540x1170": lambda png, _: jpeg(
        _scaled(screenshot(opened(png)), 540, cv2.INTER_AREA), 85
    ),
    "photo of a screen, +15 degrees": lambda png, n: jpeg(
        photographed(opened(png), 15, 1.0, n), 88
    ),
    "photo, blur sigma 3": lambda png, n: jpeg(
        photographed(opened(png), -4, 3.0, n), 88
    ),
    "photo, moire and lamp": lambda png, n: jpeg(
        moire(photographed(opened(png), 8, 1.0, n), n), 88
    ),
    "chat, twice recompressed": lambda png, _: jpeg(
        opened(jpeg(_scaled(opened(png), 300, cv2.INTER_AREA), 70)), 60
    ),
}
EXTRA: dict[str, Condition] = {
    "photo, blur sigma 5": lambda png, n: jpeg(
        photographed(opened(png), -4, 5.0, n), 88
    ),
}
