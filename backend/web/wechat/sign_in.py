"""The way back from WeChat's sign-in, and around it when WeChat does not answer."""

from __future__ import annotations

from flask import Response, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue

from backend.domain.errors import (
    DomainError,
    NotAuthenticatedError,
    PermissionDeniedError,
    UnavailableError,
    UpstreamError,
)
from backend.messages.errors import error_text
from backend.web.auth import STUDENT_COOKIE, known_session, public, set_cookie
from backend.web.context import services
from backend.web.departure import BROWSER_COOKIE, stay_plain
from backend.web.wechat.blueprint import bp


@bp.get("/wechat/callback")
@public
def callback() -> ResponseReturnValue:
    """Finish a sign-in and go on to a clean address, without code or state."""
    browser, state = request.cookies.get(BROWSER_COOKIE, ""), _argument("state")
    code = _argument("code")
    sign_in = services().sign_in
    if not code:
        # The visitor declined, or came here by hand.
        return _without_wechat(browser, state, NotAuthenticatedError("wechat_declined"))
    try:
        arrival = sign_in.arrive(browser, state, code, current=known_session())
    except (UpstreamError, UnavailableError, PermissionDeniedError) as error:
        return _without_wechat(browser, state, error)
    except NotAuthenticatedError as error:
        if error.code == "wechat_sign_in_lost":
            raise
        return _without_wechat(browser, state, error)
    response = make_response(redirect(arrival.return_path, 303))
    if arrival.session is not None:
        set_cookie(response, STUDENT_COOKIE, arrival.session.token)
    return response


@bp.post("/wechat/continue")
@public
def go_on_plain() -> ResponseReturnValue:
    """Go on as a plain browser to where the sign-in was to lead."""
    browser = request.cookies.get(BROWSER_COOKIE, "")
    state = request.form.get("state", "")
    path = services().sign_in.return_path(browser, state)
    return stay_plain(make_response(redirect(path, 303)))


def _without_wechat(
    browser: str, state: str, error: DomainError
) -> ResponseReturnValue:
    """Say what is wrong and offer both ways on; raises when there is nowhere to go."""
    path = services().sign_in.return_path(browser, state)
    page = render_template(
        "student/wechat_failed.html",
        text=error_text(error.code, error.data),
        preview=error.code == "wechat_snapshot_user",
        path=path,
        state=state,
    )
    return Response(page, status=error.status, mimetype="text/html")


def _argument(name: str) -> str:
    return request.args.get(name, "")[:200]
