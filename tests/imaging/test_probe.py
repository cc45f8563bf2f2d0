from __future__ import annotations

import hashlib
import io
from datetime import date

import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from backend.domain.errors import PhotoUnreadableError
from backend.imaging import jpeg as segments
from backend.imaging.probe import probe
from tests.imaging import pictures


def refusal(data: bytes) -> str:
    with pytest.raises(PhotoUnreadableError) as error:
        probe(data)
    return error.value.code


def test_a_jpeg_tells_all_its_facts() -> None:
    notes = pictures.with_notes(orientation=6, taken="2025:03:09 08:07:06")
    data = pictures.jpeg(quality=83, dpi=(300, 300), exif=notes)
    facts = probe(data, filename="IMG.0001.JPG")
    assert facts.sha256 == hashlib.sha256(data).hexdigest()
    assert facts.size_bytes == len(data)
    assert (facts.format, facts.width, facts.height) == ("JPEG", 96, 128)
    assert (facts.bits_per_sample, facts.components, facts.colour) == (8, 3, "rgb")
    assert facts.dpi == (300.0, 300.0)
    assert (facts.jpeg_quality, facts.jpeg_quality_exact) == (83, True)
    assert (facts.trailing_bytes, facts.frames) == (0, 1)
    assert facts.orientation == 6
    assert facts.taken_on == date(2025, 3, 9)
    assert facts.extension == "jpg"


@pytest.mark.parametrize("quality", range(5, 101, 5))
def test_the_quality_of_standard_tables_is_exact(quality: int) -> None:
    facts = probe(pictures.jpeg(quality=quality, progressive=bool(quality % 2)))
    assert (facts.jpeg_quality, facts.jpeg_quality_exact) == (quality, True)


def test_the_quality_of_other_tables_is_an_estimate() -> None:
    standard = Image.open(io.BytesIO(pictures.jpeg(quality=75)))
    assert isinstance(standard, JpegImageFile)
    tables = [
        [min(255, value + 1) for value in table]
        for table in standard.quantization.values()
    ]
    facts = probe(pictures.jpeg(quality=-1, qtables=tables))
    assert facts.jpeg_quality in range(68, 80)
    assert not facts.jpeg_quality_exact


@pytest.mark.parametrize(
    ("mode", "colour", "components"),
    [("L", "grey", 1), ("RGB", "rgb", 3), ("CMYK", "cmyk", 4)],
)
def test_jpeg_colours(mode: str, colour: str, components: int) -> None:
    facts = probe(pictures.jpeg(pictures.quarters().convert(mode)))
    assert (facts.colour, facts.components, facts.bits_per_sample) == (
        colour,
        components,
        8,
    )


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("1", ("grey", 1, 1)),
        ("L", ("grey", 1, 8)),
        ("P", ("palette", 1, 8)),
        ("RGBA", ("rgb", 4, 8)),
        ("I;16", ("grey", 1, 16)),
    ],
)
def test_png_colours(mode: str, expected: tuple[str, int, int]) -> None:
    picture = (
        Image.new("I;16", (96, 96), 40000)
        if mode == "I;16"
        else pictures.noise_image().convert(mode)
    )
    facts = probe(pictures.saved(picture, "PNG"))
    assert (facts.colour, facts.components, facts.bits_per_sample) == expected
    assert facts.jpeg_quality is None


@pytest.mark.parametrize(
    ("kind", "name"), [("PNG", "PNG"), ("WEBP", "WEBP"), ("HEIF", "HEIC")]
)
def test_the_format_is_told_by_content(kind: str, name: str) -> None:
    facts = probe(pictures.saved(pictures.quarters(), kind), filename="photo.jpg")
    assert (facts.format, facts.width, facts.height) == (name, 96, 128)
    assert (facts.colour, facts.frames, facts.extension) == ("rgb", 1, "jpg")


def test_dots_per_centimetre_become_dots_per_inch() -> None:
    data = bytearray(pictures.jpeg(dpi=(300, 300)))
    at = data.index(b"JFIF\0") + 7
    data[at : at + 5] = bytes([2]) + (118).to_bytes(2, "big") * 2
    assert probe(bytes(data)).dpi == pytest.approx((299.72, 299.72))


def test_the_camera_notes_tell_the_density_where_jfif_does_not() -> None:
    notes = pictures.with_notes()
    notes[0x011A], notes[0x011B], notes[0x0128] = 240.0, 240.0, 2
    data = bytearray(pictures.jpeg(exif=notes))
    at = data.index(b"JFIF\0") + 7
    data[at] = 0
    assert probe(bytes(data)).dpi == (240.0, 240.0)


def test_png_density_is_read() -> None:
    dpi = probe(pictures.saved(pictures.quarters(), "PNG", dpi=(300, 300))).dpi
    assert dpi == pytest.approx((300, 300), abs=0.02)
    assert probe(pictures.saved(pictures.quarters(), "PNG")).dpi is None


def test_bytes_after_the_end_are_counted_and_allowed() -> None:
    assert probe(pictures.jpeg() + b"\0" * 1234).trailing_bytes == 1234
    progressive = pictures.jpeg(progressive=True)
    assert probe(progressive).trailing_bytes == 0
    assert probe(progressive + b"ftypmp42" * 50).trailing_bytes == 400


def test_two_pictures_in_one_jpeg_are_counted() -> None:
    second = pictures.quarters()
    data = pictures.saved(
        pictures.quarters(), "MPO", save_all=True, append_images=[second]
    )
    facts = probe(data)
    assert (facts.format, facts.frames) == ("JPEG", 2)
    assert facts.trailing_bytes > 0


@pytest.mark.parametrize(
    "taken", ["0000:00:00 00:00:00", "yesterday", "2025:02:30", ""]
)
def test_a_day_that_is_none_is_left_out(taken: str) -> None:
    assert probe(pictures.jpeg(exif=pictures.with_notes(taken=taken))).taken_on is None


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_is_none_counts_as_upright(orientation: int) -> None:
    notes = pictures.with_notes(orientation=orientation)
    assert probe(pictures.jpeg(exif=notes)).orientation == 1


def test_damaged_notes_are_no_reason_to_refuse() -> None:
    facts = probe(pictures.jpeg(exif=b"Exif\0\0nonsense, and more of it"))
    assert (facts.orientation, facts.taken_on) == (1, None)


@pytest.mark.parametrize("filename", [None, "", "photo"])
def test_a_name_without_an_extension_has_none(filename: str | None) -> None:
    assert probe(pictures.jpeg(), filename=filename).extension is None


def test_no_pixel_is_decoded() -> None:
    data = pictures.saved(pictures.quarters(2000, 2000), "PNG")
    start = data.index(b"IDAT") + 8
    broken = data[:start] + bytes(len(data) - start - 12) + data[-12:]
    assert probe(broken).width == 2000


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_a_picture"),
        (b"hello", "not_a_picture"),
        (b"%PDF-1.7 and so on", "unsupported_format"),
        (b"<svg xmlns='x'/>", "unsupported_format"),
        (pictures.saved(pictures.quarters(), "GIF"), "unsupported_format"),
        (pictures.saved(pictures.quarters(), "BMP"), "unsupported_format"),
        (pictures.saved(pictures.quarters(), "TIFF"), "unsupported_format"),
        (pictures.jpeg()[:20], "picture_damaged"),
        (pictures.jpeg(Image.new("RGB", (63, 900))), "picture_too_small"),
    ],
)
def test_what_is_no_photo_is_refused_by_name(data: bytes, code: str) -> None:
    assert refusal(data) == code


def test_the_name_of_an_unsupported_format_is_told() -> None:
    with pytest.raises(PhotoUnreadableError) as error:
        probe(pictures.saved(pictures.quarters(), "TIFF"))
    assert error.value.data == {"format": "TIFF"}


def test_segments_that_break_off_or_lie_are_refused() -> None:
    whole = pictures.jpeg()
    for broken in (
        whole[:2] + b"\0\0" + whole[4:],
        whole[:4] + b"\xff\xff" + whole[6:],
        whole[:4] + b"\0\0" + whole[6:],
    ):
        with pytest.raises(ValueError, match=r"marker|segment|frame"):
            segments.read_facts(broken)
    with pytest.raises(ValueError, match="frame"):
        segments.read_facts(b"\xff\xd8\xff\xd9\xff\xd9")


def test_fill_bytes_and_lone_markers_between_segments_are_passed() -> None:
    whole = pictures.jpeg(quality=61)
    facts = segments.read_facts(whole[:2] + b"\xff\xff\xff\x01" + whole[2:])
    assert facts.quality == 61
    assert segments.read_facts(whole[:-2] + b"\xff" + whole[-2:]).end == len(whole) + 1


def test_a_picture_without_its_end_has_none() -> None:
    whole = pictures.jpeg()
    assert segments.read_facts(whole).end == len(whole)
    assert segments.read_facts(whole[:-2]).end is None
    assert segments.read_facts(whole[:-2] + b"\xff\xc4\0").end is None


def test_tables_of_sixteen_bits_are_read_and_short_ones_passed_over() -> None:
    whole = pictures.jpeg(quality=50)
    at = whole.index(b"\xff\xdb")
    narrow = whole[at + 5 : at + 5 + 64]
    wide = b"\x10" + b"".join(bytes([0, value]) for value in narrow)
    head, frame = whole[:2], whole[whole.index(b"\xff\xc0") :]
    facts = segments.read_facts(head + pictures.segment(0xDB, wide) + frame)
    assert (facts.quality, facts.quality_exact) == (50, True)
    other = b"\x01" + narrow + b"\0short"
    assert (
        segments.read_facts(head + pictures.segment(0xDB, other) + frame).quality
        is None
    )
    only_other = b"\x01" + narrow
    assert (
        segments.read_facts(head + pictures.segment(0xDB, only_other) + frame).quality
        is None
    )
