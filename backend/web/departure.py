"""Sending a page's visitor through WeChat's silent sign-in, and going on without it."""

from __future__ import annotations

import secrets
from typing import Final

from flask import Response, make_response, redirect, render_template, request

from backend.domain.errors import DomainError, UpstreamError
from backend.messages.errors import error_text
from backend.services.sign_in import STATE_TIME
from backend.services.types import PrincipalKind, SessionInfo
from backend.web.context import services, web_context

#: Tells the browser that began a sign-in from any other.
BROWSER_COOKIE: Final = "bizhao_sign_in"
#: Somebody chose to go on without WeChat.
PLAIN_COOKIE: Final = "bizhao_plain"
_PLAIN_SECONDS: Final = 3600
#: Nothing of ours is longer; what is, was not made by us.
_LONGEST_PATH: Final = 300


def through_wechat(session: SessionInfo | None) -> Response | None:
    """Return what signs the visitor in, or nothing where that is not needed.

    It is a redirect, or the choice to go on without WeChat when WeChat did not send this
    browser back before. Only a page that is being opened is left, and only in WeChat's
    own browser. A web view inside a mini program is not: its user is signed in there.
    """
    signed_in = session is not None and (
        session.principal.kind is PrincipalKind.SERVICE_ACCOUNT
    )
    agent = request.user_agent.string
    if (
        request.method != "GET"
        or signed_in
        or "MicroMessenger" not in agent
        or "miniProgram" in agent
        or PLAIN_COOKIE in request.cookies
        or not services().sign_in.by_page
    ):
        return None
    path = request.full_path.rstrip("?")
    if len(path) > _LONGEST_PATH:
        return None
    browser = request.cookies.get(BROWSER_COOKIE) or secrets.token_urlsafe(32)
    departure = services().sign_in.depart(browser, path)
    if departure.url is None:
        error = UpstreamError("wechat_unreachable")
        response = without_wechat(error, path=path, state=departure.state)
    else:
        response = make_response(redirect(departure.url))
    response.set_cookie(
        BROWSER_COOKIE,
        browser,
        max_age=int(STATE_TIME.total_seconds()),
        httponly=True,
        samesite="Lax",
        secure=web_context().secure_cookies,
        path="/",
    )
    return response


def without_wechat(error: DomainError, *, path: str, state: str) -> Response:
    """Say why WeChat did not sign the visitor in, and offer both ways on."""
    page = render_template(
        "student/wechat_failed.html",
        text=error_text(error.code, error.data),
        preview=error.code == "wechat_snapshot_user",
        path=path,
        state=state,
    )
    return make_response(page, error.status)


def stay_plain(response: Response) -> Response:
    """Remember for an hour that this browser goes on without WeChat."""
    response.set_cookie(
        PLAIN_COOKIE,
        "1",
        max_age=_PLAIN_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=web_context().secure_cookies,
    )
    return response
