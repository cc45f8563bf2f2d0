"""The JSON API under ``/api/v1``; its OpenAPI document is made from this code."""

from __future__ import annotations

from backend.web.api import (
    admin,
    admin_progress,
    admin_roster,
    deliveries,
    docs,
    guidance,
    messages,
    on_site,
    own_data,
    student,
    wechat,
)
from backend.web.api.blueprint import bp

bp.register_blueprint(admin.bp)

__all__ = [
    "admin",
    "admin_progress",
    "admin_roster",
    "bp",
    "deliveries",
    "docs",
    "guidance",
    "messages",
    "on_site",
    "own_data",
    "student",
    "wechat",
]
