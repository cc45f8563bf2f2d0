"""The console: staff sign in, search, review, manage stations and entries."""

from __future__ import annotations

from backend.web.admin import (
    entries,
    home,
    messages_page,
    people,
    policies,
    records,
    retention,
    reviews,
    sign_in,
    stations,
    wechat,
)
from backend.web.admin.blueprint import bp

__all__ = [
    "bp",
    "entries",
    "home",
    "messages_page",
    "people",
    "policies",
    "records",
    "retention",
    "reviews",
    "sign_in",
    "stations",
    "wechat",
]
