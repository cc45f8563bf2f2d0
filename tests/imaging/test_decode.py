from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from backend.domain.errors import PhotoUnreadableError
from backend.imaging import jpeg
from backend.imaging.decode import MOST_PIXELS, MOST_SCANS, decode, decode_at_least
from tests.imaging import pictures
from tests.imaging.pictures import BLUE, GREEN, RED, WHITE

Corners = tuple[tuple[int, ...], ...]

#: EXIF orientation → the corners, clockwise from the top left, once upright.
UPRIGHT: dict[int, Corners] = {
    1: (RED, GREEN, WHITE, BLUE),
    2: (GREEN, RED, BLUE, WHITE),
    3: (WHITE, BLUE, RED, GREEN),
    4: (BLUE, WHITE, GREEN, RED),
    5: (RED, BLUE, WHITE, GREEN),
    6: (BLUE, RED, GREEN, WHITE),
    7: (WHITE, GREEN, RED, BLUE),
    8: (GREEN, WHITE, BLUE, RED),
}


def corners(rgb: pictures.Pixels) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
    height, width = rgb.shape[:2]
    top, bottom, left, right = height // 4, -height // 4, width // 4, -width // 4
    return np.array(
        [rgb[top, left], rgb[top, right], rgb[bottom, right], rgb[bottom, left]],
        np.int16,
    )


def assert_corners(rgb: pictures.Pixels, expected: Corners, within: int = 6) -> None:
    assert rgb.dtype == np.uint8
    assert rgb.shape[2] == 3
    assert np.abs(corners(rgb) - np.array(expected)).max() <= within


def refusal(data: bytes) -> str:
    with pytest.raises(PhotoUnreadableError) as error:
        decode(data)
    return error.value.code


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_every_orientation_comes_upright(kind: str, orientation: int) -> None:
    notes = pictures.with_notes(orientation=orientation)
    rgb = decode(pictures.saved(pictures.quarters(), kind, exif=notes))
    assert rgb.shape == ((96, 128, 3) if orientation > 4 else (128, 96, 3))
    assert_corners(rgb, UPRIGHT[orientation])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_every_format_is_opened(kind: str) -> None:
    assert_corners(decode(pictures.saved(pictures.quarters(), kind)), UPRIGHT[1])


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_cmyk_become_rgb(mode: str) -> None:
    picture = pictures.quarters().convert(mode)
    expected = np.asarray(picture.convert("RGB"), np.int16)
    assert np.abs(decode(pictures.jpeg(picture)) - expected)[4:40, 4:40].max() <= 6


@pytest.mark.parametrize("mode", ["P", "1", "LA", "RGBA"])
def test_other_png_modes_become_rgb(mode: str) -> None:
    picture = pictures.quarters().convert(mode)
    expected = np.asarray(picture.convert("RGB"))
    np.testing.assert_array_equal(decode(pictures.saved(picture, "PNG")), expected)


def test_sixteen_bits_keep_their_upper_eight() -> None:
    wide = Image.fromarray(np.full((64, 64), 0xC0FF, np.uint16))
    assert (decode(pictures.saved(wide, "PNG")) == 0xC0).all()


def test_what_is_transparent_becomes_white() -> None:
    picture = pictures.quarters().convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 48, 64))
    for kind in ("PNG", "WEBP", "HEIF"):
        data = pictures.saved(picture, kind)
        assert_corners(decode(data), ((255, 255, 255), GREEN, WHITE, BLUE), 8)


def test_a_transparent_palette_colour_becomes_white() -> None:
    picture = pictures.quarters().convert("P")
    clear = picture.getpixel((2, 2))
    data = pictures.saved(picture, "PNG", transparency=clear)
    assert (decode(data)[2, 2] == 255).all()


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_an_embedded_profile_is_applied(mode: str) -> None:
    picture = pictures.quarters().convert(mode)
    profile = pictures.swapped_profile()
    rgb = decode(pictures.saved(picture, "PNG", icc_profile=profile))
    red, green = corners(rgb)[:2]
    assert red[1] > red[0] + 100, "red is called green by the profile"
    assert green[0] > green[1] + 60


def test_an_srgb_profile_changes_next_to_nothing() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert_corners(decode(pictures.jpeg(icc_profile=profile)), UPRIGHT[1])


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 200])
def test_a_damaged_profile_is_passed_over(profile: bytes) -> None:
    assert_corners(decode(pictures.jpeg(icc_profile=profile)), UPRIGHT[1])


def test_a_profile_of_another_colour_model_is_passed_over() -> None:
    profile = pictures.swapped_profile()
    grey = pictures.quarters().convert("L")
    plain = decode(pictures.jpeg(grey))
    np.testing.assert_array_equal(
        decode(pictures.jpeg(grey, icc_profile=profile)), plain
    )


@pytest.mark.parametrize(
    ("least", "factor"), [(50, 8), (100, 8), (101, 4), (201, 2), (401, 1), (9999, 1)]
)
def test_a_jpeg_is_reduced_as_far_as_asked(least: int, factor: int) -> None:
    rgb, scale = decode_at_least(
        pictures.jpeg(pictures.quarters(800, 1200)), min_short_side_px=least
    )
    assert scale == factor
    assert rgb.shape == (1200 // factor, 800 // factor, 3)


def test_the_scale_leads_back_to_the_upright_picture() -> None:
    notes = pictures.with_notes(orientation=6)
    data = pictures.jpeg(pictures.quarters(1203, 801), exif=notes)
    rgb, scale = decode_at_least(data, min_short_side_px=300)
    full = decode(data)
    assert rgb.shape[0] * scale == pytest.approx(full.shape[0], abs=scale)
    assert rgb.shape[1] * scale == pytest.approx(full.shape[1], abs=scale)
    assert_corners(rgb, UPRIGHT[6])


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "HEIF"])
def test_other_formats_come_whole(kind: str) -> None:
    data = pictures.saved(pictures.quarters(400, 400), kind)
    rgb, scale = decode_at_least(data, min_short_side_px=64)
    assert (rgb.shape, scale) == ((400, 400, 3), 1.0)


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_motion_photo_is_a_photo(options: dict[str, Any]) -> None:
    data = pictures.jpeg(**options) + b"\0\0\0\x18ftypmp42" + bytes(5000)
    assert_corners(decode(data), UPRIGHT[1])


def test_of_two_pictures_the_first_counts() -> None:
    second = Image.new("RGB", (96, 128), BLUE)
    data = pictures.saved(
        pictures.quarters(), "MPO", save_all=True, append_images=[second]
    )
    assert_corners(decode(data), UPRIGHT[1])


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_picture_that_ends_early_is_refused(kind: str, share: float) -> None:
    data = pictures.saved(pictures.noise_image(), kind)
    assert refusal(data[: int(len(data) * share)]) == "picture_damaged"


@pytest.mark.parametrize("missing", [1, 2, 4, 12])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_the_last_bytes_count(kind: str, missing: int) -> None:
    data = pictures.saved(pictures.noise_image(), kind)
    assert refusal(data[:-missing]) == "picture_damaged"


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_what_moves_is_refused(kind: str) -> None:
    second = Image.new("RGB", (96, 128), BLUE)
    data = pictures.saved(
        pictures.quarters(), kind, save_all=True, append_images=[second]
    )
    assert refusal(data) == "animated_picture"


def test_too_many_pixels_are_refused_before_any_is_allocated() -> None:
    side = 60_000
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    png = (
        b"\x89PNG\r\n\x1a\n"
        + pictures.png_chunk(b"IHDR", head)
        + pictures.png_chunk(b"IDAT", zlib.compress(bytes(100_000)))
        + pictures.png_chunk(b"IEND", b"")
    )
    jpeg = bytearray(pictures.jpeg())
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = side.to_bytes(2, "big") * 2
    tracemalloc.start()
    try:
        assert refusal(png) == refusal(bytes(jpeg)) == "too_many_pixels"
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def with_scans(picture: bytes, more: int) -> bytes:
    """Repeat a progressive picture's last scan with nothing in it."""
    header = picture[picture.rindex(b"\xff\xda") :][:10]
    return picture[:-2] + (header + b"\0") * more + picture[-2:]


def test_a_picture_of_very_many_scans_is_refused_before_any_is_decoded() -> None:
    progressive = pictures.jpeg(progressive=True)
    usual = progressive.count(b"\xff\xda")
    assert jpeg.scans(progressive) == usual == 10
    assert jpeg.scans(pictures.jpeg()) == 1
    assert jpeg.scans(b"\xff\xd8\xff\xd9") == 0
    allowed = with_scans(progressive, MOST_SCANS - usual)
    assert_corners(decode(allowed), UPRIGHT[1])
    assert jpeg.scans(allowed) == MOST_SCANS
    assert refusal(with_scans(progressive, MOST_SCANS - usual + 1)) == "picture_damaged"
    # Scans of a second picture in the file, or of a film after it, are nobody's work.
    assert_corners(decode(progressive + with_scans(progressive, 200)), UPRIGHT[1])


def test_the_limit_admits_the_largest_phone_cameras() -> None:
    assert 8192 * 6144 < MOST_PIXELS < 200_000_000


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_a_compressed_bomb_in_the_notes_stays_packed(kind: bytes) -> None:
    packed = zlib.compress(bytes(200_000_000), 9)
    heads = {
        b"zTXt": b"Comment\0\0",
        b"iTXt": b"Comment\0\1\0\0\0",
        b"iCCP": b"profile\0\0",
    }
    data = pictures.png_with(pictures.png_chunk(kind, heads[kind] + packed))
    tracemalloc.start()
    try:
        assert refusal(data) == "picture_damaged"
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


# Pytest sets the filter aside with which the service silences Pillow.
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_notes_neither_turn_nor_refuse_a_picture() -> None:
    exif = (
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\x01\x12\0\x02\xff\xff\xff\xff\0\0\0\x06"
    )
    assert_corners(decode(pictures.jpeg(exif=exif)), UPRIGHT[1])


def test_a_text_in_the_place_of_the_orientation_counts_as_upright() -> None:
    entry = b"\x01\x12\0\x02\0\0\0\x026\0\0\0"
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01" + entry + bytes(4)
    assert_corners(decode(pictures.jpeg(exif=exif)), UPRIGHT[1])


def test_what_only_begins_like_a_picture_is_damaged() -> None:
    for start in (b"\xff\xd8\xff", b"\x89PNG", b"RIFF"):
        assert refusal(start + bytes(100)) == "picture_damaged"


def test_the_samples_are_what_pillow_itself_decodes() -> None:
    data = pictures.jpeg(pictures.noise_image())
    with Image.open(io.BytesIO(data)) as picture:
        np.testing.assert_array_equal(decode(data), np.asarray(picture))
