"""Measurements in, findings out: nothing missing passes, every limit counts."""

from __future__ import annotations

import string
from dataclasses import fields, replace
from typing import Any

import pytest

from backend import policies
from backend.domain.backgrounds import CHANGE_RULE
from backend.domain.file_rules import FILE_RULES
from backend.domain.framing import FramingRefusal, Missing
from backend.domain.measurements import Measurements
from backend.domain.person_rules import PERSON_RULES, VARIANTS
from backend.domain.report import (
    Box,
    Finding,
    Severity,
    Status,
    Verdict,
    verdict_of,
)
from backend.domain.rules import (
    PORTRAIT_RULES,
    human_checklist,
    judge_person,
    judge_portrait,
)
from backend.messages.findings import describe, order_for_display
from tests.domain.judging import NOTICE, good, good_file, good_portrait


def of(rule: str, findings: tuple[Finding, ...]) -> Finding:
    (found,) = [finding for finding in findings if finding.rule == rule]
    return found


def person(rule: str, **changes: Any) -> Finding:
    return of(rule, judge_person(good(**changes), NOTICE))


def test_a_good_photo_passes_everything_a_machine_can_tell() -> None:
    findings = (
        *judge_person(good(), NOTICE),
        *judge_portrait(good_portrait(), good_file(), None, NOTICE),
    )
    passed = {f.rule for f in findings if f.status is Status.PASS}
    left = {f.rule for f in findings if f.status is Status.HUMAN}
    assert len(passed) + len(left) == len(findings)
    assert left == {rule.id for rule in NOTICE.rules.values() if rule.confirm}
    assert verdict_of(findings, NOTICE.severities) is Verdict.PASS


def test_each_rule_of_the_policy_is_answered_exactly_once() -> None:
    findings = (
        *judge_person(good(), NOTICE),
        *judge_portrait(good_portrait(), good_file(), None, NOTICE),
        *human_checklist(good(), NOTICE),
    )
    # Whether a background could be replaced is asked only where it is.
    assert sorted(f.rule for f in findings) == sorted(
        NOTICE.rules.keys() - {CHANGE_RULE}
    )


PASS, WARN, FAIL, HUMAN = Status.PASS, Status.WARN, Status.FAIL, Status.HUMAN


@pytest.mark.parametrize(
    ("rule", "changes", "status"),
    [
        ("face_count", {"face_count": 2}, FAIL),
        ("face_count", {"face_count": 0}, FAIL),
        ("upright", {"turned_deg": 180}, FAIL),
        ("roll", {"roll_deg": -5.0}, PASS),
        ("roll", {"roll_deg": -5.1}, WARN),
        ("roll", {"roll_deg": 8.0}, WARN),
        ("roll", {"roll_deg": -8.1}, FAIL),
        ("yaw", {"yaw_deg": -9.0}, WARN),
        ("yaw", {"yaw_deg": 12.1}, FAIL),
        ("pitch", {"pitch_deg": -15.0}, WARN),
        ("pitch", {"pitch_deg": -18.1}, FAIL),
        ("eyes_open", {"eye_openness": 0.17}, PASS),
        ("eyes_open", {"eye_openness": 0.15}, WARN),
        ("eyes_open", {"eye_openness": 0.126}, FAIL),
        ("mouth_closed", {"mouth_gap": 0.03}, WARN),
        ("mouth_closed", {"mouth_gap": 0.046}, FAIL),
        ("sharpness", {"sharpness": 44.0}, WARN),
        ("sharpness", {"sharpness": 24.0}, FAIL),
        ("exposure", {"underexposed": 0.06}, WARN),
        ("exposure", {"underexposed": 0.16}, FAIL),
        ("exposure", {"overexposed": 0.02}, WARN),
        ("exposure", {"overexposed": 0.06}, FAIL),
        ("sharpness", {"blockiness": 1.6}, WARN),
        ("sharpness", {"blockiness": 2.1}, FAIL),
        ("colour_photo", {"chroma": 8.1}, PASS),
        ("colour_photo", {"chroma": 7.9}, WARN),
        ("colour_photo", {"chroma": 0.1}, FAIL),
        ("background_plain", {"background_edges": 10.0}, WARN),
        ("background_plain", {"background_edges": 17.0}, FAIL),
        ("background_plain", {"background_spread": 13.0}, WARN),
        ("background_plain", {"background_spread": 26.0}, FAIL),
        ("lighting_even", {"cheek_balance": 0.74}, WARN),
        ("lighting_even", {"cheek_balance": 0.64}, FAIL),
        ("natural_colour", {"skin_cast": 9.0}, WARN),
        ("natural_colour", {"skin_cast": 10.1}, FAIL),
        ("sunglasses", {"lens_light": 0.29}, WARN),
        ("sunglasses", {"lens_light": 0.17}, FAIL),
        ("clothes_contrast", {"clothes_contrast": 5.0}, WARN),
        ("clothes_not_blue", {"clothes_blue": 0.5}, WARN),
        ("background_plain", {"background_marks": 0.002}, WARN),
        ("background_plain", {"background_marks": 0.03}, FAIL),
        ("background_colour", {"background_lab": (76.0, -11.8, -37.1)}, PASS),
        ("background_colour", {"background_lab": (80.0, 0.0, 0.0)}, PASS),
        ("background_colour", {"background_lab": (40.0, 50.0, 30.0)}, WARN),
        ("border_or_text", {"border_width": 0.005}, FAIL),
        ("border_or_text", {"letters": 9.0}, HUMAN),
        ("border_or_text", {"letters": 10.0}, WARN),
        ("shoulders_level", {"shoulder_slope_deg": -5.1}, WARN),
        ("shoulders_level", {"shoulder_slope_deg": 10.1}, FAIL),
        ("gaze_level", {"gaze_aside": -0.1}, WARN),
        ("gaze_level", {"gaze_height": 0.0}, WARN),
        ("gaze_level", {"gaze_height": -0.14}, WARN),
        ("expression_natural", {"mouth_width": 0.91}, WARN),
        ("expression_natural", {"mouth_lift": 0.08}, WARN),
        ("expression_natural", {"mouth_lift": -0.2}, HUMAN),
        ("ears_visible", {"ear_skin": 0.11}, WARN),
        ("ears_visible", {"ear_skin": 0.13}, HUMAN),
        ("brows_covered", {"over_brows": 23.0}, WARN),
        ("glasses", {"nose_bridge_edge": 49.0}, WARN),
        ("glasses", {"nose_bridge_edge": 47.0}, HUMAN),
        ("lens_glare", {"lens_glare": 0.06}, WARN),
        ("lens_glare", {"lens_glare": None}, HUMAN),
        ("headwear", {"clear_forehead": 0.6}, WARN),
        ("headwear", {"crown_colour": 0.2}, WARN),
        ("face_occluded", {"covered_mouth": 8.1}, WARN),
        ("face_occluded", {"covered_mouth": 14.1}, FAIL),
        ("face_occluded", {"covered_face": 0.13}, WARN),
        ("face_occluded", {"covered_face": 0.51}, FAIL),
        ("distortion", {"camera_distance_m": 0.39}, WARN),
        ("distortion", {"camera_distance_m": None}, HUMAN),
        ("distortion", {"eye_distance": 0.52}, WARN),
        ("clothes_plain", {"clothes_pattern": 0.27}, WARN),
        ("recency", {"days_since_taken": 365}, HUMAN),
        ("recency", {"days_since_taken": 366}, WARN),
        ("recency", {"days_since_taken": None}, HUMAN),
        ("edited", {"file": good_file(editor="Photoshop")}, WARN),
        ("edited", {"file": good_file()}, HUMAN),
    ],
)
def test_what_is_measured_decides(
    rule: str, changes: dict[str, Any], status: Status
) -> None:
    assert person(rule, **changes).status is status


def test_only_the_rule_concerned_speaks() -> None:
    findings = judge_person(good(mouth_gap=0.2), NOTICE)
    spoken = [f.rule for f in findings if f.status in {WARN, FAIL}]
    assert spoken == ["mouth_closed"]


@pytest.mark.parametrize("missing", [{"geometry": None}, {}])
def test_nothing_that_could_not_be_measured_passes(missing: dict[str, Any]) -> None:
    measured = {field.name for field in fields(Measurements) if field.default is None}
    unknown: dict[str, Any] = dict.fromkeys(measured - {"geometry"})
    empty = good(face_count=0, **missing, **unknown)
    findings = judge_person(empty, NOTICE)
    assert of("face_count", findings).status is FAIL
    for finding in findings:
        left = HUMAN if NOTICE.rules[finding.rule].confirm else Status.SKIP
        assert finding.status is left or finding.rule == "face_count"


@pytest.mark.parametrize(
    ("rule", "missing", "other"),
    [
        ("exposure", "underexposed", "overexposed"),
        ("exposure", "overexposed", "underexposed"),
        ("background_plain", "background_edges", "background_spread"),
        ("background_plain", "background_spread", "background_edges"),
        ("background_plain", "background_marks", "background_edges"),
        ("sharpness", "sharpness", "blockiness"),
    ],
)
def test_half_a_measurement_does_not_pass_but_may_fail(
    rule: str, missing: str, other: str
) -> None:
    assert person(rule, **{missing: None}).status is Status.SKIP
    assert person(rule, **{missing: None, other: 99.0}).status is FAIL


def test_the_worse_of_two_values_is_shown_as_measured() -> None:
    bright = person("exposure", underexposed=0.06, overexposed=0.06)
    assert (bright.advice, bright.value, bright.limit) == (
        "too_bright",
        0.06,
        (None, 0.05),
    )
    shadow = person("background_plain", background_spread=26.0)
    assert (shadow.advice, shadow.value) == ("colours", 26.0)


def test_another_person_is_pointed_at() -> None:
    box = Box(900, 100, 200, 260)
    assert person("face_count", face_count=2, second_face_box=box).box == box


def test_nobody_in_the_picture_has_words_of_its_own() -> None:
    assert person("face_count", face_count=0, geometry=None).advice == "nobody"


def test_a_finding_that_passes_points_at_nothing() -> None:
    assert person("roll").box is None
    assert person("roll", roll_deg=9.0).box == good().geometry.box  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("value", "certainty"), [(8.0, 0.0), (6.5, 0.5), (9.5, 0.5), (20.0, 1.0)]
)
def test_certainty_grows_with_the_distance_from_the_limit(
    value: float, certainty: float
) -> None:
    assert person("roll", roll_deg=value).certainty == certainty


@pytest.mark.parametrize(
    ("rule", "change", "status"),
    [
        ("crown", {"crown_px": 49.9}, FAIL),
        ("crown", {"crown_px": 53.9}, WARN),
        ("crown", {"crown_px": 110.1}, FAIL),
        ("eye_line", {"eye_line_px": 199.9}, FAIL),
        ("eye_line", {"eye_line_px": 298.5}, WARN),
        ("eye_line", {"eye_line_px": 300.1}, FAIL),
        ("face_width", {"face_width_px": 179.9}, FAIL),
        ("face_width", {"face_width_px": 295.0}, WARN),
        ("face_width", {"face_width_px": 300.1}, FAIL),
        ("centring", {"centre_offset_px": -12.1}, WARN),
        ("centring", {"centre_offset_px": -24.1}, FAIL),
    ],
)
def test_the_finished_portrait_is_held_to_f3_to_f6(
    rule: str, change: dict[str, float], status: Status
) -> None:
    portrait = good_portrait(**change)
    found = judge_portrait(portrait, good_file(), None, NOTICE)
    assert of(rule, found).status is status


def test_without_a_portrait_nothing_about_it_passes() -> None:
    findings = judge_portrait(None, None, None, NOTICE)
    assert {f.rule for f in findings} == {*PORTRAIT_RULES, *FILE_RULES}
    assert {(f.status, f.advice) for f in findings} == {(Status.SKIP, "no_portrait")}


@pytest.mark.parametrize("missing", Missing)
def test_a_refused_crop_is_one_blocking_finding_with_words(missing: Missing) -> None:
    findings = judge_portrait(None, None, FramingRefusal(missing), NOTICE)
    (failed,) = [f for f in findings if f.status is FAIL]
    assert failed.advice == missing.value
    assert NOTICE.rules[failed.rule].severity is Severity.BLOCK
    assert {f.status for f in findings if f is not failed} == {Status.SKIP}
    plain = describe(replace(failed, advice=None))
    assert describe(failed).what != plain.what
    assert "–" not in describe(failed).what


def test_what_only_a_person_can_tell_is_left_to_a_person() -> None:
    listed = {f.rule for f in human_checklist(good(), NOTICE)}
    assert {"true_likeness", "mirrored", "make_up", "jewellery"} <= listed
    assert not listed & {f.rule for f in judge_person(good(), NOTICE)}


def test_a_measured_rule_may_be_left_to_a_person_by_policy() -> None:
    rules = dict(NOTICE.rules)
    rules["roll"] = replace(rules["roll"], severity=Severity.HUMAN)
    policy = replace(NOTICE, rules=rules)
    assert "roll" not in {f.rule for f in judge_person(good(), policy)}
    assert "roll" in {f.rule for f in human_checklist(good(), policy)}


def test_what_a_person_confirms_points_at_where_to_look_closely() -> None:
    m = good(ears_box=Box(1, 2, 3, 4), neck_box=Box(5, 6, 7, 8))
    assert of("ears_visible", judge_person(m, NOTICE)).box == Box(1, 2, 3, 4)
    checklist = human_checklist(m, NOTICE)
    assert of("jewellery", checklist).box == Box(5, 6, 7, 8)
    assert of("coloured_lenses", checklist).box == m.eyes_box
    assert all(finding.box is not None for finding in checklist)


def test_the_program_that_edited_a_photo_is_named() -> None:
    found = person("edited", file=good_file(editor="美图秀秀"))
    assert (found.status, found.value) == (WARN, "美图秀秀")


def test_the_nearest_of_the_allowed_colours_counts() -> None:
    found = person("background_colour", background_lab=(100.0, 3.0, 4.0))
    assert found.value == pytest.approx(5.0, abs=0.01)


def test_a_rule_that_only_warns_never_fails() -> None:
    findings = judge_portrait(good_portrait(), good_file(size_bytes=10), None, NOTICE)
    assert of("file_size", findings).status is WARN


# Words.


def every_finding() -> list[Finding]:
    found = []
    for name in policies.names():
        for rule in policies.load(name).rules.values():
            advices = [None, *sorted(VARIANTS.get(rule.id, ())), "no_portrait"]
            if rule.id == "face_count":
                advices.append("nobody")
            found += [
                Finding(
                    rule=rule.id,
                    clauses=rule.clauses,
                    status=status,
                    value=None if status in {Status.SKIP, Status.HUMAN} else 0.1234,
                    limit=(1.0, 2.0),
                    advice=advice,
                )
                for status in Status
                for advice in advices
            ]
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_rule_and_status_has_words(language: Any) -> None:
    for finding in every_finding():
        text = describe(finding, language)
        assert text.name, finding
        assert text.what, finding
        assert text.clause, finding
        assert text.todo or finding.status is PASS, finding
        whole = text.what + text.todo
        assert "{" not in whole, finding
        has_chinese = any("\u4e00" <= c <= "\u9fff" for c in whole)
        assert has_chinese == (language == "zh"), finding
        letters = set(string.ascii_letters) & set(whole)
        assert letters or language == "zh", finding


@pytest.mark.parametrize(
    ("rule", "clause"),
    [("crown", "依据：通知四.4"), ("face_count", "依据：通知二.1、通知二.4")],
)
def test_the_clause_is_quoted_as_the_notice_numbers_it(rule: str, clause: str) -> None:
    assert describe(Finding(rule, NOTICE.rules[rule].clauses, PASS)).clause == clause


def test_the_clause_is_quoted_in_english_too() -> None:
    finding = Finding("ears_visible", ("P1", "P4"), PASS)
    assert describe(finding, "en").clause == "Notice 3.1, 3.4"


def test_numbers_are_shown_as_people_read_them() -> None:
    assert "9.5°，最多 8°" in describe(person("roll", roll_deg=9.5)).what
    bright = describe(person("exposure", overexposed=0.123)).what
    assert "12%" in bright
    assert "5%" in bright
    small = judge_portrait(good_portrait(), good_file(size_bytes=10_240), None, NOTICE)
    assert "有 10 KB" in describe(of("file_size", small)).what


def test_a_warning_says_that_it_is_close() -> None:
    almost = describe(person("roll", roll_deg=6.0))
    assert almost.what.startswith("接近标准边缘：")
    assert almost.todo


def test_failures_are_shown_first_and_passes_last() -> None:
    findings = [Finding(s.value, ("B1",), s) for s in Status]
    shown = [f.status for f in order_for_display(findings)]
    assert shown == [FAIL, WARN, Status.SKIP, Status.HUMAN, PASS]


def test_every_measuring_function_has_a_policy_entry() -> None:
    assert {*PERSON_RULES, *PORTRAIT_RULES, *FILE_RULES} <= NOTICE.rules.keys()
