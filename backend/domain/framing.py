"""The crop that puts a head where the notice wants it, or why there is none.

A crop is 3k × 4k whole pixels at a whole offset (x, y), scaled by s = 160/k to 480×640.
Every limit is linear in (k, x, y): a limit ``a ≤ (p − y)·s ≤ b`` on a point p is
``p − b·k/160 ≤ y ≤ p − a·k/160``. So the lawful crops are the whole points of a convex
body; for a given k the offsets are two independent intervals, and the best k is the
whole number nearest to the preferred one whose intervals hold a whole number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from backend.domain.measurements import FaceGeometry
from backend.domain.policy import FramingLimits, OutputLimits
from backend.domain.report import Crop

#: Beside rounding in binary, no limit is tighter than this.
_EPSILON: Final = 1e-9


class Missing(StrEnum):
    """What a picture lacks for a lawful crop."""

    CROWN = "crown_margin"
    BELOW = "bottom_margin"
    SIDES = "side_margin"
    PIXELS = "pixels"
    PROPORTIONS = "proportions"
    SEVERAL = "several_margins"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class FramingRefusal:
    """No whole-pixel crop meets the limits.

    Attributes:
        wanted: the crop it would be if what is missing were there; it may reach beyond
            the picture.
    """

    missing: Missing
    wanted: Crop | None = None


@dataclass(frozen=True, slots=True)
class _Edges:
    """How far a crop may reach; infinite where an edge is ignored to find the cause."""

    left: float
    top: float
    right: float
    bottom: float
    smallest_k: float


def frame(
    head: FaceGeometry,
    picture: tuple[int, int],
    limits: FramingLimits,
    output: OutputLimits,
) -> Crop | FramingRefusal:
    """Return the preferred lawful crop of a picture of (width, height) pixels.

    The limits are first drawn in by the measuring errors; only when nothing fits are
    they used to the full.
    """
    edges = _Edges(0, 0, *picture, smallest_k=_unit(output) / limits.max_upscale)
    if not head.crown_cut:
        for tried in (drawn_in(limits), limits):
            crop = _solve(head, edges, tried, output)
            if crop is not None:
                return crop
    return _refusal(head, edges, limits, output)


def drawn_in(limits: FramingLimits) -> FramingLimits:
    """Return the limits narrowed by the measuring errors."""
    return replace(
        limits,
        crown_min=limits.crown_min + limits.crown_error,
        crown_max=limits.crown_max - limits.crown_error,
        eye_line_min=limits.eye_line_min + limits.eye_line_error,
        eye_line_max=limits.eye_line_max - limits.eye_line_error,
        face_width_min=limits.face_width_min + limits.face_width_error,
        face_width_max=limits.face_width_max - limits.face_width_error,
        centre_offset_max=limits.centre_offset_max - limits.centre_offset_error,
    )


def _unit(output: OutputLimits) -> float:
    """Return the k at which a crop is as large as the portrait."""
    return output.width / 3


def _solve(
    head: FaceGeometry, edges: _Edges, limits: FramingLimits, output: OutputLimits
) -> Crop | None:
    unit = _unit(output)
    low = max(edges.smallest_k, unit * head.face_width / limits.face_width_max, 1)
    high = min(
        unit * head.face_width / limits.face_width_min,
        (edges.right - edges.left) / 3,
        (edges.bottom - edges.top) / 4,
    )
    preferred = unit * head.face_width / limits.face_width_target
    for k in _nearest_first(low, high, preferred):
        y = _whole(
            *_rows(head, edges, limits, k, unit), _target_y(head, limits, k, unit)
        )
        x = _whole(*_columns(head, edges, limits, k, output), head.centre_x - 1.5 * k)
        if x is not None and y is not None:
            return Crop(x=x, y=y, width=3 * k, height=4 * k)
    return None


def _nearest_first(low: float, high: float, preferred: float) -> Iterator[int]:
    """Yield the whole numbers of [low, high] by their distance from the preferred."""
    first, last = math.ceil(low - _EPSILON), math.floor(high + _EPSILON)
    up = min(max(round(preferred), first), last + 1)
    down = up - 1
    while up <= last or down >= first:
        if down < first or (up <= last and up - preferred <= preferred - down):
            yield up
            up += 1
        else:
            yield down
            down -= 1


def _rows(
    head: FaceGeometry, edges: _Edges, limits: FramingLimits, k: int, unit: float
) -> tuple[float, float]:
    """Return the interval of y for a given k."""
    low = max(
        edges.top,
        head.crown_y - limits.crown_max * k / unit,
        head.eye_y - limits.eye_line_max * k / unit,
    )
    high = min(
        edges.bottom - 4 * k,
        head.crown_y - limits.crown_min * k / unit,
        head.eye_y - limits.eye_line_min * k / unit,
    )
    return low, high


def _columns(
    head: FaceGeometry,
    edges: _Edges,
    limits: FramingLimits,
    k: int,
    output: OutputLimits,
) -> tuple[float, float]:
    """Return the interval of x for a given k."""
    unit, middle = _unit(output), output.width / 2
    low = max(
        edges.left, head.centre_x - (middle + limits.centre_offset_max) * k / unit
    )
    high = min(
        edges.right - 3 * k,
        head.centre_x - (middle - limits.centre_offset_max) * k / unit,
    )
    return low, high


def _target_y(head: FaceGeometry, limits: FramingLimits, k: int, unit: float) -> float:
    return head.crown_y - limits.crown_target * k / unit


def _whole(low: float, high: float, wanted: float) -> int | None:
    """Return the whole number of [low, high] nearest to the wanted one, if any."""
    first, last = math.ceil(low - _EPSILON), math.floor(high + _EPSILON)
    return min(max(round(wanted), first), last) if first <= last else None


def _refusal(
    head: FaceGeometry, edges: _Edges, limits: FramingLimits, output: OutputLimits
) -> FramingRefusal:
    """Return the one thing whose absence is to blame: the first that, given, helps.

    Pixels come first: whoever has too few must not be told to step back.
    """
    far = math.inf
    unbounded = replace(edges, left=-far, top=-far, right=far, bottom=far)
    ignoring = [
        (Missing.CROWN, replace(edges, top=-far)),
        (Missing.BELOW, replace(edges, bottom=far)),
        (Missing.SIDES, replace(edges, left=-far, right=far)),
        (Missing.PIXELS, replace(edges, smallest_k=1)),
        (Missing.SEVERAL, unbounded),
        (Missing.PIXELS, replace(unbounded, smallest_k=1)),
    ]
    small = min(edges.right / 3, edges.bottom / 4) < edges.smallest_k
    if small or _solve(head, unbounded, limits, output) is None:
        ignoring = [ignoring[3], ignoring[5]]
    if head.crown_cut:
        # Where the head ends is not known, so neither is the crop.
        return FramingRefusal(Missing.PIXELS if small else Missing.CROWN)
    for missing, relaxed in ignoring:
        wanted = _solve(head, relaxed, limits, output)
        if wanted is not None:
            return FramingRefusal(missing, wanted)
    return FramingRefusal(Missing.PROPORTIONS)
