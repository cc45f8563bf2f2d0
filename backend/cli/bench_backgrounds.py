"""The backgrounds of ``bizhao bench``: what they cost, and what they cost the others."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, Final

import click

from backend import policies as shipped
from backend.cli.bench_rows import Family, Options, Row
from backend.imaging import bench_background
from backend.imaging.sample_photo import phone_photo

#: Requests that want a background at the same time.
TOGETHER: Final = 10
_MEGAPIXELS: Final = 3.0


def background_rows(options: Options) -> Iterator[Row]:
    """One photo with and without, alone and beside others who want theirs replaced."""
    try:
        data = phone_photo(_MEGAPIXELS)
    except ImportError:
        raise click.ClickException(
            "The bench's photo comes with scikit-image: run `make test` once."
        ) from None
    policy, rounds = options.policy, options.rounds
    alone = _apart(_cost, data, policy, rounds).result()
    yield _row("verdict, one core", f"{alone.verdict_ms:.0f} ms")
    yield _row("background beyond it, one core", f"{alone.added_ms:.0f} ms")
    yield _row("memory beyond it", f"{alone.added_mb:.0f} MB")
    idle = _apart(_verdicts, data, policy, rounds).result()
    same = _apart(_verdicts, data, policy, rounds, TOGETHER).result()
    yield from _beside("the process that replaces", idle, same)
    # Two workers, as a small installation has: one of them is asked for backgrounds.
    asked = _apart(_changes, data, policy, rounds)
    other = _apart(_verdicts, data, policy, rounds).result()
    asked.result()
    yield from _beside("another process", idle, other)


def _cost(data: bytes, policy: str, rounds: int) -> bench_background.Cost:
    return bench_background.cost(data, shipped.load(policy), rounds=rounds)


def _changes(data: bytes, policy: str, rounds: int) -> None:
    bench_background.changes(
        data, shipped.load(policy), rounds=rounds, together=TOGETHER
    )


def _verdicts(data: bytes, policy: str, rounds: int, beside: int = 0) -> list[float]:
    return bench_background.verdicts(
        data, shipped.load(policy), rounds=rounds, beside=beside
    )


def _apart(step: Callable[..., Any], *given: Any) -> Future[Any]:
    """Begin a step in a process of its own."""
    with_one = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    future = with_one.submit(step, *given)
    with_one.shutdown(wait=False)
    return future


def _beside(where: str, idle: list[float], busy: list[float]) -> Iterator[Row]:
    before, after = statistics.median(idle), statistics.median(busy)
    yield _row(
        f"verdict in {where}, {TOGETHER} backgrounds wanted",
        f"{after:.0f} ms, idle {before:.0f} ms, {after / before:.2f}x",
    )


def _row(what: str, figure: str) -> Row:
    return Row(f"{what}: {figure}", (what, figure))


FAMILY: Final = Family("backgrounds", ("what", "figure"), background_rows)
