"""The notice's demands on the person and the picture (B, P): a small function a rule.

To add a rule: write its function, enter it in ``PERSON_RULES``, give it limits in the
policies and sentences in ``backend.messages.findings``. A rule that is not there is
noticed when a policy is loaded, in either direction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from backend.domain.colour import Lab, difference, lab_of
from backend.domain.limits import for_people, limited, worst
from backend.domain.measurements import Measurements
from backend.domain.policy import RulePolicy
from backend.domain.report import Box, Finding, Status

PersonRule = Callable[[Measurements, RulePolicy], Finding]


def face_count(m: Measurements, rule: RulePolicy) -> Finding:
    """Exactly one person is in the picture."""
    found = limited(rule, m.face_count, box=m.second_face_box or _head(m))
    return replace(found, advice="nobody" if m.face_count == 0 else None)


def upright(m: Measurements, rule: RulePolicy) -> Finding:
    """The head is up: not lying on its side, not upside down."""
    return limited(rule, m.turned_deg, box=_head(m))


def roll(m: Measurements, rule: RulePolicy) -> Finding:
    """The line of the eyes is level."""
    return limited(rule, _size(m.roll_deg), box=_head(m))


def yaw(m: Measurements, rule: RulePolicy) -> Finding:
    """The head is not turned to a side."""
    return limited(rule, _size(m.yaw_deg), box=_head(m))


def pitch(m: Measurements, rule: RulePolicy) -> Finding:
    """The head is neither raised nor lowered."""
    return limited(rule, _size(m.pitch_deg), box=_head(m))


def shoulders_level(m: Measurements, rule: RulePolicy) -> Finding:
    """Both shoulders are equally high."""
    return limited(rule, _size(m.shoulder_slope_deg), box=m.shoulders_box)


def eyes_open(m: Measurements, rule: RulePolicy) -> Finding:
    """Both eyes are naturally open."""
    return limited(rule, m.eye_openness, box=m.eyes_box)


def gaze_level(m: Measurements, rule: RulePolicy) -> Finding:
    """The eyes look into the camera: not aside, not up or down."""
    return worst(
        limited(rule, _size(m.gaze_aside), box=m.eyes_box, variant="aside"),
        limited(rule, m.gaze_height, box=m.eyes_box, variant="height"),
    )


def mouth_closed(m: Measurements, rule: RulePolicy) -> Finding:
    """The lips touch."""
    return limited(rule, m.mouth_gap, box=m.mouth_box)


def expression_natural(m: Measurements, rule: RulePolicy) -> Finding:
    """The face is at rest: a smile widens the mouth or lifts its corners."""
    return worst(
        limited(rule, m.mouth_width, box=m.mouth_box, variant="wide"),
        limited(rule, m.mouth_lift, box=m.mouth_box, variant="lifted"),
    )


def ears_visible(m: Measurements, rule: RulePolicy) -> Finding:
    """Skin shows where both ears are."""
    return limited(rule, m.ear_skin, box=m.ears_box)


def brows_covered(m: Measurements, rule: RulePolicy) -> Finding:
    """Skin shows above the eyebrows."""
    return limited(rule, m.over_brows, box=m.brows_box)


def glasses(m: Measurements, rule: RulePolicy) -> Finding:
    """No frame crosses the nose."""
    return limited(rule, m.nose_bridge_edge, box=m.eyes_box)


def lens_glare(m: Measurements, rule: RulePolicy) -> Finding:
    """Nothing is mirrored in the lenses, where there are any."""
    return limited(rule, m.lens_glare, box=m.eyes_box)


def sunglasses(m: Measurements, rule: RulePolicy) -> Finding:
    """Nothing dark is before the eyes."""
    return limited(rule, m.lens_light, box=m.eyes_box)


def headwear(m: Measurements, rule: RulePolicy) -> Finding:
    """Nothing but hair is on the head: forehead in sight, colours that hair has."""
    return worst(
        limited(rule, m.clear_forehead, box=m.hair_box, variant="forehead"),
        limited(rule, m.crown_colour, box=m.hair_box, variant="colour"),
    )


def face_occluded(m: Measurements, rule: RulePolicy) -> Finding:
    """Nothing hides the face: its skin is of one colour, and there are lips."""
    return worst(
        limited(rule, m.covered_mouth, box=m.mouth_box, variant="mouth"),
        limited(rule, m.covered_face, box=_head(m), variant="face"),
    )


def sharpness(m: Measurements, rule: RulePolicy) -> Finding:
    """The face is in focus, was not enlarged, and shows no blocks of compression."""
    return worst(
        limited(rule, m.sharpness, box=_head(m), variant="blurred"),
        limited(rule, m.blockiness, box=_head(m), variant="blocks"),
    )


def exposure(m: Measurements, rule: RulePolicy) -> Finding:
    """The face has no large part that is black or white; the worse side counts."""
    return worst(
        limited(rule, m.underexposed, box=_head(m), variant="too_dark"),
        limited(rule, m.overexposed, box=_head(m), variant="too_bright"),
    )


def lighting_even(m: Measurements, rule: RulePolicy) -> Finding:
    """Both cheeks are equally bright."""
    return limited(rule, m.cheek_balance, box=_head(m))


def natural_colour(m: Measurements, rule: RulePolicy) -> Finding:
    """Skin has the colour of skin: no cast, no filter."""
    return limited(rule, m.skin_cast, box=_head(m))


def colour_photo(m: Measurements, rule: RulePolicy) -> Finding:
    """The picture is in colour."""
    return limited(rule, m.chroma)


def distortion(m: Measurements, rule: RulePolicy) -> Finding:
    """The camera was not so near that the nose grows and the ears vanish."""
    return worst(
        limited(rule, m.camera_distance_m, box=_head(m), variant="near"),
        limited(rule, m.eye_distance, box=_head(m), variant="shape"),
    )


def background_plain(m: Measurements, rule: RulePolicy) -> Finding:
    """Nothing but an even surface is behind the person; the worst of it counts."""
    box = m.background_box
    return worst(
        limited(rule, m.background_edges, box=box, variant="edges"),
        limited(rule, m.background_marks, box=box, variant="marks"),
        limited(rule, m.background_spread, box=box, variant="colours"),
    )


def background_colour(m: Measurements, rule: RulePolicy) -> Finding:
    """The background has one of the rule's colours, or nearly (CIE76 difference)."""
    return limited(rule, _apart(m.background_lab, rule), box=m.background_box)


def border_or_text(m: Measurements, rule: RulePolicy) -> Finding:
    """No frame around the picture, and nothing written on it."""
    return worst(
        limited(rule, m.border_width, box=m.border_box, variant="border"),
        limited(rule, m.letters, box=m.letters_box, variant="text"),
    )


def clothes_contrast(m: Measurements, rule: RulePolicy) -> Finding:
    """Clothes and background differ in colour: the picture's own, or the rule's."""
    apart = m.clothes_contrast
    if rule.colours:
        apart = _apart(m.clothes_lab, rule)
    return limited(rule, apart, box=m.clothes_box)


def clothes_not_blue(m: Measurements, rule: RulePolicy) -> Finding:
    """The clothes are not blue."""
    return limited(rule, m.clothes_blue, box=m.clothes_box)


def clothes_plain(m: Measurements, rule: RulePolicy) -> Finding:
    """The clothes have no complex pattern."""
    return limited(rule, m.clothes_pattern, box=m.clothes_box)


def recency(m: Measurements, rule: RulePolicy) -> Finding:
    """The camera's own note says that the picture is recent; it may be missing."""
    return limited(rule, m.days_since_taken)


def edited(m: Measurements, rule: RulePolicy) -> Finding:
    """No picture program left its mark in the file."""
    if m.file.editor is None:
        return for_people(rule, box=_head(m))
    return replace(
        for_people(rule, box=_head(m)), status=Status.WARN, value=m.file.editor
    )


#: The names of the limits of rules that look at several values.
VARIANTS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "gaze_level": frozenset({"aside", "height"}),
        "expression_natural": frozenset({"wide", "lifted"}),
        "headwear": frozenset({"forehead", "colour"}),
        "face_occluded": frozenset({"mouth", "face"}),
        "sharpness": frozenset({"blurred", "blocks"}),
        "exposure": frozenset({"too_dark", "too_bright"}),
        "distortion": frozenset({"near", "shape"}),
        "background_plain": frozenset({"edges", "marks", "colours"}),
        "border_or_text": frozenset({"border", "text"}),
        "background_change": frozenset(
            {
                "unsure",
                "unsure_strict",
                "alike",
                "fringe",
                "fringe_strict",
                "haze",
                "lost",
                "lost_strict",
                "pieces",
                "pieces_strict",
                "holes",
            }
        ),
    }
)

#: The wordings of rules of which policies ask different things.
WORDINGS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "glasses": frozenset({"worn"}),
        "background_colour": frozenset({"light", "white", "light_blue"}),
    }
)

#: The rules that compare with colours.
COLOUR_RULES: Final = frozenset({"background_colour"})

PERSON_RULES: Final[Mapping[str, PersonRule]] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (
            face_count,
            upright,
            roll,
            yaw,
            pitch,
            shoulders_level,
            eyes_open,
            gaze_level,
            mouth_closed,
            expression_natural,
            ears_visible,
            brows_covered,
            glasses,
            lens_glare,
            sunglasses,
            headwear,
            face_occluded,
            sharpness,
            exposure,
            lighting_even,
            natural_colour,
            colour_photo,
            distortion,
            background_plain,
            background_colour,
            border_or_text,
            clothes_contrast,
            clothes_not_blue,
            clothes_plain,
            recency,
            edited,
        )
    }
)


def where_to_look(m: Measurements, rule_id: str) -> Box | None:
    """Return the region a person looks at closely for a rule no machine judges."""
    boxes = {
        "coloured_lenses": m.eyes_box,
        "dyed_hair": m.hair_box,
        "hair_length": m.hair_box,
        "jewellery": m.neck_box,
        "glasses": m.eyes_box,
        "lens_glare": m.eyes_box,
    }
    return boxes.get(rule_id) or _head(m)


def _apart(found: Lab | None, rule: RulePolicy) -> float | None:
    """Return how far a colour is from the nearest of the rule's."""
    if found is None:
        return None
    return min(difference(found, lab_of(colour)) for colour in rule.colours)


def _head(m: Measurements) -> Box | None:
    return m.geometry.box if m.geometry else None


def _size(value: float | None) -> float | None:
    return None if value is None else abs(value)
