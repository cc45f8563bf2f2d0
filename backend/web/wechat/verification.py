"""The files by which WeChat checks that the domain is the school's."""

from __future__ import annotations

from flask import Response
from flask.typing import ResponseReturnValue

from backend.web.auth import public
from backend.web.context import services
from backend.web.wechat.blueprint import bp


@bp.get("/<name>.txt")
@bp.get("/s/<name>.txt")
@public
def verification_file(name: str) -> ResponseReturnValue:
    """Hand out one file of the allow-list, at the root and beside the posters' links."""
    content = services().verification.content(f"{name}.txt")
    return Response(content, mimetype="text/plain")
