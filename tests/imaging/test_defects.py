"""Each kind of defect, made from the one portrait that is always there."""

from __future__ import annotations

import pytest

from backend.domain.file_rules import FILE_RULES, check_file
from backend.domain.report import Status
from backend.imaging.probe import probe
from tests.defects import FILE_DEFECTS, Defect, defects
from tests.domain.judging import NOTICE
from tests.imaging.portraits import findings, good, inspected, person, roomy

BEFORE = findings(inspected(roomy()))
WRONG = {Status.WARN, Status.FAIL}
#: What her picture has already: a laugh, hair on forehead and ears, a suit with straps.
HERS = {rule for rule, finding in BEFORE.items() if finding.status in WRONG}

#: Writing on her suit, which is as busy as writing is: left to a person.
LOST_IN_HER_SUIT = {"caption", "date stamp"}


def test_few_rules_speak_before_anything_is_spoilt() -> None:
    assert {
        "mouth_closed",
        "expression_natural",
        "shoulders_level",
        "brows_covered",
        "clothes_plain",
        "background_colour",
        "eye_line",
        "face_width",
        "crown",
        "ears_visible",
    } >= HERS


@pytest.mark.parametrize("defect", defects(person), ids=lambda d: d.name)
def test_a_defect_is_noticed_by_its_own_rule(defect: Defect) -> None:
    after = findings(inspected(defect.file(good())))
    noticed = after[defect.rule]
    if defect.also and noticed.status not in WRONG:
        noticed = after[defect.also]
    if defect.kind in LOST_IN_HER_SUIT:
        assert noticed.status is not Status.PASS
        return
    assert noticed.status in WRONG
    if defect.rule in HERS and noticed.value is not None:
        assert noticed.value != BEFORE[defect.rule].value


@pytest.mark.parametrize("defect", FILE_DEFECTS, ids=lambda d: d.name)
def test_a_fault_of_the_file_is_named_and_put_right(defect: Defect) -> None:
    data = defect.file(good())
    as_it_is = {
        finding.rule: finding
        for finding in check_file(probe(data), NOTICE, finished=True)
    }
    assert as_it_is[defect.rule].status is Status.FAIL
    after = findings(inspected(data))
    assert after[defect.rule].status is Status.PASS
    put_right = [after[rule] for rule in FILE_RULES]
    assert {finding.status for finding in put_right} == {Status.PASS}
