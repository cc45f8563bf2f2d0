"""What a poster says."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from qr import texts
from qr.errors import PosterError

#: Longer addresses make a code too fine to scan from a wall.
MAX_URL: Final = 200
MAX_TEXT: Final = 300
_STEPS: Final = 4
#: Visible ASCII: a browser would not keep a space or anything else as it stands.
_ADDRESS: Final = re.compile(r"[!-~]*")


class Size(StrEnum):
    """What a poster is printed on."""

    A4 = "A4"
    A3 = "A3"
    #: 100 × 100 mm, to stand on a table.
    SIGN = "sign"


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterSpec:
    """The texts of one poster, checked when it is made.

    Attributes:
        station_code: the station's short code, for asking on the telephone.
        mini_program_code: a square picture, printed as a second symbol beside the code.

    Raises:
        PosterError: lists, in Chinese, every text that is empty, too long or no address.
    """

    school: str
    station: str
    campaign: str
    window: str
    url: str
    contact: str
    station_code: str = ""
    title: str = texts.TITLE
    privacy: str = texts.PRIVACY
    steps: tuple[tuple[str, str], ...] = texts.STEPS
    mini_program_code: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        required = {
            "school": self.school,
            "station": self.station,
            "campaign": self.campaign,
            "window": self.window,
            "title": self.title,
            "contact": self.contact,
        }
        problems = [
            texts.EMPTY.format(name=name)
            for name, value in required.items()
            if not value.strip()
        ]
        problems += [
            texts.TOO_LONG.format(name=name, most=MAX_TEXT)
            for name, value in (
                required | {"privacy": self.privacy, "code": self.station_code}
            ).items()
            if len(value) > MAX_TEXT
        ]
        if not self.url.startswith(("https://", "http://")):
            problems.append(texts.NO_ADDRESS)
        if len(self.url) > MAX_URL or not _ADDRESS.fullmatch(self.url):
            problems.append(texts.BAD_ADDRESS.format(most=MAX_URL))
        if len(self.steps) != _STEPS:
            problems.append(texts.STEP_COUNT.format(count=_STEPS))
        if problems:
            raise PosterError("；".join(problems))
