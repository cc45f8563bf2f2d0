"""The console: staff sign in, search, review, manage stations and entries."""

from __future__ import annotations

from backend.web.admin import (
    account,
    audit,
    entries,
    home,
    invitation,
    messages_page,
    people,
    policies,
    records,
    reviews,
    second_factor,
    sign_in,
    stations,
    wechat,
)
from backend.web.admin.blueprint import bp

__all__ = [
    "account",
    "audit",
    "bp",
    "entries",
    "home",
    "invitation",
    "messages_page",
    "people",
    "policies",
    "records",
    "reviews",
    "second_factor",
    "sign_in",
    "stations",
    "wechat",
]
