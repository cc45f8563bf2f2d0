"""A real face that meets enough of the notice to become a portrait, and its defects."""

from __future__ import annotations

import io
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.domain.measurements import Measurements
from backend.domain.report import Finding
from backend.imaging.faces import FaceModel
from backend.imaging.inspector import MediaPipeInspector, PhotoInspection
from backend.imaging.measure import locate, measure, see
from tests.defects import Portrait
from tests.domain.judging import NOTICE, good_file
from tests.pictures import as_jpeg, astronaut

Pixels = NDArray[np.uint8]


@cache
def model() -> FaceModel:
    return FaceModel()


@cache
def inspector() -> MediaPipeInspector:
    return MediaPipeInspector()


def scaled(rgb: Pixels, factor: float) -> Pixels:
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LANCZOS4
    return np.asarray(cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=way))


def bordered(rgb: Pixels, *, top: int = 0, side: int = 0) -> Pixels:
    """More of the same around the picture, so that a head has room."""
    kind = cv2.BORDER_REPLICATE
    return np.asarray(cv2.copyMakeBorder(rgb, top, 0, side, side, kind), np.uint8)


@cache
def roomy() -> Pixels:
    """The astronaut with room above the head and pixels enough."""
    return scaled(bordered(astronaut(), top=60), 2.4)


def lips_closed(rgb: Pixels) -> Pixels:
    """The same face with its lips brought together: the open mouth is squeezed shut."""
    face = model().look(np.ascontiguousarray(rgb)).face
    assert face is not None
    upper, lower = face.lips[0, :, 1]
    corners = face.mouth[:2, :2]
    left, right = sorted(corners[:, 0])
    y, x = np.mgrid[: rgb.shape[0], : rgb.shape[1]].astype(np.float32)
    # The lips meet on a curve between the corners; each side moves there by half the gap,
    # the less the further away.
    inside = np.clip(1 - ((x - (left + right) / 2) / ((right - left) / 2)) ** 2, 0, 1)
    level = corners[:, 1].mean()
    apart = y - (level + ((upper + lower) / 2 - level) * inside)
    share = np.clip(1 - np.abs(apart) / (0.28 * face.width), 0, 1)
    gap = 1.15 * (lower - upper) * np.sqrt(inside)
    rows = (y + np.sign(apart) * gap / 2 * share).astype(np.float32)
    kind = cv2.BORDER_REPLICATE
    return np.asarray(cv2.remap(rgb, x, rows, cv2.INTER_LINEAR, borderMode=kind))


@cache
def graduate() -> Pixels:
    """The astronaut as a phone upright before her would see her: nothing is wrong."""
    # The lips need a look at a face as large as it comes.
    part = lips_closed(bordered(astronaut(), top=60))[30:350, 103:343]
    return scaled(np.ascontiguousarray(part), 3)


@cache
def level_graduate() -> Pixels:
    """The same with the shoulder of one side on both: she leans, which is refused."""
    picture = graduate().copy()
    below, middle = round(0.62 * len(picture)), picture.shape[1] // 2
    picture[below:, middle:] = picture[below:, :middle][:, ::-1]
    return picture


def tilted(rgb: Pixels, degrees: float) -> Pixels:
    height, width = rgb.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    kind = cv2.BORDER_REPLICATE
    return np.asarray(
        cv2.warpAffine(rgb, turn, (width, height), borderMode=kind), np.uint8
    )


def blurred(rgb: Pixels, sigma: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), sigma), np.uint8)


def lit(rgb: Pixels, gain: float, lift: float = 0) -> Pixels:
    return np.clip(rgb.astype(np.float64) * gain + lift, 0, 255).astype(np.uint8)


def grey(rgb: Pixels) -> Pixels:
    return np.repeat(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


@cache
def good() -> Portrait:
    """The astronaut as something to spoil."""
    head = locate(roomy(), model=model())
    assert head is not None
    return Portrait(roomy(), head)


def person(portrait: Portrait) -> NDArray[np.float32]:
    """Return (H, W) with 1 where the person is."""
    height, width = portrait.rgb.shape[:2]
    small = cv2.resize(portrait.rgb, (450, round(450 * height / width)))
    mask = model().person_mask(np.asarray(small, np.uint8))
    return np.asarray(cv2.resize(mask, (width, height)), np.float32)


def measured(rgb: Pixels, scale: float = 1.0) -> Measurements:
    seen = see(np.ascontiguousarray(rgb), scale=scale, model=model())
    return measure(seen, good_file())


def inspected(picture: Pixels | bytes) -> PhotoInspection:
    data = picture if isinstance(picture, bytes) else as_jpeg(picture)
    return inspector().inspect(data, filename="photo.jpg", policy=NOTICE)


def findings(seen: PhotoInspection) -> dict[str, Finding]:
    return {finding.rule: finding for finding in seen.report.findings}


def opened(data: bytes | None) -> Pixels:
    assert data is not None
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.uint8)
