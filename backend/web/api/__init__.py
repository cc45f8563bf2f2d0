"""The JSON API under ``/api/v1``; its OpenAPI document is made from this code."""

from __future__ import annotations

from backend.web.api import docs, student
from backend.web.api.blueprint import bp

__all__ = ["bp", "docs", "student"]
