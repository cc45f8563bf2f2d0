"""Whatever the bytes: a picture or a refusal, in bounded memory and without a word."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable

import pytest
from PIL import Image

from backend.domain.errors import PhotoUnreadableError
from backend.imaging.decode import decode
from backend.imaging.probe import probe
from tests.imaging import pictures

#: Of each format; 2,000 in all.
MUTATIONS = 500
CODES = {
    "not_a_picture",
    "unsupported_format",
    "picture_damaged",
    "too_many_pixels",
    "animated_picture",
    "picture_too_small",
}
Mutation = Callable[[bytearray, random.Random], None]

# Pytest sets the filter aside with which the service silences Pillow.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def flip_bits(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.randint(1, 8)):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def cut(data: bytearray, dice: random.Random) -> None:
    del data[dice.randrange(len(data)) :]


def edit_header(data: bytearray, dice: random.Random) -> None:
    at = dice.randrange(min(len(data) - 4, 200))
    data[at : at + 4] = dice.choice(
        [b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff", dice.randbytes(4)]
    )


def move_a_piece(data: bytearray, dice: random.Random) -> None:
    at, length = dice.randrange(len(data)), dice.randrange(1, 64)
    piece = data[at : at + length]
    del data[at : at + length]
    to = dice.randrange(len(data) + 1)
    data[to:to] = piece


EVERY: tuple[Mutation, ...] = (flip_bits, cut, edit_header, move_a_piece)


def sample(kind: str) -> bytes:
    notes = pictures.with_notes(orientation=6, taken="2025:03:09 08:07:06")
    profile = pictures.swapped_profile()
    options = {"exif": notes, "icc_profile": profile}
    picture = pictures.quarters()
    picture.paste(Image.fromarray(pictures.noise(32, 32)), (8, 8))
    return pictures.saved(picture, kind, **options)


def outcome(data: bytes) -> str:
    """Return the refusal's code, or nothing; anything else that is raised escapes."""
    try:
        facts = probe(data)
        rgb = decode(data)
    except PhotoUnreadableError as error:
        return error.code
    assert rgb.dtype.name == "uint8"
    assert {facts.width, facts.height} == set(rgb.shape[:2])
    return ""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_mutations_are_pictures_or_refusals(kind: str) -> None:
    whole = sample(kind)
    seen = set()
    for seed in range(MUTATIONS):
        dice = random.Random(f"{kind} {seed}")
        data = bytearray(whole)
        EVERY[seed % len(EVERY)](data, dice)
        seen.add(outcome(bytes(data)))
    assert seen <= CODES | {""}
    assert "picture_damaged" in seen


def test_noise_with_a_magic_number_is_a_refusal() -> None:
    dice = random.Random(0)
    for magic in (
        b"\xff\xd8\xff\xe0",
        b"\x89PNG\r\n\x1a\n",
        b"RIFF\x40\0\0\0WEBPVP8 ",
        b"\0\0\0\x18ftypheic",
        b"GIF89a",
    ):
        for _ in range(20):
            assert outcome(magic + dice.randbytes(400)) in CODES


MEASURE = """
import resource, sys
from backend.domain.errors import PhotoUnreadableError
from backend.imaging.decode import decode
from backend.imaging.probe import probe
from tests.imaging import pictures, test_hostile_files as hostile
import random, struct, zlib

decode(pictures.jpeg())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for kind in ("JPEG", "PNG", "WEBP", "HEIF"):
    whole = hostile.sample(kind)
    for seed in range(60):
        data = bytearray(whole)
        hostile.edit_header(data, random.Random(f"{kind} {seed}"))
        hostile.outcome(bytes(data))
for kind, head in ((b"zTXt", b"c\\0\\0"), (b"iCCP", b"p\\0\\0")):
    bomb = pictures.png_chunk(kind, head + zlib.compress(bytes(200_000_000), 9))
    hostile.outcome(pictures.png_with(bomb))
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_memory_stays_bounded_and_nothing_is_said() -> None:
    """Sixty megapixels, the most that is allowed, may take 4 + 3 bytes a pixel twice."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    assert int(done.stdout) < 900
