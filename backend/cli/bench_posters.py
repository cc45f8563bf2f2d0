"""The posters of ``bizhao bench``: many in one PDF."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import qr
from backend.cli.bench_rows import Family, Options, Row

COUNT: Final = 1000
COLUMNS: Final = ("posters", "each", "first", "each further one")


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of processor time a poster, and bytes of the first and of the rest."""

    size: str
    count: int
    each_ms: float
    first_bytes: int
    further_bytes: float

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of a table."""
        return (
            f"{self.count:,} × {self.size}",
            f"{self.each_ms:.1f} ms",
            f"{self.first_bytes / 1024:.0f} KB",
            f"{self.further_bytes / 1024:.1f} KB",
        )


def run(*, count: int = COUNT) -> Iterator[Timing]:
    """Draw a PDF of each size with so many different posters."""
    for size in qr.Size:
        # Reading the font is the same for one poster and for a thousand.
        first = len(qr.render_poster_pdf(_specs(1), size=size))
        begun = time.process_time()
        data = qr.render_poster_pdf(_specs(count), size=size)
        spent = time.process_time() - begun
        yield Timing(
            size=size.value,
            count=count,
            each_ms=spent * 1000 / count,
            first_bytes=first,
            further_bytes=(len(data) - first) / max(count - 1, 1),
        )


def poster_rows(options: Options) -> Iterator[Row]:
    """A PDF of each size with a poster for each of many stations."""
    del options
    for timing in run(count=COUNT):
        size, each, first, further = timing.cells
        line = f"posters {size}: {each} each, first {first}, each further one {further}"
        yield Row(line, timing.cells)


FAMILY: Final = Family("posters", COLUMNS, poster_rows)


def _specs(count: int) -> Iterator[qr.PosterSpec]:
    for number in range(count):
        yield qr.PosterSpec(
            school="样例大学",
            station=f"样例市第{number}函授站",
            campaign="2026届函授毕业生毕业信息采集",
            window="2026年3月1日 至 2026年4月30日",
            url=f"https://photos.example.edu/s/abcdefghijkl{number:04d}",
            contact="李老师 000-0000000",
            station_code=f"ZD{number}",
        )
