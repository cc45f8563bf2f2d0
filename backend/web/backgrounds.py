"""A replaced background as pages show it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType

from flask import request

from backend.domain.backgrounds import CHANGE_RULE, promised
from backend.domain.errors import InvalidInputError
from backend.domain.policy import Colour, Policy
from backend.domain.report import Background
from backend.messages.backgrounds import STANDARD_COLOUR
from backend.messages.colours import colour_name


@dataclass(frozen=True, slots=True)
class Backdrop:
    """The colour that backgrounds are replaced by, and what people call it."""

    #: None where the policy is not at hand any more.
    colour: Colour | None
    name: str

    @property
    def colours(self) -> tuple[Colour, ...]:
        """The colour as swatches are drawn of: one, or none."""
        return (self.colour,) if self.colour else ()


def backdrop_of(policy: Policy | None) -> Backdrop:
    """Return a policy's standard background."""
    if policy is None:
        return Backdrop(None, STANDARD_COLOUR)
    colour = policy.background.colour
    return Backdrop(colour, colour_name(colour))


def judged_by(policy: Policy, background: Background) -> Policy:
    """Return the policy as it judges what is handed in to such a campaign.

    Where the background stays, nothing asks how well it could be replaced.
    """
    if background is Background.STANDARD:
        return promised(policy)
    rules = {name: rule for name, rule in policy.rules.items() if name != CHANGE_RULE}
    return replace(policy, rules=MappingProxyType(rules))


def named_background() -> Background | None:
    """Return the background that the present form names, if it names one."""
    name = request.form.get("background", "")
    return Background(name) if name in set(Background) else None


def chosen_background() -> Background:
    """Return the background that the present form names; raises InvalidInputError."""
    background = named_background()
    if background is None:
        raise InvalidInputError("invalid_input")
    return background
