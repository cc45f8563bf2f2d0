from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.outbox import delay_after, fit
from tests.wechat.standin.fields import is_within_limits


def test_each_failure_doubles_the_wait_up_to_an_hour() -> None:
    waits = [delay_after(n) for n in range(1, 12)]
    assert waits[:3] == [timedelta(seconds=s) for s in (30, 60, 120)]
    assert waits[-1] == timedelta(hours=1)
    assert waits == sorted(waits)


@pytest.mark.parametrize(
    ("field", "text", "fitted"),
    [
        ("thing1", "请重拍", "请重拍"),
        ("thing2", "照" * 21, "照" * 19 + "…"),
        ("thing3", "  两行\n文字 ", "两行 文字"),
        ("thing4", "", "无"),
        ("phrase5", "照片需重拍一次", "照片需重拍"),
        ("phrase6", "OK", "无"),
        ("character_string7", "样例 A-1", "A-1"),
        ("character_string8", "样例", "-"),
        ("time9", "2026年3月1日 09:00", "2026年3月1日 09:00"),
    ],
)
def test_a_text_is_made_to_fit_its_field(field: str, text: str, fitted: str) -> None:
    assert fit(field, text) == fitted


@given(
    kind=st.sampled_from(["thing", "phrase", "character_string", "letter"]),
    text=st.text(max_size=60),
)
def test_whatever_the_text_wechat_takes_it(kind: str, text: str) -> None:
    fitted = fit(f"{kind}1", text)
    assert fitted
    if kind != "letter":
        assert is_within_limits(f"{kind}1", fitted), fitted
