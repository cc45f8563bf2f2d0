"""What a view may reach: the services, the settings it needs, who is calling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from flask import current_app, request

from backend.domain.policy import Policy
from backend.domain.report import Report
from backend.services import Services

_KEY: Final = "bizhao"


@dataclass(frozen=True, slots=True)
class WebContext:
    """The services and the few settings the web layer needs."""

    services: Services
    public_url: str
    secure_cookies: bool
    max_upload_bytes: int
    max_batch_bytes: int


def keep_context(extensions: dict[str, object], context: WebContext) -> None:
    """Put the context where :func:`web_context` finds it."""
    extensions[_KEY] = context


def web_context() -> WebContext:
    """Return the context of the running application."""
    return cast("WebContext", current_app.extensions[_KEY])


def services() -> Services:
    """Return the services of the running application."""
    return web_context().services


def policy_of(report: Report) -> Policy | None:
    """Return the policy a report was judged by, when it is still at hand."""
    return services().policies.get(report.policy)


def client_address() -> str:
    """Return the caller's address; proxies in front are counted in the settings."""
    return request.remote_addr or ""


def is_api_request() -> bool:
    """Tell whether the answer is read by a program."""
    return request.path.startswith("/api/")
