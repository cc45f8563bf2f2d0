"""MediaPipe's models: each loaded when it is first asked for, and kept quiet."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType, ModuleType
from typing import Any, Final

from backend.domain.errors import UnavailableError

_MOST_FACES: Final = 4
_PLOTTING: Final = ("matplotlib", "matplotlib.pyplot")
#: glibc's mallopt: how many heaps threads may spread over (malloc.h).
_M_ARENA_MAX: Final = -8
_libc: Final = ctypes.CDLL(None)
_silence = threading.Lock()
_importing = threading.Lock()


def load(name: str) -> Any:
    """Return a new model: ``detector``, ``far_detector``, ``mesh``, ``selfie``, ``pose``.

    Raises:
        UnavailableError: the models are not there, or cannot be opened.
    """
    try:
        with warnings.catch_warnings():
            # Its generated message classes warn about Python's future, not ours.
            warnings.simplefilter("ignore")
            return _LOADERS[name](_solutions())
    except (ImportError, OSError, RuntimeError, ValueError):
        raise UnavailableError("face_model_unavailable") from None


@contextmanager
def silenced() -> Iterator[None]:
    """Send standard error nowhere for a moment.

    The native libraries write there on their first run and take no setting against it.
    Our own log goes to standard output, so no line of it is lost.
    """
    with _silence, open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a device
        kept = os.dup(2)
        os.dup2(nowhere.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _solutions() -> Any:
    with _importing, _without_plotting():
        # Each thread of the models would keep a heap of its own, 30 MB in all.
        if hasattr(_libc, "mallopt"):
            _libc.mallopt(_M_ARENA_MAX, 1)
        # Importing takes half a second and 50 MB, so it waits until here.
        import mediapipe.python.solutions as solutions  # noqa: PLC0415, PLR0402

        return solutions


@contextmanager
def _without_plotting() -> Iterator[None]:
    """Stand in for the plotting library that MediaPipe's drawing helpers import.

    Nothing here draws with them, and it would cost each process 30 MB. Whoever imports it
    afterwards gets the real one.
    """
    missing = [name for name in _PLOTTING if name not in sys.modules]
    sys.modules.update({name: ModuleType(name) for name in missing})
    try:
        yield
    finally:
        for name in missing:
            del sys.modules[name]


_LOADERS: Final[Mapping[str, Callable[[Any], Any]]] = MappingProxyType(
    {
        "detector": lambda s: s.face_detection.FaceDetection(model_selection=0),
        "far_detector": lambda s: s.face_detection.FaceDetection(model_selection=1),
        "mesh": lambda s: s.face_mesh.FaceMesh(
            static_image_mode=True, max_num_faces=_MOST_FACES, refine_landmarks=True
        ),
        "selfie": lambda s: s.selfie_segmentation.SelfieSegmentation(model_selection=0),
        "pose": lambda s: s.pose.Pose(static_image_mode=True, model_complexity=1),
    }
)
