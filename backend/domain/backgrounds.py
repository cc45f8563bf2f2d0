"""What changes when a campaign replaces the background (notice B4, decision 0013).

The wall behind the student is then no longer what will be printed. So the rules on the
background only advise on the upload, and judge the finished portrait; clothes must differ
from the new colour. A policy for either is the same policy with a few rules changed, so
that no rule has to ask.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from backend.domain.limits import limited, worst
from backend.domain.measurements import MatteFacts
from backend.domain.policy import Policy
from backend.domain.report import Finding, Severity, Status

#: The rule on how well the person was separated.
CHANGE_RULE: Final = "background_change"
#: What the rules on what is behind the person are called.
BACKGROUND_RULES: Final = frozenset({"background_plain", "background_colour"})
_CLOTHES_RULE: Final = "clothes_contrast"


class BackgroundState(StrEnum):
    """What became of the background of one photo."""

    #: The campaign does not replace it.
    KEPT = "kept"
    #: It is to be replaced, and has not been yet.
    DUE = "due"
    #: The finished portrait has the standard background; the other one is kept beside.
    STANDARD = "standard"
    #: It could not be replaced well enough; the report says why.
    REFUSED = "refused"
    #: It was replaced, and a person chose the photo's own background.
    DECLINED = "declined"


def promised(policy: Policy) -> Policy:
    """Return a policy for a photo whose background is going to be replaced."""
    return _with(
        policy,
        {rule: {"severity": Severity.WARN} for rule in BACKGROUND_RULES},
    )


def replaced(policy: Policy) -> Policy:
    """Return a policy for a photo whose background has been replaced."""
    colours = (policy.background.colour,)
    return _with(policy, {"background_colour": {"colours": colours}})


def judge_change(matte: MatteFacts, policy: Policy) -> Finding:
    """Judge how well a person was separated from what was behind; the worst counts."""
    rule = policy.rules[CHANGE_RULE]
    measured = ((name, getattr(matte, name)) for name in rule.variants)
    return worst(
        *(
            limited(rule, value, variant=name)
            for name, value in measured
            # What does not apply to this wall is not missing.
            if value is not None
        )
    )


def not_changed(policy: Policy) -> Finding:
    """Return the finding of a background that could not be replaced at all."""
    rule = policy.rules[CHANGE_RULE]
    failed = Status.WARN if rule.severity is Severity.WARN else Status.FAIL
    return Finding(rule=rule.id, clauses=rule.clauses, status=failed)


def _with(policy: Policy, changes: dict[str, dict[str, Any]]) -> Policy:
    clothes = {_CLOTHES_RULE: {"colours": (policy.background.colour,)}}
    rules = dict(policy.rules)
    for rule_id, change in (changes | clothes).items():
        if rule_id in rules:
            rules[rule_id] = replace(rules[rule_id], **change)
    return replace(policy, rules=MappingProxyType(rules))
