"""The folder of labelled portraits, where there is one.

Its ``labels.csv`` names for each file the expression and the two pupils as a person
marked them. The folder is looked for where ``BIZHAO_TEST_PHOTOS`` says, else beside the
checkout as ``shared/photos``.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from backend.imaging.inspector import MediaPipeInspector, PhotoInspection
from tests.domain.judging import NOTICE
from tests.requirements import MISSING

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "photos"
_NAMED = os.environ.get("BIZHAO_TEST_PHOTOS")
FOLDER = Path(_NAMED or _BESIDE)
LABELS = FOLDER / "labels.csv"
#: The photos are not the project's to give, so their absence is no failure anywhere,
#: unless somebody says where they are and they are not there.
WHY_ABSENT = (
    f"{MISSING}labelled portraits (none where BIZHAO_TEST_PHOTOS says)"
    if _NAMED
    else "no folder of labelled portraits; BIZHAO_TEST_PHOTOS may name one"
)


#: Who shows teeth when smiling, seen by looking at each of them.
TOOTHY = frozenset(
    "021 027 037 041 063 083 091 099 103 107 119 127 137".split()  # noqa: SIM905 - a list to read
)
#: What is wrong with neutral portraits to the eye: ears and brows under hair, hair that
#: covers the forehead. Rules that say so are right.
KNOWN = {
    "ears_visible": frozenset("003 033 045 067 087 113 127 131 143".split()),  # noqa: SIM905
    "brows_covered": frozenset("003 067 143".split()),  # noqa: SIM905
    "headwear": frozenset("003 045 143".split()),  # noqa: SIM905
    "face_occluded": frozenset("003 143".split()),  # noqa: SIM905
}


@dataclass(frozen=True, slots=True)
class Labelled:
    """One portrait and what people noted about it."""

    file: str
    person: str
    gender: str
    age: str
    ethnicity: str
    #: Mean height of the two marked pupils, px of the file; none where nobody marked.
    pupils_y: float | None

    @property
    def set_name(self) -> str:
        return self.file.split("/")[0]

    @property
    def path(self) -> Path:
        return FOLDER / self.file


@cache
def portraits(set_name: str) -> tuple[Labelled, ...]:
    with LABELS.open(encoding="utf-8", newline="") as lines:
        found = [_labelled(row) for row in csv.DictReader(lines)]
    return tuple(each for each in found if each.set_name == set_name)


def _labelled(row: dict[str, str]) -> Labelled:
    marks = [row["pupil_right_y"], row["pupil_left_y"]]
    return Labelled(
        file=row["file"],
        person=row["person"],
        age=row["age"],
        gender=row["gender"],
        ethnicity=row["ethnicity"],
        pupils_y=sum(map(float, marks)) / 2 if all(marks) else None,
    )


@cache
def inspector() -> MediaPipeInspector:
    return MediaPipeInspector()


@cache
def inspected(portrait: Labelled) -> PhotoInspection:
    return inspector().inspect(
        portrait.path.read_bytes(), filename=portrait.path.name, policy=NOTICE
    )
