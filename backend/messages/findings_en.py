"""What each rule is called and says in English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backend.messages.words import Words

RULES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "face_count": Words(
            "one person",
            "{value} faces were found; there must be exactly 1.",
            "Take the picture alone, facing the camera, with nobody behind you.",
        ),
        "upright": Words(
            "head up",
            "The head is turned by {value}°; it must be up.",
            "Hold the phone upright and take the picture again.",
        ),
        "roll": Words(
            "head level",
            "The head is tilted by {value}°; at most {high}°.",
            "Sit straight with level eyes; the picture must not be rotated afterwards.",
        ),
        "yaw": Words(
            "facing the camera",
            "The face is turned aside by about {value}°; at most {high}°.",
            "Turn your nose to the camera and take the picture again.",
        ),
        "pitch": Words(
            "not looking up or down",
            "The head is raised or lowered by about {value}°; at most {high}°.",
            "Hold the camera at eye level.",
        ),
        "eyes_open": Words(
            "eyes open",
            "The eyes are not naturally open ({value}, at least {low}).",
            "Open your eyes and avoid glaring light.",
        ),
        "mouth_closed": Words(
            "mouth closed",
            "The mouth is open ({value}, at most {high}).",
            "Close your lips without showing teeth.",
        ),
        "sharpness": Words(
            "in focus",
            "The face is not sharp enough ({value}, at least {low}).",
            "Clean the lens, focus on the face and hold still; no enlarged pictures.",
        ),
        "exposure": Words(
            "well lit",
            "{value} of the face is too dark or too bright; at most {high}.",
            "Face a window or even light; no light from behind, no flash.",
            percent=True,
        ),
        "colour_photo": Words(
            "in colour",
            "The picture has almost no colour ({value}, at least {low}).",
            "Take the picture in colour, without a filter.",
        ),
        "background_plain": Words(
            "plain background",
            "The background is not plain ({value}, at most {high}).",
            "Stand half a metre in front of a plain light wall, without shadows.",
        ),
        "crown": Words(
            "top of the head",
            "The top of the head is {value} px from the edge; {low}–{high} allowed.",
            "Leave more room above the head.",
        ),
        "eye_line": Words(
            "eye line",
            "The eyes are {value} px from the upper edge; {low}–{high} allowed.",
            "Step back so that head and shoulders are in the picture.",
        ),
        "face_width": Words(
            "size of the face",
            "The face is {value} px wide; {low}–{high} allowed.",
            "Change the distance so that the face fills about 40 % of the width.",
        ),
        "centring": Words(
            "centred",
            "The face is {value} px off the centre; at most {high}.",
            "Sit in the middle, with the same room on both sides.",
        ),
        "resolution": Words(
            "enough pixels",
            "The picture has too few pixels.",
            "Use the main camera, come closer, send the original file.",
        ),
        "file_format": Words("format", "The file is {value}, not JPEG.", "Ask staff."),
        "file_dimensions": Words(
            "dimensions", "The file is {value}, not 480×640.", "Ask staff."
        ),
        "file_dpi": Words("dpi", "The file says {value} dpi, not 300.", "Ask staff."),
        "file_depth": Words("depth", "The file has {value} bit, not 24.", "Ask staff."),
        "file_quality": Words(
            "quality",
            "The quality factor is {value}; at least {low}.",
            "Use a picture with a plainer background.",
        ),
        "file_size": Words(
            "file size",
            "The file has {value} bytes; usually {low}–{high}.",
            "Usually no obstacle; better light and a plain background help.",
        ),
        "file_extension": Words(
            "extension", "The extension is {value}, not jpg.", "Ask staff."
        ),
        "file_trailing_data": Words(
            "nothing appended", "{value} bytes follow the picture.", "Ask staff."
        ),
        "gaze_level": Words(
            "level gaze", "The gaze is not level.", "Look at the camera."
        ),
        "expression_natural": Words(
            "natural expression", "The expression is not natural.", "Relax your face."
        ),
        "shoulders_level": Words(
            "level shoulders", "The shoulders are not level.", "Sit straight."
        ),
        "ears_visible": Words(
            "ears visible",
            "The ears are covered or uneven.",
            "Put hair behind the ears.",
        ),
        "glasses": Words("no glasses", "Glasses are worn.", "Take them off."),
        "lens_glare": Words("no glare", "The lenses reflect.", "Take them off."),
        "sunglasses": Words(
            "no sunglasses",
            "It is too dark around the eyes, as with sunglasses ({value}, at least {low}).",
            "Take off your glasses; no shadow may fall on the eyes.",
        ),
        "coloured_lenses": Words(
            "no coloured lenses", "Coloured lenses are worn.", "Take them out."
        ),
        "headwear": Words("bareheaded", "The head is covered.", "Take it off."),
        "face_occluded": Words(
            "face free", "The face is covered or shadowed.", "Uncover the face."
        ),
        "jewellery": Words("no jewellery", "Jewellery is worn.", "Take it off."),
        "brows_covered": Words("brows visible", "Hair covers brows.", "Pin it back."),
        "make_up": Words("no make-up", "The make-up is heavy.", "Remove it."),
        "dyed_hair": Words(
            "natural hair", "The hair looks dyed.", "Use natural colour."
        ),
        "hair_length": Words("hair", "The hair is not as asked.", "Ask staff."),
        "clothes_contrast": Words(
            "clothes stand out",
            "Clothes and background look alike ({value}, better {low} or more).",
            "Wear another colour, or use another wall.",
        ),
        "clothes_not_blue": Words(
            "not blue",
            "The clothes look blue ({value} of them, at most {high}).",
            "Wear another colour.",
            percent=True,
        ),
        "clothes_plain": Words(
            "plain clothes", "The clothes are patterned.", "Change clothes."
        ),
        "lighting_even": Words(
            "even light",
            "One side of the face is darker: {value} of the other, at least {low}.",
            "Face the light so that both sides are equally bright.",
            percent=True,
        ),
        "natural_colour": Words(
            "true colours",
            "The skin has a colour cast ({value}, at most {high}).",
            "Use daylight or white lamps, and no filter.",
        ),
        "distortion": Words("no distortion", "The face is distorted.", "Step back."),
        "background_colour": Words(
            "background colour", "The background colour is wrong.", "Use a light wall."
        ),
        "border_or_text": Words(
            "no border or text", "There is a border or text.", "Use the original."
        ),
        "true_likeness": Words(
            "true likeness", "It does not look like you.", "Retake."
        ),
        "mirrored": Words("not mirrored", "The picture is mirrored.", "Retake."),
        "edited": Words("not edited", "The picture was edited.", "Use the original."),
        "recency": Words("recent", "The picture is not recent.", "Take a new one."),
    }
)
