"""Invented measurements that pass every rule, to be spoilt one value at a time."""

from __future__ import annotations

from datetime import date
from typing import Any

from backend import policies
from backend.domain.measurements import FaceGeometry, Measurements
from backend.domain.photo import FileFacts
from backend.domain.report import Box, PortraitFacts

NOTICE = policies.load("notice-2025")


def head(
    width: float = 210,
    *,
    crown_y: float = 80,
    eye_y: float = 262,
    centre_x: float = 240,
    crown_cut: bool = False,
) -> FaceGeometry:
    return FaceGeometry(
        crown_y=crown_y,
        crown_cut=crown_cut,
        eye_y=eye_y,
        left_x=centre_x - width / 2,
        right_x=centre_x + width / 2,
        chin_y=eye_y + 0.82 * width,
        left_pupil=(centre_x - 0.22 * width, eye_y),
        right_pupil=(centre_x + 0.22 * width, eye_y),
    )


def good_file(**changes: Any) -> FileFacts:
    facts: dict[str, Any] = {
        "sha256": "0" * 64,
        "size_bytes": 35_000,
        "format": "JPEG",
        "width": 480,
        "height": 640,
        "bits_per_sample": 8,
        "components": 3,
        "colour": "rgb",
        "dpi": (300.0, 300.0),
        "jpeg_quality": 85,
        "jpeg_quality_exact": True,
        "trailing_bytes": 0,
        "orientation": 1,
        "frames": 1,
        "extension": "jpg",
        "taken_on": date(2025, 9, 18),
    }
    return FileFacts(**facts | changes)


def good(**changes: Any) -> Measurements:
    values: dict[str, Any] = {
        "file": good_file(),
        "picture_width": 480,
        "picture_height": 640,
        "face_count": 1,
        "turned_deg": 0,
        "geometry": head(),
        "roll_deg": 1.0,
        "yaw_deg": -2.0,
        "pitch_deg": 3.0,
        "shoulder_slope_deg": 0.5,
        "eye_openness": 0.28,
        "gaze_aside": 0.01,
        "gaze_height": -0.065,
        "mouth_gap": 0.005,
        "mouth_width": 0.77,
        "mouth_lift": -0.02,
        "eye_distance": 0.45,
        "camera_distance_m": 1.2,
        "sharpness": 150.0,
        "blockiness": 1.0,
        "underexposed": 0.0,
        "overexposed": 0.0,
        "chroma": 17.0,
        "background_edges": 3.0,
        "background_spread": 3.0,
        "background_marks": 0.0,
        "background_lab": (94.0, 0.0, 0.0),
        "border_width": 0.0,
        "letters": 0.0,
        "cheek_balance": 0.95,
        "skin_cast": 0.0,
        "lens_light": 0.9,
        "nose_bridge_edge": 30.0,
        "lens_glare": None,
        "covered_face": 0.03,
        "covered_mouth": 0.0,
        "clear_forehead": 1.0,
        "crown_colour": 0.0,
        "over_brows": 7.0,
        "ear_skin": 0.4,
        "clothes_contrast": 30.0,
        "clothes_blue": 0.0,
        "clothes_pattern": 0.02,
        "days_since_taken": 30,
        "eyes_box": Box(130, 240, 220, 40),
        "mouth_box": Box(190, 360, 100, 50),
        "background_box": Box(0, 0, 100, 100),
    }
    return Measurements(**values | changes)


def good_portrait(**changes: Any) -> PortraitFacts:
    facts: dict[str, Any] = {
        "width": 480,
        "height": 640,
        "bytes": 35_000,
        "quality": 85,
        "dpi": 300,
        "crown_px": 80.0,
        "eye_line_px": 262.0,
        "face_width_px": 210.0,
        "centre_offset_px": -1.0,
    }
    return PortraitFacts(**facts | changes)
