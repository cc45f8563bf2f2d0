"""What a student reads about a submission, and where the collection code is found."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

import backend
from backend.domain.policy import CLAUSES
from backend.domain.report import Status
from backend.domain.reviews import SubmissionStatus
from backend.messages import student
from backend.messages.guide import WAYS, GuideStep
from backend.messages.return_reasons import RETURN_REASONS

DRAWINGS = Path(backend.__file__).parent / "web" / "static"
STEPS = [step for way in WAYS for step in way.steps]
HEADLINES = [
    *student.STATUS.values(),
    student.WAITING_FOR_HUMAN,
    student.NO_PHOTO,
    student.WAITING_NO_PHOTO,
    student.PASS,
    student.WARN,
    student.FAIL,
]


@pytest.mark.parametrize("status", SubmissionStatus)
def test_every_status_has_a_headline_and_a_step(status: SubmissionStatus) -> None:
    assert student.STATUS[status].explain
    assert student.step_title(status.value) != status.value


def test_every_status_of_a_finding_has_a_mark() -> None:
    assert student.MARKS.keys() == {status.value for status in Status}
    words = [word for word, _, _ in student.MARKS.values()]
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("headline", HEADLINES, ids=lambda headline: headline.text)
def test_a_headline_has_a_known_tone_and_no_unknown_gap(
    headline: student.Headline,
) -> None:
    assert headline.tone in {"pass", "warn", "fail", "info"}
    assert headline.icon
    assert "{" not in (headline.text + headline.explain).format(n=2)


def test_what_has_no_words_is_shown_as_it_is() -> None:
    assert student.step_title("unheard of") == student.actor_name("unheard of")
    assert student.actor_name("staff") == "工作人员"


def test_instants_are_told_as_in_china() -> None:
    late = datetime(2025, 12, 31, 16, 5, tzinfo=UTC)
    assert student.beijing_time(late) == "2026年1月1日 00:05"


def test_the_code_is_found_in_the_three_ways_of_the_notice() -> None:
    assert [way.key for way in WAYS] == ["archive", "wechat", "app"]
    for way in WAYS:
        assert "采集码" in way.steps[-1].text


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.picture)
def test_every_step_of_the_guide_has_its_drawing(step: GuideStep) -> None:
    assert (DRAWINGS / step.picture).is_file()
    assert step.text.endswith("。")


def test_return_reasons_rest_on_the_notice_and_say_so_once() -> None:
    assert all(reason.clauses for reason in RETURN_REASONS.values())
    named = {clause for r in RETURN_REASONS.values() for clause in r.clauses}
    assert named <= set(CLAUSES)
    # The file's own form (F1, F2) is made by the service and nobody's fault.
    assert set(CLAUSES) - named == {"F1", "F2"}
    texts = [reason.text for reason in RETURN_REASONS.values()]
    assert len(set(texts)) == len(texts)
