"""How long judging a photo takes, beside the least that it could take.

The floor is what no pipeline of these models can do without: one decode at the scale
needed, the very model calls that the pipeline makes for this photo, on the same pixels,
and one encode of the portrait. Both run in turns on the same bytes in one process, so
that whatever else the machine does slows both.
"""

from __future__ import annotations

import io
import os
import platform
import resource
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image, JpegImagePlugin

from backend.domain.policy import Policy
from backend.imaging.decode import Pixels, open_header
from backend.imaging.faces import FaceModel
from backend.imaging.inspector import (
    MEASURE_PX,
    MediaPipeInspector,
    PhotoInspection,
)

#: The first runs load models, fill caches and grow the heap; after so many it stays.
_WARM_UP_RUNS: Final = 10
_STATUS: Final = Path("/proc/self/status")
_CPUS: Final = Path("/proc/cpuinfo")
_LIBRARIES: Final = ("mediapipe", "numpy", "opencv-python-headless", "Pillow")


@dataclass(frozen=True, slots=True)
class PhotoTiming:
    """What one photo took: medians, and the most memory the process held judging it.

    Attributes:
        calls: how often each model was asked.
    """

    megapixels: float
    file_bytes: int
    pipeline_ms: float
    floor_ms: float
    peak_mb: float
    calls: Mapping[str, int]

    @property
    def ratio(self) -> float:
        """How many times the floor the pipeline takes."""
        return self.pipeline_ms / self.floor_ms


def time_photo(data: bytes, policy: Policy, *, rounds: int) -> PhotoTiming:
    """Judge a photo again and again in turns with its floor.

    Raises:
        PhotoUnreadableError: the bytes are not a picture that can be opened.
        UnavailableError: the face model cannot be loaded.
    """
    inspector = _Watched()

    def pipeline() -> PhotoInspection:
        return inspector.inspect(data, filename="photo.jpg", policy=policy)

    # As the service does before it says that it is ready.
    inspector.warm_up()
    for _ in range(_WARM_UP_RUNS):
        pipeline()
    peak = peak_mb()
    calls: list[_Call] = []
    inspector.model.notes = calls
    seen = pipeline()
    inspector.model.notes = None
    floor = _floor(data, calls, seen.portrait)
    floor()
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for step, times in zip((pipeline, floor), taken, strict=True):
            times.append(milliseconds(step))
    return PhotoTiming(
        megapixels=seen.file.width * seen.file.height / 1e6,
        file_bytes=len(data),
        pipeline_ms=statistics.median(taken[0]),
        floor_ms=statistics.median(taken[1]),
        peak_mb=peak,
        calls=Counter(call.name for call in calls),
    )


def machine() -> str:
    """Return what the figures depend on: processor, cores, Python, libraries."""
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return (
        f"{_processor()}, {_cores()} cores, Python {platform.python_version()}, "
        f"{libraries}"
    )


@dataclass(frozen=True, slots=True)
class _Call:
    """One question to one model."""

    name: str
    process: Callable[[Pixels], Any]
    pixels: Pixels


class _Noted:
    """A model that notes what it is asked before it answers."""

    def __init__(self, name: str, graph: Any, notes: list[_Call]) -> None:
        self._name, self._graph, self._notes = name, graph, notes

    def process(self, pixels: Pixels) -> Any:
        self._notes.append(_Call(self._name, self._graph.process, pixels.copy()))
        return self._graph.process(pixels)


class _WatchedModel(FaceModel):
    """The face model; while there are ``notes``, its calls are entered there."""

    notes: list[_Call] | None = None

    def _graph(self, name: str) -> Any:
        graph, notes = super()._graph(name), self.notes
        return graph if notes is None else _Noted(name, graph, notes)


class _Watched(MediaPipeInspector):
    """The inspector on a model that can be watched."""

    def __init__(self) -> None:
        super().__init__()
        self._model = self.model = _WatchedModel()


def _floor(
    data: bytes, calls: list[_Call], portrait: bytes | None
) -> Callable[[], object]:
    picture = open_header(data)
    share = min(1.0, MEASURE_PX / min(picture.size))
    wanted = (int(picture.width * share), int(picture.height * share))
    encode = _encoding(portrait) if portrait else None

    def floor() -> None:
        picture = Image.open(io.BytesIO(data))
        picture.draft(None, wanted)
        np.asarray(picture)
        for call in calls:
            call.process(call.pixels)
        if encode:
            encode()

    return floor


def _encoding(portrait: bytes) -> Callable[[], None]:
    """Return what writes a finished portrait once more, as it was written."""
    with Image.open(io.BytesIO(portrait)) as picture:
        sampling = JpegImagePlugin.get_sampling(picture)
        tables = picture.quantization  # type: ignore[attr-defined] # a JPEG's
        pixels = picture.convert("RGB")

    def encode() -> None:
        pixels.save(
            io.BytesIO(), "JPEG", qtables=tables, subsampling=sampling, optimize=True
        )

    return encode


def milliseconds(step: Callable[[], object]) -> float:
    """Return how long a step takes."""
    started = time.perf_counter()
    step()
    return (time.perf_counter() - started) * 1000


def peak_mb() -> float:
    """Return the most memory this process ever held, MB.

    What the system calls its maximum counts the parent's memory too, from before this
    process became another program, so Linux's own line is better where there is one.
    """
    line = _line_of(_STATUS, "VmHWM")
    if line is not None:
        return int(line.split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _processor() -> str:
    return _line_of(_CPUS, "model name") or platform.processor() or platform.machine()


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _line_of(file: Path, key: str) -> str | None:
    """Return what a file of the system says under a key."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    found = (line.partition(":") for line in lines)
    return next(
        (value.strip() for name, _, value in found if name.strip() == key), None
    )
