"""Labelled portraits put before other walls, separated again, and compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from numpy.typing import NDArray

from backend.domain.backgrounds import judge_change
from backend.domain.measurements import FaceGeometry, MatteFacts
from backend.domain.report import Finding, Status
from backend.imaging.decode import decode
from backend.imaging.inspector import _cut
from backend.imaging.landmarks import Pixels
from backend.imaging.matting.change import Changed, change_background
from backend.imaging.matting.colours import person_colours
from backend.imaging.matting.regions import largest, spread
from backend.imaging.measure import locate
from tests.domain.judging import NOTICE
from tests.imaging.portraits import model
from tests.photos.backdrops import BACKDROPS, backdrop
from tests.photos.labelled import Labelled, inspected

#: A piece of the person that is gone, or of the wall that stayed, of the person's area.
LARGE_PIECE = 0.002
_SURE, _MOSTLY = 0.9, 0.5


@dataclass(frozen=True)
class Again:
    """A person separated from another wall, compared with the first time.

    Attributes:
        error: mean difference of alpha where either of them mixes.
        lost: the largest piece of the person that is gone, of the person's area.
        kept: the largest piece of the wall that stayed.
    """

    person: str
    wall: str
    error: float
    lost: float
    kept: float
    facts: MatteFacts
    finding: Finding

    @property
    def spoilt(self) -> bool:
        return max(self.lost, self.kept) > LARGE_PIECE

    @property
    def replaced(self) -> bool:
        return self.finding.status is Status.PASS


@dataclass(frozen=True)
class Framed:
    """A finished portrait before encoding."""

    rgb: Pixels = field(repr=False)
    head: FaceGeometry


@cache
def framed(portrait: Labelled) -> Framed | None:
    """Return the portrait a photo becomes; none when there is none."""
    crop = inspected(portrait).report.crop
    if crop is None:
        return None
    size = (NOTICE.output.width, NOTICE.output.height)
    rgb = _cut(decode(portrait.path.read_bytes()), 1.0, crop, size)
    head = locate(rgb, model=model())
    return None if head is None else Framed(rgb, head)


def separated(rgb: Pixels, head: FaceGeometry) -> Changed:
    """Put a portrait before the policy's colour."""
    return change_background(rgb, head, NOTICE.background.colour, model().person_mask)


def before(picture: Framed, alpha: NDArray[np.float32], wall: str, seed: int) -> Pixels:
    """Return a person before another wall, as one camera would see both."""
    part = alpha[..., None]
    colours = np.where(part >= 1, picture.rgb / 255, person_colours(picture.rgb, alpha))
    mixed = part * colours + (1 - part) * backdrop(wall, seed)
    return np.asarray(np.rint(np.clip(mixed, 0, 1) * 255), np.uint8)


def separated_again(
    portrait: Labelled, *, walls: tuple[str, ...] = tuple(BACKDROPS)
) -> Iterator[Again]:
    """Yield what becomes of one person before each of the walls."""
    picture = framed(portrait)
    if picture is None:
        return
    reference = separated(picture.rgb, picture.head).alpha
    for wall in walls:
        seed = int(portrait.person[:3]) * 100 + list(BACKDROPS).index(wall)
        rgb = before(picture, reference, wall, seed)
        changed = separated(rgb, picture.head)
        yield _compared(portrait, wall, reference, changed)


def _compared(
    portrait: Labelled, wall: str, reference: NDArray[np.float32], changed: Changed
) -> Again:
    alpha = changed.alpha
    area = int((reference > _MOSTLY).sum())
    mixed = ((reference > 0) & (reference < 1)) | ((alpha > 0) & (alpha < 1))
    return Again(
        person=portrait.person,
        wall=wall,
        error=float(np.abs(alpha - reference)[spread(mixed, 1)].mean()),
        lost=largest((reference > _SURE) & (alpha < _MOSTLY)) / area,
        kept=largest((reference < 1 - _SURE) & (alpha > _MOSTLY)) / area,
        facts=changed.facts,
        finding=judge_change(changed.facts, NOTICE),
    )


def side_by_side(pictures: list[Pixels], across: int) -> Pixels:
    """Return pictures of one size as a sheet, so many in a row."""
    blank = np.full_like(pictures[0], 255)
    filled = pictures + [blank] * (-len(pictures) % across)
    rows = [np.hstack(filled[at : at + across]) for at in range(0, len(filled), across)]
    return np.asarray(np.vstack(rows), np.uint8)
