"""The forms of those who are not signed in: proof that our own page sent them.

There is no session whose token could prove it, so the page sets a random cookie and
repeats it in the form; another site can send neither (a double submit). Without that a
stranger's page could sign somebody in to the stranger's account.
"""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from flask import Response, request

from backend.domain.errors import PermissionDeniedError
from backend.web.admin.pages import show
from backend.web.auth import set_cookie

_COOKIE: Final = "bizhao_gate"


def show_gate(template: str, *, status: int = 200, **values: object) -> Response:
    """Render a page for whoever comes, with the token for its form."""
    token = request.cookies.get(_COOKIE) or secrets.token_urlsafe(32)
    response = show(template, None, status=status, gate_token=token, **values)
    set_cookie(response, _COOKIE, token)
    return response


def check_gate() -> None:
    """Raise PermissionDeniedError when the form does not repeat the cookie."""
    token = request.cookies.get(_COOKIE, "")
    given = request.form.get("csrf_token", "")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise PermissionDeniedError("csrf_failed")
