"""Creating calls that may be repeated: the same key gives the first answer again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from flask import request
from pydantic import BaseModel

from backend.services.types import SessionInfo
from backend.web.context import services


def once(
    session: SessionInfo,
    produce: Callable[[], BaseModel],
    *content: bytes,
    status: int = 201,
) -> tuple[dict[str, Any], int]:
    """Return what ``produce`` makes, or what it made for the same key before.

    The request is told apart by method, path and ``content``; without content, by its
    body.
    """
    digest = hashlib.sha256(f"{request.method} {request.path}\n".encode())
    for part in content or (request.get_data(),):
        digest.update(hashlib.sha256(part).digest())

    def answer() -> tuple[int, dict[str, Any]]:
        return status, produce().model_dump(mode="json")

    given, body = services().idempotency.run(
        session.principal,
        request.headers.get("Idempotency-Key"),
        digest.hexdigest(),
        answer,
    )
    return body, given
