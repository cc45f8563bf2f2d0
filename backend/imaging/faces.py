"""The face model behind one narrow door: pixels in, named points and a mask out.

Another model takes its place by filling :class:`backend.imaging.landmarks.Face` and
:class:`Sighting`.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backend.imaging.graphs import load, silenced
from backend.imaging.landmarks import Face, Pixels, Points, named
from backend.imaging.scaling import shrunk as _shrunk

Ends = tuple[Points, Points]

#: The detector looks at 128×128 px, so more gives it nothing.
_DETECTOR_PX: Final = 320
#: Points are found on a picture reduced to this.
_MESH_PX: Final = 720
#: A second face this small beside the first is a picture on a wall (OFIQ's area ratio).
_SMALLEST_SECOND: Final = 0.03
#: A face found from afar is looked at in a square this many times its size.
_AFAR_SQUARE: Final = 3.0
#: A head is only upside down if it is seen this much more clearly that way. Lying on a
#: side needs no such margin: of 98 such pictures all scored highest turned upright, 17 of
#: them by less than this, and of 49 upright ones none scored higher turned.
_UPSIDE_DOWN_MARGIN: Final = 0.1
_UPSIDE_DOWN: Final = 2

_SHOULDERS: Final = (12, 11)
_SEEN: Final = 0.5


@dataclass(frozen=True, slots=True)
class Region:
    """An upright rectangle of the picture, pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Square pixels."""
        return self.width * self.height


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen in one picture.

    Attributes:
        turned_deg: how far the head is turned clockwise, in quarters; none without one.
        face: the largest face, when it is upright.
        second: where another face is.
        small: the picture reduced to what was looked at.
    """

    face_count: int
    turned_deg: int | None = None
    face: Face | None = None
    second: Region | None = None
    small: Pixels | None = field(default=None, repr=False, compare=False)


class FaceModel:
    """Finds faces and shoulders, and separates the person from the background.

    The models behind it are neither shared between threads nor loaded before they are
    needed; each thread gets its own. What need not be waited for, and the largest of
    them, of the body, runs in one thread beside all callers.
    """

    def __init__(self) -> None:
        self._local = threading.local()
        self._beside = ThreadPoolExecutor(max_workers=1, thread_name_prefix="beside")

    def warm_up(self) -> None:
        """Load the models for this thread; raises UnavailableError."""
        blank = np.zeros((64, 64, 3), np.uint8)
        with silenced():
            for name in ("mesh", "selfie"):
                self._graph(name).process(blank)
            self._beside.submit(self._detect_all_ways, blank).result()
            self.shoulders(blank).result()

    def look(self, rgb: Pixels, *, upright: bool = False) -> Sighting:
        """Return what is in an (H, W, 3) RGB picture.

        Of a picture that is known to be ``upright``, as a portrait is, which way is up
        and who else is there is only asked when no face is found.
        """
        if getattr(self._local, "settled", False):
            return self._look(rgb, upright=upright)
        # The libraries remark on the first face they meet, too.
        with silenced():
            sighting = self._look(rgb, upright=upright)
            small = _shrunk(rgb, _DETECTOR_PX)
            self.person_mask(small)
            self.shoulders(small).result()
        self._local.settled = sighting.face is not None
        return sighting

    def _look(self, rgb: Pixels, *, upright: bool) -> Sighting:
        mesh, small = self._graph("mesh"), _shrunk(rgb, _MESH_PX)
        asked = None if upright else self._beside.submit(self._detect_all_ways, small)
        # Nearly every head is up, so its points are looked for while that is found out.
        as_it_is = _meshes(mesh, small, rgb)
        if asked is None:
            if as_it_is:
                return _sighting(as_it_is, [], 0, small)
            asked = self._beside.submit(self._detect_all_ways, small)
        ways = asked.result()
        for turn in dict.fromkeys((_turn(ways), 0)):
            view, whole = (np.rot90(picture, turn) for picture in (small, rgb))
            meshes = _meshes(mesh, view, whole) if turn else as_it_is
            # A detection without a mesh is no face: a pattern, a head from behind.
            if meshes:
                return _sighting(meshes, ways[turn].regions(whole), turn, small)
        return self._look_afar(rgb, small)

    def _detect_all_ways(self, small: Pixels) -> list[_Detections]:
        """Return what is found on the picture turned by 0, 90, 180 and 270 degrees.

        The landmark model draws an upright face into an upside-down one, so it cannot
        tell; of four detections the best one was right on 283 of 285 pictures (vision
        facts).
        """
        detector, tiny = self._graph("detector"), _shrunk(small, _DETECTOR_PX)
        return [
            _detect(detector, np.ascontiguousarray(np.rot90(tiny, turn)))
            for turn in range(4)
        ]

    def _look_afar(self, rgb: Pixels, small: Pixels) -> Sighting:
        """Look for people further away than the near detector sees, and closely at one.

        The far detector misses close faces and those in glasses (vision facts), so it is
        asked only when the near one saw nobody.
        """
        detected = _detect(self._graph("far_detector"), small).regions(rgb)
        if not detected:
            return Sighting(face_count=0, small=small)
        nearest = detected[0]
        half = _AFAR_SQUARE / 2 * max(nearest.width, nearest.height)
        middle_x = nearest.x + nearest.width / 2
        middle_y = nearest.y + nearest.height / 2
        left, top = max(0, int(middle_x - half)), max(0, int(middle_y - half))
        part = rgb[top : int(middle_y + half) + 1, left : int(middle_x + half) + 1]
        offset = np.array([left, top, 0.0])
        close = _shrunk(part, _MESH_PX)
        meshes = [mesh + offset for mesh in _meshes(self._graph("mesh"), close, part)]
        if not meshes:
            return Sighting(face_count=0, small=small)
        return _sighting(meshes, detected, 0, small)

    def person_mask(self, rgb: Pixels) -> NDArray[np.float32]:
        """Return (H, W) with 1 where the person is and 0 where not."""
        mask = self._graph("selfie").process(rgb).segmentation_mask
        return np.asarray(mask, np.float32)

    def shoulders(self, rgb: Pixels) -> Future[Ends | None]:
        """Begin to look for both shoulders: (x, y) each, the left of the picture first.

        None where they are not both seen. This takes longest of all: 30 ms and 110 MB.
        """
        return self._beside.submit(self._shoulders, rgb)

    def _shoulders(self, rgb: Pixels) -> Ends | None:
        found = self._graph("pose").process(rgb).pose_landmarks
        if found is None:
            return None
        # The person's right shoulder is on the left of the picture.
        both = [found.landmark[number] for number in _SHOULDERS]
        if min(point.visibility for point in both) < _SEEN:
            return None
        size = np.array([rgb.shape[1], rgb.shape[0]], np.float64)
        left, right = (np.array([p.x, p.y], np.float64) * size for p in both)
        return left, right

    def _graph(self, name: str) -> Any:
        """Return this thread's own model of that name."""
        graph = getattr(self._local, name, None)
        if graph is None:
            graph = load(name)
            setattr(self._local, name, graph)
        return graph


@dataclass(frozen=True, slots=True)
class _Detections:
    """Faces a detector found: the best score, and boxes relative to the picture."""

    score: float
    boxes: tuple[tuple[float, float, float, float], ...]

    def regions(self, rgb: Pixels) -> list[Region]:
        """Return the boxes on a picture, the largest first, tiny ones left out."""
        height, width = rgb.shape[:2]
        found = [
            Region(x * width, y * height, w * width, h * height)
            for x, y, w, h in self.boxes
        ]
        return _large(found)


def _detect(detector: Any, rgb: Pixels) -> _Detections:
    found = detector.process(rgb).detections or []
    boxes = [d.location_data.relative_bounding_box for d in found]
    return _Detections(
        score=max((float(d.score[0]) for d in found), default=0.0),
        boxes=tuple((b.xmin, b.ymin, b.width, b.height) for b in boxes),
    )


def _turn(ways: list[_Detections]) -> int:
    """Return the quarter turn to the left that puts the head up."""
    best = max(range(len(ways)), key=lambda turn: ways[turn].score)
    lead = ways[best].score - ways[0].score
    return 0 if best == _UPSIDE_DOWN and lead <= _UPSIDE_DOWN_MARGIN else best


def _meshes(mesh: Any, small: Pixels, whole: Pixels) -> list[Points]:
    """Return the faces of a reduced picture, in pixels of the whole one."""
    found = mesh.process(np.ascontiguousarray(small)).multi_face_landmarks or []
    return [_as_pixels(each, whole) for each in found]


def _sighting(
    meshes: list[Points], detected: list[Region], turn: int, small: Pixels
) -> Sighting:
    faces = _large([_region(points) for points in meshes])
    count = max(len(faces), len(detected))
    if turn:
        # What the picture shows lying on its side is measured by nobody.
        return Sighting(face_count=count, turned_deg=turn * 90, small=small)
    largest = max(meshes, key=lambda points: _region(points).area)
    others = [r for r in (*faces[1:], *detected) if not _overlap(r, faces[0])]
    return Sighting(
        face_count=count,
        turned_deg=0,
        face=named(largest),
        second=others[0] if others and count > 1 else None,
        small=small,
    )


def _large(regions: list[Region]) -> list[Region]:
    """Return the regions, the largest first, without those tiny beside it."""
    ordered = sorted(regions, key=lambda region: region.area, reverse=True)
    return [r for r in ordered if r.area >= _SMALLEST_SECOND * ordered[0].area]


def _overlap(one: Region, other: Region) -> bool:
    apart_x = abs(one.x + one.width / 2 - other.x - other.width / 2)
    apart_y = abs(one.y + one.height / 2 - other.y - other.height / 2)
    wide, high = one.width + other.width, one.height + other.height
    return apart_x < wide / 2 and apart_y < high / 2


def _as_pixels(mesh: Any, rgb: Pixels) -> Points:
    """Return (478, 3) points; the model gives z on the scale of x."""
    height, width = rgb.shape[:2]
    raw = np.array([(p.x, p.y, p.z) for p in mesh.landmark], np.float64)
    return raw * np.array([width, height, width], np.float64)


def _region(points: Points) -> Region:
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    return Region(*(float(v) for v in (*low, *(high - low))))
