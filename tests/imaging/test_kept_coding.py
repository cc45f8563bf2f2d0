"""A compliant upload keeps its coding only if it looks the same without its notes."""

from __future__ import annotations

import pytest
from PIL import Image, ImageCms

from backend.imaging.encode import strip_private_metadata
from backend.imaging.inspector import _look_the_same
from tests.imaging.pictures import gradient, jpeg, swapped_profile, with_notes

PICTURE = Image.fromarray(gradient())
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def looks_the_same(data: bytes) -> bool:
    return _look_the_same(data, strip_private_metadata(data))


@pytest.mark.parametrize("orientation", range(2, 9))
def test_a_turn_or_mirroring_in_the_notes_is_noticed(orientation: int) -> None:
    notes = with_notes(orientation=orientation)
    assert not looks_the_same(jpeg(PICTURE, exif=notes))


def test_a_profile_that_shifts_the_colours_is_noticed() -> None:
    assert not looks_the_same(jpeg(PICTURE, icc_profile=swapped_profile()))


@pytest.mark.parametrize("profile", [None, SRGB, b"nonsense"])
def test_notes_that_change_nothing_are_no_obstacle(profile: bytes | None) -> None:
    notes = with_notes(orientation=1, taken="2025:06:07 08:09:10")
    assert looks_the_same(jpeg(PICTURE, exif=notes, icc_profile=profile))
