"""One small function per rule: measurements in, one finding out.

To add a rule: write its function, enter it in ``PERSON_RULES``, give it limits in the
policies and sentences in ``backend.messages.findings``. A rule that is not there is
noticed when a policy is loaded, in either direction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from backend.domain.file_rules import FILE_RULES
from backend.domain.framing import FramingRefusal, Missing
from backend.domain.limits import limited, skipped, worst
from backend.domain.measurements import Measurements
from backend.domain.photo import FileFacts
from backend.domain.policy import Policy, PolicyError, RulePolicy
from backend.domain.report import Box, Finding, PortraitFacts, Severity, Status

PersonRule = Callable[[Measurements, RulePolicy], Finding]
PortraitRule = Callable[[PortraitFacts, RulePolicy], Finding]


def face_count(m: Measurements, rule: RulePolicy) -> Finding:
    """Exactly one person is in the picture."""
    found = limited(rule, m.face_count, box=m.second_face_box or _head(m))
    return replace(found, advice="nobody" if m.face_count == 0 else None)


def upright(m: Measurements, rule: RulePolicy) -> Finding:
    """The head is up: not lying on its side, not upside down."""
    return limited(rule, m.turned_deg, box=_head(m))


def roll(m: Measurements, rule: RulePolicy) -> Finding:
    """The line of the eyes is level."""
    return limited(rule, _size(m.roll_deg), box=_head(m))


def yaw(m: Measurements, rule: RulePolicy) -> Finding:
    """The head is not turned to a side."""
    return limited(rule, _size(m.yaw_deg), box=_head(m))


def pitch(m: Measurements, rule: RulePolicy) -> Finding:
    """The head is neither raised nor lowered."""
    return limited(rule, _size(m.pitch_deg), box=_head(m))


def eyes_open(m: Measurements, rule: RulePolicy) -> Finding:
    """Both eyes are naturally open."""
    return limited(rule, m.eye_openness, box=m.eyes_box)


def mouth_closed(m: Measurements, rule: RulePolicy) -> Finding:
    """The lips touch."""
    return limited(rule, m.mouth_gap, box=m.mouth_box)


def sharpness(m: Measurements, rule: RulePolicy) -> Finding:
    """The face is in focus and was not enlarged."""
    return limited(rule, m.sharpness, box=_head(m))


def exposure(m: Measurements, rule: RulePolicy) -> Finding:
    """The face has no large part that is black or white; the worse side counts."""
    return worst(
        limited(rule, m.underexposed, box=_head(m), variant="too_dark"),
        limited(rule, m.overexposed, box=_head(m), variant="too_bright"),
    )


def colour_photo(m: Measurements, rule: RulePolicy) -> Finding:
    """The picture is in colour."""
    return limited(rule, m.chroma)


def background_plain(m: Measurements, rule: RulePolicy) -> Finding:
    """Nothing but an even surface is behind the person; edges or colours, the worse."""
    box = m.background_box
    return worst(
        limited(rule, m.background_edges, box=box, variant="edges"),
        limited(rule, m.background_spread, box=box, variant="colours"),
    )


def lighting_even(m: Measurements, rule: RulePolicy) -> Finding:
    """Both cheeks are equally bright."""
    return limited(rule, m.cheek_balance, box=_head(m))


def natural_colour(m: Measurements, rule: RulePolicy) -> Finding:
    """Skin has the colour of skin: no cast, no filter."""
    return limited(rule, m.skin_cast, box=_head(m))


def sunglasses(m: Measurements, rule: RulePolicy) -> Finding:
    """Nothing dark is before the eyes."""
    return limited(rule, m.lens_light, box=m.eyes_box)


def clothes_contrast(m: Measurements, rule: RulePolicy) -> Finding:
    """Clothes and background differ in colour."""
    return limited(rule, m.clothes_contrast, box=m.clothes_box)


def clothes_not_blue(m: Measurements, rule: RulePolicy) -> Finding:
    """The clothes are not blue."""
    return limited(rule, m.clothes_blue, box=m.clothes_box)


#: The names of the limits of rules that look at several values.
VARIANTS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "exposure": frozenset({"too_dark", "too_bright"}),
        "background_plain": frozenset({"edges", "colours"}),
    }
)

PERSON_RULES: Final[Mapping[str, PersonRule]] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (
            face_count,
            upright,
            roll,
            yaw,
            pitch,
            eyes_open,
            mouth_closed,
            sharpness,
            exposure,
            colour_photo,
            background_plain,
            lighting_even,
            natural_colour,
            sunglasses,
            clothes_contrast,
            clothes_not_blue,
        )
    }
)

PORTRAIT_RULES: Final[Mapping[str, PortraitRule]] = MappingProxyType(
    {
        "crown": lambda p, rule: limited(rule, p.crown_px),
        "eye_line": lambda p, rule: limited(rule, p.eye_line_px),
        "face_width": lambda p, rule: limited(rule, p.face_width_px),
        "centring": lambda p, rule: limited(rule, abs(p.centre_offset_px)),
    }
)

#: Why a rule on the finished portrait is skipped.
NO_PORTRAIT: Final = "no_portrait"

#: The rule under which a refused crop is reported.
REFUSAL_RULE: Final[Mapping[Missing, str]] = MappingProxyType(
    {
        Missing.CROWN: "crown",
        Missing.BELOW: "eye_line",
        Missing.SIDES: "centring",
        Missing.PIXELS: "resolution",
        Missing.PROPORTIONS: "face_width",
        Missing.SEVERAL: "face_width",
        Missing.UNCONFIRMED: "face_width",
    }
)


def judge_person(m: Measurements, policy: Policy) -> tuple[Finding, ...]:
    """Judge what cannot be fixed: person, pose, light, background, sharpness."""
    return tuple(
        PERSON_RULES[rule.id](m, rule)
        for rule in policy.rules.values()
        if rule.id in PERSON_RULES and rule.severity is not Severity.HUMAN
    )


def judge_portrait(
    portrait: PortraitFacts | None,
    file: FileFacts | None,
    refusal: FramingRefusal | None,
    policy: Policy,
) -> tuple[Finding, ...]:
    """Judge the finished portrait, or say what kept it from being made."""
    blamed = REFUSAL_RULE[refusal.missing] if refusal else None
    findings = []
    for rule in policy.rules.values():
        if refusal is not None and rule.id == blamed:
            findings.append(
                Finding(
                    rule=rule.id,
                    clauses=rule.clauses,
                    status=Status.FAIL,
                    advice=refusal.missing.value,
                    certainty=1.0,
                )
            )
        elif rule.id in PORTRAIT_RULES:
            findings.append(
                PORTRAIT_RULES[rule.id](portrait, rule)
                if portrait
                else skipped(rule, advice=NO_PORTRAIT)
            )
        elif rule.id in FILE_RULES:
            findings.append(
                FILE_RULES[rule.id](file, rule, policy)
                if file
                else skipped(rule, advice=NO_PORTRAIT)
            )
    return tuple(findings)


def human_checklist(policy: Policy) -> tuple[Finding, ...]:
    """Return what only a person can judge."""
    return tuple(
        Finding(rule=rule.id, clauses=rule.clauses, status=Status.HUMAN)
        for rule in policy.rules.values()
        if rule.severity is Severity.HUMAN
    )


def ensure_complete(policy: Policy) -> Policy:
    """Return the policy when each of its rules can be judged, and no rule is left out.

    Raises:
        PolicyError: lists rules without a function and functions without a rule.
    """
    known = {*PERSON_RULES, *PORTRAIT_RULES, *FILE_RULES}
    problems = [
        f"rules.{rule.id}: nothing measures this; only severity human may stand"
        for rule in policy.rules.values()
        if rule.id not in known and rule.severity is not Severity.HUMAN
    ]
    problems += [
        f"rules.{name}: missing" for name in sorted(known - policy.rules.keys())
    ]
    problems += [
        f"rules.{rule.id}: must have the variants {sorted(wanted)}"
        for rule in policy.rules.values()
        if rule.severity is not Severity.HUMAN
        and (wanted := VARIANTS.get(rule.id, frozenset())) != rule.variants.keys()
    ]
    if problems:
        raise PolicyError("\n".join(problems))
    return policy


def _head(m: Measurements) -> Box | None:
    return m.geometry.box if m.geometry else None


def _size(value: float | None) -> float | None:
    return None if value is None else abs(value)
