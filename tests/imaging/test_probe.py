"""What a file is, told from its header."""

from __future__ import annotations

import struct
import zipfile
import zlib
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from PIL.JpegImagePlugin import JpegImageFile

from backend.domain.errors import PhotoUnreadableError
from backend.imaging.probe import probe
from tests.imaging.pictures import (
    chunk,
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

JPEG = saved(scene(), quality=83, dpi=(300, 300))
PNG = saved(scene(), "PNG")
FILM = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(range(256)) * 8


def refusal(data: bytes) -> PhotoUnreadableError:
    with pytest.raises(PhotoUnreadableError) as caught:
        probe(data)
    return caught.value


def frame(marker: int, bits: int = 8) -> bytes:
    """A JPEG whose start of frame says something else."""
    at = JPEG.index(b"\xff\xc0")
    return (
        JPEG[: at + 1]
        + bytes([marker])
        + JPEG[at + 2 : at + 4]
        + bytes([bits])
        + JPEG[at + 5 :]
    )


def test_a_jpeg_tells_all_its_facts() -> None:
    facts = probe(JPEG, filename="IMG_1.JPG")
    assert (facts.format, facts.width, facts.height) == ("JPEG", 96, 128)
    assert (facts.bits_per_sample, facts.components, facts.colour) == (8, 3, "rgb")
    assert facts.dpi == (300, 300)
    assert (facts.jpeg_quality, facts.jpeg_quality_exact) == (83, True)
    assert (facts.trailing_bytes, facts.orientation, facts.frames) == (0, 1, 1)
    assert facts.size_bytes == len(JPEG)
    assert facts.extension == "jpg"
    assert facts.taken_on is None


@pytest.mark.parametrize("quality", range(1, 101))
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_the_quality_factor_is_recovered_exactly(quality: int, mode: str) -> None:
    facts = probe(saved(scene(64, 64).convert(mode), quality=quality))
    assert (facts.jpeg_quality, facts.jpeg_quality_exact) == (quality, True)


def test_other_tables_give_an_estimate() -> None:
    facts = probe(saved(scene(), qtables=[[20] * 64, [30] * 64]))
    assert facts.jpeg_quality is not None
    assert 50 <= facts.jpeg_quality <= 90
    assert not facts.jpeg_quality_exact


def test_a_quality_of_luma_and_another_of_chroma_is_not_exact() -> None:
    luma = JpegImageFile(BytesIO(saved(scene(), quality=90))).quantization[0]
    chroma = JpegImageFile(BytesIO(saved(scene(), quality=30))).quantization[1]
    assert not probe(saved(scene(), qtables=[luma, chroma])).jpeg_quality_exact


@pytest.mark.parametrize(
    ("unit", "stored", "dpi"), [(1, 300, 300.0), (2, 118, 299.72), (0, 1, None)]
)
def test_density_is_read_in_either_unit(
    unit: int, stored: int, dpi: float | None
) -> None:
    data = bytearray(JPEG)
    at = data.index(b"JFIF\0") + 7
    data[at : at + 5] = struct.pack(">BHH", unit, stored, stored)
    found = probe(bytes(data)).dpi
    assert found == (None if dpi is None else pytest.approx((dpi, dpi)))


@pytest.mark.parametrize(("unit", "dpi"), [(2, 300.0), (3, 762.0)])
def test_density_comes_from_camera_notes_where_jfif_has_none(
    unit: int, dpi: float
) -> None:
    data = saved(scene(), exif=exif(dpi=300.0, unit=unit))
    assert probe(data).dpi == pytest.approx((dpi, dpi))


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_camera_notes_are_read_in_each_format(form: str) -> None:
    notes = exif(orientation=6, taken="2025:06:07 08:09:10")
    facts = probe(saved(scene(), form, exif=notes))
    assert (facts.orientation, facts.taken_on) == (6, date(2025, 6, 7))


@pytest.mark.parametrize(
    "taken", ["    :  :     :  :  ", "2025:02:30 00:00:00", "soon"]
)
def test_a_day_that_does_not_exist_is_no_day(taken: str) -> None:
    assert probe(saved(scene(), exif=exif(taken=taken))).taken_on is None


def test_damaged_notes_are_no_reason_to_refuse() -> None:
    for notes in (
        b"",
        b"II*\0",
        b"MM\0*\xff\xff\xff\xff",
        b"MM\0*\0\0\0\x08\xff\xff" * 9,
    ):
        facts = probe(with_segments(JPEG, segment(0xE1, b"Exif\0\0" + notes)))
        assert (facts.orientation, facts.taken_on) == (1, None)


@pytest.mark.parametrize(
    ("mode", "colour", "components"), [("L", "grey", 1), ("CMYK", "cmyk", 4)]
)
def test_colours_of_a_jpeg_are_named(mode: str, colour: str, components: int) -> None:
    facts = probe(saved(scene().convert(mode)))
    assert (facts.colour, facts.components) == (colour, components)


def test_a_foreign_profile_marks_the_colours() -> None:
    assert probe(saved(scene(), icc_profile=swapped_profile())).colour == "rgb-profiled"


@pytest.mark.parametrize(
    ("mode", "colour", "components", "bits"),
    [
        ("RGB", "rgb", 3, 8),
        ("RGBA", "rgb-alpha", 4, 8),
        ("L", "grey", 1, 8),
        ("LA", "grey-alpha", 2, 8),
        ("P", "palette", 1, 8),
        ("1", "grey", 1, 1),
        ("I;16", "grey", 1, 16),
    ],
)
def test_a_png_tells_depth_and_colour(
    mode: str, colour: str, components: int, bits: int
) -> None:
    picture = scene().convert("L" if mode == "I;16" else mode)
    facts = probe(saved(picture.convert(mode), "PNG"))
    assert (facts.colour, facts.components, facts.bits_per_sample) == (
        colour,
        components,
        bits,
    )


def test_a_png_tells_its_density_per_metre() -> None:
    found = probe(saved(scene(), "PNG", dpi=(300, 300))).dpi
    assert found == pytest.approx((300, 300), abs=0.01)


@pytest.mark.parametrize("coding", [{"lossless": False}, {"lossless": True}])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("notes", [b"", exif(orientation=1)])
def test_a_webp_tells_its_size(
    coding: dict[str, bool], mode: str, notes: bytes
) -> None:
    picture = scene(100, 70).convert(mode)
    picture.putpixel((0, 0), (1, 2, 3, 4)[: len(mode)])
    facts = probe(saved(picture, "WEBP", exif=notes, **coding))
    assert (facts.format, facts.width, facts.height) == ("WEBP", 100, 70)
    assert facts.components == len(mode)


def test_a_heic_tells_its_size_and_holds_several_pictures() -> None:
    facts = probe(heic(scene(), scene(64, 64)), filename="IMG.HEIC")
    assert (facts.format, facts.width, facts.height) == ("HEIC", 96, 128)
    assert (facts.frames, facts.extension, facts.bits_per_sample) == (2, "heic", 8)


@pytest.mark.parametrize("rest", [b"\0" * 500, b"x", FILM, JPEG])
def test_what_follows_the_end_is_counted_and_accepted(rest: bytes) -> None:
    assert probe(JPEG + rest).trailing_bytes == len(rest)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_what_follows_the_end_is_counted_in_other_formats(form: str) -> None:
    assert probe(saved(scene(), form) + b"\0" * 9).trailing_bytes == 9


def test_the_second_picture_of_a_phone_is_no_padding() -> None:
    data = multi_picture(JPEG, saved(scene(64, 64)))
    assert (probe(data).frames, probe(data).trailing_bytes) == (2, 0)
    assert probe(data + bytes(7)).trailing_bytes == 7


def test_a_list_of_pictures_that_are_not_there_covers_nothing() -> None:
    data = multi_picture(JPEG, b"\0" * 400)
    assert (probe(data).frames, probe(data).trailing_bytes) == (1, 400)


def test_a_thumbnail_does_not_end_the_picture() -> None:
    thumbnail = saved(scene(64, 64))
    data = with_segments(JPEG, segment(0xE1, b"Exif\0\0" + thumbnail))
    assert probe(data).trailing_bytes == 0


def test_fill_bytes_and_progressive_scans_are_passed_over() -> None:
    assert probe(JPEG[:2] + b"\xff\xff" + JPEG[2:]).trailing_bytes == 0
    assert probe(saved(scene(), progressive=True)).trailing_bytes == 0


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"GIF89a", "GIF"),
        (b"BM", "BMP"),
        (b"II*\0", "TIFF"),
        (b"MM\0*", "TIFF"),
        (b"%PDF-1.7", "PDF"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"<svg/>", "SVG"),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "AVIF"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "MP4"),
    ],
)
def test_other_formats_are_refused_by_name(start: bytes, name: str) -> None:
    error = refusal(start + bytes(200))
    assert (error.code, error.data["format"]) == ("unsupported_format", name)


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"\xff\xd8", b"hello", bytes(999), FILM[4:]]
)
def test_what_is_no_picture_is_called_so(data: bytes) -> None:
    assert refusal(data).code in {"not_a_picture", "picture_damaged"}


@pytest.mark.parametrize(
    ("marker", "bits"), [(0xC3, 8), (0xC9, 8), (0xC5, 8), (0xCA, 8), (0xC1, 12)]
)
def test_codings_that_browsers_lack_are_refused(marker: int, bits: int) -> None:
    assert refusal(frame(marker, bits)).code == "unsupported_format"


@pytest.mark.parametrize("share", [0.03, 0.3, 0.6, 0.9, 0.999])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "HEIC"])
def test_a_file_cut_short_is_refused(form: str, share: float) -> None:
    data = heic(scene()) if form == "HEIC" else saved(scene(), form)
    assert refusal(data[: int(len(data) * share)]).code == "picture_damaged"


def test_a_jpeg_that_contradicts_itself_is_refused() -> None:
    at, scan = JPEG.index(b"\xff\xc0"), JPEG.index(b"\xff\xda")
    tables = JPEG.index(b"\xff\xdb")
    end = tables + 2 + int.from_bytes(JPEG[tables + 2 : tables + 4], "big")
    for data in (
        JPEG[:at] + JPEG[at:scan] + JPEG[at:],  # two frames
        JPEG[:at] + JPEG[at + 19 :],  # none
        JPEG[:scan] + b"\xff\xd9",  # no scan
        JPEG[:tables] + JPEG[end:],  # no table
        JPEG[: at + 5] + b"\0\0" + JPEG[at + 7 :],  # no height
        JPEG[: at + 9] + b"\2" + JPEG[at + 10 :],  # two components
        JPEG[:2] + b"\xff\xe1\0\1" + JPEG[2:],  # shorter than its own length
        with_segments(JPEG, *[segment(0xFE, b"")] * 1001),
        with_segments(JPEG, segment(0xDB, b"\0" * 20)),
        JPEG[:-2] + JPEG[scan:-2] * 101 + b"\xff\xd9",
    ):
        assert refusal(data).code == "picture_damaged"


def test_a_picture_that_begins_inside_another_is_a_cut() -> None:
    assert refusal(JPEG[:-40] + JPEG).code == "picture_damaged"


def test_a_png_that_contradicts_itself_is_refused() -> None:
    header = PNG[8:33]
    bad = bytearray(PNG)
    bad[29] ^= 1
    for data in (
        bytes(bad),  # checksum
        png_with(PNG, header),  # two headers
        PNG[:8] + PNG[33:],  # none
        PNG[:8] + chunk(b"IHDR", bytes(13)) + PNG[33:],
        png_with(PNG, *[chunk(b"tEXt", b"")] * 20_001),
    ):
        assert refusal(data).code == "picture_damaged"


def test_bombs_are_refused_before_anything_is_inflated() -> None:
    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1_000_000), 9)
    bomb = PNG[:8] + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + PNG[-12:]
    assert refusal(bomb).code == "too_many_pixels"


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP"])
def test_packed_notes_are_not_inflated_without_bound(kind: bytes) -> None:
    packed = zlib.compress(bytes(50_000_000), 9)
    assert probe(png_with(PNG, chunk(kind, b"n\0\0" + packed))).format == "PNG"


def test_a_profile_that_cannot_be_inflated_is_ignored() -> None:
    assert probe(png_with(PNG, chunk(b"iCCP", b"n\0\0nonsense"))).colour == "rgb"


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_moving_pictures_are_refused(form: str) -> None:
    data = saved(scene(), form, save_all=True, append_images=[scene(seed=2)])
    assert refusal(data).code == "animated_picture"


@pytest.mark.parametrize("size", [(1, 1), (63, 400), (400, 63)])
def test_a_picture_too_small_for_a_face_is_refused(size: tuple[int, int]) -> None:
    assert refusal(saved(scene(*size))).code == "picture_too_small"


def test_a_picture_that_is_also_an_archive_is_refused() -> None:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", "x" * 100)
    assert refusal(JPEG + packed.getvalue()).code == "picture_polyglot"
    inside = with_segments(JPEG, segment(0xFE, b"%PDF-1.4"))
    assert refusal(inside).code == "picture_polyglot"
    assert probe(JPEG + b"PK\5\6" + bytes(90)).trailing_bytes == 94


def test_large_notes_are_no_obstacle() -> None:
    notes = [segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"x" * 65000)] * 60
    assert probe(with_segments(JPEG, *notes)).width == 96


@pytest.mark.parametrize(
    ("name", "extension"),
    [
        (None, None),
        ("", None),
        ("photo", None),
        (".jpg", None),
        ("a.b.JPeG", "jpeg"),
        ("C:\\x.y\\photo", None),
        ("../../a.PNG", "png"),
        ("照片.照片", None),
        ("x." + "y" * 40, None),
    ],
)
def test_only_the_extension_of_a_name_counts(name: str | None, extension: Any) -> None:
    assert probe(JPEG, filename=name).extension == extension
