"""The addresses WeChat pushes events to, and fetches pictures for its check from."""

from __future__ import annotations

from typing import Final

from flask import Response, request
from flask.typing import ResponseReturnValue

from backend.domain.errors import TooLargeError
from backend.domain.wechat import Account
from backend.web.auth import public
from backend.web.context import services
from backend.web.media import media_response
from backend.web.wechat.blueprint import bp

#: Events are a few hundred bytes; the largest WeChat documents are some thousand.
MOST_BYTES: Final = 64 * 1024
_ACCOUNTS: Final = {
    "mini-program": Account.MINI_PROGRAM,
    "service-account": Account.SERVICE_ACCOUNT,
}
_RULE: Final = '/wechat/push/<any("mini-program","service-account"):account>'


@bp.get(_RULE)
@public
def greet(account: str) -> ResponseReturnValue:
    """Answer WeChat's check of the address."""
    echo = services().pushes.greet(_ACCOUNTS[account], request.args)
    return Response(echo, mimetype="text/plain")


@bp.post(_RULE)
@public
def push(account: str) -> ResponseReturnValue:
    """Keep one event and say so at once."""
    if (request.content_length or 0) > MOST_BYTES:
        raise TooLargeError("push_too_large")
    body = request.stream.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise TooLargeError("push_too_large")
    services().pushes.take(_ACCOUNTS[account], request.args, body)
    return Response("success", mimetype="text/plain")


@bp.get("/wechat/picture/<token>")
@public
def picture(token: str) -> ResponseReturnValue:
    """Hand the picture of a check out, once; to look first does not use it up."""
    if request.method == "HEAD":
        return Response(mimetype="image/jpeg")
    response = media_response(services().picture_checks.picture(token))
    response.headers["Cache-Control"] = "no-store"
    return response
