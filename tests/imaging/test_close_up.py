"""A close-up shows the region and a little around it, large enough, inside the picture."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from backend.domain.errors import PhotoUnreadableError
from backend.domain.report import Box
from backend.imaging.close_up import close_up

GREY, RED = (120, 120, 120), (210, 20, 20)
BOX = Box(400, 300, 200, 80)


def upload(
    size: tuple[int, int] = (1200, 1600), box: Box = BOX, orientation: int = 1
) -> bytes:
    """Return a grey picture whose region is red, upright when turned as its tag says."""
    pixels = np.full((size[1], size[0], 3), GREY, np.uint8)
    left, top = int(box.x), int(box.y)
    pixels[top : top + int(box.height), left : left + int(box.width)] = RED
    picture = Image.fromarray(pixels)
    exif = Image.Exif()
    if orientation == 6:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
        exif[0x0112] = 6
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=95, exif=exif)
    return out.getvalue()


def seen(data: bytes, box: Box = BOX, *, large: bool = False) -> Image.Image:
    shown = Image.open(io.BytesIO(close_up(data, box, large=large)))
    assert shown.format == "JPEG"
    return shown.convert("RGB")


def red_share(picture: Image.Image) -> float:
    pixels = np.asarray(picture).astype(int)
    return float(((pixels[..., 0] > 160) & (pixels[..., 1] < 80)).mean())


@pytest.mark.parametrize("orientation", [1, 6])
def test_the_region_is_shown_with_an_eighth_around_it(orientation: int) -> None:
    shown = seen(upload(orientation=orientation))
    assert shown.size == (360, 144)
    # Grown by a quarter both ways, the region is 1 / 1.25² of what is shown.
    assert red_share(shown) == pytest.approx(0.64, abs=0.03)
    assert np.allclose(np.asarray(shown)[72, 3], GREY, atol=12)
    assert np.allclose(np.asarray(shown)[72, 180], RED, atol=25)


def test_a_large_one_shows_the_same_with_more_pixels() -> None:
    small, large = seen(upload()), seen(upload(), large=True)
    assert large.size == (1080, 432)
    assert red_share(large) == pytest.approx(red_share(small), abs=0.03)


def test_a_tall_region_is_no_higher_than_allowed() -> None:
    tall = Box(500, 200, 100, 900)
    shown = seen(upload(box=tall), tall)
    assert shown.height == 480
    assert shown.width < 100


def test_a_tiny_region_is_shown_with_more_around_it() -> None:
    tiny = Box(600, 600, 4, 4)
    shown = seen(upload(box=tiny), tiny)
    assert shown.size == (360, 360)
    assert red_share(shown) < 0.02


@pytest.mark.parametrize(
    "box",
    [
        Box(-40, -30, 200, 80),
        Box(1100, 1550, 200, 80),
        Box(5000, 5000, 10, 10),
        Box(-900, 300, 20, 20),
        Box(-500, -500, 9000, 9000),
    ],
)
def test_a_region_over_the_edge_is_kept_inside(box: Box) -> None:
    shown = seen(upload(), box)
    assert 0 < shown.width <= 360
    assert 0 < shown.height <= 480
    assert np.allclose(np.asarray(shown).min(axis=(0, 1)), GREY, atol=120)


def test_a_region_of_a_reduced_picture_is_the_same_region() -> None:
    # Four times the size: decoded at a fraction, and asked for in full pixels.
    box = Box(1600, 1200, 2000, 800)
    shown = seen(upload((4800, 6400), box), box)
    assert shown.size == (360, 144)
    assert red_share(shown) == pytest.approx(0.64, abs=0.03)


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(PhotoUnreadableError):
        close_up(b"no picture", BOX)
