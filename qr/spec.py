"""What a poster says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from qr import texts
from qr.errors import PosterError

#: Longer addresses make a code too fine to scan from a wall.
MAX_URL: Final = 200
MAX_TEXT: Final = 300
_STEPS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PosterSpec:
    """The texts of one poster, checked when it is made.

    Raises:
        PosterError: lists every text that is empty, too long or not printable.
    """

    school: str
    station: str
    campaign: str
    window: str
    url: str
    contact: str
    title: str = texts.TITLE
    privacy: str = texts.PRIVACY
    steps: tuple[tuple[str, str], ...] = texts.STEPS

    def __post_init__(self) -> None:
        required = {
            "school": self.school,
            "station": self.station,
            "campaign": self.campaign,
            "window": self.window,
            "title": self.title,
            "contact": self.contact,
        }
        problems = [f"{k} is empty" for k, v in required.items() if not v.strip()]
        problems += [
            f"{name} has more than {MAX_TEXT} characters"
            for name, value in (required | {"privacy": self.privacy}).items()
            if len(value) > MAX_TEXT
        ]
        if not self.url.startswith(("https://", "http://")):
            problems.append("url must start with https:// or http://")
        if len(self.url) > MAX_URL or not (
            self.url.isascii() and self.url.isprintable()
        ):
            problems.append(f"url must be at most {MAX_URL} ASCII characters")
        if len(self.steps) != _STEPS:
            problems.append(f"there must be {_STEPS} steps")
        if problems:
            raise PosterError("; ".join(problems))
