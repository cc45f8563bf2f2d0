"""The parts of a picture a reviewer looks at closely, and what each shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from backend.domain.report import Box, Finding

_HEAD: Final = "整个头部"
_MOUTH: Final = "嘴"
#: Findings on what hides the face that mean the mouth's region, or the head's.
_LOWER_FACE: Final = frozenset({("face_occluded", "mouth")})
#: What the region of each rule's finding is called; all others are the whole head.
_NAMES: Final = {
    "眼睛": (
        "eyes_open",
        "gaze_level",
        "glasses",
        "lens_glare",
        "sunglasses",
        "coloured_lenses",
    ),
    _MOUTH: ("mouth_closed", "expression_natural"),
    "眉毛": ("brows_covered",),
    "耳朵": ("ears_visible",),
    "头发": ("headwear", "dyed_hair", "hair_length"),
    "耳旁与颈部": ("jewellery",),
    "双肩": ("shoulders_level",),
    "衣服": ("clothes_plain", "clothes_contrast", "clothes_not_blue"),
    "背景": ("background_plain", "background_colour"),
    "画面边缘与文字": ("border_or_text",),
    "另一张脸": ("face_count",),
}
_NAME_OF: Final = {rule: name for name, rules in _NAMES.items() for rule in rules}
#: Of the larger of two sides: boxes nearer than this show the same.
_NEAR: Final = 0.05
NO_REGION: Final = "整张照片与文件"


def region_name(findings: Iterable[Finding]) -> str:
    """Return what a region shows by the findings that mean it.

    A rule whose own region was not found means the whole head, as its neighbours do.
    What hides the face may hide any part of it: the neighbours tell which.
    """
    names = [
        _NAME_OF.get(finding.rule, _HEAD)
        for finding in findings
        if (finding.rule, finding.advice) not in _LOWER_FACE
    ]
    if not names:
        return _MOUTH
    return _HEAD if _HEAD in names else names[0]


def by_region(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Gather findings that mean the same region, in the order they come.

    Those without one stand together at the end.
    """
    groups: list[list[Finding]] = []
    nowhere: list[Finding] = []
    for finding in findings:
        if finding.box is None:
            nowhere.append(finding)
            continue
        for group in groups:
            first = group[0].box
            if first is not None and _same(first, finding.box):
                group.append(finding)
                break
        else:
            groups.append([finding])
    return [*groups, nowhere] if nowhere else groups


def _same(one: Box, other: Box) -> bool:
    slack = _NEAR * max(one.width, one.height, other.width, other.height)
    sides = (
        (one.x, other.x),
        (one.y, other.y),
        (one.x + one.width, other.x + other.width),
        (one.y + one.height, other.y + other.height),
    )
    return all(abs(a - b) <= slack for a, b in sides)
