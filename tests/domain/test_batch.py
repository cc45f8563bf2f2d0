from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.batch import (
    ItemState,
    Label,
    match,
    read_label,
    read_list,
    without_rivals,
)


@pytest.mark.parametrize(
    ("name", "keys", "names"),
    [
        ("0202300000001.jpg", ("0202300000001",), ()),
        (
            "张测试_0202300000001.JPG",
            ("张测试_0202300000001", "0202300000001"),
            ("张测试",),
        ),
        (
            "甲班/学号0202300000001(2).jpeg",
            ("学号0202300000001(2)", "0202300000001"),
            (),
        ),
        ("C:\\照片\\１１０１０１.png", ("110101",), ()),
        ("照片 1234.jpg", ("照片 1234",), ()),
        ("没有扩展名的长长的名字", ("没有扩展名的长长的名字",), ()),
        (".jpg", (".jpg",), ()),
    ],
)
def test_a_name_says(name: str, keys: tuple[str, ...], names: tuple[str, ...]) -> None:
    assert read_label(name) == Label(keys, names)


NAMES = {1: "张测试", 2: "李样例"}
PLAIN = Label(("a", "b"), ())


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        ([[], []], ItemState.NO_MATCH),
        ([[1], []], 1),
        ([[1, 2], [1]], 1),
        ([[1, 2], []], ItemState.AMBIGUOUS),
        ([[1], [2]], ItemState.AMBIGUOUS),
    ],
)
def test_a_file_is_somebodys_only_when_nothing_points_elsewhere(
    hits: list[list[int]], expected: int | ItemState
) -> None:
    assert match(PLAIN, hits, NAMES) == expected


def test_the_name_beside_the_number_must_be_the_students() -> None:
    assert match(Label(("a",), ("张测试",)), [[1]], NAMES) == 1
    assert match(Label(("a",), ("甲班", "张测试")), [[1]], NAMES) == 1
    differs = match(Label(("a",), ("李样例",)), [[1]], NAMES)
    assert differs is ItemState.NAME_DIFFERS


@given(st.lists(st.one_of(st.integers(1, 5), st.sampled_from(ItemState)), max_size=20))
def test_nobody_gets_two_photos(matches: list[int | ItemState]) -> None:
    left = without_rivals(matches)
    people = [found for found in left if not isinstance(found, ItemState)]
    assert len(people) == len(set(people))
    for before, after in zip(matches, left, strict=True):
        if isinstance(before, ItemState):
            assert after is before
        elif matches.count(before) == 1:
            assert after == before
        else:
            assert after is ItemState.SEVERAL_FILES


@pytest.mark.parametrize(
    "rows",
    [
        [("DSC_1.JPG", "0202300000001"), ("DSC_2.JPG", "")],
        [("照相清单",), ("文件名", "学号"), ("DSC_1.JPG", "0202300000001")],
        [
            ("姓名", "考生号", "照片"),
            ("张测试", "０２０２３００００００01", "DSC_1.JPG"),
        ],
        [("", "x"), ("DSC_1.JPG", " 0202300000001 "), ("lonely",)],
    ],
)
def test_a_list_is_read_by_its_headings(rows: list[tuple[str, ...]]) -> None:
    assert read_list(rows) == {"DSC_1.JPG": "0202300000001"}
