"""What every format's header reader answers, and what all of them share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from backend.domain.errors import PhotoUnreadableError
from backend.imaging.exif import Exif

#: Phone cameras make up to 50 megapixels; twice the room of that in ordinary use, which
#: bins them to 12.5, and 240 MB as Pillow holds pixels.
MAX_PIXELS: Final = 60_000_000
#: Below this there is no face to find, nor a code.
MIN_SIDE: Final = 64
#: Profiles of cameras and screens take 0.5 to 3 kB, those of printing presses up to 2 MB.
MAX_PROFILE_BYTES: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """One picture file without its pixels.

    Attributes:
        pixels: the file less everything but what decoding needs, so that the decoder
            never sees notes written by a stranger.
        profile: the embedded colour profile.
    """

    format: str
    width: int
    height: int
    bits_per_sample: int
    components: int
    colour: str
    pixels: bytes = field(repr=False)
    profile: bytes | None = field(default=None, repr=False)
    dpi: tuple[float, float] | None = None
    jpeg_quality: int | None = None
    jpeg_quality_exact: bool = False
    trailing_bytes: int = 0
    exif: Exif = field(default_factory=Exif)
    frames: int = 1


def damaged() -> PhotoUnreadableError:
    """Return the refusal of a file that ends too early or contradicts itself."""
    return PhotoUnreadableError("picture_damaged")


def unsupported(name: str) -> PhotoUnreadableError:
    """Return the refusal of a known format, or form of one, that is not taken."""
    return PhotoUnreadableError("unsupported_format", format=name)


def is_srgb(profile: bytes) -> bool:
    """Tell whether a profile calls itself sRGB, in either of ICC's two spellings."""
    return b"sRGB" in profile or "sRGB".encode("utf-16-be") in profile


def colour_name(name: str, profile: bytes | None) -> str:
    """Return the colour's name, marked when a profile gives it another meaning."""
    return name if profile is None or is_srgb(profile) else f"{name}-profiled"
