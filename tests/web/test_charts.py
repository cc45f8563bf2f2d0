"""Where bars and curves go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from backend.domain.progress import Day, Numbers, Stage
from backend.domain.report import Background
from backend.services.progress_types import CampaignProgress
from backend.services.types import CampaignView
from backend.web.charts import HEIGHT, WIDTH, bar, curve, path

OPENS = datetime(2026, 3, 1, tzinfo=UTC)
CAMPAIGN = CampaignView(
    id=1,
    name="样例",
    school_name="样例大学",
    graduating_years=(2026,),
    opens_at=OPENS,
    closes_at=OPENS + timedelta(days=10),
    contact="",
    notice_version="1",
    notice_text="",
    policy="notice-2025",
    album_allowed=True,
    background=Background.KEEP,
    retention_text="",
    retention_promise="",
)
PROGRESS = CampaignProgress(
    campaign=CAMPAIGN,
    begun=True,
    # Midnight in China: the 11th is the first day without.
    closes_at=datetime(2026, 3, 10, 16, tzinfo=UTC),
    days_left=5,
    numbers=Numbers({Stage.APPROVED: 2, Stage.PENDING: 2, Stage.EXEMPT: 9}),
    stations=(),
    days=(
        Day(date(2026, 3, 1), 1, 0),
        Day(date(2026, 3, 2), 0, 1),
        Day(date(2026, 3, 3), 3, 1),
    ),
    waiting=0,
    entries=1,
)


def test_a_bar_is_filled_by_those_expected() -> None:
    numbers = Numbers({Stage.ACCEPTED: 1, Stage.DRAFT: 1, Stage.EXEMPT: 7})
    segments = [(s.part.value, s.count, s.x, s.width) for s in bar(numbers)]
    assert segments == [("passed", 1, 0, 50), ("not_handed_in", 1, 50, 50)]
    assert bar(Numbers({Stage.EXEMPT: 7})) == ()


def test_a_path_starts_on_the_left_and_rises() -> None:
    drawn = path([0, 1, 4], steps=4, top=4)
    assert drawn == f"M0.0 {HEIGHT}.0L{WIDTH / 4} 112.5L{WIDTH / 2} 0.0"


def test_curves_add_days_up_and_end_today() -> None:
    drawn = curve(PROGRESS)
    assert (drawn.first, drawn.last) == (date(2026, 3, 1), date(2026, 3, 10))
    assert drawn.top == 4
    assert drawn.today_x == round(WIDTH * 2 / 9, 1)
    assert drawn.submitted == path([1, 1, 4], steps=9, top=4)
    assert drawn.passed == path([0, 1, 2], steps=9, top=4)
    assert drawn.submitted_area.endswith(f"L{drawn.today_x} {HEIGHT}L0 {HEIGHT}Z")


def test_a_campaign_of_one_day_and_nobody_is_drawn_too() -> None:
    closed = replace(
        PROGRESS,
        closes_at=OPENS + timedelta(hours=1),
        numbers=Numbers(),
        days=PROGRESS.days[:1],
    )
    assert curve(closed).submitted == path([1], steps=1, top=1)
