"""Real people before other walls: how well they are separated, and what is stopped."""

from __future__ import annotations

import statistics
from functools import cache

import numpy as np
import pytest

from backend.domain.backgrounds import CHANGE_RULE
from backend.domain.report import Background, Status
from backend.imaging.decode import decode
from tests.domain.judging import NOTICE
from tests.photos.backdrops import BACKDROPS, PLAIN
from tests.photos.labelled import LABELS, WHY_ABSENT, Labelled, inspector, portraits
from tests.photos.separation import Again, separated_again

pytestmark = pytest.mark.skipif(not LABELS.exists(), reason=WHY_ABSENT)

#: Curly, long and loose, layered, shaven: a part of what the evaluation looks at.
PEOPLE = ("069", "129", "067", "061")
RULES = (
    "background_plain", "background_colour", "crown", "eye_line", "face_width",
    "centring", "file_dimensions", "file_dpi", "file_depth", "file_format",
    "file_quality", "file_size", "file_extension", "file_trailing_data",
)  # fmt: skip


def people() -> list[Labelled]:
    return [p for p in portraits("london_neutral") if p.person in PEOPLE]


@cache
def again() -> tuple[Again, ...]:
    """Each of the people before ten of the walls, others for each."""
    walls = list(BACKDROPS)
    return tuple(
        found
        for number, person in enumerate(people())
        for found in separated_again(
            person, walls=tuple(w for i, w in enumerate(walls) if (i + number) % 4)
        )
    )


def test_the_edge_is_found_again_before_another_wall() -> None:
    errors = [found.error for found in again()]
    assert len(errors) >= 40
    assert statistics.median(errors) <= 0.08
    assert float(np.percentile(errors, 95)) <= 0.15


def test_whatever_lost_or_kept_a_piece_is_stopped() -> None:
    spoilt = [found for found in again() if found.spoilt]
    assert spoilt
    assert [(f.person, f.wall) for f in spoilt if f.replaced] == []


def test_nearly_all_before_plain_walls_are_replaced() -> None:
    plain = [found for found in again() if found.wall in PLAIN and not found.spoilt]
    assert sum(found.replaced for found in plain) >= 0.85 * len(plain)


def test_finished_portraits_pass_the_rules_on_files_framing_and_background() -> None:
    for person in people():
        seen = inspector().inspect(
            person.path.read_bytes(),
            filename="photo.jpg",
            policy=NOTICE,
            background=Background.STANDARD,
        )
        found = {finding.rule: finding.status for finding in seen.report.findings}
        assert found[CHANGE_RULE] is Status.PASS
        assert {rule: found[rule] for rule in RULES} == dict.fromkeys(
            RULES, Status.PASS
        ), person.person
        assert seen.portrait is not None
        corner = decode(seen.portrait)[8:48, 8:88].reshape(-1, 3)
        assert np.abs(corner - np.array(NOTICE.background.colour)).max() <= 4
