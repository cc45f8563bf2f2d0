"""While the camera is open: from one small frame to the one thing to do next.

The frame is measured as an upload is, on the scale of the picture the camera will take,
and judged by the same rules and the same crop. Two things are left to that picture:

* Sharpness. Reduced to a frame every picture is sharp, enlarged to the window none is.
* What a rule needs that a frame has no time for, such as the pose of the shoulders: the
  rule is skipped, and a skipped rule of that kind does not keep a frame from being good.

The number of pixels is judged: the size of the camera's picture is sent along, so who is
too far away for a portrait of 480 px, and whose camera is too small for one, is told
while something can still be done. What a frame should have shown and did not is never
good: no hint is guessed from a value that is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from backend.domain.framing import FramingRefusal, frame
from backend.domain.measurements import FaceGeometry, Measurements
from backend.domain.policy import Policy
from backend.domain.report import Crop, Finding, Severity, Status
from backend.domain.rules import judge_person

#: Narrower faces are not measured well enough in a frame: at 90 px eyes and lips differ
#: from the full picture by less than their warning zones, at 60 px by more.
LEAST_FACE_PX: Final = 80
#: Where a crown that is cut off would be: this many face widths above the eyes.
_CROWN_ABOVE_EYES: Final = 0.87


class Hint(StrEnum):
    """What to do next; left and right are the person's own, as in a mirror."""

    NOBODY = "nobody"
    SEVERAL = "several"
    UPRIGHT = "upright"
    CAMERA_TOO_SMALL = "camera_too_small"
    COME_CLOSER = "come_closer"
    STEP_BACK = "step_back"
    MOVE_LEFT = "move_left"
    MOVE_RIGHT = "move_right"
    RAISE_CAMERA = "raise_camera"
    LOWER_CAMERA = "lower_camera"
    FLATTEN_HAIR = "flatten_hair"
    HEAD_STRAIGHT = "head_straight"
    FACE_CAMERA = "face_camera"
    EYE_LEVEL = "eye_level"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    ONE_SIDED_LIGHT = "one_sided_light"
    COLOUR_CAST = "colour_cast"
    NO_COLOUR = "no_colour"
    DARK_GLASSES = "dark_glasses"
    UNCOVER_FACE = "uncover_face"
    OPEN_EYES = "open_eyes"
    CLOSE_MOUTH = "close_mouth"
    PLAIN_BACKGROUND = "plain_background"
    ADJUST = "adjust"
    READY = "ready"


#: What a frame shows of the person once the head is where it should be, the most useful
#: first: a turned head spoils what is measured on it, bad light the eyes.
RULE_HINTS: Final[Mapping[str, Hint]] = MappingProxyType(
    {
        "roll": Hint.HEAD_STRAIGHT,
        "yaw": Hint.FACE_CAMERA,
        "pitch": Hint.EYE_LEVEL,
        "exposure": Hint.TOO_DARK,
        "lighting_even": Hint.ONE_SIDED_LIGHT,
        "natural_colour": Hint.COLOUR_CAST,
        "colour_photo": Hint.NO_COLOUR,
        "sunglasses": Hint.DARK_GLASSES,
        "face_occluded": Hint.UNCOVER_FACE,
        "eyes_open": Hint.OPEN_EYES,
        "mouth_closed": Hint.CLOSE_MOUTH,
        "background_plain": Hint.PLAIN_BACKGROUND,
    }
)
#: Judged only on the picture that is taken; see above.
LEFT_TO_THE_PICTURE: Final = frozenset({"sharpness"})


def hint_for(m: Measurements, policy: Policy) -> Hint:
    """Return the one most useful hint for a frame.

    Args:
        m: the frame's measurements, on the scale of the picture to be taken; ``m.file``
            holds the size of the frame itself.
        policy: the limits the picture will be judged by.
    """
    blocking = {
        finding.rule: finding
        for finding in judge_person(m, policy)
        if policy.severities[finding.rule] is Severity.BLOCK
    }
    who = _who(m, blocking)
    if who is not None or m.geometry is None:
        return who or Hint.NOBODY
    where, how = _where(m.geometry, m, policy), _how(blocking)
    if where is Hint.FLATTEN_HAIR:
        # A head that is turned or bent does not fit the proportions either.
        return how or where
    return where or how or Hint.READY


def _who(m: Measurements, blocking: Mapping[str, Finding]) -> Hint | None:
    if m.face_count == 0:
        return Hint.NOBODY
    if _failed(blocking.get("face_count")):
        return Hint.SEVERAL
    return Hint.UPRIGHT if m.turned_deg else None


def _where(head: FaceGeometry, m: Measurements, policy: Policy) -> Hint | None:
    """Return where to go for a lawful crop, none when there is one.

    Whoever is too small is sent to where coming closer ends well, so that no hint has to
    be taken back by the next.
    """
    size = (m.picture_width, m.picture_height)
    if _too_small(size, policy):
        return Hint.CAMERA_TOO_SMALL
    framing = policy.framing
    least = max(framing.face_width_min / framing.max_upscale, _least_measured(m))
    if head.face_width >= least:
        return _towards(head, size, policy)
    grow = max(framing.face_width_target / framing.max_upscale, least) / head.face_width
    near = head.moved(grow, (1 - grow) * size[0] / 2, (1 - grow) * size[1] / 2)
    return _towards(near, size, policy) or Hint.COME_CLOSER


def _too_small(size: tuple[int, int], policy: Policy) -> bool:
    """Tell whether no picture of this size holds a portrait, whoever stands where."""
    most = policy.framing.max_upscale
    return size[0] * most < policy.output.width or size[1] * most < policy.output.height


def _least_measured(m: Measurements) -> float:
    """Return how wide a face must be for the frame to show it well enough."""
    reduced = min(m.file.width, m.file.height) / min(m.picture_width, m.picture_height)
    return LEAST_FACE_PX / reduced


def _with_crown(head: FaceGeometry) -> FaceGeometry:
    """Return a head that is cut off with its top where tops are, not in the picture."""
    crown = head.eye_y - _CROWN_ABOVE_EYES * head.face_width
    return replace(head, crown_cut=False, crown_y=min(crown, 0))


def _towards(head: FaceGeometry, size: tuple[int, int], policy: Policy) -> Hint | None:
    """Return the way to a lawful crop: back, then aside, then up or down."""

    def crop_of(head: FaceGeometry, room: tuple[int, int]) -> Crop | FramingRefusal:
        return frame(head, room, policy.framing, policy.output)

    if isinstance(crop_of(head, size), Crop):
        return None
    if head.crown_cut:
        head = _with_crown(head)
    far = 4 * max(size)
    wanted = crop_of(head.moved(1, far, far), (2 * far, 2 * far))
    if isinstance(wanted, FramingRefusal):
        # It is not for want of room: crown, eyes and cheeks do not go together.
        return Hint.FLATTEN_HAIR
    if wanted.width > size[0] or wanted.height > size[1]:
        return Hint.STEP_BACK
    if not isinstance(crop_of(head.moved(1, 0, far), (size[0], 2 * far)), Crop):
        # A face at the picture's left edge is at the person's own right.
        left = head.centre_x < size[0] / 2
        return Hint.MOVE_LEFT if left else Hint.MOVE_RIGHT
    return Hint.RAISE_CAMERA if wanted.y < far else Hint.LOWER_CAMERA


def _how(blocking: Mapping[str, Finding]) -> Hint | None:
    for rule, hint in RULE_HINTS.items():
        finding = blocking.get(rule)
        if finding is not None and finding.status is Status.FAIL:
            bright = rule == "exposure" and finding.advice == "too_bright"
            return Hint.TOO_BRIGHT if bright else hint
    unseen = any(
        finding.status is Status.SKIP
        for rule, finding in blocking.items()
        if rule in RULE_HINTS
    )
    others = blocking.keys() - LEFT_TO_THE_PICTURE
    return Hint.ADJUST if unseen or any(_failed(blocking[r]) for r in others) else None


def _failed(finding: Finding | None) -> bool:
    return finding is not None and finding.status is Status.FAIL
