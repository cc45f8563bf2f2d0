"""One language's words for one rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace


@dataclass(frozen=True, slots=True)
class Words:
    """One language's words for one rule.

    Attributes:
        name: what the rule is called.
        wrong: a sentence on what is wrong, with the finding's numbers.
        todo: a sentence on what to do about it.
        doubt: what seems to be wrong where only a person can be sure; a clause that
            is followed by who looks again.
        look: what a person looks at; a clause that follows who looks.
        variants: other words by the finding's advice; what they leave out is the
            rule's own.
    """

    name: str = ""
    wrong: str = ""
    todo: str = ""
    doubt: str = ""
    look: str = ""
    variants: Mapping[str, Words] = field(default_factory=dict)

    def chosen(self, advice: str | None) -> Words:
        """Return the words of a variant, or the rule's own where it has none."""
        special = self.variants.get(advice or "")
        if special is None:
            return self
        given = {
            each.name: getattr(special, each.name)
            for each in fields(self)
            if each.name != "variants" and getattr(special, each.name)
        }
        return replace(self, **given)
