"""Judging one photo by every rule of a policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from backend.domain.backgrounds import CHANGE_RULE
from backend.domain.file_rules import FILE_RULES
from backend.domain.framing import FramingRefusal, Missing
from backend.domain.limits import for_people, limited, skipped
from backend.domain.measurements import Measurements
from backend.domain.person_rules import (
    COLOUR_RULES,
    PERSON_RULES,
    VARIANTS,
    WORDINGS,
    where_to_look,
)
from backend.domain.photo import FileFacts
from backend.domain.policy import Policy, PolicyError, RulePolicy
from backend.domain.report import Finding, PortraitFacts, Severity, Status

PortraitRule = Callable[[PortraitFacts, RulePolicy], Finding]

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


def human_checklist(m: Measurements, policy: Policy) -> tuple[Finding, ...]:
    """Return what only a person can judge, and where in the picture to look."""
    return tuple(
        for_people(rule, box=where_to_look(m, rule.id))
        for rule in policy.rules.values()
        if rule.severity is Severity.HUMAN
    )


def ensure_complete(policy: Policy) -> Policy:
    """Return the policy when each of its rules can be judged, and no rule is forgotten.

    A rule on the person may be dropped by name; those on the portrait make it lawful.

    Raises:
        PolicyError: lists rules without a function and functions without a rule.
    """
    known = {*PERSON_RULES, *PORTRAIT_RULES, *FILE_RULES, CHANGE_RULE}
    problems = [
        f"rules.{rule.id}: nothing measures this; only severity human may stand"
        for rule in policy.rules.values()
        if rule.id not in known and rule.severity is not Severity.HUMAN
    ]
    dropped = policy.dropped - PORTRAIT_RULES.keys() - FILE_RULES.keys() - {CHANGE_RULE}
    problems += [
        f"rules.{name}: missing"
        for name in sorted(known - policy.rules.keys() - dropped)
    ]
    problems += [
        f"rules.{rule.id}: unknown wording {rule.wording}"
        for rule in policy.rules.values()
        if rule.wording and rule.wording not in WORDINGS.get(rule.id, frozenset())
    ]
    problems += [
        f"rules.{rule.id}: must have the variants {sorted(wanted)}"
        for rule in policy.rules.values()
        if rule.severity is not Severity.HUMAN
        and (wanted := VARIANTS.get(rule.id, frozenset())) != rule.variants.keys()
    ]
    problems += [
        f"rules.{rule.id}: must have colours"
        for rule in policy.rules.values()
        if rule.id in COLOUR_RULES and not rule.colours
    ]
    if problems:
        raise PolicyError("\n".join(problems))
    return policy
