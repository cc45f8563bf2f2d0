"""A photo policy: every limit, severity and clause used to judge, as data.

A policy is a TOML text, whole or only what differs from the policy it extends. Loading it
checks everything and lists all problems at once, so that a school that edits its own copy
learns of each mistake before a photo meets it.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from backend.domain.inheritance import Texts, inherited
from backend.domain.report import Background, Severity

#: Every clause of the notice that a rule must answer for.
CLAUSES: Final = (
    *(f"B{n}" for n in range(1, 5)),
    *(f"P{n}" for n in range(1, 5)),
    *(f"F{n}" for n in range(1, 7)),
)

Colour = tuple[int, int, int]


class PolicyError(ValueError):
    """All that is wrong with a policy, a line each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """A value outside ``fail`` fails, outside ``warn`` warns; an absent limit is open."""

    warn_below: float | None = None
    warn_above: float | None = None
    fail_below: float | None = None
    fail_above: float | None = None

    @property
    def allowed(self) -> tuple[float | None, float | None] | None:
        """The lowest and highest value that does not fail, else that does not warn."""
        low = self.fail_below if self.fail_below is not None else self.warn_below
        high = self.fail_above if self.fail_above is not None else self.warn_above
        return None if low is None and high is None else (low, high)


class Watch(StrEnum):
    """Who sees to it that a rule is kept."""

    MACHINE = "machine"
    HINT = "hint"
    BOTH = "both"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePolicy(Limits):
    """One rule's clauses, severity and limits.

    Rules of severity ``warn`` never fail, they warn. A rule that looks at several values
    has limits for each, by name, in ``variants``; the worst of them counts. With
    ``confirm`` the machine only points out what is doubtful: whatever keeps the limits
    is left to a person, and never passes by itself. ``colours`` are the ones a rule on
    colour compares with, sRGB from 0 to 255. ``wording`` chooses among the sentences of a
    rule of which policies ask different things.
    """

    id: str
    clauses: tuple[str, ...]
    severity: Severity
    unit: str = ""
    confirm: bool = False
    colours: tuple[Colour, ...] = ()
    wording: str = ""
    variants: Mapping[str, Limits] = field(default_factory=dict)

    @property
    def watch(self) -> Watch:
        """Who judges: a machine, a machine that only warns, a person, or both in turn."""
        limited = any(
            limits.allowed is not None for limits in (self, *self.variants.values())
        )
        if self.severity is Severity.HUMAN or (self.confirm and not limited):
            return Watch.PERSON
        if self.confirm:
            return Watch.BOTH
        return Watch.HINT if self.severity is Severity.WARN else Watch.MACHINE


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputLimits:
    """The finished portrait: pixels and pixels per inch (notice F1)."""

    width: int
    height: int
    dpi: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingLimits:
    """The finished file: bytes and JPEG quality factor (notice F2)."""

    min_bytes: int
    max_bytes: int
    preferred_min_bytes: int
    preferred_max_bytes: int
    min_quality: int
    dpi: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FramingLimits:
    """Where head and eyes lie in the finished portrait, pixels (notice F3 to F6).

    The ``…_error`` values are what measuring the same portrait twice may differ by; the
    crop keeps that far inside the limits where the picture allows it.
    """

    crown_min: float
    crown_max: float
    crown_error: float
    crown_target: float
    eye_line_min: float
    eye_line_max: float
    eye_line_error: float
    face_width_min: float
    face_width_max: float
    face_width_error: float
    face_width_target: float
    centre_offset_max: float
    centre_offset_error: float
    max_upscale: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundPolicy:
    """What becomes of the background.

    Attributes:
        treatment: what a new campaign begins with; each may choose for itself.
        colour: of the standard background, sRGB from 0 to 255.
    """

    treatment: Background
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All limits of one issuer.

    Attributes:
        extends: name of the policy it was written upon; empty when it stands alone.
        dropped: rules it leaves out on purpose.
    """

    name: str
    title: str
    source: str
    extends: str = ""
    dropped: frozenset[str] = frozenset()
    output: OutputLimits
    encoding: EncodingLimits
    framing: FramingLimits
    background: BackgroundPolicy
    rules: Mapping[str, RulePolicy]

    @property
    def severities(self) -> Mapping[str, Severity]:
        """Each rule's severity."""
        return {rule.id: rule.severity for rule in self.rules.values()}


def load_policy(text: str, *, texts: Texts = lambda _: None) -> Policy:
    """Return the policy a TOML text holds; ``texts`` finds the policy it extends.

    Raises:
        PolicyError: lists everything that is missing, unknown or contradictory.
    """
    try:
        own = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"not valid TOML: {error}") from None
    head = {key: own.get(key) for key in ("name", "title", "source")}
    problems = [f"{k}: must be a text" for k, v in head.items() if not _text(v)]
    data, broken = inherited(own, texts)
    if broken:
        # Without its base nearly everything would be missing, which says nothing.
        raise PolicyError("\n".join(problems + broken))
    data = {key: value for key, value in data.items() if key not in head}
    dropped = _drop(data, own, problems)
    output = _section(OutputLimits, data.pop("output", {}), "output", problems)
    encoding = _section(EncodingLimits, data.pop("encoding", {}), "encoding", problems)
    framing = _section(FramingLimits, data.pop("framing", {}), "framing", problems)
    background = _background(data.pop("background", {}), problems)
    rules = _rules(data.pop("rules", {}), problems)
    problems += [f"{key}: unknown section" for key in data]
    if framing and encoding:
        problems += _contradictions(framing, encoding)
    if framing:
        problems += _impossible(framing)
    if output and (min(output.width, output.dpi) < 1 or not _three_to_four(output)):
        problems.append("output: must be 3 to 4, of at least one pixel and dpi")
    if problems or not (output and encoding and framing and background):
        raise PolicyError("\n".join(problems))
    return Policy(
        **{key: str(value) for key, value in head.items()},
        extends=own.get("extends", ""),
        dropped=dropped,
        output=output,
        encoding=encoding,
        framing=framing,
        background=background,
        rules=MappingProxyType(rules),
    )


def _impossible(framing: FramingLimits) -> list[str]:
    """Return which numbers are below what a length, a share or an error can be."""
    positive = ("face_width_min", "max_upscale")
    return [
        f"framing.{name}: must {'be above' if name in positive else 'not be below'} 0"
        for name, value in asdict(framing).items()
        if value < 0 or (value == 0 and name in positive)
    ]


def _three_to_four(output: OutputLimits) -> bool:
    """Tell whether the portrait is 3 to 4, as every crop is."""
    return output.width * 4 == output.height * 3


def _text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _section(kind: Any, data: Any, name: str, problems: list[str]) -> Any:
    """Build a section of numbers, or note what is wrong with it."""
    if not isinstance(data, dict):
        problems.append(f"{name}: must be a table")
        return None
    wanted = {each.name: each.type for each in fields(kind)}
    before = len(problems)
    problems += [f"{name}.{key}: unknown" for key in data.keys() - wanted.keys()]
    for key, type_name in wanted.items():
        value = data.get(key)
        if not _number(value) or (type_name == "int" and not isinstance(value, int)):
            problems.append(f"{name}.{key}: must be a number ({type_name})")
    return kind(**data) if len(problems) == before else None


def _background(data: Any, problems: list[str]) -> BackgroundPolicy | None:
    if not isinstance(data, dict):
        problems.append("background: must be a table")
        return None
    wrong = [f"{key}: unknown" for key in data.keys() - {"treatment", "colour"}]
    treatment, colour = data.get("treatment"), data.get("colour")
    if treatment not in list(Background):
        wrong.append("treatment: must be keep or standard")
    if not _is_colour(colour):
        wrong.append("colour: must be three whole numbers from 0 to 255")
    problems += [f"background.{problem}" for problem in wrong]
    if wrong or not isinstance(treatment, str) or not isinstance(colour, list):
        return None
    return BackgroundPolicy(
        treatment=Background(treatment), colour=(colour[0], colour[1], colour[2])
    )


def _drop(data: Any, own: Any, problems: list[str]) -> frozenset[str]:
    """Take away the rules left out on purpose, or note what is wrong with the list."""
    dropped, rules = data.pop("drop", []), data.get("rules")
    if not isinstance(dropped, list) or not all(isinstance(x, str) for x in dropped):
        problems.append("drop: must be a list of rules")
        return frozenset()
    if isinstance(rules, dict):
        given = own.get("rules", {}) if "extends" in own else rules
        problems += [f"drop: rules.{x} is given as well" for x in dropped if x in given]
        if "extends" in own:
            problems += [
                f"drop: there is no rule {x}" for x in dropped if x not in rules
            ]
        data["rules"] = {x: rules[x] for x in rules if x not in dropped}
    return frozenset(dropped)


def _is_colour(colour: object) -> bool:
    return (
        isinstance(colour, list)
        and len(colour) == 3  # noqa: PLR2004 - red, green, blue
        and all(type(part) is int and 0 <= part <= 255 for part in colour)  # noqa: PLR2004 - a byte
    )


def _rules(data: Any, problems: list[str]) -> dict[str, RulePolicy]:
    if not isinstance(data, dict):
        problems.append("rules: must be a table")
        return {}
    found = {}
    for rule_id, entry in data.items():
        wrong = _rule_problems(rule_id, entry)
        problems += wrong
        if not wrong:
            found[rule_id] = RulePolicy(
                id=rule_id,
                **entry
                | {
                    "clauses": tuple(entry["clauses"]),
                    "severity": Severity(entry["severity"]),
                    "colours": tuple(map(tuple, entry.get("colours", []))),
                    "variants": MappingProxyType(
                        {k: Limits(**v) for k, v in entry.get("variants", {}).items()}
                    ),
                },
            )
    served = {clause for rule in found.values() for clause in rule.clauses}
    problems += [
        f"clause {c}: no rule answers for it" for c in CLAUSES if c not in served
    ]
    return found


def _rule_problems(rule_id: str, entry: Any) -> list[str]:
    if not isinstance(entry, dict):
        return [f"rules.{rule_id}: must be a table"]
    known = {each.name: each for each in fields(RulePolicy) if each.name != "id"}
    problems = [f"unknown key {key}" for key in entry.keys() - known.keys()]
    problems += [
        f"{key} is missing"
        for key, each in known.items()
        if each.default is MISSING
        and each.default_factory is MISSING
        and key not in entry
    ]
    if entry.get("severity") not in list(Severity):
        problems.append("severity must be block, warn or human")
    problems += [
        f"{key} must be a text"
        for key in ("unit", "wording")
        if not isinstance(entry.get(key, ""), str)
    ]
    if not isinstance(entry.get("confirm", False), bool):
        problems.append("confirm must be true or false")
    colours = entry.get("colours", [])
    if not isinstance(colours, list) or not all(map(_is_colour, colours)):
        problems.append("colours must be lists of three whole numbers from 0 to 255")
    clauses = entry.get("clauses", [])
    if not isinstance(clauses, list):
        problems.append("clauses must be a list")
    else:
        problems += [f"unknown clause {c}" for c in clauses if c not in CLAUSES]
    problems += _limit_problems(entry)
    variants = entry.get("variants", {})
    if not isinstance(variants, dict):
        variants = {"": variants}
    for name, limits in variants.items():
        if not isinstance(limits, dict):
            problems.append(f"variants.{name}: must be a table")
            continue
        problems += [
            f"unknown key variants.{name}.{key}"
            for key in limits.keys() - {each.name for each in fields(Limits)}
        ]
        problems += _limit_problems(limits)
    return [f"rules.{rule_id}: {problem}" for problem in problems]


def _limit_problems(entry: Mapping[str, Any]) -> list[str]:
    order = ("fail_below", "warn_below", "warn_above", "fail_above")
    given = [entry[key] for key in order if key in entry]
    if not all(_number(value) for value in given):
        return ["limits must be numbers"]
    if given != sorted(given):
        return ["fail_below ≤ warn_below ≤ warn_above ≤ fail_above must hold"]
    return []


def _number(value: object) -> bool:
    """Tell a finite number: TOML has others, and no value would break such a limit."""
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
    )


def _contradictions(framing: FramingLimits, encoding: EncodingLimits) -> list[str]:
    rising = {
        "framing.crown": (framing.crown_min, framing.crown_target, framing.crown_max),
        "framing.eye_line": (framing.eye_line_min, framing.eye_line_max),
        "framing.face_width": (
            framing.face_width_min,
            framing.face_width_target,
            framing.face_width_max,
        ),
        "encoding": (
            encoding.min_bytes,
            encoding.preferred_min_bytes,
            encoding.preferred_max_bytes,
            encoding.max_bytes,
        ),
    }
    return [
        f"{name}: limits must rise from min over target to max"
        for name, values in rising.items()
        if list(values) != sorted(values)
    ]
