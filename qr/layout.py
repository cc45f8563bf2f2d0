"""Where everything on a poster goes: pure geometry in millimetres.

A3 is the A4 poster drawn larger; the sign for a table has a layout of its own. The origin is the upper left corner. A caller passes how wide a text is, so neither the
PDF writer nor the picture library is known here; both draw the same shapes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from qr import texts
from qr.spec import PosterSpec, Size

WIDTH_MM: Final = 210.0
HEIGHT_MM: Final = 297.0
MARGIN_MM: Final = 18.0
MM_PER_POINT: Final = 25.4 / 72
#: Baseline to baseline, in font sizes: open enough for Chinese.
LEADING: Final = 1.35
#: From the top of a line to its baseline, in font sizes.
ASCENT: Final = 0.88
ELLIPSIS: Final = "…"

Ink = Literal["dark", "grey", "accent", "paper"]
#: Width in millimetres of a text at a font size in points.
Measure = Callable[[str, float], float]


@dataclass(frozen=True, slots=True)
class Box:
    """A region of the page."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.height


@dataclass(frozen=True, slots=True)
class Text:
    """One line: ``x`` is its left edge, ``baseline`` where its characters stand."""

    text: str
    x: float
    baseline: float
    size_pt: float
    ink: Ink
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """A filled rectangle."""

    box: Box
    ink: Ink


@dataclass(frozen=True, slots=True)
class Disc:
    """A filled circle."""

    x: float
    y: float
    radius: float
    ink: Ink


@dataclass(frozen=True, slots=True)
class Code:
    """The QR code with its quiet zone."""

    box: Box


@dataclass(frozen=True, slots=True)
class SecondCode:
    """The mini-program code, a picture that brings its own white."""

    box: Box


Shape = Text | Panel | Disc | Code | SecondCode


@dataclass(frozen=True, slots=True)
class Page:
    """The paper, and how much larger than laid out everything on it is drawn."""

    width_mm: float
    height_mm: float
    scale: float = 1.0


PAGES: Final = {
    Size.A4: Page(WIDTH_MM, HEIGHT_MM),
    Size.A3: Page(297.0, 420.0, 297.0 / WIDTH_MM),
    Size.SIGN: Page(100.0, 100.0),
}


@dataclass(frozen=True, slots=True)
class Block:
    """A region and how text is set in it."""

    box: Box
    largest_pt: float
    smallest_pt: float
    ink: Ink = "dark"
    bold: bool = False
    centred: bool = True


_INNER: Final = WIDTH_MM - 2 * MARGIN_MM
_CODE_MM: Final = 92.0
_CODE_TOP: Final = 82.0
#: Beside the code and centred on it: smaller, and far enough that a camera held before
#: one of them does not see the other.
_SECOND: Final = Box(WIDTH_MM - MARGIN_MM - 56, 98, 56, 56)
_SECOND_CAPTION: Final = Block(
    Box(_SECOND.x, _SECOND.bottom + 1, _SECOND.width, 8), 13, 8, "grey"
)
_STEPS_TOP: Final = 214.0
_STEP_HEIGHT: Final = 20.0
_GUTTER: Final = 8.0
_DISC: Final = 4.6

#: Every block of text, from the top of the page down; none overlaps another.
BLOCKS: Final = {
    "school": Block(Box(MARGIN_MM, 18, _INNER, 9), 17, 9, "grey"),
    "title": Block(Box(MARGIN_MM, 29, _INNER, 22), 46, 18, "dark", bold=True),
    "campaign": Block(Box(MARGIN_MM, 53, _INNER, 15), 17, 8, "grey"),
    "scan": Block(Box(MARGIN_MM, 177, _INNER, 10), 20, 12, "accent", bold=True),
    "station": Block(Box(MARGIN_MM, 189, _INNER, 13), 22, 9, "dark", bold=True),
    "window": Block(Box(MARGIN_MM, 203, _INNER, 7), 13, 7, "grey"),
    "privacy": Block(Box(MARGIN_MM, 261, _INNER, 10), 9.5, 6, "grey", centred=False),
    "contact": Block(Box(MARGIN_MM, 272, _INNER, 6), 11, 6, "dark", centred=False),
    "url": Block(Box(MARGIN_MM, 279, _INNER, 6), 9.5, 5, "grey", centred=False),
}


#: The code alone, without its white, is 60 mm wide and more for any address of ours.
_SIGN_CODE: Final = Box(12.5, 9.5, 75, 75)
_SIGN_MARGIN: Final = 5.0
_SIGN_INNER: Final = 100 - 2 * _SIGN_MARGIN
#: The blocks of a sign: above and below its code.
SIGN_BLOCKS: Final = {
    "title": Block(Box(_SIGN_MARGIN, 3.4, _SIGN_INNER, 6), 12, 7, "dark", bold=True),
    "scan": Block(
        Box(_SIGN_MARGIN, 84.5, _SIGN_INNER, 4.6), 9.5, 6, "accent", bold=True
    ),
    "station": Block(
        Box(_SIGN_MARGIN, 89.1, _SIGN_INNER, 4.4), 9, 5, "dark", bold=True
    ),
    "school": Block(Box(_SIGN_MARGIN, 93.5, _SIGN_INNER, 3), 6, 4, "grey"),
}


def lay_out(
    spec: PosterSpec, measure: Measure, size: Size = Size.A4
) -> tuple[Shape, ...]:
    """Return the shapes of a poster in the order they are drawn, before scaling."""
    return _sign(spec, measure) if size is Size.SIGN else _poster(spec, measure)


def _sign(spec: PosterSpec, measure: Measure) -> tuple[Shape, ...]:
    """Return the little that is read at arm's length; one code, so one place to aim at."""
    said = {
        "title": spec.title,
        "scan": texts.SCAN,
        "station": spec.station,
        "school": f"{_code_words(spec)}{spec.school} · {spec.window}",
    }
    shapes: list[Shape] = [
        Panel(Box(0, 0, 100, 2.4), "accent"),
        Code(_SIGN_CODE),
    ]
    for name, block in SIGN_BLOCKS.items():
        shapes += set_text(said[name], block, measure)
    return tuple(shapes)


def _code_words(spec: PosterSpec) -> str:
    return (
        texts.STATION_CODE.format(code=spec.station_code) if spec.station_code else ""
    )


def _poster(spec: PosterSpec, measure: Measure) -> tuple[Shape, ...]:
    said = {
        "school": spec.school,
        "title": spec.title,
        "campaign": spec.campaign,
        "scan": texts.SCAN,
        "station": spec.station,
        "window": _code_words(spec) + texts.WINDOW + spec.window,
        "privacy": spec.privacy,
        "contact": texts.CONTACT + spec.contact,
        "url": texts.CANNOT_SCAN + spec.url,
    }
    shapes: list[Shape] = [
        Panel(Box(0, 0, WIDTH_MM, 7), "accent"),
        Panel(Box(WIDTH_MM / 2 - 14, 73, 28, 0.9), "accent"),
        *_codes(spec, measure),
        Panel(Box(MARGIN_MM, 257.5, _INNER, 0.3), "grey"),
    ]
    for name, block in BLOCKS.items():
        shapes += set_text(said[name], block, measure)
    for number, (heading, text) in enumerate(spec.steps):
        shapes += _step(number, heading, text, measure)
    return tuple(shapes)


def _codes(spec: PosterSpec, measure: Measure) -> list[Shape]:
    """Return the code in the middle, or at the left with the second symbol beside it."""
    if spec.mini_program_code is None:
        left = (WIDTH_MM - _CODE_MM) / 2
        return [Code(Box(left, _CODE_TOP, _CODE_MM, _CODE_MM))]
    return [
        Code(Box(MARGIN_MM, _CODE_TOP, _CODE_MM, _CODE_MM)),
        SecondCode(_SECOND),
        *set_text(texts.MINI_PROGRAM, _SECOND_CAPTION, measure),
    ]


def step_box(number: int) -> Box:
    """Return the region of a step, counted from 0: two columns, two rows."""
    width = (_INNER - _GUTTER) / 2
    column, row = number % 2, number // 2
    return Box(
        MARGIN_MM + column * (width + _GUTTER),
        _STEPS_TOP + row * (_STEP_HEIGHT + 1),
        width,
        _STEP_HEIGHT,
    )


def set_text(text: str, block: Block, measure: Measure) -> list[Text]:
    """Set a text as large as fits its box: wrapped, then shrunk, then cut with an ellipsis."""
    size = block.largest_pt
    text = " ".join(text.split())
    while True:
        lines = wrap(text, block.box.width, size, measure)
        room = int(block.box.height / line_height(size))
        if lines and len(lines) <= room:
            break
        if size <= block.smallest_pt:
            lines = _cut(lines, max(room, 1), block.box.width, size, measure)
            break
        size = max(block.smallest_pt, size - 0.5)
    return _placed(lines, size, block, measure)


def line_height(size_pt: float) -> float:
    """Return the millimetres from one baseline to the next."""
    return size_pt * MM_PER_POINT * LEADING


def wrap(text: str, width: float, size_pt: float, measure: Measure) -> list[str]:
    """Break a text into lines no wider than ``width``.

    Chinese breaks between any two characters; a Latin word or number stays whole where
    the line allows it, and closing punctuation is not left at a line's start.
    """
    lines: list[str] = []
    line = ""
    for part in _parts(text):
        for piece in [part] if measure(part, size_pt) <= width else list(part):
            if not line or measure(line + piece, size_pt) <= width:
                line += piece
            elif piece in _CLOSING and len(line) > 1:
                lines.append(line[:-1].rstrip())
                line = line[-1] + piece
            else:
                lines.append(line.rstrip())
                line = piece.lstrip()
    return [*lines, line] if line else lines


_CLOSING: Final = "，。：；、！？）》」』”’,.:;!?)"


def _parts(text: str) -> list[str]:
    """Split into Latin words and single Chinese characters."""
    parts: list[str] = []
    for character in text:
        latin = character.isascii() and not character.isspace()
        if latin and parts and parts[-1][-1].isascii() and not parts[-1][-1].isspace():
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def _cut(
    lines: list[str], room: int, width: float, size_pt: float, measure: Measure
) -> list[str]:
    if len(lines) <= room:
        return lines
    last = lines[room - 1]
    while last and measure(last + ELLIPSIS, size_pt) > width:
        last = last[:-1]
    return [*lines[: room - 1], last + ELLIPSIS]


def _placed(
    lines: list[str], size_pt: float, block: Block, measure: Measure
) -> list[Text]:
    step = line_height(size_pt)
    top = block.box.y + (block.box.height - step * len(lines)) / 2
    if not block.centred:
        top = block.box.y
    return [
        Text(
            text=line,
            x=block.box.x
            + (
                (block.box.width - measure(line, size_pt)) / 2 if block.centred else 0.0
            ),
            baseline=top
            + number * step
            + size_pt * MM_PER_POINT * ((LEADING - 1) / 2 + ASCENT),
            size_pt=size_pt,
            ink=block.ink,
            bold=block.bold,
        )
        for number, line in enumerate(lines)
    ]


def _step(number: int, heading: str, text: str, measure: Measure) -> list[Shape]:
    box = step_box(number)
    x = box.x + 2 * _DISC + 3
    width = box.right - x
    digit = Block(
        Box(box.x, box.y + 0.2, 2 * _DISC, 2 * _DISC), 14, 8, "paper", bold=True
    )
    head = Block(Box(x, box.y, width, 8), 15, 8, "dark", bold=True, centred=False)
    body = Block(Box(x, box.y + 8, width, 12), 10.5, 6, "grey", centred=False)
    return [
        Disc(box.x + _DISC, box.y + _DISC, _DISC, "accent"),
        *set_text(str(number + 1), digit, measure),
        *set_text(heading, head, measure),
        *set_text(text, body, measure),
    ]
