"""The console: staff sign in, search, review, manage stations and entries."""

from __future__ import annotations

from backend.web.admin import (
    batches,
    entries,
    home,
    messages_page,
    navigation,
    on_site,
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
    "batches",
    "bp",
    "entries",
    "home",
    "messages_page",
    "navigation",
    "on_site",
    "people",
    "policies",
    "records",
    "reviews",
    "sign_in",
    "stations",
    "wechat",
]
