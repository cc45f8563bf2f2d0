"""The home of matplotlib: how the values of each rule are distributed, with the limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from backend.domain.evaluation import Distribution
from backend.domain.policy import Limits, Policy

_ACROSS: Final = 4
_PANEL_INCHES: Final = (3.6, 2.5)
_DPI: Final = 110
#: An odd number, so that a single value stands in the middle.
_BINS: Final = 29
#: The far ends of long tails are drawn at the edge, so that the middle can be seen.
_TAIL: Final = 0.02
_NOTE: Final = (
    "Of a rule with several values each photo shows the one that counted. "
    f"Values beyond the middle {1 - 2 * _TAIL:.0%} are drawn at the edge."
)
#: Colours that all kinds of colour vision tell apart (Okabe and Ito); shape and dashes
#: say the same.
_GOOD: Final = "#56b4e9"
_DEFECT: Final = "#d55e00"
_WARN: Final = "#7a6a00"
_FAIL: Final = "#000000"


def draw(found: Sequence[Distribution], policy: Policy, file: Path) -> int:
    """Draw a panel for each rule or variant that has values and limits; return how many."""
    panels = [(each, limits) for each in found if (limits := _limits(each, policy))]
    rows = max(1, math.ceil(len(panels) / _ACROSS))
    width, height = _PANEL_INCHES
    figure = Figure(figsize=(width * _ACROSS, height * rows + 0.9), dpi=_DPI)
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, _ACROSS, squeeze=False)
    places = [place for row in axes for place in row]
    for place in places:
        place.set_axis_off()
    for place, (each, limits) in zip(places, panels, strict=False):
        place.set_axis_on()
        _panel(place, each, limits, policy.rules[each.rule].unit)
    figure.suptitle(
        f"{policy.name}: measured values and the limits on them",
        x=0.01,
        y=1 - 0.1 / figure.get_figheight(),
        ha="left",
        va="top",
        fontsize=13,
    )
    figure.text(0.01, 1 - 0.42 / figure.get_figheight(), _NOTE, fontsize=8, va="top")
    _legend(figure)
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.6 / (height * rows + 0.9)))
    figure.savefig(file, format="png")
    return len(panels)


def _limits(each: Distribution, policy: Policy) -> Limits | None:
    rule = policy.rules[each.rule]
    limits: Limits = rule.variants[each.variant] if each.variant else rule
    return limits if limits.allowed else None


def _panel(axes: Axes, each: Distribution, limits: Limits, unit: str) -> None:
    low, high = _range(each, limits)
    for values, style in (
        (each.good, {"color": _GOOD}),
        (
            each.defective,
            {"histtype": "step", "color": _DEFECT, "hatch": "///", "linewidth": 1.6},
        ),
    ):
        if values:
            shown = [min(max(value, low), high) for value in values]
            share = [100 / len(values)] * len(values)
            axes.hist(shown, _BINS, range=(low, high), weights=share, **style)
    for names, colour, dashes in (
        (("warn_below", "warn_above"), _WARN, (0, (4, 2))),
        (("fail_below", "fail_above"), _FAIL, "solid"),
    ):
        for name in names:
            limit = getattr(limits, name)
            if limit is not None:
                axes.axvline(limit, color=colour, linestyle=dashes, linewidth=1.5)
    variant = f" · {each.variant}" if each.variant else ""
    axes.set_title(f"{each.rule}{variant}", fontsize=10, loc="left", fontweight="bold")
    counts = f"{len(each.good)} good"
    if each.defective:
        counts += f", {len(each.defective)} with the defect"
    axes.set_xlabel(f"{unit + ' · ' if unit else ''}{counts}", fontsize=8)
    axes.set_ylabel("% of photos", fontsize=8)
    axes.tick_params(labelsize=8)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.set_xlim(low, high)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _range(each: Distribution, limits: Limits) -> tuple[float, float]:
    """Return what is drawn: every limit, and the values but for the tails' ends."""
    values = sorted((*each.good, *each.defective))
    cut = int(len(values) * _TAIL)
    ends = [values[cut], values[-1 - cut]]
    given = (
        limits.warn_below, limits.warn_above, limits.fail_below, limits.fail_above,
    )  # fmt: skip
    ends += [limit for limit in given if limit is not None]
    low, high = min(ends), max(ends)
    margin = (high - low) * 0.06 or max(abs(low), 1.0) * 0.1
    return low - margin, high + margin


def _legend(figure: Figure) -> None:
    figure.legend(
        handles=[
            Patch(color=_GOOD, label="without the defect"),
            Patch(facecolor="none", edgecolor=_DEFECT, hatch="///", label="with it"),
            Line2D([], [], color=_WARN, linestyle=(0, (4, 2)), label="warns beyond"),
            Line2D([], [], color=_FAIL, label="fails beyond"),
        ],
        loc="upper right",
        ncols=4,
        fontsize=9,
        frameon=False,
    )
