"""``bizhao bench``: how long things take on this machine, beside the least they could.

Each family of rows has a function that yields its lines, in a module of its own but for
the photos; ``FAMILIES`` names them. A family's lines also form its section of
``deploy/BENCHMARKS.md``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import click

from backend import policies as shipped
from backend.cli import (
    bench_backgrounds,
    bench_delivery,
    bench_posters,
    bench_roster,
    bench_search,
)
from backend.cli.bench_rows import Family, Options, Row
from backend.cli.context import plain_errors
from backend.imaging.bench import PhotoTiming, machine, time_photo
from backend.imaging.sample_photo import phone_photo

_MEGAPIXELS: Final = (1.0, 3.0, 12.0)


def photo_rows(options: Options) -> Iterator[Row]:
    """Judging one photo, each in a process of its own, so that no peak hides another."""
    for name, data in _photos(options):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            timing = pool.submit(
                _time_photo, data, options.policy, options.rounds
            ).result()
        yield _photo_row(name, timing)


#: Each further family is a module of its own; here they are only listed.
FAMILIES: Final = (
    Family(
        "photos",
        ("photo", "file", "pipeline", "floor", "ratio", "peak", "model calls"),
        photo_rows,
    ),
    bench_backgrounds.FAMILY,
    bench_roster.FAMILY,
    bench_search.FAMILY,
    bench_delivery.FAMILY,
    bench_posters.FAMILY,
)


@click.command()
@click.option(
    "--photos",
    "photo",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE…",
    help="Photos of your own, instead of the bench's.",
)
@click.argument(
    "more", nargs=-1, type=click.Path(path_type=Path, dir_okay=False, exists=True)
)
@click.option(
    "--megapixels",
    multiple=True,
    type=click.FloatRange(0.5, 50),
    default=_MEGAPIXELS,
    show_default=True,
    help="Sizes of the bench's own photos; may be given several times.",
)
@click.option("--rounds", type=click.IntRange(1), default=15, show_default=True)
@click.option(
    "--policy",
    type=click.Choice(shipped.names()),
    default="notice-2025",
    show_default=True,
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([family.name for family in FAMILIES]),
    help="The families to measure; all of them by default.",
)
@click.option(
    "--roster-rows", type=click.IntRange(1), default=100_000, show_default=True
)
@click.option(
    "--postgresql",
    metavar="URL",
    envvar="BIZHAO_BENCH_POSTGRESQL",
    help="A server where databases may be made, measured beside SQLite.",
)
@click.option(
    "--record",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Rewrite the sections of this file, deploy/BENCHMARKS.md.",
)
def bench(
    photo: tuple[Path, ...],
    more: tuple[Path, ...],
    megapixels: tuple[float, ...],
    rounds: int,
    policy: str,
    **others: Any,
) -> None:
    """Time judging a photo against its floor, and what else the service must be fast at."""
    record: Path | None = others["record"]
    photos = (*photo, *more)
    if record and photos:
        raise click.UsageError("Only the bench's own photos are recorded.")
    options = Options(
        photos=photos,
        megapixels=megapixels,
        rounds=rounds,
        policy=policy,
        roster_rows=others["roster_rows"],
        postgresql=others["postgresql"],
    )
    click.echo(machine())
    # Photos of one's own are about photos.
    wanted = others["only"] or (("photos",) if photos else ())
    for family in FAMILIES:
        if wanted and family.name not in wanted:
            continue
        rows = []
        with plain_errors():
            for row in family.rows(options):
                click.echo(row.line)
                rows.append(row)
        if record:
            _record(record, family, rows)


def _photos(options: Options) -> Iterator[tuple[str, bytes]]:
    """Yield names and bytes; a photo of our own is called by its size alone."""
    for path in options.photos:
        try:
            yield f"{path.name} ", path.read_bytes()
        except OSError as error:
            raise click.ClickException(f"{path}: {error.strerror}") from None
    if not options.photos:
        for megapixels in options.megapixels:
            yield "", _own_photo(megapixels)


def _own_photo(megapixels: float) -> bytes:
    try:
        return phone_photo(megapixels)
    except ImportError:
        raise click.ClickException(
            "The bench's photo comes with scikit-image: run `make test` once, "
            "or name photos of your own with --photos."
        ) from None


def _time_photo(data: bytes, policy: str, rounds: int) -> PhotoTiming:
    return time_photo(data, shipped.load(policy), rounds=rounds)


def _photo_row(name: str, timing: PhotoTiming) -> Row:
    size = f"{name}{timing.megapixels:.0f} MP"
    cells = (
        size,
        f"{timing.file_bytes / 1e6:.1f} MB",
        f"{timing.pipeline_ms:.1f} ms",
        f"{timing.floor_ms:.1f} ms",
        f"{timing.ratio:.2f}x",
        f"{timing.peak_mb:.0f} MB",
        ", ".join(f"{name} {count}" for name, count in sorted(timing.calls.items())),
    )
    line = (
        f"photo {size}: pipeline {cells[2]}, floor {cells[3]}, ratio {cells[4]}, "
        f"peak {cells[5]}"
    )
    return Row(line, cells)


def _record(file: Path, family: Family, rows: list[Row]) -> None:
    """Put the rows in the place of the file's section between the family's marks."""
    begin, end = f"<!-- {family.name} -->", f"<!-- /{family.name} -->"
    text = file.read_text(encoding="utf-8")
    section = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    lines = [
        begin,
        f"{datetime.now(UTC):%Y-%m-%d}, {machine()}",
        "",
        *(_table_row(c) for c in (family.columns, ["---"] * len(family.columns))),
        *(_table_row(row.cells) for row in rows),
        end,
    ]
    written, count = section.subn(lambda _: "\n".join(lines), text)
    if count != 1:
        raise click.ClickException(f"{file} has no place between {begin} and {end}")
    file.write_text(written, encoding="utf-8")


def _table_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
