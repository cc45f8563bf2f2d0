"""What cameras and programs note beside the pixels, and what is made of it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from PIL import Image

from backend.imaging.posture import camera_distance
from backend.imaging.probe import probe
from tests.domain.judging import NOTICE, good_file
from tests.imaging import pictures
from tests.imaging.portraits import inspector, model, roomy
from tests.pictures import as_jpeg

XMP = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description
 xmp:CreatorTool="%s"/></rdf:RDF></x:xmpmeta>"""


def signed(software: str) -> bytes:
    notes = Image.Exif()
    # Phones write UTF-8 where the standard has ASCII.
    notes[0x0131] = software.encode()
    return pictures.jpeg(exif=notes)


@pytest.mark.parametrize(
    ("software", "editor"),
    [
        ("Adobe Photoshop 25.0 (Windows)", "Photoshop"),
        ("MeituPic", "美图秀秀"),
        ("醒图 11.2", "醒图"),
        ("Snapseed 2.0", "Snapseed"),
        ("HDR+ 1.0.345618096zd", None),
        ("17.5.1", None),
        ("a program nobody knows", None),
        ("", None),
    ],
)
def test_a_known_editor_is_named_and_nothing_else_is(
    software: str, editor: str | None
) -> None:
    assert probe(signed(software)).editor == editor


def test_an_editor_may_sign_in_xmp_instead() -> None:
    data = pictures.jpeg(xmp=XMP % b"Adobe Lightroom 7.3")
    assert probe(data).editor == "Lightroom"
    assert probe(pictures.jpeg(xmp=XMP % b"My Phone")).editor is None


def lens(focal: object, size: tuple[int, int]) -> bytes:
    notes = Image.Exif()
    camera: dict[int, Any] = notes.get_ifd(0x8769)
    camera[0xA405] = focal
    camera[0xA002], camera[0xA003] = size
    return pictures.jpeg(exif=notes)


def test_the_focal_length_counts_while_the_view_is_whole() -> None:
    assert probe(lens(26, (96, 128))).focal_35mm == 26
    turned = probe(lens(26, (128, 96)))
    assert turned.focal_35mm == 26
    cropped = probe(lens(26, (4032, 3024)))
    assert cropped.focal_35mm is None


@pytest.mark.parametrize("focal", [0, "unknown"])
def test_a_focal_length_that_is_none_is_left_out(focal: object) -> None:
    assert probe(lens(focal, (96, 128))).focal_35mm is None


def test_the_camera_is_as_far_as_similar_triangles_say() -> None:
    face = model().look(roomy()).face
    assert face is not None
    file = good_file(width=4032, height=3024, focal_35mm=27.0)
    # At 27 mm a picture spans 36/27 of its distance: 4032 px; a face of 0.14 m at 1 m
    # then takes 4032 × 0.14 × 27/36 px.
    scale = 4032 * 0.14 * 27 / 36 / face.width
    assert camera_distance(face, scale, file) == pytest.approx(1.0)
    assert camera_distance(face, 2 * scale, file) == pytest.approx(0.5)
    assert camera_distance(face, scale, good_file()) is None


@pytest.mark.parametrize(
    ("today", "days", "status"),
    [
        (date(2025, 3, 10), 1, "human"),
        (date(2026, 3, 10), 366, "warn"),
        (None, None, "human"),
    ],
)
def test_how_old_a_photo_is_counts_to_today(
    today: date | None, days: int | None, status: str
) -> None:
    data = as_jpeg(roomy(), exif=pictures.with_notes(taken="2025:03:09 08:00:00"))
    seen = inspector().inspect(data, filename="a.jpg", policy=NOTICE, today=today)
    (found,) = [f for f in seen.report.findings if f.rule == "recency"]
    assert (found.value, found.status) == (days, status)
