"""A person separated from a wall: alpha, colours, who is certain, and how well it went."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from backend.imaging.landmarks import Pixels
from backend.imaging.matting.alpha import solve
from backend.imaging.matting.change import Changed, change_background
from backend.imaging.matting.colours import person_colours
from backend.imaging.matting.facts import Separation, facts_of
from backend.imaging.matting.regions import head_regions, joined_to, largest, shrunk
from backend.imaging.matting.trimap import trimap
from backend.imaging.matting.wall import wall_behind
from tests.domain.judging import NOTICE, head

SHAPE = (640, 480)
BLUE = NOTICE.background.colour
HEAD = head()
REGIONS = head_regions(HEAD, SHAPE)
Y, X = np.mgrid[: SHAPE[0], : SHAPE[1]].astype(np.float32)
SKIN, HAIR, SHIRT = (205, 160, 135), (60, 45, 40), (90, 60, 110)
WALL = (226, 224, 218)

Alpha = NDArray[np.float32]


def figure() -> Alpha:
    """A head and shoulders with an edge as soft as a camera's, 0 to 1."""
    skull = ((X - 240) / 120) ** 2 + ((Y - 255) / 175) ** 2 < 1
    shoulders = ((X - 240) / 260) ** 2 + ((Y - 660) / 180) ** 2 < 1
    neck = (abs(X - 240) < 70) & (Y > 300)
    whole = (skull | shoulders | neck).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(whole, (0, 0), 1.2), np.float32)


def dressed() -> NDArray[np.float32]:
    """The colours of the figure: hair, face and clothes, with a grain."""
    colours = np.empty((*SHAPE, 3), np.float32)
    colours[:] = HAIR
    colours[((X - 240) / 95) ** 2 + ((Y - 290) / 125) ** 2 < 1] = SKIN
    colours[Y > 480] = SHIRT
    grain = np.random.default_rng(3).normal(0, 3, (*SHAPE, 1))
    return np.asarray(colours + grain, np.float32)


def photo(alpha: Alpha, wall: Any = WALL) -> Pixels:
    part = alpha[..., None]
    mixed = part * dressed() + (1 - part) * np.asarray(wall, np.float32)
    return np.asarray(np.clip(np.rint(mixed), 0, 255), np.uint8)


def coarse(alpha: Alpha) -> Alpha:
    """The figure as a model sees it: right but for a few pixels, with a wide edge."""
    return np.asarray(cv2.GaussianBlur(alpha, (0, 0), 4), np.float32)


def changed(rgb: Pixels, mask: Alpha) -> Changed:
    """Separate with a model that knows the mask, whichever way it is asked."""

    def mask_of(view: Pixels) -> Alpha:
        if view.shape[:2] != SHAPE:
            # More room, or the head from near: the mask is cut alike.
            return near_or_roomy(mask, view.shape[:2])
        mirrored = np.array_equal(view, rgb[:, ::-1])
        return mask[:, ::-1] if mirrored else mask

    return change_background(rgb, HEAD, BLUE, mask_of)


def near_or_roomy(mask: Alpha, shape: tuple[int, ...]) -> Alpha:
    if shape[0] > SHAPE[0]:
        border = cv2.copyMakeBorder(mask, 40, 0, 40, 40, cv2.BORDER_REPLICATE)
        return np.asarray(border, np.float32)
    top, left = round(HEAD.crown_y - 0.15 * 210), 240 - 210
    return mask[top : top + shape[0], left : left + shape[1]]


def test_only_the_background_changes() -> None:
    alpha = figure()
    rgb = photo(alpha)
    result = changed(rgb, coarse(alpha))
    inside, outside = shrunk(alpha > 0.99, 8), shrunk(alpha < 0.01, 12)
    assert inside.mean() > 0.3
    np.testing.assert_array_equal(result.rgb[inside], rgb[inside])
    assert (result.rgb[outside] == np.array(BLUE)).all()
    whole = result.alpha == 1
    np.testing.assert_array_equal(result.rgb[whole], rgb[whole])


@pytest.mark.parametrize(
    "wall",
    [WALL, (150, 170, 140), 255 * np.linspace(0.9, 0.6, 640)[:, None, None]],
    ids=["light", "green", "shaded"],
)
def test_the_edge_is_found_to_a_pixel(wall: Any) -> None:
    alpha = figure()
    found = changed(photo(alpha, wall), coarse(alpha)).alpha
    edge = (alpha > 0.02) & (alpha < 0.98)
    assert np.abs(found - alpha)[edge].mean() < 0.08
    assert ((found > 0.5) != (alpha > 0.5)).sum() < 0.002 * (alpha > 0.5).sum()


def test_no_rim_of_the_old_wall_stays() -> None:
    alpha = figure()
    orange = (235, 120, 40)
    rgb = changed(photo(alpha, orange), coarse(alpha)).rgb.astype(np.float32)
    clean = alpha[..., None] * dressed() + (1 - alpha[..., None]) * np.array(BLUE)
    edge = (alpha > 0.02) & (alpha < 0.98)
    assert np.abs(rgb - clean)[edge].mean() < 8
    with_rim = photo(alpha, orange).astype(np.float32)
    assert np.abs(with_rim - clean)[edge].mean() > 30


def test_hair_that_the_mask_misses_is_found_before_a_plain_wall() -> None:
    alpha = figure()
    strands = alpha.copy()
    for step in range(5):
        cv2.line(strands, (350, 200 + 20 * step), (392, 215 + 20 * step), 1.0, 2)
    found = changed(photo(strands), coarse(alpha)).alpha
    added = (strands == 1) & (alpha == 0)
    assert found[added].mean() > 0.7
    # Before a wall that is not plain nobody could tell what they are.
    stripes = np.where((X // 16 % 2)[..., None] > 0, 60.0, 220.0)
    assert changed(photo(strands, stripes), coarse(alpha)).alpha[added].mean() < 0.3


def test_the_wall_is_seen_through_hair_below_the_eyes_and_never_above() -> None:
    alpha = figure()
    gap, shine = (slice(330, 350), slice(386, 398)), (slice(110, 124), slice(220, 250))
    open_hair = alpha.copy()
    # A lock beside the cheek that the mask takes for one with the head.
    lock = (abs(X - 385) < 30) & (Y > 280) & (Y < 400)
    open_hair[lock] = 1
    mask = np.maximum(coarse(alpha), coarse((lock | (alpha > 0.5)).astype(np.float32)))
    rgb = photo(open_hair)
    rgb[gap] = WALL
    rgb[shine] = WALL
    known = trimap(rgb, np.asarray(mask, np.float32), REGIONS)
    assert (known[gap] == 0).mean() > 0.3
    assert (known[shine] == 1).all()


def test_a_white_shirt_before_a_white_wall_ends_where_the_mask_does() -> None:
    alpha = figure()
    rgb = photo(alpha)
    rgb[Y > 480] = WALL
    found = changed(rgb, coarse(alpha)).alpha
    shirt = (Y > 500) & (Y < 630)
    assert ((found > 0.5) != (alpha > 0.5))[shirt].mean() < 0.02


def test_alpha_is_exact_where_both_sides_have_one_colour() -> None:
    alpha = np.clip((X - 200) / 12, 0, 1)
    rgb = alpha[..., None] * np.array(HAIR) + (1 - alpha[..., None]) * np.array(WALL)
    known = np.full(SHAPE, np.nan, np.float32)
    known[X < 190], known[X > 222] = 0, 1
    nothing = np.zeros(SHAPE, np.float32)
    found = solve(np.rint(rgb).astype(np.uint8), known, prior=nothing, weight=nothing)
    assert np.abs(found - alpha).max() < 0.05


def test_nothing_open_is_nothing_to_find() -> None:
    known = (X > 240).astype(np.float32)
    nothing = np.zeros(SHAPE, np.float32)
    found = solve(photo(known), known, prior=nothing, weight=nothing)
    np.testing.assert_array_equal(found, known)


def test_the_person_keeps_their_colour_in_mixed_pixels() -> None:
    alpha = np.clip((X - 200) / 12, 0, 1)
    rgb = alpha[..., None] * np.array(HAIR) + (1 - alpha[..., None]) * np.array(WALL)
    colours = person_colours(np.rint(rgb).astype(np.uint8), alpha) * 255
    mixed = (alpha > 0.1) & (alpha < 0.9)
    assert np.abs(colours[mixed] - np.array(HAIR)).mean() < 12


def test_a_picture_without_any_wall_stays_as_it_is() -> None:
    everywhere = np.ones(SHAPE, np.float32)
    rgb = photo(everywhere)
    result = changed(rgb, everywhere)
    np.testing.assert_array_equal(result.rgb, rgb)


def test_a_picture_without_any_person_does_not_fail() -> None:
    nowhere = np.zeros(SHAPE, np.float32)
    result = changed(photo(nowhere), nowhere)
    assert (result.rgb == np.array(BLUE)).all()


# How well it went.


def separation(alpha: Alpha, **changes: Any) -> Separation:
    rgb = changes.pop("rgb", photo(alpha))
    known = np.where((alpha > 0.02) & (alpha < 0.98), np.nan, np.round(alpha))
    values: dict[str, Any] = {
        "rgb": rgb,
        "mask": coarse(alpha),
        "known": known.astype(np.float32),
        "alpha": alpha,
        "contrast": np.full(SHAPE, 0.6, np.float32),
        "wall": wall_behind(rgb, alpha < 0.01),
        "regions": REGIONS,
    }
    return Separation(**values | changes)


def test_a_clean_separation_has_nothing_to_report() -> None:
    facts = {k: v for k, v in asdict(facts_of(separation(figure()))).items() if v}
    assert all(value < 0.05 for value in facts.values()), facts


def test_each_fault_shows_in_its_own_fact() -> None:
    true = figure()
    bite = (X > 60) & (X < 110) & (Y > 560) & (Y < 610)
    eaten = np.where(bite, 0, true).astype(np.float32)
    seen = photo(true)
    unsure = facts_of(separation(eaten, rgb=seen, mask=coarse(true)))
    assert unsure.unsure is not None
    assert unsure.unsure > 1
    assert unsure.holes is not None
    assert unsure.holes > 1

    block = (X > 400) & (X < 430) & (Y > 100) & (Y < 140)
    kept = np.where(block, 1, true).astype(np.float32)
    pieces = facts_of(separation(kept, rgb=seen, mask=coarse(true)))
    assert pieces.pieces is not None
    assert pieces.pieces > 0.5

    alike = facts_of(separation(true, contrast=np.full(SHAPE, 0.1, np.float32)))
    assert alike.alike == 100

    haze = np.where(spread_ring(true), 0.5, true).astype(np.float32)
    hazy = facts_of(separation(haze))
    assert hazy.haze is not None
    assert hazy.haze > 1
    low = facts_of(separation(haze, contrast=np.full(SHAPE, 0.1, np.float32)))
    assert low.fringe is not None
    assert low.fringe > 1

    ear = ((X - 376) / 14) ** 2 + ((Y - 280) / 22) ** 2 < 1
    with_ear = seen.copy()
    with_ear[ear] = SKIN
    lost = facts_of(
        separation(true, rgb=with_ear, wall=wall_behind(with_ear, (true < 0.01) & ~ear))
    )
    assert lost.lost is not None
    assert lost.lost > 0.2


def spread_ring(alpha: Alpha) -> NDArray[np.bool_]:
    return (cv2.GaussianBlur(alpha, (0, 0), 8) > 0.1) & (alpha < 0.5)


@pytest.mark.parametrize(
    "wall",
    [np.where((X // 16 % 2)[..., None] > 0, 60.0, 220.0), (62, 60, 58)],
    ids=["busy", "dark"],
)
def test_other_than_plain_light_walls_are_measured_more_strictly(wall: Any) -> None:
    facts = facts_of(separation(figure(), rgb=photo(figure(), wall)))
    assert (facts.fringe, facts.haze, facts.lost) == (None, None, None)
    assert facts.fringe_strict is not None
    assert facts.lost_strict is not None


def test_regions_join_and_are_counted() -> None:
    where = np.zeros((20, 20), np.bool_)
    where[2:4, 2:4] = where[10:15, 10:15] = True
    other = np.zeros_like(where)
    other[4, 2] = True
    assert largest(where) == 25
    assert joined_to(where, other).sum() == 4
    assert largest(np.zeros((5, 5), np.bool_)) == 0


def test_a_lock_beside_the_neck_keeps_its_own_colour() -> None:
    alpha = figure()
    # Nothing near it that is certain has its colour, and the mask half sees it.
    lock = (abs(X - 330) < 18) & (Y > 380) & (Y < 480)
    whole = np.where(lock, 1, alpha).astype(np.float32)
    rgb = photo(whole)
    rgb[lock] = (20, 18, 22)
    mask = np.asarray(np.where(lock, 0.4, coarse(alpha)), np.float32)
    result = changed(rgb, mask)
    core = shrunk(lock, 4)
    assert result.alpha[core].mean() > 0.98
