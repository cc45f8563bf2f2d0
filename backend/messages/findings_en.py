"""What each rule is called and says in English."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backend.messages.words import Words

_FILE: Final = "The service made this file; please tell your station."

_PERSON: Final = {
    "face_count": Words(
        "one person",
        "{value} faces were found; only yours may be in the picture.",
        "Take the picture alone, with nobody, no portrait and no mirror behind you.",
        variants={
            "nobody": Words(
                wrong="No clear face was found.",
                todo="Face the camera in even light, the whole face visible.",
            )
        },
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
        "Hold the camera at eye level and take the picture again.",
    ),
    "shoulders_level": Words(
        "level shoulders",
        "One shoulder is higher, by {value}°; at most {high}°.",
        "Sit straight, relax both shoulders and take the picture again.",
    ),
    "expression_natural": Words(
        "natural expression",
        "The expression is not natural.",
        "Relax your face, neither smiling nor frowning, and take it again.",
        look="whether the expression is natural",
        variants={
            "wide": Words(doubt="The mouth seems stretched, as in a smile"),
            "lifted": Words(doubt="The corners of the mouth seem lifted in a smile"),
        },
    ),
    "mouth_closed": Words(
        "mouth closed",
        "The lips are apart by {value:%} of the way from eyes to chin; at most {high:%}.",
        "Close your lips without showing teeth and take the picture again.",
    ),
    "face_occluded": Words(
        "face free",
        "Something hides the face.",
        "Take off mask and scarf, move hair and hands away, and take it again.",
        look="whether anything hides the face or casts a shadow on it",
        variants={
            "mouth": Words(
                wrong="The lower face is hidden, as by a mask or scarf.",
                todo="Take off mask and scarf and show the whole face.",
                doubt="The lower face seems hidden or of another colour",
            ),
            "face": Words(
                wrong="About {value:%} of the face is hidden; at most {high:%}.",
                doubt="About {value:%} of the face seems hidden by hair or a shadow",
            ),
        },
    ),
    "true_likeness": Words(
        "true likeness",
        "It does not look like you.",
        "Take a new picture of yourself, without any filter.",
        look="whether this is you, as you look",
    ),
    "make_up": Words(
        "no make-up",
        "The make-up is heavy.",
        "Take it off and take the picture again.",
        look="whether there is heavy make-up",
    ),
}

_EYES: Final = {
    "eyes_open": Words(
        "eyes open",
        "The eyes open to {value:%} of their width; at least {low:%}.",
        "Open your eyes naturally, avoid glaring light, and take it again.",
    ),
    "gaze_level": Words(
        "level gaze",
        "The gaze is not level.",
        "Look into the middle of the lens and take the picture again.",
        look="whether the eyes look straight into the camera",
        variants={
            "aside": Words(doubt="The eyes seem to look aside"),
            "height": Words(doubt="The eyes seem to look up or down"),
        },
    ),
    "glasses": Words(
        "no glasses",
        "Glasses are worn.",
        "If you wear glasses, take them off and take the picture again.",
        doubt="Glasses seem to be worn",
        look="whether glasses are worn",
        variants={
            "worn": Words(
                name="your usual glasses",
                wrong="The glasses are not as asked.",
                todo="Wear the glasses you usually wear; no frame over the eyes.",
                doubt="Glasses seem to be worn, and a frame may cover the eyes",
                look="whether glasses usually worn are on, no frame over the eyes",
            )
        },
    ),
    "lens_glare": Words(
        "no glare",
        "The lenses reflect.",
        "Turn the lamp away from the lenses, or take off glasses you need not wear.",
        doubt="About {value:%} of the lenses seem to reflect",
        look="whether the lenses reflect or a frame covers the eyes",
    ),
    "sunglasses": Words(
        "no sunglasses",
        "The eyes are dark as behind sunglasses: {value:%} of the cheek, at least {low:%}.",
        "Take off dark glasses; no shadow of a hat or hair may fall on the eyes.",
    ),
    "coloured_lenses": Words(
        "no coloured lenses",
        "Coloured contact lenses are worn.",
        "Take them out and take the picture again.",
        look="whether coloured contact lenses are worn",
    ),
}

_HAIR: Final = {
    "headwear": Words(
        "bareheaded",
        "Something is on the head.",
        "Take off hat, scarf or band, and pin the fringe back from the forehead.",
        look="whether a hat, scarf or ornament is on the head",
        variants={
            "forehead": Words(
                doubt="A hat, a scarf or a fringe seems to hide the forehead"
            ),
            "colour": Words(doubt="Something on the head seems to be no hair"),
        },
    ),
    "brows_covered": Words(
        "brows visible",
        "Hair covers the eyebrows.",
        "Pin the fringe back so that both eyebrows and the eyes show.",
        doubt="Hair seems to cover the eyebrows",
        look="whether hair covers eyebrows or eyes",
    ),
    "ears_visible": Words(
        "ears visible",
        "The ears are covered or uneven.",
        "Put the hair behind both ears and face the camera.",
        doubt="An ear seems to be covered or out of the picture",
        look="whether both ears show evenly",
    ),
    "jewellery": Words(
        "no jewellery",
        "Earrings, a necklace or the like are worn.",
        "Take them off and take the picture again.",
        look="whether earrings, a necklace or the like are worn",
    ),
    "dyed_hair": Words(
        "natural hair colour",
        "The hair looks dyed.",
        "Have the picture taken with your natural colour, or ask your station.",
        look="whether the hair is dyed",
    ),
    "hair_length": Words(
        "hairstyle",
        "Men may be neither shaven-headed nor long-haired.",
        "Have it cut, or ask your station if there is a reason such as illness.",
        look="whether a man is shaven-headed or long-haired",
    ),
}

_LIGHT: Final = {
    "sharpness": Words(
        "in focus",
        "The face is not clear enough.",
        "Clean the lens, focus on the face and hold still; no enlarged pictures.",
        variants={
            "blurred": Words(wrong="The face is blurred ({value}, at least {low})."),
            "blocks": Words(
                wrong="Compression left blocks on the face ({value}, at most {high}).",
                todo="Send the camera's own file, no screenshot or chat copy.",
            ),
        },
    ),
    "exposure": Words(
        "well lit",
        "Part of the face is too dark or too bright.",
        "Face a window or even light; no light from behind, no flash.",
        variants={
            "too_dark": Words(
                wrong="{value:%} of the face is too dark; at most {high:%}.",
                todo="Face a window or a lamp; no light from behind.",
            ),
            "too_bright": Words(
                wrong="{value:%} of the face is burnt out; at most {high:%}.",
                todo="No flash and no direct sun.",
            ),
        },
    ),
    "lighting_even": Words(
        "even light",
        "One side of the face has {value:%} of the other's light; at least {low:%}.",
        "Face the light so that both sides are equally bright.",
    ),
    "natural_colour": Words(
        "true colours",
        "The skin has a colour cast ({value}, at most {high}).",
        "Use daylight or white lamps, and no filter.",
    ),
    "colour_photo": Words(
        "in colour",
        "The picture has almost no colour ({value}, at least {low}).",
        "Take the picture in colour, without a filter.",
    ),
    "distortion": Words(
        "no distortion",
        "The lens distorts the face.",
        "Let someone take it from 1.5 metres with the main camera.",
        look="whether the face is distorted by a lens too near",
        variants={
            "near": Words(
                doubt="The camera seems too near: {value} m, better {low} m or more"
            ),
            "shape": Words(doubt="The face seems distorted by a lens too near"),
        },
    ),
    "mirrored": Words(
        "not mirrored",
        "The picture is mirrored.",
        "Turn off mirroring in the camera's settings and take it again.",
        look="whether the picture is mirrored",
    ),
    "edited": Words(
        "not edited",
        "The picture was edited.",
        "Send the camera's own file, without filters or editing.",
        doubt="The picture seems to have been edited ({value})",
        look="whether the picture was beautified or edited",
    ),
    "recency": Words(
        "recent",
        "The picture is about {value:months} months old; at most {high:months}.",
        "Take a new one; if the camera's date is wrong, do not worry.",
        doubt="The picture seems about {value:months} months old; at most {high:months}",
        look="whether the picture is recent",
    ),
}

_OTHER_WALL: Final = "Stand half a metre in front of an empty light wall, in bright even light, hair tidy."
_UNCLEAR: Final = (
    "The edge of hair, ears or shoulders is unclear; the background was kept."
)
_LEFT_OVER: Final = (
    "Things behind you would stay in the picture, so the background was kept."
)
_BLURRED: Final = (
    "A blurred rim would stay around the hair, so the background was kept."
)
_LOST: Final = "Some hair, ear or shoulder would be missing; the background was kept."

_BACKGROUND: Final = {
    "background_plain": Words(
        "plain background",
        "The background is not plain.",
        "Stand half a metre in front of a plain light wall, without shadows.",
        variants={
            "edges": Words(
                wrong="A pattern or an object is behind you ({value}, at most {high}).",
                todo="Stand half a metre in front of a plain wall with nothing on it.",
            ),
            "marks": Words(
                wrong="Things on the wall fill {value:%} of the background; at most {high:%}.",
                todo="Use an empty wall: no switch, socket, door frame or picture.",
            ),
            "colours": Words(
                wrong="The background is not one even colour ({value}, at most {high}).",
                todo="Stand half a metre from the wall in even light, without shadows.",
            ),
        },
    ),
    "background_colour": Words(
        "background colour",
        "The background has another colour than asked ({value}, at most {high}).",
        "Use a plain wall of a colour that is asked for.",
        look="whether the background has the colour asked for",
        variants={
            "light": Words(todo="Use a plain wall in white, light grey or light blue."),
            "white": Words(
                name="white background",
                wrong="The background is not white enough ({value}, at most {high}).",
                todo="Use a white wall in bright, even light.",
            ),
            "light_blue": Words(
                name="light blue background",
                wrong="The background is not light blue ({value}, at most {high}).",
                todo="Use a light blue cloth; the background may not be replaced.",
            ),
        },
    ),
    "background_change": Words(
        "replaced background",
        "The background could not be replaced cleanly, so it was kept.",
        _OTHER_WALL,
        variants={
            "unsure": Words(wrong=_UNCLEAR),
            "unsure_strict": Words(wrong=_UNCLEAR),
            "alike": Words(
                wrong="Hair or face and the wall are too much alike, so the background"
                " was kept.",
                todo="Use a light wall of another colour than your hair, in even light.",
            ),
            "fringe": Words(wrong=_BLURRED),
            "fringe_strict": Words(wrong=_BLURRED),
            "haze": Words(wrong=_BLURRED),
            "lost": Words(wrong=_LOST),
            "lost_strict": Words(wrong=_LOST),
            "pieces": Words(wrong=_LEFT_OVER),
            "pieces_strict": Words(wrong=_LEFT_OVER),
            "holes": Words(
                wrong="A part of you would be missing, so the background was kept.",
                todo="Wear another colour than the wall's, in even light.",
            ),
        },
    ),
    "border_or_text": Words(
        "no border or text",
        "There is a border, text or pattern on the picture.",
        "Send the original that nothing was added to.",
        look="whether there is a border, text or pattern",
        variants={
            "border": Words(
                wrong="There is a border of {value:%} of the picture.",
                todo="Send the original without a border, no screenshot.",
                doubt="There seems to be a border",
            ),
            "text": Words(
                wrong="There is writing on the picture.",
                todo="No date, no watermark, no writing behind you or on clothes.",
                doubt="There seems to be writing on the picture",
            ),
        },
    ),
}

_CLOTHES: Final = {
    "clothes_contrast": Words(
        "clothes stand out",
        "Clothes and background look alike ({value}, better {low} or more).",
        "Wear another colour, or use another wall.",
    ),
    "clothes_not_blue": Words(
        "not blue",
        "{value:%} of the clothes look blue; at most {high:%}.",
        "Wear something light that is not blue.",
    ),
    "clothes_plain": Words(
        "plain clothes",
        "The clothes have stripes or a complex pattern.",
        "Wear something of one colour.",
        doubt="The clothes seem patterned, about {value:%} of them",
        look="whether the clothes have stripes or a complex pattern",
    ),
}

_PORTRAIT: Final = {
    "crown": Words(
        "top of the head",
        "The top of the head is {value} px from the edge; {low}–{high} allowed.",
        "Leave more room above the head and take the picture again.",
        variants={
            "crown_margin": Words(
                wrong="There is too little room above the head.",
                todo="Step back or raise the camera; leave half a head of room above.",
            )
        },
    ),
    "eye_line": Words(
        "eye line",
        "The eyes are {value} px from the upper edge; {low}–{high} allowed.",
        "Step back so that head and shoulders are in the picture.",
        variants={
            "bottom_margin": Words(
                wrong="There is too little below the face.",
                todo="Step back so that the shoulders are in the picture.",
            )
        },
    ),
    "face_width": Words(
        "size of the face",
        "The face is {value} px wide; {low}–{high} allowed.",
        "Change the distance so that the face fills about 40 % of the width.",
        variants={
            "proportions": Words(
                wrong="High hair: crown, eyes and face do not fit the limits together.",
                todo="Flatten or tie back the hair; otherwise ask for a human review.",
            ),
            "several_margins": Words(
                wrong="The head is too large: there is too little room around it.",
                todo="Step back; leave room above and on both sides.",
            ),
            "unconfirmed": Words(
                wrong="The face could not be found again in the finished portrait.",
                todo="Take a clear frontal picture in bright, even light.",
            ),
        },
    ),
    "centring": Words(
        "centred",
        "The face is {value} px off the centre; at most {high}.",
        "Sit in the middle, with the same room on both sides.",
        variants={
            "side_margin": Words(
                wrong="There is too little room beside the face.",
                todo="Sit in the middle and step back a little.",
            )
        },
    ),
    "resolution": Words(
        "enough pixels",
        "The picture has only {value} pixels.",
        "Use the main camera; no screenshot or chat copy.",
        variants={
            "pixels": Words(
                wrong="The face has too few pixels.",
                todo="Come closer, use the main camera, send the original file.",
            )
        },
    ),
}

_FILES: Final = {
    "file_format": Words("format", "The file is {value}, not JPEG.", _FILE),
    "file_dimensions": Words("dimensions", "The file has {value} pixels.", _FILE),
    "file_dpi": Words("dpi", "The file says {value} dpi.", _FILE),
    "file_depth": Words("depth", "The file has {value} bit, not 24.", _FILE),
    "file_quality": Words(
        "quality",
        "The quality factor is {value}; at least {low}.",
        "Use a picture with a plainer background.",
    ),
    "file_size": Words(
        "file size",
        "The file has {value:KB} KB; usually {low:KB}–{high:KB} KB.",
        "Usually no obstacle; better light and a plain background help.",
    ),
    "file_extension": Words("extension", "The extension is {value}, not jpg.", _FILE),
    "file_trailing_data": Words(
        "nothing appended", "{value} bytes follow the picture.", _FILE
    ),
}

RULES: Final[Mapping[str, Words]] = MappingProxyType(
    _PERSON | _EYES | _HAIR | _LIGHT | _BACKGROUND | _CLOTHES | _PORTRAIT | _FILES
)
