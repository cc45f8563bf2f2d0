from __future__ import annotations

from dataclasses import replace

import pytest

from backend.domain.deliveries import (
    Fault,
    Naming,
    NamingKey,
    Person,
    Profile,
    check_naming,
    name_files,
)
from backend.domain.errors import InvalidInputError

PERSON = Person(
    name="张测试",
    id_number="11010119900101001X",
    student_no="0001",
    exam_no="",
    certificate_no="999995202605000001",
    code="c0de",
    station_code="CS01",
    station_name="长沙/样例站",
    class_no="1班",
    level="专升本",
    major="保险学",
    study_form="函授",
    graduating_year=2026,
    fingerprint="AAAA-BBBB",
)
OTHER = replace(PERSON, student_no="0002", id_number="110101199001010028")


def names(naming: Naming, *people: Person) -> list[str | Fault]:
    return [item.fault or item.name for item in name_files(people, naming)]


@pytest.mark.parametrize(
    ("naming", "name"),
    [
        (Naming(NamingKey.STUDENT_NO), "0001"),
        (Naming(NamingKey.ID_NUMBER), "11010119900101001X"),
        (Naming(NamingKey.CODE), "c0de"),
        (Naming(NamingKey.CERTIFICATE_NO), "999995202605000001"),
        (Naming(NamingKey.EXAM_NO), Fault.KEY_EMPTY),
        (Naming(NamingKey.SEQUENCE), "000001"),
        (Naming(NamingKey.STUDENT_NO, by_station=True), "长沙_样例站/0001"),
        (
            Naming(NamingKey.PATTERN, "{函授站}/{届}{层次}/{学号}_{姓名}"),
            "长沙_样例站/2026专升本/0001_张测试",
        ),
        (Naming(NamingKey.PATTERN, "{学号}-{考生号}"), Fault.KEY_EMPTY),
    ],
)
def test_each_key_names_a_file_by_what_it_says(
    naming: Naming, name: str | Fault
) -> None:
    assert names(naming, PERSON) == [name]


def test_two_of_one_name_have_none_whatever_their_case() -> None:
    upper, lower = replace(PERSON, student_no="a1"), replace(OTHER, student_no="A1")
    third = replace(OTHER, student_no="a2")
    found = names(Naming(NamingKey.STUDENT_NO), upper, lower, third)
    assert found == [Fault.NAME_TAKEN, Fault.NAME_TAKEN, "a2"]


def test_numbers_count_only_who_has_a_code() -> None:
    found = names(Naming(NamingKey.SEQUENCE), PERSON, replace(OTHER, code=""), OTHER)
    assert found == ["000001", Fault.NO_CODE, "000002"]


def test_a_value_can_make_no_folder_and_no_way_out_of_one() -> None:
    naming = Naming(NamingKey.PATTERN, "{班级}/{学号}")
    found = names(naming, replace(PERSON, class_no="../../x"))
    assert found == ["_.._x/0001"]
    assert names(naming, replace(PERSON, class_no=" .. ")) == [Fault.KEY_EMPTY]
    assert names(naming, replace(PERSON, class_no="班" * 67)) == [Fault.NAME_TOO_LONG]


@pytest.mark.parametrize(
    ("pattern", "code"),
    [
        ("", "pattern_invalid"),
        ("photo", "pattern_invalid"),
        ("/{学号}", "pattern_invalid"),
        ("../{学号}", "pattern_invalid"),
        ("a:{学号}", "pattern_invalid"),
        ("{学号", "pattern_invalid"),
        ("{学号}}", "pattern_invalid"),
        ("{学号}" + "x" * 200, "pattern_invalid"),
        ("{性别}", "pattern_unknown_field"),
    ],
)
def test_a_pattern_that_names_nothing_is_refused(pattern: str, code: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        check_naming(Profile.SCHOOL, Naming(NamingKey.PATTERN, pattern))
    assert refusal.value.violations[0].code == code


def test_a_suffix_somebody_typed_is_not_put_on_twice() -> None:
    naming = Naming(NamingKey.PATTERN, " {学号}.jpg ", by_station=True)
    checked = check_naming(Profile.SCHOOL, naming)
    assert checked == Naming(NamingKey.PATTERN, "{学号}", by_station=True)


@pytest.mark.parametrize(
    ("profile", "naming"),
    [
        (Profile.COLLECTING_UNIT, Naming(NamingKey.CODE)),
        (Profile.COLLECTING_UNIT, Naming(NamingKey.STUDENT_NO)),
        (Profile.COLLECTING_UNIT, Naming(NamingKey.SEQUENCE, by_station=True)),
        (Profile.SCHOOL, Naming(NamingKey.SEQUENCE)),
    ],
)
def test_an_outside_unit_gets_numbers_and_nobody_else_does(
    profile: Profile, naming: Naming
) -> None:
    with pytest.raises(InvalidInputError, match="invalid_input"):
        check_naming(profile, naming)


def test_neither_person_nor_name_is_printed() -> None:
    (named,) = name_files([PERSON], Naming(NamingKey.ID_NUMBER))
    assert PERSON.id_number not in f"{PERSON} {named}"
