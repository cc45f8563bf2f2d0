"""What replacing backgrounds costs, and what it costs those who only want a verdict."""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from backend.domain.backgrounds import CHANGE_RULE
from backend.domain.errors import UnavailableError
from backend.domain.policy import Limits, Policy
from backend.domain.report import Background
from backend.imaging.bench import milliseconds, peak_mb
from backend.imaging.inspector import MediaPipeInspector

#: Before anything is timed, models are loaded and the heap has grown.
_WARM_UP_RUNS: Final = 5
#: Seconds.
_LOOK_EVERY: Final = 0.1


@dataclass(frozen=True, slots=True)
class Cost:
    """What a replaced background takes beyond the verdict, on one core.

    Attributes:
        verdict_ms: judging alone, median.
        added_ms: how much longer it takes with the background replaced, median.
        added_mb: how much more memory the process ever held.
    """

    verdict_ms: float
    added_ms: float
    added_mb: float


def cost(data: bytes, policy: Policy, *, rounds: int) -> Cost:
    """Judge a photo with and without in turns; the process keeps to one core after."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    judge, change = _steps(data, policy)
    for _ in range(_WARM_UP_RUNS):
        judge()
    before = peak_mb()
    for _ in range(_WARM_UP_RUNS):
        change()
    added_mb = peak_mb() - before
    alone, both = [], []
    for _ in range(rounds):
        alone.append(milliseconds(judge))
        both.append(milliseconds(change))
    verdict_ms = statistics.median(alone)
    return Cost(verdict_ms, statistics.median(both) - verdict_ms, added_mb)


def verdicts(
    data: bytes, policy: Policy, *, rounds: int, beside: int = 0
) -> list[float]:
    """Return how long each of many verdicts took, milliseconds.

    Args:
        data: the photo.
        policy: what it is judged by.
        rounds: how many verdicts.
        beside: how many threads of this process ask for a background meanwhile, again
            and again, as often as the service lets them.
    """
    judge, change = _steps(data, policy)
    for _ in range(_WARM_UP_RUNS):
        judge()
    with _asking(change, beside):
        return [milliseconds(judge) for _ in range(rounds)]


def changes(data: bytes, policy: Policy, *, rounds: int, together: int) -> None:
    """Replace so many backgrounds and do nothing else, several threads asking at once."""
    _, change = _steps(data, policy)
    done, lock = 0, threading.Lock()

    def ask() -> object:
        nonlocal done
        found = change()
        with lock:
            done += 1
        return found

    with _asking(ask, together):
        while done < rounds:
            time.sleep(_LOOK_EVERY)


@contextmanager
def _asking(change: Callable[[], object], count: int) -> Iterator[None]:
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            try:
                change()
            except UnavailableError as error:
                enough.wait(float(error.data["retry_after"]))

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        # The first of them is at work by now.
        time.sleep(0.5)
        yield
    finally:
        enough.set()
        for thread in threads:
            thread.join()


def _steps(
    data: bytes, policy: Policy
) -> tuple[Callable[[], object], Callable[[], object]]:
    """Return what judges, and what replaces the background however bad it becomes."""
    inspector = MediaPipeInspector()
    inspector.warm_up()
    rule = policy.rules[CHANGE_RULE]
    lenient = replace(rule, variants=dict.fromkeys(rule.variants, Limits()))
    rules = MappingProxyType({**policy.rules, CHANGE_RULE: lenient})
    anything = replace(policy, rules=rules)

    def judge() -> object:
        return inspector.inspect(data, filename="photo.jpg", policy=policy)

    def change() -> object:
        return inspector.inspect(
            data,
            filename="photo.jpg",
            policy=anything,
            background=Background.STANDARD,
        )

    return judge, change
