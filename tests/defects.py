"""Good portraits spoilt on purpose: one kind of defect at a time, in several strengths.

Each names the rule that must notice it. What is drawn (glasses, masks, hats) is cruder
than the real thing, and stands where the real thing would.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from backend.domain.measurements import FaceGeometry

Pixels = NDArray[np.uint8]
Colour = tuple[int, int, int]
Make = Callable[["Portrait"], "Pixels | bytes"]

_FONT: Final = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"
_BLACK: Final = (24, 24, 27)


@dataclass(frozen=True)
class Portrait:
    """A good portrait and the head in it."""

    rgb: Pixels
    head: FaceGeometry

    @property
    def width(self) -> float:
        return self.head.face_width

    @property
    def brow_y(self) -> float:
        """About where the brows are: a fifth of a face above the eyes."""
        return self.head.eye_y - 0.17 * self.width


@dataclass(frozen=True)
class Defect:
    """One kind and strength, the rule that must notice it, and how it is made."""

    kind: str
    strength: str
    rule: str
    make: Make
    #: A rule that may speak in its stead: what hides a face may hide it from the machine.
    also: str = ""

    @property
    def name(self) -> str:
        return f"{self.kind} {self.strength}".strip()

    def file(self, portrait: Portrait) -> bytes:
        """Return the spoilt portrait as a file."""
        made = self.make(portrait)
        return made if isinstance(made, bytes) else saved(made)


def saved(rgb: Pixels, quality: int = 92) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=quality, dpi=(300, 300))
    return out.getvalue()


def _clipped(values: NDArray[np.floating]) -> Pixels:
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def _per_pixel(change: Callable[[NDArray[np.float32]], NDArray[np.floating]]) -> Make:
    return lambda p: _clipped(change(p.rgb.astype(np.float32)))


# Focus and coding; lengths in face widths, so that every portrait is spoilt alike.


def blurred(share: float) -> Make:
    return lambda p: np.asarray(cv2.GaussianBlur(p.rgb, (0, 0), share * p.width))


def shaken(share: float, *, across: bool = True) -> Make:
    def make(p: Portrait) -> Pixels:
        length = max(3, round(share * p.width))
        kernel = np.full((1, length), 1 / length, np.float32)
        return np.asarray(cv2.filter2D(p.rgb, -1, kernel if across else kernel.T))

    return make


def at_face_width(p: Portrait, face_px: float) -> Pixels:
    factor = face_px / p.width
    return np.asarray(cv2.resize(p.rgb, None, fx=factor, fy=factor, interpolation=3))


def enlarged(face_px: float) -> Make:
    """The portrait as if it had been taken with so few pixels, and then enlarged."""

    def make(p: Portrait) -> Pixels:
        size = (p.rgb.shape[1], p.rgb.shape[0])
        small = at_face_width(p, face_px)
        return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC))

    return make


def recompressed(quality: int) -> Make:
    """Saved badly, at the size that chats send."""
    return lambda p: saved(at_face_width(p, 260), quality)


def resaved(quality: int) -> Make:
    """Saved badly, then cropped and saved well."""

    def make(p: Portrait) -> Pixels:
        bad = saved(at_face_width(p, 260), quality)
        return np.asarray(Image.open(io.BytesIO(bad)).convert("RGB"))[5:, 3:]

    return make


# Light and colour.


def darkened(gain: float) -> Make:
    return _per_pixel(lambda v: v * gain)


def brightened(gain: float) -> Make:
    return _per_pixel(lambda v: v * gain + 20)


def cast(red: float, green: float, blue: float) -> Make:
    return _per_pixel(lambda v: v * np.array([red, green, blue], np.float32))


def side_lit(least: float) -> Make:
    """Light from the left: full up to the nose's left, falling to ``least``."""

    def make(p: Portrait) -> Pixels:
        x = (np.arange(p.rgb.shape[1]) - p.head.centre_x) / p.width
        light = 1 - (1 - least) / (1 + np.exp(-8 * x))
        return _clipped(p.rgb * light[None, :, None])

    return make


def grey(p: Portrait) -> Pixels:
    return np.repeat(cv2.cvtColor(p.rgb, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)


def lone_channel(p: Portrait) -> bytes:
    out = io.BytesIO()
    Image.fromarray(p.rgb).convert("L").save(out, "JPEG", quality=92)
    return out.getvalue()


# The head in the picture.


def tilted(degrees: float) -> Make:
    def make(p: Portrait) -> Pixels:
        height, width = p.rgb.shape[:2]
        # A portrait that is not quite level is tilted further the way it leans.
        left, right = p.head.left_pupil, p.head.right_pupil
        way = -1.0 if right[1] > left[1] else 1.0
        turn = cv2.getRotationMatrix2D(
            (p.head.centre_x, p.head.eye_y), way * degrees, 1
        )
        kind = cv2.BORDER_REPLICATE
        return np.asarray(
            cv2.warpAffine(p.rgb, turn, (width, height), borderMode=kind), np.uint8
        )

    return make


def turned(quarters: int) -> Make:
    return lambda p: np.ascontiguousarray(np.rot90(p.rgb, quarters))


def two_of_them(p: Portrait) -> Pixels:
    return np.concatenate([p.rgb, p.rgb[:, ::-1]], axis=1)


def face_beside(share: float) -> Make:
    """A smaller face in an upper corner."""

    def make(p: Portrait) -> Pixels:
        rgb = p.rgb.copy()
        size = round(share * min(rgb.shape[:2]))
        head = p.head
        half = round(head.face_width)
        left, top = round(head.centre_x) - half, round(head.eye_y) - half
        face = rgb[max(0, top) : top + 2 * half, max(0, left) : left + 2 * half]
        rgb[:size, -size:] = cv2.resize(face, (size, size), interpolation=3)
        return rgb

    return make


def nobody(p: Portrait) -> Pixels:
    return np.ascontiguousarray(p.rgb[: max(80, round(p.head.crown_y)), :])


def cut(*, above: float = 9, below: float = 9, beside: float = 9) -> Make:
    """So much room left above the crown, below the eyes, beside the face: face widths."""

    def make(p: Portrait) -> Pixels:
        head, width = p.head, p.width
        top = max(0, round(head.crown_y - above * width))
        bottom = round(head.eye_y + below * width)
        left = max(0, round(head.left_x - beside * width))
        return np.ascontiguousarray(p.rgb[top:bottom, left:])

    return make


# What is around and on it.


def framed(share: float, colour: Colour) -> Make:
    def make(p: Portrait) -> Pixels:
        wide = max(2, round(share * min(p.rgb.shape[:2])))
        kind = cv2.BORDER_CONSTANT
        return np.asarray(
            cv2.copyMakeBorder(p.rgb, wide, wide, wide, wide, kind, value=colour)
        )

    return make


def barred(share: float, colour: Colour) -> Make:
    """Bars above and below, as a screenshot has."""

    def make(p: Portrait) -> Pixels:
        high = round(share * p.rgb.shape[0])
        kind = cv2.BORDER_CONSTANT
        return np.asarray(
            cv2.copyMakeBorder(p.rgb, high, high, 0, 0, kind, value=colour)
        )

    return make


def written(text: str, *, x: float, y: float, size: float, colour: Colour) -> Make:
    """Text at face widths from the eyes' middle, in a height of face widths."""

    def make(p: Portrait) -> Pixels:
        picture = Image.fromarray(p.rgb)
        font = ImageFont.truetype(_FONT, max(8, round(size * p.width)))
        at = (p.head.centre_x + x * p.width, p.head.eye_y + y * p.width)
        edge = (20, 20, 20) if sum(colour) > 3 * 128 else (245, 245, 245)
        ImageDraw.Draw(picture).text(
            at, text, font=font, fill=colour, stroke_width=2, stroke_fill=edge
        )
        return np.asarray(picture)

    return make


def logo(size: float, colour: Colour) -> Make:
    """A ring with a bar beside the head."""

    def make(p: Portrait) -> Pixels:
        rgb = p.rgb.copy()
        radius = max(4, round(size * p.width))
        at = (
            round(p.head.left_x - 0.4 * p.width),
            max(radius + 2, round(p.head.crown_y - 0.1 * p.width)),
        )
        cv2.circle(rgb, at, radius, colour, max(2, radius // 4), cv2.LINE_AA)
        cv2.rectangle(
            rgb,
            (at[0] - radius // 2, at[1] - radius // 8),
            (at[0] + radius // 2, at[1] + radius // 8),
            colour,
            -1,
        )
        return rgb

    return make


def behind(pattern: Callable[[int, int], NDArray[np.floating]], mask: Mask) -> Make:
    """Another background than the wall: colours (H, W, 3), put where nobody is."""

    def make(p: Portrait) -> Pixels:
        person = mask(p)[..., None]
        wall = pattern(*p.rgb.shape[:2])
        return _clipped(p.rgb * person + wall * (1 - person))

    return make


Mask = Callable[[Portrait], NDArray[np.float32]]


def striped(height: int, width: int) -> NDArray[np.floating]:
    x = np.arange(width)
    dark = (x // max(4, width // 40) % 2)[None, :, None]
    return np.where(dark, [70.0, 90.0, 130.0], [205.0, 200.0, 190.0]) + np.zeros(
        (height, 1, 1)
    )


def shelves(height: int, width: int) -> NDArray[np.floating]:
    """Books: upright blocks of many colours between boards."""
    random = np.random.default_rng(3)
    room = np.full((height, width, 3), 120.0)
    step = height // 5
    for top in range(0, height, step):
        left = 0
        while left < width:
            book = int(random.integers(width // 60, width // 25))
            high = int(random.integers(step // 2, step - step // 8))
            room[top + step - high : top + step - step // 12, left : left + book] = (
                random.integers(30, 230, 3)
            )
            left += book + 2
    return room


def shaded(mask: Mask) -> Make:
    """A wall that falls from light to dark over three widths of the face."""

    def make(p: Portrait) -> Pixels:
        x = (np.arange(p.rgb.shape[1]) - p.head.centre_x) / p.width
        light = np.clip(165 - 47 * x, 60, 250)[None, :, None]
        person = mask(p)[..., None]
        return _clipped(p.rgb * person + light * (1 - person))

    return make


def even(colour: Colour) -> Callable[[int, int], NDArray[np.floating]]:
    return lambda height, width: np.broadcast_to(
        np.array(colour, np.float64), (height, width, 3)
    )


# What is worn.


def dyed_clothes(colour: Colour, share: float, mask: Mask) -> Make:
    """Clothes tinted where the person is below the neck."""

    def make(p: Portrait) -> Pixels:
        worn = mask(p).copy()
        worn[: round(p.head.chin_y + 0.3 * p.width)] = 0
        luma = cv2.cvtColor(p.rgb, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., None]
        tint = luma / 255 * np.array(colour, np.float32)
        part = worn[..., None] * share
        return _clipped(p.rgb * (1 - part) + tint * part)

    return make


def checked_clothes(mask: Mask) -> Make:
    def make(p: Portrait) -> Pixels:
        worn = mask(p).copy()
        worn[: round(p.head.chin_y + 0.35 * p.width)] = 0
        y, x = np.mgrid[: p.rgb.shape[0], : p.rgb.shape[1]]
        step = max(3, round(p.width / 14))
        dark = ((x // step + y // step) % 2).astype(np.float32) * worn
        return _clipped(p.rgb * (1 - 0.7 * dark[..., None]))

    return make


def _blank(rgb: Pixels) -> NDArray[np.uint8]:
    return np.zeros(rgb.shape[:2], np.uint8)


def _drawn(
    rgb: Pixels, where: NDArray[np.uint8], colour: Colour, soft: float, alpha: float
) -> Pixels:
    part = cv2.GaussianBlur(where.astype(np.float32), (0, 0), soft)[..., None] * alpha
    grain = np.random.default_rng(1).normal(0, 4, rgb.shape[:2])[..., None]
    return _clipped(rgb * (1 - part) + (np.array(colour) + grain) * part)


def _lenses(p: Portrait) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Return middles and half sizes of lenses."""
    half = (round(0.18 * p.width), round(0.14 * p.width))
    drop = 0.03 * p.width
    return [
        ((round(x), round(y + drop)), half)
        for x, y in (p.head.left_pupil, p.head.right_pupil)
    ]


def in_glasses(
    colour: Colour, thick: float, *, round_ones: bool = False, glare: float = 0
) -> Make:
    """A frame around both eyes with bridge and temples; ``thick`` in face widths."""

    def make(p: Portrait) -> Pixels:
        line = max(1, round(thick * p.width))
        frame = _blank(p.rgb)
        shine = _blank(p.rgb)
        lenses = _lenses(p)
        for (x, y), (wide, high) in lenses:
            if round_ones:
                cv2.ellipse(
                    frame, (x, y), (wide, wide), 0, 0, 360, 1, line, cv2.LINE_AA
                )
            else:
                corners = ((x - wide, y - high), (x + wide, y + high))
                cv2.rectangle(frame, *corners, 1, line)
            spot = (round(glare * wide), round(glare * high))
            cv2.ellipse(shine, (x, y + high // 3), spot, 0, 0, 360, 1, -1)
        (left, _), (right, _) = lenses
        wide, high = lenses[0][1]
        bridge = left[1] - high // 4
        cv2.line(frame, (left[0] + wide, bridge), (right[0] - wide, bridge), 1, line)
        for x, cheek in (
            (left[0] - wide, p.head.left_x),
            (right[0] + wide, p.head.right_x),
        ):
            cv2.line(frame, (x, bridge), (round(cheek), bridge), 1, line)
        soft = 0.004 * p.width
        worn = _drawn(p.rgb, frame, colour, soft, 0.95)
        return _drawn(worn, shine, (250, 252, 255), soft, 0.97) if glare else worn

    return make


def in_sunglasses(alpha: float) -> Make:
    def make(p: Portrait) -> Pixels:
        rgb = in_glasses(_BLACK, 0.02)(p)
        assert not isinstance(rgb, bytes)
        lens = _blank(rgb)
        for (x, y), (wide, high) in _lenses(p):
            cv2.rectangle(lens, (x - wide, y - high), (x + wide, y + high), 1, -1)
        return _drawn(rgb, lens, _BLACK, 0.004 * p.width, alpha)

    return make


def in_mask(colour: Colour) -> Make:
    """A mask from the bridge of the nose to below the chin, from cheek to cheek."""

    def make(p: Portrait) -> Pixels:
        head, width = p.head, p.width
        top = head.eye_y + 0.18 * width
        outline = np.array(
            [
                (head.left_x, top + 0.06 * width),
                (head.centre_x, top),
                (head.right_x, top + 0.06 * width),
                (head.right_x - 0.06 * width, head.chin_y - 0.2 * width),
                (head.centre_x, head.chin_y + 0.04 * width),
                (head.left_x + 0.06 * width, head.chin_y - 0.2 * width),
            ]
        )
        where = _blank(p.rgb)
        cv2.fillPoly(where, [outline.astype(np.int32)], 1)
        for share in (0.35, 0.55, 0.75):
            y = round(top + share * (head.chin_y - top))
            cv2.line(where, (round(head.left_x), y), (round(head.right_x), y), 0, 1)
        return _drawn(p.rgb, where, colour, 0.006 * width, 0.98)

    return make


def in_hat(colour: Colour, *, low: float) -> Make:
    """A cap down to ``low`` of the way from the crown to the brows."""

    def make(p: Portrait) -> Pixels:
        head, width = p.head, p.width
        rim = head.crown_y + low * (p.brow_y - head.crown_y)
        where = _blank(p.rgb)
        middle = (round(head.centre_x), round(rim))
        size = (round(0.62 * width), round(rim - head.crown_y + 0.12 * width))
        cv2.ellipse(where, middle, size, 0, 180, 360, 1, -1)
        return _drawn(p.rgb, where, colour, 0.006 * width, 1.0)

    return make


def under_fringe(colour: Colour) -> Make:
    """Strands from the hair over the brows."""

    def make(p: Portrait) -> Pixels:
        head, width = p.head, p.width
        random = np.random.default_rng(2)
        where = _blank(p.rgb)
        top = head.crown_y + 0.25 * (p.brow_y - head.crown_y)
        for x in np.linspace(head.left_x + 0.1 * width, head.right_x - 0.1 * width, 50):
            end = p.brow_y + width * float(random.uniform(0.03, 0.08))
            shift = width * float(random.uniform(-0.03, 0.03))
            cv2.line(
                where,
                (round(x + shift), round(top)),
                (round(x), round(end)),
                1,
                max(2, round(width * float(random.uniform(0.02, 0.045)))),
            )
        return _drawn(p.rgb, where, colour, 0.004 * width, 0.96)

    return make


def over_ears(colour: Colour) -> Make:
    def make(p: Portrait) -> Pixels:
        head, width = p.head, p.width
        where = _blank(p.rgb)
        for side, cheek in ((-1, head.left_x), (1, head.right_x)):
            outline = np.array(
                [
                    (cheek - side * 0.03 * width, p.brow_y - 0.2 * width),
                    (cheek + side * 0.2 * width, p.brow_y),
                    (cheek + side * 0.2 * width, head.chin_y),
                    (cheek - side * 0.05 * width, head.chin_y - 0.15 * width),
                ]
            )
            cv2.fillPoly(where, [outline.astype(np.int32)], 1)
        return _drawn(p.rgb, where, colour, 0.006 * width, 1.0)

    return make


# What is wrong with the file alone.


def trailing(p: Portrait) -> bytes:
    return saved(p.rgb) + b"\0" * 4096


def at_dpi(dpi: int) -> Make:
    def make(p: Portrait) -> bytes:
        out = io.BytesIO()
        Image.fromarray(p.rgb).save(out, "JPEG", quality=92, dpi=(dpi, dpi))
        return out.getvalue()

    return make


def in_cmyk(p: Portrait) -> bytes:
    out = io.BytesIO()
    Image.fromarray(p.rgb).convert("CMYK").save(out, "JPEG", quality=92)
    return out.getvalue()


def as_png(p: Portrait) -> bytes:
    out = io.BytesIO()
    Image.fromarray(p.rgb).save(out, "PNG", compress_level=1)
    return out.getvalue()


#: Put right by making the portrait, so they are no reason to refuse the upload.
FILE_DEFECTS: Final = (
    Defect("trailing bytes", "", "file_trailing_data", trailing),
    Defect("wrong dpi", "72", "file_dpi", at_dpi(72)),
    Defect("CMYK", "", "file_depth", in_cmyk),
    Defect("PNG", "", "file_format", as_png),
)


def defects(mask: Mask) -> tuple[Defect, ...]:
    """Return every defect of the picture; ``mask`` tells where the person is."""
    return (
        *(Defect("blur", f"{s}", "sharpness", blurred(s)) for s in (0.008, 0.012)),
        *(Defect("shake across", f"{s}", "sharpness", shaken(s)) for s in (0.04, 0.06)),
        Defect("shake down", "0.05", "sharpness", shaken(0.05, across=False)),
        *(Defect("enlarged from", f"{w} px", "sharpness", enlarged(w)) for w in (50, 70)),
        *(Defect("recompressed", f"q{q}", "sharpness", recompressed(q)) for q in (10, 25)),
        *(Defect("darkness", f"{g}", "exposure", darkened(g)) for g in (0.12, 0.2)),
        *(Defect("over-exposure", f"{g}", "exposure", brightened(g), also="face_count") for g in (2.2, 3)),
        Defect("blue cast", "strong", "natural_colour", cast(0.62, 0.9, 1.25)),
        Defect("green cast", "strong", "natural_colour", cast(0.7, 1.15, 0.75)),
        Defect("yellow cast", "strong", "natural_colour", cast(1.05, 1.0, 0.35)),
        *(Defect("side light", f"{s}", "lighting_even", side_lit(s)) for s in (0.3, 0.5)),
        Defect("black and white", "", "colour_photo", grey),
        Defect("black and white", "one channel", "colour_photo", lone_channel),
        *(Defect("tilt", f"{d}°", "roll", tilted(d)) for d in (8, 12, 20)),
        Defect("quarter turn", "left", "upright", turned(1)),
        Defect("quarter turn", "right", "upright", turned(3)),
        Defect("upside down", "", "upright", turned(2)),
        Defect("second face", "beside", "face_count", two_of_them),
        Defect("second face", "small", "face_count", face_beside(0.3)),
        Defect("nobody", "", "face_count", nobody),
        Defect("too tight", "above", "crown", cut(above=0.05)),
        Defect("too tight", "below", "eye_line", cut(below=1.0), also="resolution"),
        Defect("too tight", "beside", "centring", cut(beside=0.2)),
        *(
            Defect("border", f"{s} {name}", "border_or_text", framed(s, colour))
            for s, name, colour in (
                (0.01, "black", _BLACK),
                (0.03, "red", (180, 20, 30)),
                (0.04, "white", (255, 255, 255)),
            )
        ),
        Defect("bars", "black", "border_or_text", barred(0.1, _BLACK)),
        Defect(
            "caption",
            "below",
            "border_or_text",
            written("毕业照 2025", x=-0.6, y=1.45, size=0.12, colour=(30, 30, 40)),
        ),
        Defect(
            "date stamp",
            "",
            "border_or_text",
            written("2025-06-18", x=0.1, y=1.5, size=0.1, colour=(225, 90, 20)),
        ),
        Defect(
            "watermark",
            "beside the head",
            "border_or_text",
            written("PHOTO STUDIO", x=-1.2, y=-0.9, size=0.09, colour=(90, 90, 110)),
        ),
        *(Defect("logo", f"{s}", "background_plain", logo(s, (190, 40, 40))) for s in (0.1, 0.2)),
        Defect("busy background", "stripes", "background_plain", behind(striped, mask)),
        Defect("busy background", "shelves", "background_plain", behind(shelves, mask)),
        Defect("shaded background", "", "background_plain", shaded(mask)),
        Defect("background colour", "red", "background_colour", behind(even((170, 40, 45)), mask)),
        Defect("background colour", "dark", "background_colour", behind(even((60, 65, 70)), mask)),
        Defect("blue clothes", "", "clothes_not_blue", dyed_clothes((60, 110, 235), 0.9, mask)),
        Defect("checked clothes", "", "clothes_plain", checked_clothes(mask)),
        Defect("glasses", "thick", "glasses", in_glasses(_BLACK, 0.02)),
        Defect("glasses", "thin", "glasses", in_glasses((120, 90, 60), 0.009, round_ones=True)),
        Defect("lens glare", "", "lens_glare", in_glasses(_BLACK, 0.02, glare=0.7)),
        *(Defect("sunglasses", f"{a}", "sunglasses", in_sunglasses(a)) for a in (0.85, 0.97)),
        *(
            Defect("mask", name, "face_occluded", in_mask(colour), also="face_count")
            for name, colour in (
                ("blue", (150, 190, 215)),
                ("white", (236, 236, 238)),
                ("black", _BLACK),
            )
        ),
        *(
            Defect("hat", name, "headwear", in_hat(colour, low=0.9))
            for name, colour in (("black", _BLACK), ("red", (150, 30, 35)))
        ),
        Defect("hat", "blue, high", "headwear", in_hat((45, 70, 140), low=0.6)),
        Defect("fringe", "dark", "brows_covered", under_fringe((38, 30, 27))),
        Defect("hair over the ears", "dark", "ears_visible", over_ears((38, 30, 27))),
    )  # fmt: skip
