"""Numbers as drawings: where the lines and bars of a page's SVG go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from backend.domain.progress import Group, Numbers, Stage, local_day
from backend.services.progress_types import CampaignProgress

#: The drawing's own units; the page stretches it.
WIDTH: Final = 600
HEIGHT: Final = 150
#: The whole width of a bar, so that a segment's width is its share in percent.
_BAR: Final = 100

#: What a bar shows of those expected, from the left; together they are everybody.
BAR_PARTS: Final[tuple[Stage | Group, ...]] = (
    Group.PASSED,
    Stage.PENDING,
    Group.TO_REDO,
    Group.NOT_HANDED_IN,
    Stage.NEVER_SCANNED,
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a bar."""

    part: Stage | Group
    count: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Handed in and passed, added up day by day, over the time of a campaign.

    Attributes:
        submitted: path of the line, as an SVG's ``d``.
        submitted_area: the same closed along the bottom.
        passed: path of the line.
        today_x: where the lines end.
        top: how many students the upper edge stands for.
        first: the day of the left edge.
        last: the day of the right edge.
    """

    submitted: str
    submitted_area: str
    passed: str
    today_x: float
    top: int
    first: date
    last: date


def bar(numbers: Numbers) -> tuple[Segment, ...]:
    """Return the segments of a station's bar; none where nobody is expected."""
    expected = numbers[Group.EXPECTED]
    segments, x = [], 0.0
    for part in BAR_PARTS:
        if count := numbers[part]:
            width = _BAR * count / expected
            segments.append(Segment(part, count, round(x, 3), round(width, 3)))
            x += width
    return tuple(segments)


def path(values: Sequence[int], *, steps: int, top: int) -> str:
    """Return a line from the left, one step to the right for each value.

    Args:
        values: heights, the first at the left edge.
        steps: how many steps make the whole width, at least 1.
        top: the value at the upper edge, at least 1.
    """
    points = (
        f"{WIDTH * at / steps:.1f} {HEIGHT - HEIGHT * value / top:.1f}"
        for at, value in enumerate(values)
    )
    return "M" + "L".join(points)


def curve(progress: CampaignProgress) -> Curve:
    """Return the two lines of a campaign, up to today."""
    days = progress.days
    first = days[0].date
    # A campaign that closes at midnight has its last day before.
    closing = local_day(progress.closes_at - timedelta(microseconds=1))
    last = max(closing, days[-1].date)
    steps = max(1, (last - first).days)
    top = max(1, progress.numbers[Group.EXPECTED])
    submitted = path(
        list(accumulate(day.submitted for day in days)), steps=steps, top=top
    )
    today_x = round(WIDTH * (len(days) - 1) / steps, 1)
    return Curve(
        submitted=submitted,
        submitted_area=f"{submitted}L{today_x} {HEIGHT}L0 {HEIGHT}Z",
        passed=path(list(accumulate(day.passed for day in days)), steps=steps, top=top),
        today_x=today_x,
        top=top,
        first=first,
        last=last,
    )
