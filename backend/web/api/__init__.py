"""The JSON API under ``/api/v1``; its OpenAPI document is made from this code."""

from __future__ import annotations

from backend.web.api import admin, docs, guidance, messages, own_data, student, wechat
from backend.web.api.blueprint import bp

bp.register_blueprint(admin.bp)

__all__ = [
    "admin",
    "bp",
    "docs",
    "guidance",
    "messages",
    "own_data",
    "student",
    "wechat",
]
