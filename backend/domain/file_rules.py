"""The notice's demands on the file (F1, F2).

They hold for the finished portrait. Of an upload's own file only what cannot be made
anew counts: crop, scale, coding and dpi tag can, pixels that are not there cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from backend.domain.limits import limited
from backend.domain.photo import FileFacts
from backend.domain.policy import Policy, RulePolicy
from backend.domain.report import Finding, Status

FileRule = Callable[[FileFacts, RulePolicy, Policy], Finding]

#: 24 bits: three samples of eight, their meaning not shifted by a profile.
_TRUE_COLOUR: Final = (8, 3, "rgb")


def file_format(file: FileFacts, rule: RulePolicy, policy: Policy) -> Finding:
    """The file is a JPEG (F2)."""
    del policy
    return _exact(rule, file.format == "JPEG", file.format)


def file_dimensions(file: FileFacts, rule: RulePolicy, policy: Policy) -> Finding:
    """The file is exactly as wide and high as demanded (F1)."""
    wanted = (policy.output.width, policy.output.height)
    right = (file.width, file.height) == wanted and file.orientation == 1
    return _exact(rule, right, f"{file.width}×{file.height}")


def file_dpi(file: FileFacts, rule: RulePolicy, policy: Policy) -> Finding:
    """The file states the resolution demanded (F1), which per centimetre is rounded."""
    wanted = policy.output.dpi
    stated = None if file.dpi is None else (round(file.dpi[0]), round(file.dpi[1]))
    shown = "-" if stated is None else f"{stated[0]}"
    return _exact(rule, stated == (wanted, wanted), shown)


def file_depth(file: FileFacts, rule: RulePolicy, policy: Policy) -> Finding:
    """The file has three samples of eight bits: 24-bit true colour (F1)."""
    del policy
    right = (file.bits_per_sample, file.components, file.colour) == _TRUE_COLOUR
    return _exact(rule, right, f"{file.bits_per_sample * file.components}")


def file_quality(file: FileFacts, rule: RulePolicy, policy: Policy) -> Finding:
    """The JPEG quality factor is high enough (F2).

    With tables of a camera's or an editor's own the factor is an estimate, and what is
    estimated is no ground for refusing.
    """
    del policy
    finding = limited(rule, file.jpeg_quality)
    if file.jpeg_quality_exact or finding.status is not Status.FAIL:
        return finding
    return replace(finding, status=Status.WARN, certainty=_ESTIMATE)


def file_size(file: FileFacts, rule: RulePolicy, policy: Policy) -> Finding:
    """The file is within the size range (F2)."""
    del policy
    return limited(rule, file.size_bytes)


def file_extension(file: FileFacts, rule: RulePolicy, policy: Policy) -> Finding:
    """The file's name ends in ``.jpg`` (F2)."""
    del policy
    return _exact(rule, file.extension == "jpg", file.extension or "-")


def file_trailing_data(file: FileFacts, rule: RulePolicy, policy: Policy) -> Finding:
    """Nothing follows the end of the picture: a size reached by padding is no size."""
    del policy
    return limited(rule, file.trailing_bytes)


def resolution(file: FileFacts, rule: RulePolicy, policy: Policy) -> Finding:
    """There are enough pixels for a portrait without enlarging more than is allowed.

    The biggest part of the picture in the portrait's shape decides; whether the head
    leaves room for it is the crop's to say.
    """
    output = policy.output
    sides = (file.width, file.height)
    width, height = sides if file.orientation < _FIRST_LYING else sides[::-1]
    scale = min(width / output.width, height / output.height)
    return _exact(rule, scale * policy.framing.max_upscale >= 1, f"{width}×{height}")


#: From this EXIF orientation on, width and height are stored the other way round.
_FIRST_LYING: Final = 5
#: Certainty of a finding on an estimated quality.
_ESTIMATE: Final = 0.5

FILE_RULES: Final[Mapping[str, FileRule]] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (
            file_format,
            file_dimensions,
            file_dpi,
            file_depth,
            file_quality,
            file_size,
            file_extension,
            file_trailing_data,
            resolution,
        )
    }
)


#: What no encoder can put right.
_LASTING: Final = frozenset({"resolution"})


def check_file(
    facts: FileFacts, policy: Policy, *, finished: bool
) -> tuple[Finding, ...]:
    """Judge a file by every file rule of the policy.

    A finished portrait must meet them all. For an upload, whatever coding it anew puts
    right passes, with the value found and without a limit, since none applies.
    """
    findings = (
        FILE_RULES[rule.id](facts, rule, policy)
        for rule in policy.rules.values()
        if rule.id in FILE_RULES
    )
    return tuple(
        finding if finished or finding.rule in _LASTING else _put_right(finding)
        for finding in findings
    )


def _put_right(finding: Finding) -> Finding:
    return replace(finding, status=Status.PASS, limit=None, certainty=1.0)


def _exact(rule: RulePolicy, right: bool, shown: str) -> Finding:  # noqa: FBT001 - the outcome itself
    return Finding(
        rule=rule.id,
        clauses=rule.clauses,
        status=Status.PASS if right else Status.FAIL,
        value=shown,
        unit=rule.unit,
        certainty=1.0,
    )
