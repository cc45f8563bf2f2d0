"""From files to upright RGB pixels."""

from __future__ import annotations

import io
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageOps

from backend.domain.errors import PhotoUnreadableError
from backend.imaging.decode import decode, decode_at_least
from tests.imaging.pictures import (
    chunk,
    decoded,
    difference,
    exif,
    heic,
    multi_picture,
    png_with,
    saved,
    scene,
    segment,
    swapped_profile,
    with_segments,
)

SCENE = np.asarray(scene())


def test_a_jpeg_decodes_as_elsewhere() -> None:
    data = saved(scene(), quality=90)
    assert np.array_equal(decode(data), decoded(data))


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_lossless_formats_keep_every_pixel(form: str) -> None:
    found = decode(saved(scene(), form, lossless=True))
    assert np.array_equal(found, SCENE)
    assert found.dtype == np.uint8
    assert found.flags["C_CONTIGUOUS"]


def test_a_heic_decodes_to_its_primary_picture() -> None:
    assert difference(decode(heic(scene(), scene(64, 64))), SCENE) < 4


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_tag_is_obeyed(form: str, orientation: int) -> None:
    data = saved(scene(), form, exif=exif(orientation=orientation), quality=95)
    stored = Image.fromarray(decoded(data))
    stored.getexif()[0x0112] = orientation
    wanted = np.asarray(ImageOps.exif_transpose(stored))
    assert np.array_equal(decode(data), wanted)


def test_a_heic_is_turned_once() -> None:
    out = io.BytesIO()
    picture = scene()
    # The encoder turns the tag into the format's own turn and leaves the tag beside it.
    pillow_heif.encode(
        "RGB", picture.size, picture.tobytes(), out, exif=exif(orientation=6)
    )
    found = decode(out.getvalue())
    assert found.shape == (96, 128, 3)
    assert difference(found, np.rot90(SCENE, -1)) < 4


def test_transparent_parts_become_white() -> None:
    picture = scene().convert("RGBA")
    picture.paste((0, 0, 0, 0), (0, 0, 20, 20))
    for form in ("PNG", "WEBP"):
        found = decode(saved(picture, form, lossless=True))
        assert (found[:20, :20] == 255).all()
        assert np.array_equal(found[20:], SCENE[20:])


def test_a_transparent_palette_becomes_white() -> None:
    picture = scene().convert("P")
    found = decode(saved(picture, "PNG", transparency=picture.getpixel((0, 0))))
    assert (found[0, 0] == 255).all()


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    picture = scene().convert(mode)
    wanted = np.asarray(picture.convert("RGB"))
    assert np.array_equal(decode(saved(picture, "PNG")), wanted)


def test_of_sixteen_bits_the_upper_eight_stay() -> None:
    deep = (np.arange(96 * 128).reshape(128, 96) * 5).astype(np.uint16)
    found = decode(saved(Image.fromarray(deep), "PNG"))
    assert np.array_equal(found[:, :, 0], deep >> 8)


def test_inverted_cmyk_has_its_colours_right() -> None:
    assert difference(decode(saved(scene().convert("CMYK"), quality=95)), SCENE) < 8


def test_a_profile_leads_to_srgb() -> None:
    for form in ("JPEG", "PNG"):
        data = saved(scene(), form, icc_profile=swapped_profile())
        found = decode(data)
        # What was stored as red meant green.
        assert difference(found[:, :, 1], decoded(data)[:, :, 0]) < 12
        assert difference(found, decoded(data)) > 15


@pytest.mark.parametrize("profile", [b"x", b"\0" * 500, swapped_profile()[:200]])
def test_a_broken_profile_is_ignored(profile: bytes) -> None:
    data = saved(scene(), "PNG", icc_profile=profile)
    assert np.array_equal(decode(data), SCENE)


def test_a_profile_of_another_kind_of_colour_is_ignored() -> None:
    data = saved(scene().convert("L"), icc_profile=swapped_profile())
    assert np.array_equal(decode(data), decoded(data))


def test_of_several_pictures_the_first_is_taken() -> None:
    first = saved(scene(), quality=90)
    data = multi_picture(first, saved(scene(64, 64)))
    assert np.array_equal(decode(data), decoded(first))
    assert np.array_equal(
        decode(first + b"\0\0\0\x18ftypmp42" + bytes(999)), decoded(first)
    )


@pytest.mark.parametrize(
    ("least", "factor"),
    [(1200, 1), (601, 1), (600, 2), (300, 4), (150, 8), (10, 8), (0, 8)],
)
def test_big_jpegs_are_reduced_as_far_as_the_short_side_allows(
    least: int, factor: int
) -> None:
    picture = scene(1201, 1600)
    reduced, scale = decode_at_least(saved(picture), min_short_side_px=least)
    assert scale == pytest.approx(factor, rel=0.01)
    assert min(reduced.shape[:2]) >= least
    rough = picture.resize(reduced.shape[1::-1], Image.Resampling.BOX)
    assert difference(reduced, np.asarray(rough)) < 4


def test_small_pictures_are_left_as_they_are() -> None:
    reduced, scale = decode_at_least(saved(scene()), min_short_side_px=1000)
    assert (reduced.shape, scale) == ((128, 96, 3), 1.0)


def test_reducing_obeys_the_orientation() -> None:
    data = saved(scene(800, 400), exif=exif(orientation=6))
    reduced, scale = decode_at_least(data, min_short_side_px=200)
    assert (reduced.shape, scale) == ((400, 200, 3), 2.0)


def test_a_cut_or_rotten_picture_is_refused() -> None:
    png = saved(scene(), "PNG")
    at = png.index(b"IDAT") + 4
    size = int.from_bytes(png[at - 8 : at - 4], "big")
    for data in (
        saved(scene())[:-200],
        png[: at - 8] + chunk(b"IDAT", png[at : at + size // 2]) + png[-12:],
        png[: at - 8] + chunk(b"IDAT", b"nonsense") + png[-12:],
        png[: at - 8] + png[-12:],
    ):
        with pytest.raises(PhotoUnreadableError) as caught:
            decode(data)
        assert caught.value.code == "picture_damaged"


def test_no_warning_leaks_whatever_the_notes_say() -> None:
    jpeg = saved(scene())
    odd = [
        with_segments(
            jpeg, segment(0xE1, b"Exif\0\0II*\0\x08\0\0\0\xff\xff" + b"\1" * 99)
        ),
        with_segments(jpeg, segment(0xE2, b"MPF\0MM\0*\0\0\0\x08\0\x09" + b"\1" * 99)),
        with_segments(
            jpeg, segment(0xED, b"Photoshop 3.0\x008BIM\x04\x04" + b"\1" * 9)
        ),
        png_with(saved(scene(), "PNG"), chunk(b"eXIf", b"MM\0*\0\0\0\x08\xff\xff")),
    ]
    with warnings.catch_warnings(record=True) as leaked:
        warnings.simplefilter("always")
        for data in odd:
            assert decode(data).shape == (128, 96, 3)
    assert not leaked


def test_many_threads_decode_at_once() -> None:
    files = [
        saved(scene(seed=n), form) for n in range(4) for form in ("JPEG", "PNG", "WEBP")
    ]
    alone = [decode(data) for data in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(decode, files * 4))
    for n, found in enumerate(together):
        assert np.array_equal(found, alone[n % len(files)])
