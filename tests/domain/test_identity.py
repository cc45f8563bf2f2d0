from __future__ import annotations

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backend.domain.errors import InvalidInputError
from backend.domain.identity import (
    IdentityNumber,
    IdType,
    name_matches_mask,
    normalise_name,
    parse_last6,
    shows_anything,
)
from backend.domain.levels import Level, levels_conflict, parse_level
from tests.factories import make_id_number, make_student


def faults(text: str, id_type: IdType = IdType.RESIDENT) -> list[str]:
    with pytest.raises(InvalidInputError) as caught:
        IdentityNumber.parse(text, id_type=id_type, field="sfzh")
    assert caught.value.status == 400
    assert caught.value.args == ("invalid_input",)
    assert {violation.field for violation in caught.value.violations} == {"sfzh"}
    return [violation.code for violation in caught.value.violations]


@pytest.mark.parametrize(
    ("number", "born", "male"),
    [
        # The samples of GB 11643-1999 itself.
        ("11010519491231002X", date(1949, 12, 31), False),
        ("440524188001010014", None, True),
    ],
)
def test_the_samples_of_the_standard_have_the_right_check_character(
    number: str, born: date | None, *, male: bool
) -> None:
    if born is None:
        # Born in 1880: the check character is right, the birth date is refused.
        assert faults(number) == ["id_number_birth_date"]
        return
    parsed = IdentityNumber.parse(number)
    assert (parsed.birth_date, parsed.male) == (born, male)


births = st.dates(date(1900, 1, 1), date(2099, 12, 31))


@given(births, st.integers(0, 999))
def test_every_well_formed_number_is_read_back(born: date, serial: int) -> None:
    number = make_id_number("510101", born, serial)
    spaced = f" {number[:6]} {number[6:14]}\u3000{number[14:].lower()}\n"
    parsed = IdentityNumber.parse(spaced)
    assert parsed.value == number
    assert parsed.birth_date == born
    assert parsed.male is (serial % 2 == 1)
    assert parsed.last6 == number[-6:]
    assert parsed.last4 == number[-4:]
    assert parsed.masked == f"{number[:3]}***********{number[-4:]}"


@given(births, st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(
    born: date, serial: int, place: int, shift: int
) -> None:
    number = make_id_number("510101", born, serial)
    wrong = str((int(number[place]) + shift) % 10)
    assert "id_number_checksum" in faults(number[:place] + wrong + number[place + 1 :])


@given(births, st.integers(0, 999), st.integers(0, 16))
def test_two_neighbours_swapped_are_always_noticed(
    born: date, serial: int, place: int
) -> None:
    number = make_id_number("510101", born, serial)
    assume(number[place] != number[place + 1])
    swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
    assert faults(swapped)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["id_number_length"]),
        ("1101051949123100", ["id_number_length"]),
        ("110105491231002", ["id_number_fifteen_digits"]),
        ("11010519491231002Y", ["id_number_characters"]),
        ("1101051949123100X2", ["id_number_characters"]),
        ("110105194912310021", ["id_number_checksum"]),
        ("110105194902300024", ["id_number_birth_date", "id_number_checksum"]),
        ("1.10105194912E+17A", ["id_number_characters"]),
        ("①10105194912310021", ["id_number_characters"]),
        ("١10105194912310021", ["id_number_characters"]),
    ],
)
def test_every_fault_has_its_own_code(text: str, expected: list[str]) -> None:
    assert faults(text) == expected


def test_full_width_and_excel_apostrophe_are_folded() -> None:
    assert IdentityNumber.parse("１１０１０５１９４９１２３１００２ｘ").last4 == "002X"
    assert IdentityNumber.parse("'11010519491231002X").last4 == "002X"


def test_other_papers_have_no_checksum_and_a_narrow_mask() -> None:
    parsed = IdentityNumber.parse("a123456（7）", id_type=IdType.OTHER)
    assert parsed.value == "A1234567"
    assert (parsed.last6, parsed.last4) == ("234567", "4567")
    assert parsed.masked == "A*****67"
    assert parsed.birth_date is None
    assert parsed.male is None
    assert faults("护照A1", IdType.OTHER) == ["id_number_other_paper"]
    assert faults("A123", IdType.OTHER) == ["id_number_other_paper"]


def test_repr_shows_no_digit() -> None:
    number = make_student(1).id_number
    parsed = IdentityNumber.parse(number)
    assert not any(character.isdigit() for character in f"{parsed!r}{parsed}")


@pytest.mark.parametrize(
    "text", ["31002x", " 3 1 0 0 2 X", "３１００２Ｘ", "31-002(X)"]
)
def test_the_last_six_have_one_spelling(text: str) -> None:
    assert parse_last6(text) == "31002X"


@pytest.mark.parametrize(
    "text", ["", "1002X", "231002X", "31002测", "31002!", "٣١٠٠٢٠"]
)
def test_anything_but_six_letters_or_digits_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        parse_last6(text)
    assert [v.code for v in caught.value.violations] == ["id_last6_format"]
    assert [v.field for v in caught.value.violations] == ["id_last6"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("张 三", "张三"),
        (" 张\u3000三\n", "张三"),
        ("张\u200b三", "张三"),
        ("阿卜杜•样例", "阿卜杜·样例"),
        ("阿卜杜.样例", "阿卜杜·样例"),
        ("阿卜杜．样例", "阿卜杜·样例"),
        ("阿卜杜・ 样例", "阿卜杜·样例"),
        ("Sample   Person", "Sample Person"),
        ("Ｓａｍｐｌｅ Person", "Sample Person"),
        ("Rene\u0301 Sample", "Ren\u00e9 Sample"),
        ("", ""),
    ],
)
def test_names_have_one_spelling(text: str, name: str) -> None:
    assert normalise_name(text) == name


@given(st.text(max_size=20))
def test_a_normal_name_is_normal(text: str) -> None:
    assert normalise_name(normalise_name(text)) == normalise_name(text)


@pytest.mark.parametrize(
    ("name", "masked", "fits"),
    [
        ("张测试", "张*试", True),
        ("张测试", "张＊试", True),
        ("张测试", "张×试", True),
        ("张测试", "**试", True),
        ("张测试", "张测试", True),
        ("张 试", "张*", True),
        ("张测试", "张*", False),
        ("张测试", "李*试", False),
        ("张测试", "张**试", False),
        ("张测试", "", False),
        ("阿卜杜·样例", "阿**•*例", True),
        ("Sample Person", "s***** p*****", True),
        ("𠮷测试", "𠮷*试", True),
    ],
)
def test_a_mask_fits_by_length_and_visible_characters(
    name: str, masked: str, *, fits: bool
) -> None:
    assert name_matches_mask(name, masked) is fits


@given(st.text(alphabet="张李王测试样例", min_size=1, max_size=6), st.data())
def test_hiding_any_characters_of_a_name_gives_a_fitting_mask(
    name: str, data: st.DataObject
) -> None:
    hidden = data.draw(st.sets(st.integers(0, len(name) - 1)))
    mask = "".join("*" if i in hidden else c for i, c in enumerate(name))
    assert name_matches_mask(name, mask)
    assert shows_anything(mask) is (len(hidden) < len(name))


@pytest.mark.parametrize("mask", ["", "**", "＊×", " · *"])
def test_a_mask_of_wildcards_shows_nothing(mask: str) -> None:
    assert not shows_anything(mask)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("专升本", Level.BACHELOR),
        ("高起本", Level.BACHELOR),
        (" 本 科 ", Level.BACHELOR),
        ("高起专", Level.JUNIOR_COLLEGE),
        ("专科（高职）", Level.JUNIOR_COLLEGE),
        ("高职(专科)", Level.JUNIOR_COLLEGE),
        ("硕士研究生", Level.MASTER),
        ("未知", None),
        ("", None),
    ],
)
def test_levels_are_known_by_many_names(text: str, level: Level | None) -> None:
    assert parse_level(text) is level


def test_only_known_levels_conflict() -> None:
    assert levels_conflict("专科", "专升本")
    assert not levels_conflict("本科", "专升本")
    assert not levels_conflict("其他", "专升本")
    assert not levels_conflict(None, "专升本")
