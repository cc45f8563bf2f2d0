"""The crop that puts a head where the notice wants it, or why there is none.

A crop is 3k × 4k whole pixels at a whole offset (x, y), scaled by s = 160/k to 480×640.
Every limit is linear in (k, x, y): a limit ``a ≤ (p − y)·s ≤ b`` on a point p is
``p − b·k/160 ≤ y ≤ p − a·k/160``. So the lawful crops are the whole points of a convex
body. Each pair of a lower and an upper bound says in closed form for which k both can
hold; for such a k the offsets are two independent intervals, and the best k is the whole
number nearest to the preferred one whose intervals hold a whole number.
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
    """Return the lawful crop nearest to the preferred one; none if there is none."""
    unit = _unit(output)
    rows = _rows(head, edges, limits, unit)
    columns = _columns(head, edges, limits, output)
    low, high = rows.feasible(*columns.feasible(*_sizes(head, edges, limits, unit)))
    preferred = unit * head.face_width / limits.face_width_target
    for k in _nearest_first(low, high, preferred):
        y = _whole(*rows.at(k), head.crown_y - limits.crown_target * k / unit)
        x = _whole(*columns.at(k), head.centre_x - 1.5 * k)
        if x is not None and y is not None:
            return Crop(x=x, y=y, width=3 * k, height=4 * k)
    return None


@dataclass(frozen=True, slots=True)
class _Band:
    """An offset's bounds, each a straight line ``at + slope · k`` over the size k."""

    above: tuple[tuple[float, float], ...]
    below: tuple[tuple[float, float], ...]

    def at(self, k: int) -> tuple[float, float]:
        """Return the lowest and highest offset for a size."""
        low = max(at + slope * k for at, slope in self.above)
        high = min(at + slope * k for at, slope in self.below)
        return low, high

    def feasible(self, low: float, high: float) -> tuple[float, float]:
        """Return the part of [low, high] in which no lower bound exceeds an upper one.

        Two lines cross once, so each pair bounds k from one side.
        """
        for start, rise in self.above:
            for end, fall in self.below:
                room, loss = end - start, rise - fall
                if loss > 0:
                    high = min(high, room / loss)
                elif loss < 0:
                    low = max(low, room / loss)
                elif room < -_EPSILON:
                    high = -math.inf
        return low, high


def _sizes(
    head: FaceGeometry, edges: _Edges, limits: FramingLimits, unit: float
) -> tuple[float, float]:
    """Return the sizes at which the face is neither too wide nor too narrow."""
    return (
        max(edges.smallest_k, unit * head.face_width / limits.face_width_max, 1),
        unit * head.face_width / limits.face_width_min,
    )


def _nearest_first(low: float, high: float, preferred: float) -> Iterator[int]:
    """Yield the whole numbers of [low, high] by their distance from the preferred.

    All of [low, high] is feasible but for whole pixels, so the first one does unless the
    offsets have less than a pixel's play there, as they may at its ends.
    """
    if low > high + _EPSILON:
        return
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
    head: FaceGeometry, edges: _Edges, limits: FramingLimits, unit: float
) -> _Band:
    """Return the bounds of y: the picture's edges, the crown's and the eyes' places."""
    return _Band(
        above=(
            (edges.top, 0.0),
            (head.crown_y, -limits.crown_max / unit),
            (head.eye_y, -limits.eye_line_max / unit),
        ),
        below=(
            (edges.bottom, -4.0),
            (head.crown_y, -limits.crown_min / unit),
            (head.eye_y, -limits.eye_line_min / unit),
        ),
    )


def _columns(
    head: FaceGeometry, edges: _Edges, limits: FramingLimits, output: OutputLimits
) -> _Band:
    """Return the bounds of x: the picture's edges, and how far from the middle."""
    unit, middle = _unit(output), output.width / 2
    return _Band(
        above=(
            (edges.left, 0.0),
            (head.centre_x, -(middle + limits.centre_offset_max) / unit),
        ),
        below=(
            (edges.right, -3.0),
            (head.centre_x, -(middle - limits.centre_offset_max) / unit),
        ),
    )


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
