"""``python -m qr stations.csv --out posters/``: posters for many stations at once.

The CSV has a heading row; ``station``, ``url``, ``campaign``, ``window``, ``contact`` and
``school`` are needed, ``title`` and ``code`` (the station's short code) may be there. UTF-8 with or without a mark, or GB18030.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from qr import texts
from qr.code import render_png, render_svg
from qr.errors import PosterError
from qr.poster import render_poster_pdf, render_poster_png
from qr.spec import PosterSpec, Size

NEEDED: Final = ("station", "url", "campaign", "window", "contact", "school")
#: Characters that some file system refuses, or that a shell reads as its own.
_UNSAFE: Final = re.compile(r"[^\w（）()-]+")
_LONGEST_NAME: Final = 60
_ALL: Final = "posters.pdf"


class RowsError(Exception):
    """Everything wrong with the file, a line each, in Chinese."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the posters; return 0, or 2 after listing what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m qr", description=__doc__)
    parser.add_argument("csv", type=Path, help="one station a row")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument(
        "--size",
        type=Size,
        choices=list(Size),
        default=Size.A4,
        help="A4, A3, or sign: 100 × 100 mm for a table",
    )
    chosen = parser.parse_args(arguments)
    try:
        specs = read_specs(chosen.csv.read_bytes())
        # Everything is drawn before anything is written, so nothing is left half done.
        files = draw(specs, chosen.size)
    except OSError as error:
        return _failed(texts.CANNOT_READ.format(path=chosen.csv, why=error.strerror))
    except (RowsError, PosterError) as error:
        return _failed(str(error))
    try:
        chosen.out.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (chosen.out / name).write_bytes(data)
    except OSError as error:
        return _failed(texts.CANNOT_WRITE.format(path=chosen.out, why=error.strerror))
    done = texts.DONE.format(count=len(specs), path=chosen.out / _ALL)
    sys.stdout.write(f"{done}\n")
    return 0


def read_specs(data: bytes) -> list[PosterSpec]:
    """Return the posters a CSV describes; rows without any text are passed over.

    Raises:
        RowsError: lists every bad row with its number in the file.
    """
    specs, problems = [], []
    for number, row in _rows(data):
        try:
            specs.append(
                PosterSpec(
                    school=row["school"],
                    station=row["station"],
                    campaign=row["campaign"],
                    window=row["window"],
                    url=row["url"],
                    contact=row["contact"],
                    station_code=row.get("code", ""),
                    title=row.get("title") or texts.TITLE,
                )
            )
        except PosterError as error:
            problems.append(texts.BAD_ROW.format(number=number, problems=error))
    if problems:
        raise RowsError("\n".join(problems))
    if not specs:
        raise RowsError(texts.NO_ROWS)
    return specs


def _rows(data: bytes) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with the number of its last line in the file; raises RowsError."""
    table = csv.DictReader(io.StringIO(_text(data), newline=""), restval="")
    try:
        names = [name.strip() for name in table.fieldnames or ()]
        missing = [name for name in NEEDED if name not in names]
        if missing:
            raise RowsError(texts.NO_COLUMNS.format(names="、".join(missing)))
        table.fieldnames = names
        for row in table:
            given = {name: row[name].strip() for name in names}
            if any(given.values()):
                yield table.line_num, given
    except csv.Error:
        raise RowsError(texts.NOT_TEXT) from None


def _failed(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 2


def draw(specs: Sequence[PosterSpec], size: Size = Size.A4) -> dict[str, bytes]:
    """Return every file by its name: poster and code of each station, and all in one."""
    files = {_ALL: render_poster_pdf(specs, size=size)}
    for number, spec in enumerate(specs, start=1):
        stem = file_stem(number, spec.station)
        files[f"{stem}.pdf"] = render_poster_pdf([spec], size=size)
        files[f"{stem}.png"] = render_poster_png(spec, size=size)
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
        pass
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        # A replaced character would be printed on a poster.
        raise RowsError(texts.NOT_TEXT) from None


if __name__ == "__main__":
    sys.exit(main())
