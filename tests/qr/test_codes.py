from __future__ import annotations

import io
import math
import random
from typing import get_args

import cv2
import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFilter

import qr
from qr.matrix import Level, matrix

URL = "https://bizhao.example.edu.cn/s/Ab3dEf6hIj9kLm2n"


def read(picture: Image.Image) -> str | None:
    found = zxingcpp.read_barcodes(np.asarray(picture.convert("L")))
    return found[0].text if found else None


def opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def test_the_public_names_are_these_and_exist() -> None:
    assert qr.__all__ == [
        "FontNotFoundError",
        "PictureError",
        "PosterError",
        "PosterSpec",
        "SheetCard",
        "SheetSection",
        "Size",
        "find_cjk_font",
        "render_check_sheet",
        "render_png",
        "render_poster_pdf",
        "render_poster_png",
        "render_svg",
    ]
    assert all(hasattr(qr, name) for name in qr.__all__)


def test_a_code_is_read_back_with_its_quiet_zone() -> None:
    picture = opened(qr.render_png(URL))
    assert read(picture) == URL
    modules = len(matrix(URL, "H"))
    side = modules + 8
    assert picture.width % side == 0
    margin = picture.width // side * 4
    assert np.asarray(picture)[:margin].all()
    assert not np.asarray(picture)[margin].all()


def test_a_code_of_two_centimetres_survives_print_and_camera() -> None:
    printed = opened(qr.render_png(URL, size_mm=20, dpi=300)).convert("L")
    assert printed.width <= 20 / 25.4 * 300
    seen = printed.rotate(
        7, expand=True, fillcolor=255, resample=Image.Resampling.BICUBIC
    )
    seen = seen.filter(ImageFilter.GaussianBlur(1.2))
    out = io.BytesIO()
    seen.save(out, "JPEG", quality=50)
    assert read(Image.open(out)) == URL


def stained(seed: int, ink: int, stains: int) -> Image.Image:
    """Lose 15 % of the code's area to round stains that spare the corner marks.

    No reader finds a code without its corner marks, at whatever level.
    """
    picture = opened(qr.render_png(URL)).convert("L")
    module = picture.width // (len(matrix(URL, "H")) + 8)
    first, last = 4 * module, picture.width - 4 * module
    radius = int(math.sqrt(0.15 * (last - first) ** 2 / math.pi / stains)) + 1
    half = 4.5 * module
    marks = [(first, first), (last, first), (first, last)]
    draw, dice = ImageDraw.Draw(picture), random.Random(seed)
    done: list[tuple[int, int]] = []
    while len(done) < stains:
        x, y = (dice.randrange(first + radius, last - radius) for _ in "xy")
        touches = any(math.dist((x, y), other) < 2 * radius for other in done)
        for corner in marks:
            middle = [c + half if c == first else c - half for c in corner]
            away = [
                max(abs(v - m) - half, 0) for v, m in zip((x, y), middle, strict=True)
            ]
            touches |= math.hypot(*away) < radius
        if not touches:
            done.append((x, y))
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=ink)
    return picture


@pytest.mark.parametrize("stains", [1, 2])
@pytest.mark.parametrize("ink", [0, 255])
def test_a_code_is_read_after_fifteen_percent_of_it_is_lost(
    ink: int, stains: int
) -> None:
    for seed in range(20):
        assert read(stained(seed, ink, stains)) == URL


def test_the_drawing_holds_the_same_modules() -> None:
    svg = qr.render_svg(URL)
    assert svg.startswith("<svg xmlns=")
    modules = matrix(URL, "H")
    side = len(modules) + 8
    assert f'viewBox="0 0 {side} {side}"' in svg
    picture = np.full((side, side), 255, np.uint8)
    for part in svg.split('<path d="M')[1].split('"')[0].rstrip("z").split("zM"):
        start, length = part.split("v1")[0].split("h")
        x, y = (int(v) for v in start.split())
        picture[y, x : x + int(length)] = 0
    assert np.array_equal(picture[4:-4, 4:-4] == 0, np.array(modules))
    large = cv2.resize(picture, None, fx=8, fy=8, interpolation=cv2.INTER_NEAREST)
    assert read(Image.fromarray(large)) == URL


def test_a_size_without_room_for_the_modules_is_refused() -> None:
    with pytest.raises(qr.PosterError, match="too small"):
        qr.render_png(URL, size_mm=2, dpi=72)


@pytest.mark.parametrize("level", get_args(Level))
def test_every_level_is_read_back(level: Level) -> None:
    modules = np.pad(np.array(matrix("x" * 120, level), bool), 4)
    picture = np.where(modules, 0, 255).astype(np.uint8).repeat(6, 0).repeat(6, 1)
    assert read(Image.fromarray(picture)) == "x" * 120
