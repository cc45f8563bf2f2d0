"""Finding a font with Chinese characters on this machine.

The font must have TrueType outlines: those are what the PDF writer can embed.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from qr.errors import FontNotFoundError

#: The Debian package that brings the first candidate.
PACKAGE: Final = "fonts-wqy-microhei"
CANDIDATES: Final = (
    Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"),
    Path("/usr/share/fonts/truetype/wqy/wqy-zenhei.ttc"),
    Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf"),
    Path("/usr/share/fonts/truetype/arphic/uming.ttc"),
)


@cache
def find_cjk_font() -> Path:
    """Return the file of a font with Chinese characters.

    Raises:
        FontNotFoundError: none of the known ones is installed.
    """
    return first_existing(CANDIDATES)


def first_existing(candidates: tuple[Path, ...]) -> Path:
    """Return the first file that is there; raises FontNotFoundError."""
    for path in candidates:
        if path.is_file():
            return path
    raise FontNotFoundError(
        f"没有找到中文字体，无法制作海报。请安装：sudo apt install {PACKAGE} "
        f"(no font with Chinese characters; install the package {PACKAGE})"
    )
