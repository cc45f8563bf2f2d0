"""The face model behind one narrow door: pixels in, named points and a mask out.

MediaPipe's landmark numbers stop here. Another model takes its place by filling
:class:`Face` and :class:`Sighting`.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from backend.imaging.graphs import load, silenced
from backend.imaging.scaling import shrunk as _shrunk

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]
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

_CHEEKS: Final = (234, 454)
_NOSE: Final = (197, 4, 2)
_BROWS: Final = ((70, 63, 105, 66), (300, 293, 334, 296))
_BROW_OUTLINES: Final = (
    (70, 63, 105, 66, 107, 55, 65, 52, 53, 46),
    (300, 293, 334, 296, 336, 285, 295, 282, 283, 276),
)
_EYE_OUTLINES: Final = (
    (33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7),
    (263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249),
)
#: Forehead, temples, cheeks and nose, above where beards grow.
_UPPER_FACE: Final = (
    67, 109, 10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 435, 426, 2, 206, 215,
    132, 93, 234, 127, 162, 21, 54, 103,
)  # fmt: skip
_SKIN_SPOTS: Final = (50, 280, 4, 197)
_UPPER_SPOTS: Final = (151, 9, 6, 108, 337)
_LOWER_SPOTS: Final = (2, 164, 200, 199, 205, 425, 187, 411)
_LIP_SPOTS: Final = (0, 17, 37, 267, 84, 314, 13, 14, 82, 312)
_ROUND_LIPS: Final = (164, 18, 200, 186, 410)
_MOUTH_CORNERS: Final = (61, 291)
_IRISES: Final = (468, 473)
_FOREHEAD_CHIN: Final = (10, 152)
_EYES: Final = ((33, 160, 158, 133, 153, 144), (362, 385, 387, 263, 373, 380))
_LOWER_LIDS: Final = (145, 374)
_SHOULDERS: Final = (12, 11)
_SEEN: Final = 0.5
_CHEEK_MIDDLES: Final = (50, 280)
_LIPS: Final = ((13, 14), (82, 87), (312, 317))
_OUTLINE: Final = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400,
    377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67,
    109,
)  # fmt: skip
_EYE_OUTLINE: Final = (33, 133, 362, 263, 159, 145, 386, 374)
_MOUTH_OUTLINE: Final = (61, 291, 0, 17)


@dataclass(frozen=True, slots=True)
class Face:
    """One face's points, (x, y, z) in pixels of the picture; z towards the camera.

    Of pairs the first is on the left of the picture.

    Attributes:
        nose: bridge, tip, and where it meets the lip.
        brows: the upper edge of each brow, from outside to inside.
        upper_part: outline of forehead, temples, cheeks and nose, without beard's ground.
        skin_spots: both cheeks, tip and bridge of the nose.
        upper_spots: skin of forehead and bridge; ``lower_spots`` of cheeks and chin.
        lip_spots: points on the lips; ``round_lips`` on the skin around them.
    """

    left_cheek: Points
    right_cheek: Points
    left_iris: Points
    right_iris: Points
    forehead: Points
    chin: Points
    left_eye: Points
    right_eye: Points
    left_lid: Points
    right_lid: Points
    left_cheek_middle: Points
    right_cheek_middle: Points
    lips: Points
    outline: Points
    eyes: Points
    mouth: Points
    mouth_corners: Points
    nose: Points
    brows: tuple[Points, Points]
    brow_outlines: tuple[Points, Points]
    eye_outlines: tuple[Points, Points]
    upper_part: Points
    skin_spots: Points
    upper_spots: Points
    lower_spots: Points
    lip_spots: Points
    round_lips: Points

    @property
    def eyes_apart(self) -> float:
        """Distance between the pupils, pixels."""
        return float(np.linalg.norm((self.right_iris - self.left_iris)[:2]))

    @property
    def width(self) -> float:
        """Width between the cheeks, pixels."""
        return float(self.right_cheek[0] - self.left_cheek[0])


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
        face=_named(largest),
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


def _both(
    points: Points, numbers: tuple[tuple[int, ...], tuple[int, ...]]
) -> tuple[Points, Points]:
    left, right = numbers
    return points[list(left)], points[list(right)]


def _named(points: Points) -> Face:
    return Face(
        left_cheek=points[_CHEEKS[0]],
        right_cheek=points[_CHEEKS[1]],
        left_iris=points[_IRISES[0]],
        right_iris=points[_IRISES[1]],
        forehead=points[_FOREHEAD_CHIN[0]],
        chin=points[_FOREHEAD_CHIN[1]],
        left_eye=points[list(_EYES[0])],
        right_eye=points[list(_EYES[1])],
        left_lid=points[_LOWER_LIDS[0]],
        right_lid=points[_LOWER_LIDS[1]],
        left_cheek_middle=points[_CHEEK_MIDDLES[0]],
        right_cheek_middle=points[_CHEEK_MIDDLES[1]],
        lips=points[np.array(_LIPS)],
        outline=points[list(_OUTLINE)],
        eyes=points[list(_EYE_OUTLINE)],
        mouth=points[list(_MOUTH_OUTLINE)],
        mouth_corners=points[list(_MOUTH_CORNERS)],
        nose=points[list(_NOSE)],
        brows=_both(points, _BROWS),
        brow_outlines=_both(points, _BROW_OUTLINES),
        eye_outlines=_both(points, _EYE_OUTLINES),
        upper_part=points[list(_UPPER_FACE)],
        skin_spots=points[list(_SKIN_SPOTS)],
        upper_spots=points[list(_UPPER_SPOTS)],
        lower_spots=points[list(_LOWER_SPOTS)],
        lip_spots=points[list(_LIP_SPOTS)],
        round_lips=points[list(_ROUND_LIPS)],
    )
