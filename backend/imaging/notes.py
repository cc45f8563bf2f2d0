"""What cameras and picture programs write about a picture beside its pixels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final

from PIL import ExifTags, Image

from backend.domain.errors import PhotoUnreadableError
from backend.imaging.decode import guarded

#: How picture programs sign their work, in lower case, and what people call them. Only
#: these names leave this module: the notes themselves may hold anything.
_EDITORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "photoshop": "Photoshop",
        "lightroom": "Lightroom",
        "gimp": "GIMP",
        "snapseed": "Snapseed",
        "meitu": "美图秀秀",
        "美图": "美图秀秀",
        "xiuxiu": "美图秀秀",
        "beautycam": "美颜相机",
        "美颜相机": "美颜相机",
        "beautyplus": "BeautyPlus",
        "xingtu": "醒图",
        "醒图": "醒图",
        "hypic": "醒图",
        "faceu": "Faceu 激萌",
        "ulike": "轻颜相机",
        "轻颜": "轻颜相机",
        "b612": "B612 咔叽",
        "facetune": "Facetune",
        "pitu": "天天P图",
        "天天p图": "天天P图",
        "picsart": "PicsArt",
        "vsco": "VSCO",
        "polarr": "泼辣修图",
        "pixelmator": "Pixelmator",
        "affinity photo": "Affinity Photo",
        "canva": "Canva",
        "photoscape": "PhotoScape",
        "neo imaging": "光影魔术手",
        "paint.net": "Paint.NET",
        "acdsee": "ACDSee",
    }
)
_SIGNATURES: Final = (ExifTags.Base.Software, ExifTags.Base.ProcessingSoftware)
#: XMP names the program in one of these elements.
_XMP_MARKS: Final = (b"CreatorTool", b"softwareAgent")
_XMP_REACH: Final = 120


def camera_notes(notes: Image.Exif, data: bytes) -> Mapping[int, Any]:
    """Return the camera's own directory; empty when damaged, no reason to refuse."""
    try:
        return guarded(lambda: notes.get_ifd(ExifTags.IFD.Exif), data)
    except PhotoUnreadableError:
        return {}


def taken_on(camera: Mapping[int, Any]) -> date | None:
    """Return the day the camera noted."""
    try:
        text = str(camera.get(ExifTags.Base.DateTimeOriginal))[:10]
        return datetime.strptime(text, "%Y:%m:%d").date()  # noqa: DTZ007 - a camera's local day
    except ValueError:
        return None


def focal_35mm(camera: Mapping[int, Any], size: tuple[int, int]) -> float | None:
    """Return the focal length for 35 mm film, if the picture is still the whole view.

    A picture cropped later keeps the note, but its sides are no longer those noted.
    """
    noted = (
        camera.get(ExifTags.Base.ExifImageWidth),
        camera.get(ExifTags.Base.ExifImageHeight),
    )
    if set(noted) != set(size):
        return None
    try:
        value = float(camera[ExifTags.Base.FocalLengthIn35mmFilm])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return value if math.isfinite(value) and value > 0 else None


def editor(notes: Image.Exif, xmp: object) -> str | None:
    """Return the known picture program whose mark is in the notes."""
    # Pillow reads the text as Latin-1; phones write UTF-8.
    signed = [
        str(notes.get(tag, "")).encode("latin-1", "ignore").decode("utf-8", "ignore")
        for tag in _SIGNATURES
    ]
    if isinstance(xmp, bytes):
        for mark in _XMP_MARKS:
            at = xmp.find(mark)
            while at >= 0:
                signed.append(xmp[at : at + _XMP_REACH].decode("utf-8", "ignore"))
                at = xmp.find(mark, at + 1)
    text = "\n".join(signed).lower()
    return next((name for mark, name in _EDITORS.items() if mark in text), None)
