"""The upload with the allowed bands, what was found, and where it goes wrong.

Meant to be understood without reading and without telling red from green: bands are
filled, found lines are solid when they lie inside and dashed when outside, a problem is a
box with a cross (a fault) or a bar (a doubt) in its corner. Where the picture is too tight
for a crop, the missing part is added, hatched, within a dashed frame.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from backend.domain.measurements import FaceGeometry
from backend.domain.policy import Policy
from backend.domain.report import Box, Crop, Report, Status
from backend.imaging.landmarks import Pixels
from backend.imaging.scaling import resized

_LONGEST_PX: Final = 900
_QUALITY: Final = 82

Colour = tuple[int, int, int, int]
_BAND: Final[Colour] = (0, 114, 178, 60)
_BAND_EDGE: Final[Colour] = (0, 114, 178, 200)
_GOOD: Final[Colour] = (0, 114, 178, 255)
_BAD: Final[Colour] = (213, 94, 0, 255)
_WARN: Final[Colour] = (230, 159, 0, 255)
_SHADE: Final[Colour] = (20, 26, 34, 120)
_PAPER: Final[Colour] = (255, 255, 255, 235)
_MISSING_PAPER: Final = (250, 246, 240)

#: Findings whose line or box is worth a place in the picture.
_LINE_RULES: Final = frozenset({"crown", "eye_line", "face_width", "centring"})


@dataclass(frozen=True, slots=True)
class Upload:
    """The upright upload and the head in it.

    Attributes:
        rgb: (H, W, 3) pixels, possibly reduced.
        reduced: full-resolution pixels per pixel of ``rgb``.
        head: in full-resolution pixels, as all boxes and crops are.
    """

    rgb: Pixels
    reduced: float
    head: FaceGeometry | None

    @property
    def size(self) -> tuple[float, float]:
        """Full-resolution width and height."""
        height, width = self.rgb.shape[:2]
        return width * self.reduced, height * self.reduced


@dataclass(frozen=True, slots=True)
class _Canvas:
    """What is drawn on; ``x0``, ``y0`` is the picture's corner on it."""

    draw: ImageDraw.ImageDraw
    scale: float
    x0: float
    y0: float
    width: int
    height: int
    stroke: int

    def at(self, x: float, y: float) -> tuple[float, float]:
        return self.x0 + x * self.scale, self.y0 + y * self.scale


def draw_overlay(
    upload: Upload, report: Report, policy: Policy, *, wanted: Crop | None = None
) -> bytes:
    """Return the annotated upload as JPEG, at most 900 px long.

    ``wanted`` is the crop that a refused picture would have, beyond its edges too.
    """
    base, canvas, layer = _prepared(upload, wanted)
    if report.crop is not None:
        _shade_outside(canvas, report.crop)
        _draw_bands(canvas, report.crop, policy)
    elif wanted is not None:
        _draw_bands(canvas, wanted, policy)
        _draw_wanted(canvas, upload, wanted)
    if upload.head is not None:
        # Without any crop to wish for, crown and eyes do not go together.
        hopeless = report.crop is None and wanted is None
        _draw_found(canvas, upload.head, report, clash=hopeless)
    for box, status in _problems(report).items():
        _draw_problem(canvas, box, status)
    base.paste(layer, mask=layer)
    out = io.BytesIO()
    # Optimised tables would save one byte in a hundred and cost three times the time.
    base.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()


def _problems(report: Report) -> dict[Box, Status]:
    """Return each region once with the worst that is said of it, faults drawn last."""
    found = {
        status: [f.box for f in report.findings if f.box and f.status is status]
        for status in (Status.WARN, Status.FAIL)
    }
    doubts = dict.fromkeys(found[Status.WARN], Status.WARN)
    faults = dict.fromkeys(found[Status.FAIL], Status.FAIL)
    return {box: s for box, s in doubts.items() if box not in faults} | faults


def _prepared(
    upload: Upload, wanted: Crop | None
) -> tuple[Image.Image, _Canvas, Image.Image]:
    """Return the picture on paper large enough for the wanted crop, and a layer on it."""
    width, height = upload.size
    left, top, right, bottom = 0.0, 0.0, width, height
    if wanted is not None:
        left, top = min(0, wanted.x), min(0, wanted.y)
        right = max(right, wanted.x + wanted.width)
        bottom = max(bottom, wanted.y + wanted.height)
    scale = min(_LONGEST_PX / max(right - left, bottom - top), 1 / upload.reduced)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    size = (round((right - left) * scale), round((bottom - top) * scale))
    size = (max(size[0], inner[0]), max(size[1], inner[1]))
    corner = (round(-left * scale), round(-top * scale))
    small = resized(upload.rgb, inner, to_look_at=True)
    base = Image.new("RGB", size, _MISSING_PAPER)
    base.paste(Image.fromarray(small), corner)
    layer = Image.new("RGBA", size)
    canvas = _Canvas(
        draw=ImageDraw.Draw(layer),
        scale=scale,
        x0=corner[0],
        y0=corner[1],
        width=size[0],
        height=size[1],
        stroke=max(2, round(max(size) / 300)),
    )
    return base, canvas, layer


def _corners(canvas: _Canvas, crop: Crop) -> tuple[float, float, float, float]:
    left, top = canvas.at(crop.x, crop.y)
    right, bottom = canvas.at(crop.x + crop.width, crop.y + crop.height)
    return left, top, right, bottom


def _shade_outside(canvas: _Canvas, crop: Crop) -> None:
    left, top, right, bottom = _corners(canvas, crop)
    for box in (
        (0, 0, canvas.width, top),
        (0, bottom, canvas.width, canvas.height),
        (0, top, left, bottom),
        (right, top, canvas.width, bottom),
    ):
        if box[2] > box[0] and box[3] > box[1]:
            canvas.draw.rectangle(box, fill=_SHADE)
    edges = (left, top, right, bottom)
    canvas.draw.rectangle(edges, outline=_PAPER, width=canvas.stroke)


def _draw_wanted(canvas: _Canvas, upload: Upload, wanted: Crop) -> None:
    """Hatch what the picture lacks of the wanted crop and frame the crop with dashes."""
    left, top, right, bottom = _corners(canvas, wanted)
    x1, y1 = canvas.at(*upload.size)
    for box in (
        (left, top, right, min(bottom, canvas.y0)),
        (left, max(top, y1), right, bottom),
        (left, max(top, canvas.y0), min(right, canvas.x0), min(bottom, y1)),
        (max(left, x1), max(top, canvas.y0), right, min(bottom, y1)),
    ):
        _hatch(canvas, box)
    for start, end in (
        ((left, top), (right, top)),
        ((right, top), (right, bottom)),
        ((right, bottom), (left, bottom)),
        ((left, bottom), (left, top)),
    ):
        _dashed(canvas, start, end, _BAD, gap=2)


def _hatch(canvas: _Canvas, box: tuple[float, float, float, float]) -> None:
    """Draw diagonals every few strokes, clipped to the box."""
    left, top, right, bottom = box
    if right - left < 1 or bottom - top < 1:
        return
    step = 6 * canvas.stroke
    start = int(left + top) // step * step
    for total in range(start, int(right + bottom) + step, step):
        x_low, x_high = max(left, total - bottom), min(right, total - top)
        if x_low < x_high:
            ends = (x_low, total - x_low, x_high, total - x_high)
            canvas.draw.line(ends, fill=_BAD, width=canvas.stroke)


def _draw_bands(canvas: _Canvas, crop: Crop, policy: Policy) -> None:
    """Fill the bands where crown and eyes belong, and dash the middle."""
    left, top, right, bottom = _corners(canvas, crop)
    draw = canvas.draw
    limits = policy.framing
    unit = (bottom - top) / policy.output.height
    for low, high in (
        (limits.crown_min, limits.crown_max),
        (limits.eye_line_min, limits.eye_line_max),
    ):
        band = (left, top + low * unit, right, top + high * unit)
        draw.rectangle(band, fill=_BAND)
        for y in (band[1], band[3]):
            draw.line((left, y, right, y), fill=_BAND_EDGE, width=1)
    middle = (left + right) / 2
    _dashed(canvas, (middle, top), (middle, bottom), _PAPER, gap=3)


def _draw_found(
    canvas: _Canvas, head: FaceGeometry, report: Report, *, clash: bool
) -> None:
    """Draw crown, eye line and the width between the cheeks as they were found."""
    status = {
        f.rule: f.status
        for f in report.findings
        # A refused crop has no value; its hatching says what is wrong.
        if f.rule in _LINE_RULES and f.value is not None
    }
    reach = head.face_width * 0.62
    for rule, y in (("crown", head.crown_y), ("eye_line", head.eye_y)):
        _line(
            canvas,
            canvas.at(head.centre_x - reach, y),
            canvas.at(head.centre_x + reach, y),
            Status.FAIL if clash else status.get(rule, Status.SKIP),
        )
    y = (head.eye_y + head.chin_y) / 2
    ends = canvas.at(head.left_x, y), canvas.at(head.right_x, y)
    _line(canvas, *ends, status.get("face_width", Status.SKIP))
    for x, line_y in ends:
        canvas.draw.line(
            (x, line_y - 5 * canvas.stroke, x, line_y + 5 * canvas.stroke),
            fill=_GOOD,
            width=canvas.stroke,
        )
    for pupil in (head.left_pupil, head.right_pupil):
        x, line_y = canvas.at(*pupil)
        radius = 2.5 * canvas.stroke
        canvas.draw.ellipse(
            (x - radius, line_y - radius, x + radius, line_y + radius),
            outline=_PAPER,
            width=canvas.stroke,
        )


def _draw_problem(canvas: _Canvas, box: Box, status: Status) -> None:
    """Draw a box with hatching and a mark in its corner, light border around all."""
    colour = _BAD if status is Status.FAIL else _WARN
    left, top = canvas.at(max(box.x, 0), max(box.y, 0))
    right, bottom = canvas.at(box.x + box.width, box.y + box.height)
    right, bottom = min(right, canvas.width - 1), min(bottom, canvas.height - 1)
    if right <= left or bottom <= top:
        return
    stroke = canvas.stroke
    draw = canvas.draw
    outer = (left - stroke, top - stroke, right + stroke, bottom + stroke)
    draw.rectangle(outer, outline=_PAPER, width=stroke)
    draw.rectangle((left, top, right, bottom), outline=colour, width=stroke)
    size = 7 * stroke
    draw.rectangle((left, top, left + size, top + size), fill=colour)
    pad = 2 * stroke
    if status is Status.FAIL:
        for line in (
            (left + pad, top + pad, left + size - pad, top + size - pad),
            (left + pad, top + size - pad, left + size - pad, top + pad),
        ):
            draw.line(line, fill=_PAPER, width=stroke)
    else:
        middle = left + size / 2
        draw.line(
            (middle, top + pad, middle, top + size - 2.4 * pad),
            fill=_PAPER,
            width=stroke,
        )
        draw.line(
            (middle, top + size - 1.6 * pad, middle, top + size - pad),
            fill=_PAPER,
            width=stroke,
        )


def _line(
    canvas: _Canvas,
    start: tuple[float, float],
    end: tuple[float, float],
    status: Status,
) -> None:
    if status is Status.FAIL:
        _dashed(canvas, start, end, _BAD, gap=2)
        return
    wide = canvas.stroke + 2
    canvas.draw.line((*start, *end), fill=_PAPER, width=wide)
    canvas.draw.line((*start, *end), fill=_GOOD, width=canvas.stroke)


def _dashed(
    canvas: _Canvas,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: Colour,
    *,
    gap: int,
) -> None:
    length = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    step = 4.0 * canvas.stroke
    parts = max(1, int(length / step))
    for part in range(0, parts, gap):
        a, b = part / parts, min(1.0, (part + 1) / parts)
        canvas.draw.line(
            (
                start[0] + (end[0] - start[0]) * a,
                start[1] + (end[1] - start[1]) * a,
                start[0] + (end[0] - start[0]) * b,
                start[1] + (end[1] - start[1]) * b,
            ),
            fill=colour,
            width=canvas.stroke,
        )
