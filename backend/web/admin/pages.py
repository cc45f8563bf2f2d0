"""What all console pages share: rendering, form reading, safe return addresses."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from flask import Response, make_response, render_template, request, url_for

from backend.services.types import Media, StaffSession
from backend.web.media import media_response

#: The only things a page may be told, by the redirect that leads to it, were done.
_FINISHED: Final = frozenset(
    {
        "approve",
        "chosen",
        "background-declined",
        "background-due",
        "background-kept",
        "background-refused",
        "background-standard",
        "return",
        "release",
        "created",
        "updated",
        "replaced",
        "retired",
        "reminded",
        "reminded_nobody",
        # one a line
        "disabled",
        "enabled",
        "ended",
        "factor-removed",
        "withdrawn",
    }
)
#: Eighteen digits fit every database's widest integer.
_LONGEST_NUMBER: Final = 18


def show(
    template: str,
    session: StaffSession | None,
    /,
    *,
    status: int = 200,
    **values: object,
) -> Response:
    """Render a console page."""
    done = request.args.get("done", "")
    body = render_template(
        f"admin/{template}",
        session=session,
        finished=done if done in _FINISHED else "",
        **values,
    )
    return make_response(body, status)


def field(name: str, *, limit: int = 2000) -> str:
    """Return a form field without surrounding blanks, never longer than the limit."""
    return request.form.get(name, "").strip()[:limit]


def number(text: str | None) -> int | None:
    """Return a whole number from an address or form; none for anything else."""
    if text and text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER:
        return int(text)
    return None


def safe_return(address: str) -> str:
    """Return the address when it leads back into this console, else the start page.

    Anything a browser could read as another host is refused: a scheme, a host,
    backslashes and control characters.
    """
    home = url_for("admin.home")
    if not address.isprintable() or "\\" in address or address.startswith("//"):
        return home
    parts = urlsplit(address)
    inside = parts.path.startswith(home) and ".." not in parts.path
    return address if inside and not parts.scheme and not parts.netloc else home


def hand_out(media: Media, *, download: bool) -> Response:
    """Answer with one file, to look at or to keep."""
    response = media_response(media)
    if download:
        response.headers.set(
            "Content-Disposition", "attachment", filename=media.filename
        )
    return response
