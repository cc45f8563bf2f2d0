"""What was measured on one upload: numbers, points and flags, never pixels."""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.colour import Lab
from backend.domain.photo import FileFacts
from backend.domain.report import Box


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceGeometry:
    """Where the head is, in pixels of the picture it was measured on.

    Attributes:
        crown_y: top of the head with its hair.
        crown_cut: the head touches the upper edge, so its top is not in the picture.
        eye_y: the line through the pupils.
        left_x: outer edge of the cheek on the left of the picture.
        right_x: outer edge of the cheek on its right.
        chin_y: lowest point of the chin.
    """

    crown_y: float
    crown_cut: bool
    eye_y: float
    left_x: float
    right_x: float
    chin_y: float
    left_pupil: tuple[float, float]
    right_pupil: tuple[float, float]

    @property
    def face_width(self) -> float:
        """Width between the cheeks (notice F6)."""
        return self.right_x - self.left_x

    @property
    def centre_x(self) -> float:
        """Middle between the cheeks (notice F3)."""
        return (self.left_x + self.right_x) / 2

    def moved(self, scale: float, x: float, y: float) -> FaceGeometry:
        """Return the head on another picture: scaled evenly, then shifted."""
        left, right = self.left_pupil, self.right_pupil
        return FaceGeometry(
            crown_y=self.crown_y * scale + y,
            crown_cut=self.crown_cut,
            eye_y=self.eye_y * scale + y,
            left_x=self.left_x * scale + x,
            right_x=self.right_x * scale + x,
            chin_y=self.chin_y * scale + y,
            left_pupil=(left[0] * scale + x, left[1] * scale + y),
            right_pupil=(right[0] * scale + x, right[1] * scale + y),
        )

    @property
    def box(self) -> Box:
        """The head from crown to chin."""
        return Box(
            self.left_x, self.crown_y, self.face_width, self.chin_y - self.crown_y
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurements:
    """Everything the rules judge; ``None`` where it could not be measured.

    Angles are degrees, ratios and shares are dimensionless, colours CIELAB; each
    attribute's formula stands where it is computed.
    """

    file: FileFacts
    picture_width: int
    picture_height: int
    face_count: int
    turned_deg: int | None = None
    geometry: FaceGeometry | None = None
    roll_deg: float | None = None
    yaw_deg: float | None = None
    pitch_deg: float | None = None
    shoulder_slope_deg: float | None = None
    eye_openness: float | None = None
    gaze_aside: float | None = None
    gaze_height: float | None = None
    mouth_gap: float | None = None
    mouth_width: float | None = None
    mouth_lift: float | None = None
    eye_distance: float | None = None
    camera_distance_m: float | None = None
    sharpness: float | None = None
    blockiness: float | None = None
    underexposed: float | None = None
    overexposed: float | None = None
    chroma: float | None = None
    background_edges: float | None = None
    background_spread: float | None = None
    background_marks: float | None = None
    background_lab: Lab | None = None
    border_width: float | None = None
    letters: float | None = None
    cheek_balance: float | None = None
    skin_cast: float | None = None
    lens_light: float | None = None
    nose_bridge_edge: float | None = None
    lens_glare: float | None = None
    covered_face: float | None = None
    covered_mouth: float | None = None
    clear_forehead: float | None = None
    crown_colour: float | None = None
    over_brows: float | None = None
    ear_skin: float | None = None
    clothes_contrast: float | None = None
    clothes_lab: Lab | None = None
    clothes_blue: float | None = None
    clothes_pattern: float | None = None
    days_since_taken: int | None = None
    second_face_box: Box | None = None
    eyes_box: Box | None = None
    mouth_box: Box | None = None
    brows_box: Box | None = None
    hair_box: Box | None = None
    ears_box: Box | None = None
    neck_box: Box | None = None
    shoulders_box: Box | None = None
    background_box: Box | None = None
    border_box: Box | None = None
    letters_box: Box | None = None
    clothes_box: Box | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatteFacts:
    """How well a person was separated from what was behind, in percent.

    Each attribute's formula stands where it is computed. ``None`` where it does not apply:
    some count before plain walls only, some, ``…_strict``, before others only.
    """

    unsure: float | None = None
    unsure_strict: float | None = None
    alike: float | None = None
    fringe: float | None = None
    fringe_strict: float | None = None
    haze: float | None = None
    lost: float | None = None
    lost_strict: float | None = None
    pieces: float | None = None
    pieces_strict: float | None = None
    holes: float | None = None
