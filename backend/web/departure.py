"""Sending a page's visitor through WeChat's silent sign-in, where that can be done."""

from __future__ import annotations

import secrets
from typing import Final

from flask import Response, make_response, redirect, request

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
    """Return the redirect that signs the visitor in, or nothing where none is needed.

    Only a page that is being opened is left, and only in WeChat's own browser. A web view
    inside a mini program is not: its user is signed in there.
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
    response = make_response(redirect(services().sign_in.depart(browser, path)))
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
