"""Who may call an endpoint: each view carries exactly one of these markers.

The marker injects the session, so no view looks for it by itself. A state-changing
request that is authenticated by a cookie must prove with the CSRF token that our own
page sent it; a bearer token proves that by itself.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

from flask import Response, g, redirect, request, url_for
from flask.typing import ResponseReturnValue

from backend.domain.errors import NotAuthenticatedError, PermissionDeniedError
from backend.services.types import Role, SessionInfo, StaffSession
from backend.web.context import is_api_request, services, web_context
from backend.web.departure import through_wechat

P = ParamSpec("P")
R = TypeVar("R")

STUDENT_COOKIE: Final = "bizhao_session"
STAFF_COOKIE: Final = "bizhao_staff"
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def public(view: Callable[P, R]) -> Callable[P, R]:
    """Mark an endpoint as open to everyone."""
    view.__caller__ = "public"  # type: ignore[attr-defined] # read by the route test
    return view


def student_required(
    view: Callable[Concatenate[SessionInfo, P], R],
) -> Callable[P, R]:
    """Inject the student's session; raise NotAuthenticatedError without one."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        token, by_cookie = _token(STUDENT_COOKIE)
        session = services().sessions.authenticate(token)
        if by_cookie:
            _check_csrf(session.csrf_token)
        g.session = session
        return view(session, *args, **kwargs)

    guarded.__caller__ = "student"  # type: ignore[attr-defined] # read by the route test
    return guarded


def student_page(
    view: Callable[Concatenate[SessionInfo, P], ResponseReturnValue],
) -> Callable[P, ResponseReturnValue]:
    """Inject the student's session, opening one on the first visit.

    In WeChat's browser the first visit goes through its sign-in, where the school has
    what that takes.
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        known = known_session()
        away = through_wechat(known)
        if away is not None:
            return away
        session = known or _new_session()
        _check_csrf(session.csrf_token)
        g.session = session
        return view(session, *args, **kwargs)

    guarded.__caller__ = "student"  # type: ignore[attr-defined] # read by the route test
    return guarded


def staff_required(
    *roles: Role,
    before_enrolment: bool = False,
) -> Callable[
    [Callable[Concatenate[StaffSession, P], ResponseReturnValue]],
    Callable[P, ResponseReturnValue],
]:
    """Inject the staff session; only the roles named, or every role when none is.

    Whoever must set a second factor up first is led there, except by the pages that
    do just that: those are marked ``before_enrolment``.
    """
    allowed = frozenset(roles or Role)

    def mark(
        view: Callable[Concatenate[StaffSession, P], ResponseReturnValue],
    ) -> Callable[P, ResponseReturnValue]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
            token, by_cookie = _token(STAFF_COOKIE)
            try:
                session = services().staff.authenticate(token)
            except NotAuthenticatedError:
                if is_api_request():
                    raise
                return _to_sign_in()
            if by_cookie:
                _check_csrf(session.csrf_token)
            g.session = session
            if session.must_enrol and not before_enrolment:
                return _to_enrolment()
            if session.user.role not in allowed:
                raise PermissionDeniedError("role_not_allowed")
            return view(session, *args, **kwargs)

        guarded.__caller__ = frozenset(allowed)  # type: ignore[attr-defined] # read by the route test
        return guarded

    return mark


def set_cookie(response: Response, name: str, token: str) -> None:
    """Set a session cookie; the session's own end decides how long it is good for."""
    response.set_cookie(
        name,
        token,
        httponly=True,
        samesite="Lax",
        secure=web_context().secure_cookies,
        # Kept when WeChat closes the page: the student comes back for the result.
        max_age=14 * 24 * 3600 if name == STUDENT_COOKIE else None,
    )


def csrf_token() -> str:
    """Return the token for forms of the present page, empty without a session."""
    session: SessionInfo | StaffSession | None = g.get("session")
    return session.csrf_token if session else ""


def attach_new_session(response: Response) -> Response:
    """Hand a session opened during this request to the browser."""
    token = g.pop("new_session_token", None)
    if token is not None:
        set_cookie(response, STUDENT_COOKIE, token)
    return response


def _token(cookie: str) -> tuple[str, bool]:
    """Return the caller's token and whether it came in the cookie."""
    authorization = request.authorization
    if authorization is not None and authorization.type == "bearer":
        return authorization.token or "", False
    token = request.cookies.get(cookie)
    if not token:
        if cookie == STAFF_COOKIE and not is_api_request():
            return "", True
        raise NotAuthenticatedError("not_signed_in")
    return token, True


def known_session() -> SessionInfo | None:
    """Return the session of the browser's cookie, if it is still good."""
    token = request.cookies.get(STUDENT_COOKIE)
    if not token:
        return None
    try:
        return services().sessions.authenticate(token)
    except NotAuthenticatedError:
        return None


def _new_session() -> SessionInfo:
    if request.method not in _SAFE_METHODS:
        # A form that was open for longer than its session lives.
        raise PermissionDeniedError("csrf_failed")
    opened = services().sessions.start()
    g.new_session_token = opened.token
    return opened.session


def _check_csrf(expected: str) -> None:
    if request.method in _SAFE_METHODS:
        return
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token", "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise PermissionDeniedError("csrf_failed")


def _to_enrolment() -> ResponseReturnValue:
    if is_api_request() or request.method not in _SAFE_METHODS:
        raise PermissionDeniedError("totp_enrolment_required")
    return redirect(url_for("admin.second_factor"))


def _to_sign_in() -> ResponseReturnValue:
    # Only pages are worth coming back to, and only by a path of our own.
    target = request.path if request.method == "GET" else None
    return redirect(url_for("admin.sign_in", next=target))
