from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest
import qrcode
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.codes import CollectionCode, parse_collection_code
from backend.domain.errors import CodeUnreadableError, PhotoUnreadableError
from backend.imaging import code_reader
from backend.imaging.code_reader import QrCodeReader
from backend.imaging.sample_card import FRAME_PX, SIZE_PX, draw_sample_card
from tests.factories import SCHOOL_NAME, make_student
from tests.imaging.conditions import CONDITIONS, EXTRA, Picture, jpeg, opened

PEOPLE = 60
ENOUGH = 58
LINK = "https://u.wechat.com/MEDabcdefghij"
POSTER = "https://bz.example.edu.cn/s/Ab3dEfgh12345678"


@cache
def card(n: int) -> bytes:
    code = parse_collection_code(make_student(n).payload)
    return draw_sample_card(code, school_name=SCHOOL_NAME)


def drawn(payload: str | bytes, module_px: int = 6) -> Picture:
    code = qrcode.QRCode(border=4)
    code.add_data(payload)
    dark = np.array(code.get_matrix(), bool)
    grey = np.kron(np.where(dark, 0, 255), np.ones((module_px, module_px)))
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)


def beside(*pictures: Picture) -> Picture:
    height = max(picture.shape[0] for picture in pictures)
    filled = [
        cv2.copyMakeBorder(
            p, 0, height - p.shape[0], 0, 30, cv2.BORDER_CONSTANT, value=(255,) * 3
        )
        for p in pictures
    ]
    return np.hstack(filled).astype(np.uint8)


def png(picture: Picture) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def refusal(picture: Picture) -> str:
    with pytest.raises(CodeUnreadableError) as caught:
        QrCodeReader().read(png(picture))
    assert caught.value.data == {}
    return caught.value.code


def count(condition: Callable[[bytes, int], bytes], people: int) -> tuple[int, int]:
    """Return how many are read, and how many of them wrongly."""
    read = wrong = 0
    for n in range(people):
        try:
            code = QrCodeReader().read(condition(card(n), n))
        except CodeUnreadableError:
            continue
        read += 1
        student = make_student(n)
        right = (student.token, student.claims, student.payload)
        wrong += (code.token, code.claims, code.raw) != right
    return read, wrong


@pytest.mark.parametrize("name", CONDITIONS)
def test_cards_are_read_after_what_happens_to_them(name: str) -> None:
    read, wrong = count(CONDITIONS[name], PEOPLE)
    assert (read >= ENOUGH, wrong) == (True, 0), f"{read} of {PEOPLE} read"


@pytest.mark.parametrize("name", EXTRA)
def test_what_is_too_blurred_is_never_read_wrongly(name: str) -> None:
    _, wrong = count(EXTRA[name], 6)
    assert wrong == 0


def test_a_sample_card_is_the_same_every_time_and_of_the_real_size() -> None:
    assert card(0) == card.__wrapped__(0)
    assert card(0) != card(1)
    assert opened(card(0)).shape == (SIZE_PX[1], SIZE_PX[0], 3)
    assert FRAME_PX == 254


def test_an_opaque_card_is_drawn_and_read() -> None:
    code = CollectionCode("opaque-text-of-a-card", None, "opaque-text-of-a-card")
    data = draw_sample_card(code, school_name=SCHOOL_NAME)
    assert QrCodeReader().read(data) == code


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_card_is_read(turns: int) -> None:
    picture = np.ascontiguousarray(np.rot90(opened(card(0)), turns))
    assert QrCodeReader().read(png(picture)).token == make_student(0).token


def test_an_inverted_card_is_read() -> None:
    inverted = (255 - opened(card(0))).astype(np.uint8)
    assert QrCodeReader().read(png(inverted)).token == make_student(0).token


def test_a_small_card_in_a_huge_photo_is_read() -> None:
    photo = np.full((3000, 4000, 3), 90, np.uint8)
    shown = cv2.resize(opened(card(0)), (1050, 1662), interpolation=cv2.INTER_CUBIC)
    photo[700 : 700 + 1662, 1500 : 1500 + 1050] = shown
    assert QrCodeReader().read(jpeg(photo, 85)).token == make_student(0).token


def test_json_in_gbk_is_read() -> None:
    student = make_student(0)
    text = '{"cjm":"%s","xm":"%s"}' % (student.token, student.masked_name)  # noqa: UP031 - braces
    code = QrCodeReader().read(png(drawn(text.encode("gbk"))))
    assert code.claims is not None
    assert code.claims.masked_name == student.masked_name


def test_the_collection_code_is_found_among_others() -> None:
    screen = beside(drawn(LINK), opened(card(0)), drawn(POSTER))
    assert QrCodeReader().read(png(screen)).token == make_student(0).token


def test_a_structured_code_beats_an_opaque_one() -> None:
    screen = beside(drawn("some-opaque-text"), opened(card(0)))
    assert QrCodeReader().read(png(screen)).token == make_student(0).token


def test_the_same_code_twice_is_one_code() -> None:
    screen = beside(opened(card(0)), opened(card(0)))
    assert QrCodeReader().read(png(screen)).token == make_student(0).token


def test_two_collection_codes_are_refused() -> None:
    screen = beside(opened(card(0)), opened(card(1)))
    assert refusal(screen) == "several_codes_in_picture"
    opaque = beside(drawn("some-opaque-text"), drawn("other-opaque-text"))
    assert refusal(opaque) == "several_codes_in_picture"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (LINK, "code_is_wechat"),
        (POSTER, "code_is_station_poster"),
        ("https://www.example.com/", "code_is_web_address"),
        ("wxp://f2f0AbCdEfGhIjKlMnOpQrStUvWxYz", "code_is_payment"),
        ("11010519491231002X", "code_is_identity_number"),
        ("你好，这不是采集码", "code_not_understood"),
        (bytes(range(128, 256)), "code_not_understood"),
        ("short", "code_too_short"),
    ],
)
def test_another_kind_of_code_is_named(payload: str | bytes, code: str) -> None:
    assert refusal(drawn(payload)) == code


def test_of_several_foreign_codes_the_most_telling_is_named() -> None:
    screen = beside(drawn("short"), drawn(LINK), drawn(POSTER))
    assert refusal(screen) == "code_is_station_poster"


def test_a_picture_without_a_code_is_told_so() -> None:
    assert refusal(np.full((600, 450, 3), 200, np.uint8)) == "no_code_in_picture"
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    assert refusal(noise) == "no_code_in_picture"
    assert refusal(np.full((400, 3000, 3), 9, np.uint8)) == "no_code_in_picture"


def test_a_code_that_resists_is_called_blurred() -> None:
    picture = drawn(make_student(0).payload)
    middle = picture.shape[0] // 2
    picture[middle - 90 : middle + 90, 60:-60] = 255
    assert refusal(picture) == "code_too_blurred"


def test_no_attempt_starts_after_the_time_is_up() -> None:
    blurred = CONDITIONS["photo, blur sigma 3"]
    needs_more = next(
        n for n in range(PEOPLE) if not _read_at_once(blurred(card(n), n))
    )
    data = blurred(card(needs_more), needs_more)
    ticks = itertools.count(0, 10)
    hurried = QrCodeReader(seconds=5, clock=lambda: float(next(ticks)))
    with pytest.raises(CodeUnreadableError):
        hurried.read(data)
    assert QrCodeReader().read(data).token == make_student(needs_more).token


def _read_at_once(data: bytes) -> bool:
    ticks = itertools.count(0, 10)
    try:
        QrCodeReader(seconds=5, clock=lambda: float(next(ticks))).read(data)
    except CodeUnreadableError:
        return False
    return True


def test_the_second_engine_reads_cards_by_itself() -> None:
    grey = cv2.cvtColor(opened(card(0)), cv2.COLOR_BGR2GRAY).astype(np.uint8)
    twice = cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    assert code_reader._aruco(twice.astype(np.uint8)) == [make_student(0).payload]


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=400))
def test_bytes_that_are_no_picture_are_refused(data: bytes) -> None:
    with pytest.raises(PhotoUnreadableError):
        QrCodeReader().read(data)
