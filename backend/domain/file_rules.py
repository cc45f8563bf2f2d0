"""The notice's demands on the finished file (F1, F2), checked on what is handed out.

What an upload's own file looks like is no finding: crop, scale, coding and dpi tag are
made anew. Each rule judges the finished portrait's facts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from backend.domain.limits import limited
from backend.domain.photo import FileFacts
from backend.domain.policy import Policy, RulePolicy
from backend.domain.report import Finding, Status

FileRule = Callable[[FileFacts, RulePolicy, Policy], Finding]

_TRUE_COLOUR: Final = (8, 3)


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
    """The file states the resolution demanded (F1)."""
    wanted = float(policy.output.dpi)
    shown = "-" if file.dpi is None else f"{file.dpi[0]:g}"
    return _exact(rule, file.dpi == (wanted, wanted), shown)


def file_depth(file: FileFacts, rule: RulePolicy, policy: Policy) -> Finding:
    """The file has three samples of eight bits: 24-bit true colour (F1)."""
    del policy
    right = (file.bits_per_sample, file.components) == _TRUE_COLOUR
    return _exact(rule, right, f"{file.bits_per_sample * file.components}")


def file_quality(file: FileFacts, rule: RulePolicy, policy: Policy) -> Finding:
    """The JPEG quality factor is high enough (F2)."""
    del policy
    return limited(rule, file.jpeg_quality)


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
    """There were enough pixels for the portrait; a refused crop says when not."""
    del file, policy
    return Finding(rule=rule.id, clauses=rule.clauses, status=Status.PASS)


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


def _exact(rule: RulePolicy, right: bool, shown: str) -> Finding:  # noqa: FBT001 - the outcome itself
    return Finding(
        rule=rule.id,
        clauses=rule.clauses,
        status=Status.PASS if right else Status.FAIL,
        value=shown,
        unit=rule.unit,
        certainty=1.0,
    )
