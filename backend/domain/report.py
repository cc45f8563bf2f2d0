"""The outcome of judging one photo: findings, the crop, the finished portrait's facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """What became of one rule on one photo."""

    PASS = "pass"  # noqa: S105 - a status, not a password
    WARN = "warn"
    FAIL = "fail"
    SKIP = "skip"
    HUMAN = "human"


class Severity(StrEnum):
    """What breaking a rule means."""

    BLOCK = "block"
    WARN = "warn"
    HUMAN = "human"


class Background(StrEnum):
    """What is behind the person in the finished portrait."""

    KEEP = "keep"
    STANDARD = "standard"


class Verdict(StrEnum):
    """The photo as a whole, as far as a machine can tell."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Box:
    """A region of the upright upload, pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule's outcome.

    Attributes:
        rule: id of the rule.
        clauses: ids of the notice's clauses it stands for.
        value: what was measured; none when it was not.
        limit: lowest and highest allowed value; none for an open end.
        unit: of value and limit: ``px``, ``deg``, ``%`` …; empty for pure numbers.
        box: the region meant, in pixels of the upright upload.
        certainty: 0 to 1: how far the value lies outside the measuring error.
        advice: chooses among the sentences of a rule that has several.
    """

    rule: str
    clauses: tuple[str, ...]
    status: Status
    value: float | str | None = None
    limit: tuple[float | None, float | None] | None = None
    unit: str = ""
    box: Box | None = None
    certainty: float | None = None
    advice: str | None = None


@dataclass(frozen=True, slots=True)
class Crop:
    """The part of the upright upload that becomes the portrait: whole pixels, 3:4."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PortraitFacts:
    """The finished portrait, measured again after it was encoded."""

    width: int
    height: int
    bytes: int
    quality: int
    dpi: int
    crown_px: float
    eye_line_px: float
    face_width_px: float
    centre_offset_px: float


@dataclass(frozen=True, slots=True)
class Report:
    """Every finding on one photo, and what the finished portrait's background is."""

    policy: str
    verdict: Verdict
    findings: tuple[Finding, ...]
    crop: Crop | None
    portrait: PortraitFacts | None
    picture_width: int
    picture_height: int
    background: Background = Background.KEEP


def verdict_of(
    findings: Iterable[Finding], severities: Mapping[str, Severity]
) -> Verdict:
    """Return the verdict; what only a person can judge does not change it."""
    verdict = Verdict.PASS
    for finding in findings:
        if finding.status is Status.FAIL:
            if severities[finding.rule] is Severity.BLOCK:
                return Verdict.FAIL
            verdict = Verdict.WARN
        elif finding.status is Status.WARN:
            verdict = Verdict.WARN
    return verdict


def report_to_dict(report: Report) -> dict[str, Any]:
    """Return the report as plain JSON values."""
    return asdict(report)


def report_from_dict(data: Mapping[str, Any]) -> Report:
    """Return the report that :func:`report_to_dict` wrote."""
    return Report(
        policy=data["policy"],
        verdict=Verdict(data["verdict"]),
        findings=tuple(_finding(item) for item in data["findings"]),
        crop=Crop(**data["crop"]) if data["crop"] else None,
        portrait=PortraitFacts(**data["portrait"]) if data["portrait"] else None,
        picture_width=data["picture_width"],
        picture_height=data["picture_height"],
        # Reports of earlier versions do not say; nothing was replaced then.
        background=Background(data.get("background", Background.KEEP)),
    )


def _finding(data: Mapping[str, Any]) -> Finding:
    limit = data["limit"]
    return Finding(
        rule=data["rule"],
        clauses=tuple(data["clauses"]),
        status=Status(data["status"]),
        value=data["value"],
        limit=(limit[0], limit[1]) if limit else None,
        unit=data["unit"],
        box=Box(**data["box"]) if data["box"] else None,
        certainty=data["certainty"],
        advice=data["advice"],
    )
