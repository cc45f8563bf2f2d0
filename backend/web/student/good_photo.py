"""What the pages on taking a photo show of a policy."""

from __future__ import annotations

from typing import Any

from backend.domain.policy import Policy
from backend.messages.demands import rule_text
from backend.web.drawings import most_frequent

_BACKDROP = "background_colour"


def good_photo(policy: Policy | None) -> dict[str, Any]:
    """Return what the parts of a page on good photos need."""
    if policy is None:
        return {"samples": (), "backdrop": ""}
    rule = policy.rules.get(_BACKDROP)
    demand = rule_text(rule, policy).demand if rule and rule.wording else ""
    return {"samples": most_frequent(policy), "backdrop": demand.rstrip("。")}
