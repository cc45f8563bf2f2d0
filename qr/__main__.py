"""``python -m qr stations.csv --out posters/``: posters for many stations at once.

The CSV has a heading row; ``station``, ``url``, ``campaign``, ``window``, ``contact`` and
``school`` are needed, ``title`` may be there. UTF-8 with or without a mark, or GB18030.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from qr import texts
from qr.code import render_png, render_svg
from qr.errors import PosterError
from qr.poster import render_poster_pdf, render_poster_png
from qr.spec import PosterSpec

NEEDED: Final = ("station", "url", "campaign", "window", "contact", "school")
#: Characters that some file system refuses, or that a shell reads as its own.
_UNSAFE: Final = re.compile(r"[^\w（）()-]+")
_LONGEST_NAME: Final = 60


class RowsError(Exception):
    """Everything wrong with the file, a line each."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the posters; return 0, or 2 after listing what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m qr", description=__doc__)
    parser.add_argument("csv", type=Path, help="one station a row")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    chosen = parser.parse_args(arguments)
    try:
        specs = read_specs(chosen.csv.read_bytes())
        files = draw(specs)
    except OSError as error:
        sys.stderr.write(f"读不了 {chosen.csv}：{error.strerror}\n")
        return 2
    except (RowsError, PosterError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    # Everything is drawn before anything is written, so nothing is left half done.
    chosen.out.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (chosen.out / name).write_bytes(data)
    sys.stdout.write(f"{len(specs)} 张海报 → {chosen.out}/posters.pdf\n")
    return 0


def read_specs(data: bytes) -> list[PosterSpec]:
    """Return the posters a CSV describes.

    Raises:
        RowsError: lists every bad row with its number in the file.
    """
    rows = list(csv.DictReader(io.StringIO(_text(data), newline="")))
    missing = [name for name in NEEDED if not rows or name not in rows[0]]
    if missing:
        raise RowsError(f"表头缺少这些列，或没有一行数据：{'、'.join(missing)}")
    specs, problems = [], []
    for number, row in enumerate(rows, start=2):
        said = {key: (value or "").strip() for key, value in row.items() if key}
        try:
            specs.append(
                PosterSpec(
                    school=said["school"],
                    station=said["station"],
                    campaign=said["campaign"],
                    window=said["window"],
                    url=said["url"],
                    contact=said["contact"],
                    title=said.get("title") or texts.TITLE,
                )
            )
        except PosterError as error:
            problems.append(f"第 {number} 行：{error}，请修改后重试")
    if problems:
        raise RowsError("\n".join(problems))
    return specs


def draw(specs: Sequence[PosterSpec]) -> dict[str, bytes]:
    """Return every file by its name: poster and code of each station, and all in one."""
    files = {"posters.pdf": render_poster_pdf(specs)}
    for number, spec in enumerate(specs, start=1):
        stem = file_stem(number, spec.station)
        files[f"{stem}.pdf"] = render_poster_pdf([spec])
        files[f"{stem}.png"] = render_poster_png(spec)
        files[f"{stem}-code.png"] = render_png(spec.url)
        files[f"{stem}-code.svg"] = render_svg(spec.url).encode()
    return files


def file_stem(number: int, station: str) -> str:
    """Return a safe file name; the number keeps stations of one name apart."""
    return f"{number:03d}-{_UNSAFE.sub('-', station).strip('-')[:_LONGEST_NAME]}"


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", errors="replace")


if __name__ == "__main__":
    sys.exit(main())
