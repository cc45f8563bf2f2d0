"""Picture files for tests, drawn and put together here."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image, ImageCms

Pixels = NDArray[np.uint8]


def scene(width: int = 96, height: int = 128, *, seed: int = 1) -> Image.Image:
    """Return a smooth picture whose four corners differ, so that turns show."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    noise = np.random.default_rng(seed).normal(0, 2, (height, width, 3))
    smooth = np.stack([230 * x, 230 * y, 200 * (1 - x) * (1 - y)], axis=2) + 20
    return Image.fromarray(np.clip(smooth + noise, 0, 255).astype(np.uint8))


def saved(picture: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    """Return the picture as a file."""
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def segment(marker: int, payload: bytes) -> bytes:
    """Return one JPEG segment."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(payload) + 2) + payload


def with_segments(jpeg: bytes, *segments: bytes) -> bytes:
    """Return the JPEG with segments put in front."""
    return jpeg[:2] + b"".join(segments) + jpeg[2:]


def exif(**tags: Any) -> bytes:
    """Return an EXIF block: orientation, taken, dpi."""
    notes = Image.Exif()
    if "orientation" in tags:
        notes[0x0112] = tags["orientation"]
    if "dpi" in tags:
        notes[0x011A] = notes[0x011B] = tags["dpi"]
        notes[0x0128] = tags.get("unit", 2)
    if "taken" in tags:
        notes.get_ifd(0x8769)[0x9003] = tags["taken"]
    return notes.tobytes()


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return one PNG chunk."""
    checksum = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + checksum


def png_with(png: bytes, *chunks: bytes) -> bytes:
    """Return the PNG with chunks put behind its header."""
    return png[:33] + b"".join(chunks) + png[33:]


def heic(*pictures: Image.Image, **options: Any) -> bytes:
    """Return a HEIC of these pictures, the first one primary."""
    out = io.BytesIO()
    container = pillow_heif.from_pillow(pictures[0])
    for picture in pictures[1:]:
        container.add_from_pillow(picture)
    container.save(out, quality=80, **options)
    return out.getvalue()


def swapped_profile() -> bytes:
    """Return an RGB profile other than sRGB; its red and green are swapped in effect."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # The colorant tags' names trade places: what is stored as red means green.
    data = srgb.replace(b"rXYZ", b"tmp1").replace(b"gXYZ", b"rXYZ")
    data = data.replace(b"tmp1", b"gXYZ").replace(b"sRGB", b"test")
    return data.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


def decoded(data: bytes) -> Pixels:
    """Return what Pillow makes of a file by itself."""
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


def difference(one: Pixels, other: Pixels) -> float:
    """Return the mean difference per sample."""
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


def multi_picture(first: bytes, second: bytes) -> bytes:
    """Return a multi-picture JPEG as phones make: the second follows the first."""

    def notes(size: int, offset: int) -> bytes:
        entries = struct.pack(">IIIHH", 0x030000, len(first), 0, 0, 0)
        entries += struct.pack(">IIIHH", 0, size, offset, 0, 0)
        head = b"MM\0*" + struct.pack(">IH", 8, 1)
        head += struct.pack(">HHII", 0xB002, 7, len(entries), 26) + bytes(4)
        return segment(0xE2, b"MPF\0" + head + entries)

    length = len(notes(0, 0))
    # Offsets count from the structure's own start, behind SOI, marker, length and name.
    return with_segments(first, notes(len(second), len(first) + length - 10)) + second
