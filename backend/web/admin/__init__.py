"""The console: staff sign in, search, review, manage stations and entries."""

from __future__ import annotations

from backend.web.admin import (
    deliveries,
    entries,
    home,
    messages_page,
    people,
    policies,
    records,
    reviews,
    sign_in,
    stations,
    wechat,
)
from backend.web.admin.blueprint import bp

__all__ = [
    "bp",
    "deliveries",
    "entries",
    "home",
    "messages_page",
    "people",
    "policies",
    "records",
    "reviews",
    "sign_in",
    "stations",
    "wechat",
]
