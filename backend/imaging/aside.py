"""A second thread for what need not be waited for: native code runs beside the caller."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, TypeVar

T = TypeVar("T")

#: One for the process: more would only take turns on the cores of a small machine.
_thread: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="aside")


def aside(step: Callable[..., T], *args: Any, **options: Any) -> Future[T]:
    """Begin a step that neither waits for another one here nor uses a model."""
    return _thread.submit(step, *args, **options)
