"""Whether the process lives, and whether it can work."""

from __future__ import annotations

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from backend.web.auth import public
from backend.web.context import services

bp = Blueprint("health", __name__)


@bp.get("/healthz")
@public
def healthz() -> ResponseReturnValue:
    """Say that the process answers."""
    return jsonify(status="ok")


@bp.get("/readyz")
@public
def readyz() -> ResponseReturnValue:
    """Say whether database, storage and face model are ready, each by name."""
    parts = services().health.ready()
    ready = all(parts.values())
    return jsonify(status="ok" if ready else "unavailable", parts=parts), (
        200 if ready else 503
    )
