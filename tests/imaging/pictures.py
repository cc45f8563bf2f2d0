"""Small pictures of every kind, drawn on the spot."""

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

pillow_heif.register_heif_opener(thumbnails=False)

RED, GREEN, BLUE, WHITE = (200, 30, 30), (30, 160, 40), (30, 40, 190), (240, 240, 240)


def quarters(width: int = 96, height: int = 128) -> Image.Image:
    """Red, green, blue and white quarters: which way is up can be told."""
    picture = Image.new("RGB", (width, height), WHITE)
    half = (width // 2, height // 2)
    picture.paste(RED, (0, 0, *half))
    picture.paste(GREEN, (half[0], 0, width, half[1]))
    picture.paste(BLUE, (0, half[1], half[0], height))
    return picture


def noise(width: int = 480, height: int = 640, seed: int = 0) -> Pixels:
    random = np.random.default_rng(seed)
    return random.integers(0, 256, (height, width, 3), dtype=np.uint8)


def gradient(width: int = 480, height: int = 640) -> Pixels:
    y, x = np.mgrid[:height, :width]
    planes = (255 * x / width, 255 * y / height, 127 + 0 * x)
    return np.stack(planes, axis=-1).astype(np.uint8)


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def jpeg(picture: Image.Image | None = None, **options: Any) -> bytes:
    return saved(picture or quarters(), "JPEG", **{"quality": 90} | options)


def with_notes(
    *, orientation: int | None = None, taken: str | None = None
) -> Image.Exif:
    notes = Image.Exif()
    if orientation is not None:
        notes[0x0112] = orientation
    if taken is not None:
        notes.get_ifd(0x8769)[0x9003] = taken
    return notes


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return (
        struct.pack(">I", len(body))
        + kind
        + body
        + struct.pack(">I", zlib.crc32(kind + body))
    )


def png_with(chunk: bytes, picture: Image.Image | None = None) -> bytes:
    """A PNG with a chunk of ours after its header."""
    data = saved(picture or quarters(), "PNG")
    return data[:33] + chunk + data[33:]


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + (len(body) + 2).to_bytes(2, "big") + body


def swapped_profile() -> bytes:
    """A profile in which the first channel means green and the second red."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return (
        profile.replace(b"rXYZ", b"tmpX")
        .replace(b"gXYZ", b"rXYZ")
        .replace(b"tmpX", b"gXYZ")
    )


def noise_image() -> Image.Image:
    return Image.fromarray(noise(96, 128))
