from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, JpegImagePlugin

from backend import policies
from backend.domain.errors import PhotoUnreadableError
from backend.domain.policy import EncodingLimits
from backend.imaging import encode as encoder
from backend.imaging.decode import decode
from backend.imaging.encode import encode, strip_private_metadata
from backend.imaging.probe import probe
from tests.imaging import pictures
from tests.imaging.portraits import scaled
from tests.pictures import astronaut

LIMITS = policies.load("notice-2025").encoding


@st.composite
def portraits(draw: st.DrawFn) -> pictures.Pixels:
    """Noise over a gradient, from nothing at all to nothing but."""
    share = draw(st.floats(0, 1))
    ground = draw(st.sampled_from(["flat", "gradient"]))
    under = (
        np.full((640, 480, 3), draw(st.integers(0, 255)), np.uint8)
        if ground == "flat"
        else pictures.gradient()
    )
    over = pictures.noise(seed=draw(st.integers(0, 9)))
    mixed: pictures.Pixels = (over * share + under * (1 - share)).astype(np.uint8)
    return mixed


@settings(max_examples=25, deadline=None)
@given(portraits())
def test_the_best_file_within_the_limits_is_made(rgb: pictures.Pixels) -> None:
    made = encode(rgb, limits=LIMITS)
    facts = probe(made.data)
    assert made.quality >= LIMITS.min_quality
    assert (facts.jpeg_quality, facts.jpeg_quality_exact) == (made.quality, True)
    assert (facts.width, facts.height) == (480, 640)
    assert facts.dpi == (float(LIMITS.dpi), float(LIMITS.dpi))
    assert (facts.bits_per_sample, facts.components, facts.colour) == (8, 3, "rgb")
    assert facts.trailing_bytes == 0
    if made.quality > LIMITS.min_quality:
        assert len(made.data) <= LIMITS.preferred_max_bytes
    if len(made.data) < LIMITS.min_bytes:
        assert made.quality == 100, "smaller than allowed, though more was to be had"
    assert encode(rgb, limits=LIMITS) == made


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1, 0.15])
def test_pictures_like_photos_land_in_the_preferred_range(share: float) -> None:
    mixed = pictures.noise() * share + pictures.gradient() * (1 - share)
    made = encode(mixed.astype(np.uint8), limits=LIMITS)
    size = len(made.data)
    assert LIMITS.preferred_min_bytes <= size <= LIMITS.preferred_max_bytes


@pytest.mark.parametrize("percent", range(2, 16))
def test_one_step_more_quality_would_be_too_large(percent: int) -> None:
    share = percent / 100
    mixed = pictures.noise() * share + pictures.gradient() * (1 - share)
    mixed = mixed.astype(np.uint8)
    made = encode(mixed, limits=LIMITS)
    with Image.open(io.BytesIO(made.data)) as picture:
        sampling = JpegImagePlugin.get_sampling(picture)
    more = pictures.jpeg(
        Image.fromarray(mixed),
        quality=made.quality + 1,
        subsampling=sampling,
        optimize=True,
    )
    assert len(made.data) <= LIMITS.preferred_max_bytes < len(more)


@pytest.mark.parametrize(
    "limits",
    [
        LIMITS,
        replace(LIMITS, min_quality=90),
        replace(LIMITS, min_quality=30, max_bytes=20_000, preferred_max_bytes=12_000),
    ],
)
def test_a_few_tries_find_what_trying_everything_finds(
    limits: EncodingLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def counted(*arguments: Any) -> encoder.Encoded:
        made = write(*arguments)
        written.append(made.quality)
        return made

    write = encoder._write
    monkeypatch.setattr(encoder, "_write", counted)
    portrait = scaled(astronaut()[:, 40:424], 1.25)
    made = encode(portrait, limits=limits)
    assert len(written) <= 5
    assert len(set(written)) >= len(written) - 1
    picture = Image.fromarray(portrait)
    best = {}
    for sampling in ("4:4:4", "4:2:0"):
        fitting = [
            tried
            for quality in range(limits.min_quality, 101)
            for tried in [write(picture, quality, limits.dpi, sampling)]
            if len(tried.data) <= limits.preferred_max_bytes
        ]
        best[sampling] = max(fitting, key=lambda tried: tried.quality, default=None)
    full, half = best["4:4:4"], best["4:2:0"]
    if full is None or full.quality < 85:
        lowest = write(picture, limits.min_quality, limits.dpi, "4:2:0")
        assert made == (half or lowest)
    else:
        assert made == full


def test_quality_wins_where_size_cannot_be_met() -> None:
    made = encode(pictures.noise(), limits=LIMITS)
    assert made.quality == LIMITS.min_quality
    assert len(made.data) > LIMITS.max_bytes


def test_the_file_holds_the_picture_and_nothing_else() -> None:
    made = encode(pictures.gradient(), limits=LIMITS)
    with Image.open(io.BytesIO(made.data)) as picture:
        assert set(picture.info) <= {
            "jfif",
            "jfif_version",
            "jfif_unit",
            "jfif_density",
            "dpi",
        }
    difference = decode(made.data).astype(int) - pictures.gradient()
    assert np.abs(difference).mean() < 2
    assert strip_private_metadata(made.data) == made.data


@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_private_notes_go_and_the_picture_stays_byte_for_byte(
    options: dict[str, bool],
) -> None:
    picture = pictures.quarters()
    bare = pictures.saved(picture, "JPEG", quality=80, dpi=(300, 300), **options)
    notes = pictures.with_notes(taken="2025:03:09 08:07:06")
    private = pictures.saved(
        picture,
        "JPEG",
        quality=80,
        dpi=(300, 300),
        exif=notes,
        comment=b"where I live",
        xmp=b"<x:xmpmeta/>",
        **options,
    )
    assert b"where I live" in private
    assert strip_private_metadata(private + b"and a film") == bare


def test_how_the_samples_are_coded_is_no_private_note() -> None:
    data = pictures.jpeg(keep_rgb=True)
    stripped = strip_private_metadata(data)
    np.testing.assert_array_equal(decode(stripped), decode(data))
    cmyk = pictures.jpeg(pictures.quarters().convert("CMYK"))
    np.testing.assert_array_equal(decode(strip_private_metadata(cmyk)), decode(cmyk))


@pytest.mark.parametrize("cut", [2, 30, 400])
def test_only_whole_pictures_are_stripped(cut: int) -> None:
    with pytest.raises(PhotoUnreadableError) as error:
        strip_private_metadata(pictures.jpeg()[:-cut])
    assert error.value.code == "picture_damaged"


def test_a_picture_without_a_scan_is_not_stripped() -> None:
    data = pictures.jpeg()
    with pytest.raises(PhotoUnreadableError):
        strip_private_metadata(data[: data.index(b"\xff\xda")] + b"\xff\xd9")
