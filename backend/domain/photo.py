"""What is known of a picture file without looking at its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFacts:
    """The facts of one file.

    Attributes:
        sha256: digest of the bytes, hexadecimal.
        format: ``JPEG``, ``PNG``, ``WEBP`` or ``HEIC``, by content.
        width: pixels as stored, before the orientation tag is applied.
        height: pixels as stored.
        bits_per_sample: 8 for true colour.
        components: samples per pixel.
        colour: ``rgb``, ``grey``, ``cmyk``, ``palette`` …
        dpi: horizontal and vertical pixels per inch; none when not stated.
        jpeg_quality: quality factor of the nearest standard table; none unless JPEG.
        jpeg_quality_exact: the tables are exactly those of that quality.
        trailing_bytes: bytes after the end of the picture.
        orientation: EXIF orientation, 1 (upright) to 8.
        frames: pictures in the file.
        extension: of the file's name, lower case, no dot; none without a name.
        taken_on: the day the camera noted.
        focal_35mm: focal length that gives the same view on 36 × 24 mm film, millimetres;
            none when not noted, or when the picture is no longer the camera's whole view.
        editor: the picture program whose mark the file bears; none without one.
    """

    sha256: str
    size_bytes: int
    format: str
    width: int
    height: int
    bits_per_sample: int
    components: int
    colour: str
    dpi: tuple[float, float] | None
    jpeg_quality: int | None
    jpeg_quality_exact: bool
    trailing_bytes: int
    orientation: int
    frames: int
    extension: str | None
    taken_on: date | None
    focal_35mm: float | None = None
    editor: str | None = None
