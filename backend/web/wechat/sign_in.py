"""The way back from WeChat's sign-in, and around it when WeChat does not answer."""

from __future__ import annotations

from typing import Final

from flask import make_response, redirect, request
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    NotAuthenticatedError,
    PermissionDeniedError,
    UnavailableError,
    UpstreamError,
)
from backend.web.auth import STUDENT_COOKIE, known_session, public, set_cookie
from backend.web.context import services
from backend.web.departure import BROWSER_COOKIE, stay_plain, without_wechat
from backend.web.wechat.blueprint import bp

#: WeChat's codes and our states are far shorter.
_LONGEST_ARGUMENT: Final = 200


@bp.get("/wechat/callback")
@public
def callback() -> ResponseReturnValue:
    """Finish a sign-in and go on to a clean address, without code or state."""
    browser, state = request.cookies.get(BROWSER_COOKIE, ""), _argument("state")
    code, sign_in = _argument("code"), services().sign_in
    path = sign_in.return_path(browser, state)
    if not code:
        # WeChat sends those who decline back without one.
        declined = NotAuthenticatedError("wechat_declined")
        return without_wechat(declined, path=path, state=state)
    try:
        arrival = sign_in.arrive(browser, state, code, current=known_session())
    except (
        NotAuthenticatedError,
        PermissionDeniedError,
        UnavailableError,
        UpstreamError,
    ) as error:
        return without_wechat(error, path=path, state=state)
    response = make_response(redirect(arrival.return_path, 303))
    if arrival.session is not None:
        set_cookie(response, STUDENT_COOKIE, arrival.session.token)
    return response


@bp.post("/wechat/continue")
@public
def go_on_plain() -> ResponseReturnValue:
    """Go on as a plain browser to where the sign-in was to lead."""
    browser = request.cookies.get(BROWSER_COOKIE, "")
    path = services().sign_in.return_path(browser, request.form.get("state", ""))
    return stay_plain(make_response(redirect(path, 303)))


def _argument(name: str) -> str:
    return request.args.get(name, "")[:_LONGEST_ARGUMENT]
