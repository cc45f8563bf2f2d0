from __future__ import annotations

import pytest

from backend.crypto.common_passwords import is_common
from backend.domain.devices import device_summary
from backend.domain.passwords import MAX_PASSWORD, PasswordFault, password_fault
from backend.messages.errors import VIOLATIONS

PERSONAL = ("zhang.sanli", "样例老师", "样例职业学院", "bizhao")


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("eleven char", PasswordFault.LENGTH),
        ("x" * (MAX_PASSWORD + 1), PasswordFault.LENGTH),
        ("Password1234", PasswordFault.COMMON),
        ("2026!Password", PasswordFault.COMMON),
        ("passwordpassword", PasswordFault.COMMON),
        ("ＰＡＳＳＷＯＲＤ１２３４", PasswordFault.COMMON),
        ("qwertyuiop12", PasswordFault.COMMON),
        ("123456789012", PasswordFault.REPEATED),
        ("098765432109", PasswordFault.REPEATED),
        ("lkjhgfdsapoiu", PasswordFault.REPEATED),
        ("x7#kx7#kx7#k", PasswordFault.REPEATED),
        ("zhang.sanli2026", PasswordFault.PERSONAL),
        ("样例职业学院2026!@#$", PasswordFault.PERSONAL),
        ("BiZhao-Zhang.SanLi", PasswordFault.PERSONAL),
        ("correct horse battery staple", None),
        ("春天的雨落在旧操场的跑道上", None),
        ("7#kQ9!zv2&Lm", None),
        ("zhang.sanli likes rivers", None),
        ("twelve chars", None),
    ],
)
def test_only_what_would_be_tried_first_is_refused(
    password: str, fault: PasswordFault | None
) -> None:
    assert password_fault(password, personal=PERSONAL, is_common=is_common) == fault


def test_every_fault_says_what_to_do() -> None:
    assert {fault.value for fault in PasswordFault} <= VIOLATIONS.keys()


WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("agent", "summary"),
    [
        (f"(Windows NT 10.0) {WEBKIT} Chrome/126 Safari/537 Edg/126", "Edge · Windows"),
        (f"(iPhone; like Mac OS X) {WEBKIT} Safari/604.1", "Safari · iPhone"),
        (f"(Linux; Android 14) {WEBKIT} Chrome/126 MicroMessenger/8", "微信 · Android"),
        ("curl/8.5.0", "程序或其他设备"),
        ("", "程序或其他设备"),
    ],
)
def test_a_browser_is_named_as_people_know_it(agent: str, summary: str) -> None:
    assert device_summary(agent) == summary
