from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.codes import Claims, encode_claims, fingerprint
from backend.domain.query import Query, RecordOrder, read_query
from tests.factories import make_student

STUDENT = make_student(3)
LAST6 = STUDENT.id_number[-6:]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("张三", Query(name="张三")),
        (" 张 三 ", Query(name="张三")),
        ("阿依古丽.买买提", Query(name="阿依古丽·买买提")),
        ("张", Query(name="张")),
        ("202308120001", Query(number="202308120001", id_number="202308120001")),
        ("１２３", Query(number="123")),
        ("105345-2026-05-000001", Query(number="105345-2026-05-000001")),
    ],
)
def test_a_text_is_what_it_looks_like(text: str, meant: Query) -> None:
    found = read_query(text)
    fields = ("name", "number", "id_last6", "fingerprint")
    assert [getattr(found, f) for f in fields] == [getattr(meant, f) for f in fields]


@pytest.mark.parametrize(
    "text", ["", "  ", "?!", "%", "\0", "张\0", "九" * 81, "x" * 2001]
)
def test_what_can_mean_nothing_is_empty(text: str) -> None:
    assert not read_query(text)


def test_six_digits_may_be_two_things() -> None:
    found = read_query("123456")
    assert (found.number, found.id_last6, found.id_number) == (
        "123456",
        "123456",
        "123456",
    )


def test_a_payload_is_a_code_and_nothing_else() -> None:
    assert read_query(STUDENT.payload) == Query(code=STUDENT.token)


def test_it_does_not_show_itself() -> None:
    assert STUDENT.id_number not in repr(read_query(STUDENT.id_number))


def test_times_start_with_the_latest() -> None:
    assert [order for order in RecordOrder if order.latest_first] == [
        RecordOrder.CHANGED,
        RecordOrder.SUBMITTED,
    ]


blanks = st.text(" \t　", max_size=2)


@given(text=st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    found = read_query(text)
    assert len(found.name) <= 80
    assert len(found.number) <= 30


@given(n=st.integers(0, 400), before=blanks, after=blanks, lower=st.booleans())
def test_what_names_a_student_is_always_read(
    n: int,
    before: str,
    after: str,
    lower: bool,  # noqa: FBT001 - a drawn value
) -> None:
    student = make_student(n)

    def read(text: str) -> Query:
        return read_query(f"{before}{text.lower() if lower else text}{after}")

    assert read(student.name).name == student.name
    assert read(student.student_no).number.upper() == student.student_no.upper()
    assert read(student.id_number).id_number == student.id_number
    assert read(student.id_number[-6:]).id_last6 == student.id_number[-6:]
    mark = fingerprint(student.token)
    assert read(mark).fingerprint == mark
    assert read(mark.replace("-", "")).fingerprint == mark


@given(token=st.text("0123456789abcdefABCDEF+/=", min_size=1, max_size=60))
def test_every_payload_is_read_as_its_token(token: str) -> None:
    assert read_query(encode_claims(token, Claims())).code == token
