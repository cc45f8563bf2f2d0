"""What the camera page says while the camera is open: one short line for one hint."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backend.domain.guidance import Hint
from backend.messages.findings import Language

_LINES: Final[Mapping[Hint, tuple[str, str]]] = MappingProxyType(
    {
        Hint.NOBODY: (
            "请正对镜头，露出整张脸",
            "Face the camera, the whole face visible",
        ),
        Hint.SEVERAL: ("画面里只能有您一个人", "Only you may be in the picture"),
        Hint.UPRIGHT: ("请把手机竖直，头朝上", "Hold the phone upright"),
        Hint.CAMERA_TOO_SMALL: (
            "这个镜头像素不够，请换镜头，或直接选照片",
            "This camera has too few pixels; use another one",
        ),
        Hint.COME_CLOSER: ("再靠近一点", "Come a little closer"),
        Hint.STEP_BACK: ("再退后一点", "Step back a little"),
        Hint.MOVE_LEFT: ("往左移一点", "Move a little to your left"),
        Hint.MOVE_RIGHT: ("往右移一点", "Move a little to your right"),
        Hint.RAISE_CAMERA: (
            "镜头抬高一点，头顶上面留空",
            "Raise the camera; leave room above the head",
        ),
        Hint.LOWER_CAMERA: (
            "镜头放低一点，露出肩膀",
            "Lower the camera; show the shoulders",
        ),
        Hint.FLATTEN_HAIR: ("头发压低一点", "Flatten or tie back the hair"),
        Hint.HEAD_STRAIGHT: ("头摆正，不要歪", "Hold your head straight"),
        Hint.FACE_CAMERA: ("脸转正，对着镜头", "Turn your face to the camera"),
        Hint.EYE_LEVEL: (
            "镜头与眼睛同高，不抬头不低头",
            "Camera at eye level; do not look up or down",
        ),
        Hint.TOO_DARK: ("光线太暗，请面向亮处", "Too dark; face the light"),
        Hint.TOO_BRIGHT: ("光线太亮，请避开直射光", "Too bright; avoid direct light"),
        Hint.ONE_SIDED_LIGHT: (
            "脸上一边亮一边暗，请正对光源",
            "Lit from one side; face the light",
        ),
        Hint.COLOUR_CAST: (
            "脸色偏色，请换自然光，关掉滤镜",
            "The light has a colour; use daylight and no filter",
        ),
        Hint.NO_COLOUR: ("请关掉黑白滤镜", "Switch the black-and-white filter off"),
        Hint.DARK_GLASSES: (
            "请摘下眼镜，别让影子遮住眼睛",
            "Take off your glasses; no shadow on the eyes",
        ),
        Hint.UNCOVER_FACE: (
            "请取下口罩，露出整张脸",
            "Take off the mask; show the whole face",
        ),
        Hint.OPEN_EYES: ("自然睁开眼睛", "Open your eyes"),
        Hint.CLOSE_MOUTH: ("轻轻合上嘴唇", "Close your lips"),
        Hint.PLAIN_BACKGROUND: (
            "背景要干净，请站到纯色墙前",
            "Stand in front of a plain wall",
        ),
        Hint.ADJUST: ("照着轮廓再调整一下", "Adjust to the outline"),
        Hint.READY: ("可以拍了", "Ready"),
    }
)

#: For whoever holds the phone and sees another person, not mirrored.
_BEHIND_THE_CAMERA: Final[Mapping[Hint, tuple[str, str]]] = MappingProxyType(
    {
        Hint.MOVE_LEFT: (
            "镜头向左转一点，让人居中",
            "Turn the camera a little to the left",
        ),
        Hint.MOVE_RIGHT: (
            "镜头向右转一点，让人居中",
            "Turn the camera a little to the right",
        ),
    }
)


def hint_line(hint: Hint, language: Language = "zh", *, mirrored: bool = True) -> str:
    """Return the line for a hint.

    Args:
        hint: what to do.
        language: ``zh`` or ``en``.
        mirrored: the reader is the person, looking into the picture as into a mirror;
            otherwise somebody else who holds the camera.
    """
    behind = {} if mirrored else _BEHIND_THE_CAMERA
    chinese, english = behind.get(hint, _LINES[hint])
    return chinese if language == "zh" else english
