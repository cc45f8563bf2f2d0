"""What the pages on taking a photo show of a policy."""

from __future__ import annotations

from typing import Any

from backend.domain.policy import Policy
from backend.domain.report import Background
from backend.messages.demands import rule_text
from backend.web.backgrounds import backdrop_of
from backend.web.drawings import most_frequent

_BACKDROP = "background_colour"


def good_photo(
    policy: Policy | None, background: Background = Background.KEEP
) -> dict[str, Any]:
    """Return what the parts of a page on good photos need.

    Args:
        policy: of the campaign, if it is still at hand.
        background: what becomes of it in the campaign.
    """
    if policy is None:
        return {"samples": (), "backdrop": "", "replaced_by": None}
    replaced = background is Background.STANDARD
    rule = policy.rules.get(_BACKDROP)
    demand = rule_text(rule, policy).demand if rule and rule.wording else ""
    return {
        "samples": most_frequent(policy),
        "backdrop": demand.rstrip("。"),
        "replaced_by": backdrop_of(policy) if replaced else None,
    }
