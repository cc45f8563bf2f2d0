"""The console: staff sign in, search, review, manage stations and entries."""

from __future__ import annotations

from backend.web.admin import (
    account,
    audit,
    batches,
    deliveries,
    entries,
    home,
    invitation,
    messages_page,
    navigation,
    on_site,
    people,
    policies,
    progress,
    records,
    retention,
    review_queue,
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
    "batches",
    "bp",
    "deliveries",
    "entries",
    "home",
    "invitation",
    "messages_page",
    "navigation",
    "on_site",
    "people",
    "policies",
    "progress",
    "records",
    "retention",
    "review_queue",
    "reviews",
    "second_factor",
    "sign_in",
    "stations",
    "wechat",
]
